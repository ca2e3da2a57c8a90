import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { durationOrNone, milliseconds, portion, share } from "#api/rules.ts";
import { OVERRIDABLE, overrides, strategy, STRATEGY_DEFAULTS } from "#api/strategy.ts";

// Shares.

for (const [least, good, bad] of [
  [
    0,
    [0, 1, 7, 1_000_000, "0%", "1%", "10%", "99%", "100%"],
    [-1, 1.5, 1_000_001, "101%", "01%", "00%", "5", "%", " 5%", "5.5%", "-1%", "5%%", "", null, true],
  ],
  [1, [1, 7, "1%", "10%", "100%"], [0, -1, "0%", "00%", "101%", "1"]],
] as const) {
  for (const value of good)
    test(`${JSON.stringify(value)} is a share of at least ${least}`, () => assert.equal(share("x", least).parse(value), value));
  for (const value of bad)
    test(`${JSON.stringify(value)} is no share of at least ${least}`, () => assert.ok(!share("x", least).safeParse(value).success));
}

for (const value of [0, "0%", "many", 1.5] as const) {
  test(`the refusal of ${JSON.stringify(value)} says what to write`, () => {
    const { error } = share("maxConcurrency", 1, "; 0 could never finish").safeParse(value);
    assert.ok(
      JSON.stringify(error?.issues).includes(
        JSON.stringify(
          'maxConcurrency must be a whole number of at least 1, or a percentage from "1%" to "100%"; 0 could never finish',
        ).slice(1, -1),
      ),
      JSON.stringify(error?.issues),
    );
  });
}

for (const [value, total, is] of [
  [3, 10, 3],
  [30, 10, 30],
  [0, 10, 0],
  ["25%", 10, 2],
  ["25%", 3, 0],
  ["29%", 100, 29],
  ["57%", 100, 57],
  ["100%", 7, 7],
  ["0%", 7, 0],
  ["99%", 1, 0],
] as const) {
  test(`${value} of ${total} is ${is}`, () => assert.equal(portion(value, total), is));
}
test("a part is never more than it says, and never one less", () => {
  fc.assert(
    fc.property(fc.nat(100), fc.nat(2000), (percent, total) => {
      const part = portion(`${percent}%`, total);
      assert.ok(Number.isInteger(part) && part * 100 <= percent * total && (part + 1) * 100 > percent * total);
    }),
  );
});

for (const [text, ms] of [
  ["0s", 0],
  ["90s", 90_000],
  ["1h30m", 5_400_000],
] as const)
  test(`${text} may be a duration, or none`, () => assert.equal(milliseconds(durationOrNone("x").parse(text)), ms));
for (const text of ["", "0", "0m", "00s", "0s1m", "s", "1d"])
  test(`${JSON.stringify(text)} is neither a duration nor none`, () => assert.ok(!durationOrNone("x").safeParse(text).success));

// The strategy.

test("somebody who writes no strategy has a safe one: one cluster, then the rest, with soak, and back when one fails", () => {
  assert.deepEqual(strategy.parse({}), { ...STRATEGY_DEFAULTS, overridable: [] });
});

test("who writes one field has the defaults of all others", () => {
  const { waves, rollbackWindow, ...rest } = strategy.parse({ waves: [{ name: "all" }], rollbackWindow: { revisions: 0 } });
  const { waves: _, rollbackWindow: window, ...defaults } = STRATEGY_DEFAULTS;
  assert.deepEqual([waves, rollbackWindow, rest], [[{ name: "all" }], { revisions: 0, age: window.age }, { ...defaults, overridable: [] }]);
});

const wave = (clusters: unknown): unknown => ({ waves: [{ name: "a", clusters }, { name: "b" }] });
for (const [what, spec] of [
  ["no waves", { waves: [] }],
  ["more than sixteen waves", { waves: Array.from({ length: 17 }, (_, n) => ({ name: `w${n}` })) }],
  ["a wave without a name", { waves: [{}] }],
  ["a wave whose name is no label", { waves: [{ name: "The Canary" }] }],
  ["a wave of no names", wave({ names: [] })],
  ["a wave of a name that is none", wave({ names: ["EU"] })],
  ["a wave of no clusters", wave({ count: 0 })],
  ["a wave of no part", wave({ count: "0%" })],
  ["a wave of more than all", wave({ count: "101%" })],
  ["a concurrency that could never finish", { maxConcurrency: 0 }],
  ["the same in a wave", { waves: [{ name: "a", maxConcurrency: "0%" }] }],
  ["a negative number of failures", { maxFailures: -1 }],
  ["a soak that is no duration", { minSuccessTime: "1d" }],
  ["no deadline", { progressDeadline: "0s" }],
  ["an unknown answer to failures", { onFailure: "Ignore" }],
  ["an unknown scope", { rollbackScope: "Wave" }],
  ["an unknown way to be superseded", { supersede: "Cancel" }],
  ["a window of a negative number of revisions", { rollbackWindow: { revisions: -1 } }],
  ["a window of no age", { rollbackWindow: { age: "0s" } }],
  ["waves as overridable", { overridable: ["waves"] }],
] as const) {
  test(`a strategy is refused for ${what}`, () => assert.ok(!strategy.safeParse(spec).success));
}

test("what may be overridable is what a release may override, and nothing that says who is in which wave", () => {
  assert.deepEqual(Object.keys(overrides.shape), [...OVERRIDABLE]);
  assert.deepEqual(
    [...OVERRIDABLE],
    ["maxConcurrency", "minSuccessTime", "progressDeadline", "maxFailures", "onFailure", "rollbackScope", "maxUnreachable", "supersede"],
  );
});

test("a release that overrides nothing says nothing", () => assert.deepEqual(overrides.parse({}), {}));
