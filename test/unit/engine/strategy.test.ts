import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { milliseconds } from "#api/rules.ts";
import type { Overrides } from "#api/strategy.ts";
import { backWave, catchUpWave, notOverridable, resolved, wavesFor } from "#engine/strategy.ts";
import { plannedWave, strategyOf } from "#test/build.ts";
import { eu, member, plain, regions, waves } from "./clusters.ts";

for (const [what, list, expected] of [
  ["by name", [{ name: "a", clusters: { names: ["us-1", "ap-1"] } }, { name: "b" }], ["a: us-1 ap-1", "b: eu-1 eu-2 us-2"]],
  ["by label", [{ name: "a", clusters: eu }, { name: "b" }], ["a: eu-1 eu-2", "b: us-1 us-2 ap-1"]],
  ["by count", [{ name: "a", clusters: { count: 2 } }, { name: "b" }], ["a: eu-1 eu-2", "b: us-1 us-2 ap-1"]],
  ["by a part, rounded down", [{ name: "a", clusters: { count: "50%" } }, { name: "b" }], ["a: eu-1 eu-2", "b: us-1 us-2 ap-1"]],
  ["by a part, at least one", [{ name: "a", clusters: { count: "1%" } }, { name: "b" }], ["a: eu-1", "b: eu-2 us-1 us-2 ap-1"]],
  [
    "by a part of what is left",
    [{ name: "a", clusters: { count: 1 } }, { name: "b", clusters: { count: "50%" } }, { name: "c" }],
    ["a: eu-1", "b: eu-2 us-1", "c: us-2 ap-1"],
  ],
  ["more than there are", [{ name: "a", clusters: { count: 99 } }], ["a: eu-1 eu-2 us-1 us-2 ap-1"]],
  [
    "and a cluster that a later wave names is not taken before",
    [
      { name: "a", clusters: eu },
      { name: "b", clusters: { count: 2 } },
      { name: "c", clusters: { names: ["eu-1", "us-1"] } },
    ],
    ["a: eu-2", "b: us-2 ap-1", "c: eu-1 us-1"],
  ],
  [
    "a last wave for which nothing is left is none",
    [{ name: "a", clusters: { count: "100%" } }, { name: "b" }],
    ["a: eu-1 eu-2 us-1 us-2 ap-1"],
  ],
] as const) {
  test(`waves ${what}`, () => assert.deepEqual(waves({ waves: list }), expected));
}

test("without a strategy: one cluster, then the rest", () => {
  assert.deepEqual([waves({}), waves({}, plain(1))], [["first: eu-1", "rest: eu-2 us-1 us-2 ap-1"], ["first: c1"]]);
});

for (const [what, list, message] of [
  [
    "a cluster in two waves",
    [{ name: "a", clusters: { names: ["us-1"] } }, { name: "b", clusters: { names: ["eu-1", "us-1"] } }, { name: "c" }],
    "cluster us-1 is named in two waves, a and b: name it in one",
  ],
  [
    "a wave that names who is no cluster of the environment",
    [{ name: "a", clusters: { names: ["mars"] } }, { name: "b" }],
    "wave a names mars, which is no cluster of the Environment: correct the name, or take it out",
  ],
  [
    "a selector that matches nothing",
    [{ name: "a", clusters: { selector: { matchLabels: { region: "mars" } } } }, { name: "b" }],
    'wave a covers no cluster: no cluster that is left has the labels {"region":"mars"}',
  ],
  [
    "a selector whose clusters are all taken",
    [{ name: "a", clusters: eu }, { name: "b", clusters: eu }, { name: "c" }],
    'wave b covers no cluster: no cluster that is left has the labels {"region":"eu"}',
  ],
  [
    "a wave behind one that takes all",
    [
      { name: "a", clusters: { count: "100%" } },
      { name: "b", clusters: { count: 1 } },
    ],
    "wave b covers no cluster: the waves before it take all clusters",
  ],
  [
    "clusters in no wave",
    [{ name: "a", clusters: { count: 3 } }],
    "us-2, ap-1 would be in no wave: let the last wave have no clusters field, it takes all that are left",
  ],
] as const) {
  test(`a strategy is refused for ${what}, in words that say what to do`, () => assert.equal(waves({ waves: list }), message));
}
test("of many clusters in no wave five are named", () => {
  assert.equal(
    waves({ waves: [{ name: "a", clusters: { count: 1 } }] }, plain(9)),
    "c2, c3, c4, c5, c6 and 3 more would be in no wave: let the last wave have no clusters field, it takes all that are left",
  );
});

// Order.

test("clusters are ordered by a label: numbers ascending, then other values, then those without, else as the environment has them", () => {
  const ranks = { a: "10", b: "9", c: undefined, d: "late", e: "1.5", f: "early", g: "9", h: "" };
  const members = Object.entries(ranks).map(([name, rank]) => member(name, rank === undefined ? {} : { rank }));
  assert.deepEqual(waves({ orderByLabel: "rank", waves: [{ name: "a", clusters: { count: 4 } }, { name: "b" }] }, members), [
    "a: e b g a",
    "b: h f d c",
  ]);
});

// Numbers.

const numbers = (spec: Parameters<typeof strategyOf>[0], count = 10): unknown => {
  const made = wavesFor(strategyOf(spec), plain(count), new Set(plain(count).map(({ name }) => name)));
  return typeof made === "string" ? made : made.waves;
};
test("shares are of the wave's clusters, rounded down; of what may be in flight at least one; the first wave leaves nobody out", () => {
  const spec = {
    maxConcurrency: "25%",
    maxFailures: "30%",
    maxUnreachable: "50%",
    minSuccessTime: "90s",
    waves: [{ name: "a", clusters: { count: 3 } }, { name: "b" }],
  };
  assert.deepEqual(numbers(spec), [
    plannedWave("a", { maxConcurrency: 1, maxFailures: 0, maxUnreachable: 0, minSuccessSeconds: 90 }),
    plannedWave("b", { maxConcurrency: 1, maxFailures: 2, maxUnreachable: 3, minSuccessSeconds: 90 }),
  ]);
});
test("what a wave says itself wins over what the strategy says", () => {
  const own = { maxConcurrency: 7, maxFailures: 6, maxUnreachable: 5, minSuccessTime: "0s" };
  assert.deepEqual(
    numbers({
      waves: [
        { name: "a", clusters: { count: 5 } },
        { name: "b", ...own },
      ],
    }),
    [
      plannedWave("a", { maxConcurrency: 1, minSuccessSeconds: 60 }),
      plannedWave("b", { maxConcurrency: 7, maxFailures: 6, maxUnreachable: 5, minSuccessSeconds: 0 }),
    ],
  );
});
test("going back is one wave in which everything may happen at once", () => {
  assert.deepEqual(backWave(7), plannedWave("rollback", { maxConcurrency: 7, maxFailures: 7, maxUnreachable: 7 }));
});
test("a catch-up is one wave with the numbers of the last, in which one that is lost again holds up no other", () => {
  const waves = [
    { name: "a", clusters: { count: 1 } },
    { name: "b", maxConcurrency: "50%", maxFailures: "10%", minSuccessTime: "5m" },
  ];
  assert.deepEqual(
    catchUpWave(strategyOf({ maxConcurrency: 1, waves }), 10),
    plannedWave("catch-up", { maxConcurrency: 5, maxFailures: 1, maxUnreachable: 10, minSuccessSeconds: 300 }),
  );
  assert.deepEqual(catchUpWave(strategyOf(), 1), plannedWave("catch-up", { maxConcurrency: 1, maxUnreachable: 1, minSuccessSeconds: 60 }));
});

const anyStrategy = fc.record({
  waves: fc.tuple(
    fc.record({
      name: fc.constant("a"),
      clusters: fc.oneof(
        fc.record({ count: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom("1%", "40%", "100%")) }),
        fc.constant(eu),
      ),
    }),
    fc.record({ name: fc.constant("b") }),
  ),
  maxConcurrency: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom("1%", "25%", "100%")),
  maxFailures: fc.oneof(fc.nat(9), fc.constantFrom("0%", "10%", "100%")),
  maxUnreachable: fc.oneof(fc.nat(9), fc.constantFrom("0%", "10%", "100%")),
});
test("whatever the strategy, each cluster is in exactly one wave, and each wave can go on", () => {
  fc.assert(
    fc.property(anyStrategy, fc.subarray(regions, { minLength: 1 }), (spec, members) => {
      const made = wavesFor(strategyOf(spec), members, new Set(members.map(({ name }) => name)));
      if (typeof made === "string") return;
      assert.deepEqual(new Set(made.order), new Set(members.map(({ name }) => name)));
      assert.equal(made.order.length, members.length);
      for (const [index, { maxConcurrency }] of made.waves.entries()) {
        assert.ok(maxConcurrency >= 1);
        assert.ok([...made.waveOf.values()].includes(index));
      }
    }),
  );
});

// What a release may say otherwise.

for (const [what, overridable, overrides, message] of [
  [
    "nothing, where nothing is listed",
    [],
    { maxConcurrency: 5 },
    "spec.strategy.maxConcurrency may not be changed by a release: the Environment lists nothing as overridable",
  ],
  [
    "nothing but what is listed",
    ["maxConcurrency"],
    { maxConcurrency: 5, onFailure: "Pause", supersede: "Replace" },
    "spec.strategy.onFailure, spec.strategy.supersede may not be changed by a release: the Environment lists maxConcurrency as overridable",
  ],
  ["what is listed", ["maxConcurrency", "onFailure"], { maxConcurrency: 5, onFailure: "Pause" }, undefined],
  [
    "not even the same",
    [],
    { onFailure: "RollBack" },
    "spec.strategy.onFailure may not be changed by a release: the Environment lists nothing as overridable",
  ],
  ["nothing at all, always", [], {}, undefined],
  ["nothing at all, always", [], undefined, undefined],
] as const) {
  test(`a release may change ${what}: ${JSON.stringify(overrides)}`, () =>
    assert.equal(notOverridable(strategyOf({ overridable }), overrides), message));
}

test("what a release says wins over the strategy and over its waves, and leaves the rest", () => {
  const strategy = strategyOf({
    maxConcurrency: 1,
    maxFailures: 2,
    waves: [
      { name: "a", clusters: { count: 1 }, maxConcurrency: 3, maxFailures: 4 },
      { name: "b", maxConcurrency: "50%" },
    ],
  });
  const overrides: Overrides = { maxConcurrency: 9, onFailure: "Pause" };
  assert.deepEqual(resolved(strategy, overrides), {
    ...strategy,
    maxConcurrency: 9,
    onFailure: "Pause",
    waves: [{ name: "a", clusters: { count: 1 }, maxFailures: 4 }, { name: "b" }],
  });
  assert.deepEqual([resolved(strategy), resolved(strategy, {})], [strategy, strategy]);
  assert.equal(milliseconds(resolved(strategy, { minSuccessTime: "0s" }).minSuccessTime), 0);
});
