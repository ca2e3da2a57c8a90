import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TARGET_PHASES } from "#api/reasons.ts";
import { startBack, startWave, writesOf, type Starts } from "#engine/budget.ts";
import { isInFlight, isWaitingForStart } from "#engine/memo.ts";
import type { Target } from "#engine/world.ts";
import { memo, plannedWave, R1, R2, R3, target, tracks } from "#test/build.ts";
import { failed, inWave, lost, ready, syncing } from "./targets.ts";

const fresh = (cluster: string, instance = cluster): Target => target(cluster, { need: "Patch" }, { instance });
const wide = (): number => Infinity;
const started = ({ targets }: Starts): readonly string[] => targets.filter(({ memo: { started: is } }) => is).map(({ cluster }) => cluster);
const wave = (maxConcurrency: number) => plannedWave("w", { maxConcurrency });

for (const [what, most, targets, expected] of [
  ["as many as the wave allows, in the order of the plan", 2, [fresh("a"), fresh("b"), fresh("c")], ["a", "b"]],
  ["fewer while some are in flight", 2, [syncing("a"), fresh("b"), fresh("c")], ["a", "b"]],
  [
    "as many again as have arrived",
    2,
    [ready("a"), syncing("b", { phase: "Arrived" }), fresh("c"), fresh("d"), fresh("e")],
    ["a", "b", "c", "d"],
  ],
  ["as many again as have failed", 1, [failed("a"), fresh("b")], ["a", "b"]],
  ["none instead of one that was lost", 1, [lost("a"), fresh("b")], ["a"]],
  ["none of another wave", 9, [inWave(1, fresh("a")), fresh("b")], ["b"]],
  ["whatever is in flight in another wave", 1, [inWave(1, syncing("a")), fresh("b")], ["a", "b"]],
  ["none that needs nothing", 9, [target("a"), target("b", { need: "Refresh" })], []],
  ["none while more are in flight than may be", 1, [syncing("a"), syncing("b"), fresh("c")], ["a", "b"]],
] as const) {
  test(`a wave starts ${what}`, () => assert.deepEqual(started(startWave(wave(most), 0, targets, wide)), expected));
}

test("no more are started on an Argo CD than it has room for, others go ahead, and it is named", () => {
  const room = (instance: string): number => (instance === "hub" ? 1 : 5);
  const made = startWave(wave(9), 0, [fresh("a", "hub"), fresh("b", "hub"), fresh("c", "own"), fresh("d", "hub")], room);
  assert.deepEqual([started(made), made.started, made.busy], [["a", "c"], 2, "hub"]);
});

test("an Argo CD without room is not the reason when the wave has no room either", () => {
  assert.equal(startWave(wave(1), 0, [syncing("a"), fresh("b", "hub")], () => 0).busy, undefined);
});

test("where nobody is started, nothing is new", () => {
  const targets = [syncing("a"), target("b")];
  assert.equal(startWave(wave(9), 0, targets, wide).targets, targets);
});

test("all that go back are started, the last first, whatever a wave allows; only the instances' room counts", () => {
  const back = ["a", "b", "c"].map((cluster) => target(cluster, { goingBack: true, need: "Patch" }, { instance: "hub" }));
  assert.deepEqual(
    [started(startBack([...back, fresh("d")], wide)), started(startBack(back, () => 2)), startBack(back, () => 2).busy],
    [["a", "b", "c"], ["b", "c"], "hub"],
  );
});

test("nobody is started before those that stand before it in the plan have been seen; after a restart whoever answers first does not go first", () => {
  const unseen = target("b", { fingerprint: "" });
  assert.deepEqual(started(startWave(wave(9), 0, [fresh("a"), unseen, fresh("c")], wide)), ["a"]);
  for (const seen of [
    target("b", { fingerprint: "", phase: "Unreachable" }),
    target("b", { fingerprint: "", started: true, phase: "Patched" }),
    inWave(1, unseen),
  ])
    assert.deepEqual(
      started(startWave(wave(9), 0, [fresh("a"), seen, fresh("c")], wide)).filter((name) => name !== "b"),
      ["a", "c"],
    );
  assert.deepEqual(
    started(startBack([target("a", { goingBack: true, fingerprint: "" }), target("b", { goingBack: true, need: "Patch" })], wide)),
    ["b"],
  );
});

test("one that looks changed is read anew before any of its wave is started: it may end the run", () => {
  const odd = target("c", { need: "Confirm" });
  assert.deepEqual(started(startWave(wave(9), 0, [fresh("a"), odd], wide)), []);
  assert.deepEqual(started(startWave(wave(9), 0, [fresh("a"), inWave(1, odd), target("d", { need: "Confirm", started: true })], wide)), [
    "a",
    "d",
  ]);
});

// What is written.

test("who waits for a start is who needs a first write", () => {
  const waits = (["Patch", "PatchAndSync", "Sync", "Terminate", "Refresh", undefined] as const).map((need) =>
    isWaitingForStart(memo({ need })),
  );
  assert.deepEqual([waits, isWaitingForStart(memo({ need: "Patch", started: true }))], [[true, true, true, true, false, false], false]);
});

test("what is written goes over what the plan saw, or was met; what is only asked for, over our own values", () => {
  const met = { contact: { live: tracks(R3), lastOperation: undefined, baseline: undefined } };
  const writes = writesOf([
    target("a", { need: "Patch", started: true }),
    target("b", { need: "PatchAndSync", started: true, ...met }, { forward: { over: [] } }),
    target("c", { need: "Sync", started: true }),
    target("d", { need: "Refresh" }),
    target("e", { need: "Terminate", started: true }),
    target("f", { started: true }),
    target("g", { need: "Patch" }),
    target("h", { need: "Patch", started: true, goingBack: true }),
    target("i", { need: "Refresh", goingBack: true }),
  ]);
  assert.deepEqual(
    writes.map(({ cluster, kind, want, over }) => [cluster, kind, want.direction, over.map((values) => values["targetRevision"])]),
    [
      ["a", "Patch", "Forward", [R1]],
      ["b", "PatchAndSync", "Forward", [R3]],
      ["c", "Sync", "Forward", [R2]],
      ["d", "Refresh", "Forward", [R2]],
      ["e", "Terminate", "Forward", [R1, R2]],
      ["h", "Patch", "Back", [R2]],
      ["i", "Refresh", "Back", [R1]],
    ],
  );
});

test("where nothing was met, nothing may be written over", () => {
  const [write] = writesOf([target("a", { need: "Patch", started: true }, { forward: { over: [] } })]);
  assert.deepEqual(write?.over, []);
});

// Whatever the targets are.

const anyTarget = fc
  .record({
    phase: fc.constantFrom(...TARGET_PHASES),
    need: fc.constantFrom("Patch", "PatchAndSync", "Sync", "Refresh", "Terminate", undefined),
    started: fc.boolean(),
    goingBack: fc.boolean(),
    wave: fc.nat(2),
    instance: fc.constantFrom("hub", "eu", "us"),
  })
  .map(({ wave: of, instance, ...more }) => target("x", more, { wave: of, instance }));
const anyTargets = fc.array(anyTarget, { maxLength: 12 }).map((targets) => targets.map((one, n) => ({ ...one, cluster: `c${n}` })));
const inFlight = (targets: readonly Target[], of: (target: Target) => boolean): number =>
  targets.filter((one) => of(one) && isInFlight(one.memo)).length;

test("whatever the targets, never more are in flight than a wave and each Argo CD allow, and nothing but starts is changed", () => {
  fc.assert(
    fc.property(
      anyTargets,
      fc.integer({ min: 1, max: 6 }),
      fc.nat(2),
      fc.dictionary(fc.constantFrom("hub", "eu", "us"), fc.nat(3)),
      (targets, most, index, rooms) => {
        const room = (instance: string): number => rooms[instance] ?? Infinity;
        const made = startWave(wave(most), index, targets, room);
        const ofWave = (target: Target): boolean => target.wave === index;
        const before = inFlight(targets, ofWave);
        assert.ok(inFlight(made.targets, ofWave) <= Math.max(most, before));
        for (const instance of ["hub", "eu", "us"]) {
          const there = made.targets.filter(
            (one, n) => one.instance === instance && one.memo.started && targets[n]?.memo.started === false,
          );
          assert.ok(there.length <= room(instance));
          if (there.length > 0) assert.ok(there.every(ofWave));
        }
        assert.deepEqual(
          made.targets.map((one) => ({ ...one, memo: { ...one.memo, started: false } })),
          targets.map((one) => ({ ...one, memo: { ...one.memo, started: false } })),
        );
        for (const { kind, cluster } of writesOf(made.targets))
          assert.ok(kind === "Refresh" || made.targets.some((one) => one.cluster === cluster && one.memo.started));
      },
    ),
    { numRuns: 500 },
  );
});

test("whatever the targets, a start is made for all that the limits leave room for", () => {
  fc.assert(
    fc.property(anyTargets, fc.integer({ min: 1, max: 6 }), (targets, most) => {
      const made = startWave(wave(most), 0, targets, wide);
      const left = made.targets.filter((one) => one.wave === 0 && isWaitingForStart(one.memo)).length;
      if (left > 0) assert.ok(inFlight(targets, (one) => one.wave === 0) + made.started >= most);
    }),
  );
});
