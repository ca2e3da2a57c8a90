import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { wavesFor } from "#engine/strategy.ts";
import { strategyOf } from "#test/build.ts";
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
