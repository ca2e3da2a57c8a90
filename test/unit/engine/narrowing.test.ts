import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { wavesFor } from "#engine/strategy.ts";
import type { PlannedGate } from "#api/releaserun.ts";
import { strategyOf } from "#test/build.ts";
import { analysisGate, approvalGate } from "#test/gates.ts";
import { regions, plain, waves } from "./clusters.ts";

// A release to some clusters.

const soaking = {
  waves: [
    { name: "a", clusters: { names: ["c1"] }, minSuccessTime: "10m" },
    { name: "b", clusters: { names: ["c2"] }, minSuccessTime: "5m" },
    { name: "c", clusters: { names: ["c3"] }, minSuccessTime: "20m" },
    { name: "d", minSuccessTime: "1m", maxUnreachable: "100%" },
  ],
};
const narrowed = (...chosen: readonly string[]): unknown => {
  const made = wavesFor(strategyOf(soaking), plain(5), new Set(chosen));
  return typeof made === "string"
    ? made
    : made.waves.map(({ name, minSuccessSeconds, maxUnreachable }) => [name, minSuccessSeconds / 60, maxUnreachable]);
};
for (const [what, chosen, expected] of [
  [
    "all of them",
    ["c1", "c2", "c3", "c4", "c5"],
    [
      ["a", 10, 0],
      ["b", 5, 0],
      ["c", 20, 0],
      ["d", 1, 2],
    ],
  ],
  [
    "a wave that is left out hands its soak to the one before",
    ["c1", "c2", "c4"],
    [
      ["a", 10, 0],
      ["b", 20, 0],
      ["d", 1, 1],
    ],
  ],
  [
    "the longer soak stays",
    ["c1", "c3", "c4"],
    [
      ["a", 10, 0],
      ["c", 20, 0],
      ["d", 1, 1],
    ],
  ],
  [
    "two that are left out hand on the longest",
    ["c1", "c4"],
    [
      ["a", 20, 0],
      ["d", 1, 1],
    ],
  ],
  [
    "the last ones, too",
    ["c1", "c2"],
    [
      ["a", 10, 0],
      ["b", 20, 0],
    ],
  ],
  [
    "the first ones hand theirs to the first that is left",
    ["c2", "c3", "c4"],
    [
      ["b", 10, 0],
      ["c", 20, 0],
      ["d", 1, 1],
    ],
  ],
] as const) {
  test(`a release to some clusters drops no gate: ${what}`, () => assert.deepEqual(narrowed(...chosen), expected));
}

test("a release to some clusters: the first wave that is left waits for all of its clusters", () => {
  const made = wavesFor(strategyOf(soaking), plain(5), new Set(["c4", "c5"]));
  assert.deepEqual(typeof made === "string" ? made : made.waves.map(({ name, maxUnreachable }) => [name, maxUnreachable]), [["d", 0]]);
});

test("who is in which wave does not change with the clusters that a release is for", () => {
  assert.deepEqual(waves({ waves: [{ name: "a", clusters: { count: 2 } }, { name: "b" }] }, regions, ["eu-2", "us-2"]), [
    "a: eu-2",
    "b: us-2",
  ]);
});

test("however a release is narrowed, each two of its clusters are as far apart in waves and soak as they would have been", () => {
  const names = plain(5).map(({ name }) => name);
  const all = wavesFor(strategyOf(soaking), plain(5), new Set(names));
  assert.ok(typeof all !== "string");
  const between = (made: typeof all, from: string, to: string): number =>
    Math.max(0, ...made.waves.slice(made.waveOf.get(from), made.waveOf.get(to)).map(({ minSuccessSeconds }) => minSuccessSeconds));
  fc.assert(
    fc.property(fc.subarray(names, { minLength: 1 }), (chosen) => {
      const made = wavesFor(strategyOf(soaking), plain(5), new Set(chosen));
      assert.ok(typeof made !== "string");
      assert.deepEqual(
        made.order,
        names.filter((name) => chosen.includes(name)),
      );
      assert.equal(made.waves[0]?.maxUnreachable, 0);
      for (const [index, from] of chosen.entries())
        for (const to of chosen.slice(index + 1)) assert.ok(between(made, from, to) >= between(all, from, to), `${from} ${to}`);
    }),
  );
});

// Its gates.

const people = (...groups: string[]) => ({ approval: { groups } });
const metrics = (templateName: string) => ({ analysis: { templateName } });
const gated = {
  waves: [
    { name: "a", clusters: { names: ["c1"] }, gates: [people("a"), metrics("a")] },
    { name: "b", clusters: { names: ["c2"] }, gates: [people("b"), metrics("b")] },
    { name: "c", clusters: { names: ["c3"] }, gates: [metrics("c"), people("c")] },
    { name: "d", gates: [people("b"), metrics("a")] },
  ],
};
const told = ({ approval, analysis }: PlannedGate): string =>
  `${approval?.groups?.join(" ") ?? ""}${analysis?.templateName.toUpperCase() ?? ""}`;
const gatesOf = (spec: Parameters<typeof strategyOf>[0], chosen: readonly string[]): readonly string[] => {
  const made = wavesFor(strategyOf(spec), plain(5), new Set(chosen));
  assert.ok(typeof made !== "string");
  return made.waves.map(({ name, gates = [] }) => `${name}: ${gates.map(told).join(" ")}`);
};

for (const [what, chosen, expected] of [
  ["all of them", ["c1", "c2", "c3", "c4"], ["a: a A", "b: b B", "c: C c", "d: b A"]],
  ["people are asked before the next wave, metrics are measured of the one before", ["c1", "c3", "c4"], ["a: a A B", "c: b C c", "d: b A"]],
  ["an equal gate is one gate, and those of two waves are met", ["c1", "c4"], ["a: a A B C", "d: b c A"]],
  ["what would have come before the first that is left is met there", ["c3", "c4"], ["c: a A b B C c", "d: b A"]],
  ["all but the last wave", ["c4"], ["d: a A b B C c"]],
  ["people are not asked for waves after the last that is left, and metrics are measured", ["c1", "c2"], ["a: a A", "b: b B C A"]],
] as const) {
  test(`a release to some clusters meets their gates: ${what}`, () => assert.deepEqual(gatesOf(gated, chosen), expected));
}

test("a wave without gates has none, and is handed those of its neighbours", () => {
  const spec = { waves: [{ name: "a", clusters: { names: ["c1"] } }, ...gated.waves.slice(1)] };
  assert.deepEqual(gatesOf(spec, ["c1", "c3"]), ["a: B", "c: b C c A"]);
  const made = wavesFor(strategyOf({ waves: [{ name: "a" }] }), plain(2), new Set(["c1"]));
  assert.equal(typeof made === "string" || "gates" in (made.waves[0] ?? {}), false);
});

test("however a release is narrowed, whoever is in it meets at least the gates that would have been met before", () => {
  const names = plain(5).map(({ name }) => name);
  /** Before the wave of a cluster begins; and with what its own and those before it are verified. */
  const met = (chosen: readonly string[], cluster: string): { readonly before: readonly string[]; readonly all: readonly string[] } => {
    const made = wavesFor(strategyOf(gated), plain(5), new Set(chosen));
    assert.ok(typeof made !== "string");
    const own = made.waveOf.get(cluster) ?? -1;
    const waves = made.waves.slice(0, own + 1);
    const approvals = waves.flatMap(({ gates = [] }) => gates.filter(({ approval }) => approval !== undefined).map(told));
    return { before: approvals, all: waves.flatMap(({ gates = [] }) => gates.map(told)) };
  };
  fc.assert(
    fc.property(fc.subarray(names, { minLength: 1 }), (chosen) => {
      for (const cluster of chosen) {
        const [narrow, wide] = [met(chosen, cluster), met(names, cluster)];
        for (const gate of wide.before) assert.ok(narrow.before.includes(gate), `${cluster} begins without ${gate}`);
        for (const gate of wide.all) assert.ok(narrow.all.includes(gate), `${cluster} is verified without ${gate}`);
      }
    }),
  );
});

test("a gate is planned with all that it says", () => {
  const gates = [
    { approval: { count: 2, groups: ["ops"], users: ["ann"], serviceAccounts: ["ci/bot"], expiresAfter: "30m" } },
    { analysis: { templateName: "error-rate", clusterScope: true, args: [{ name: "limit", value: "5" }], background: true } },
    metrics("latency"),
  ];
  const made = wavesFor(strategyOf({ waves: [{ name: "a", gates }] }), plain(1), new Set(["c1"]));
  assert.deepEqual(typeof made === "string" ? made : made.waves[0]?.gates, [
    approvalGate({ count: 2, groups: ["ops"], users: ["ann"], serviceAccounts: ["ci/bot"], expiresAfterSeconds: 1800 }),
    analysisGate({ clusterScope: true, args: [{ name: "limit", value: "5" }], background: true }),
    analysisGate({ templateName: "latency" }),
  ]);
});
