import assert from "node:assert/strict";
import { test } from "node:test";
import type { WavePhase } from "#api/reasons.ts";
import { step } from "#engine/step.ts";
import type { Decision, Target } from "#engine/world.ts";
import { plannedWave, T0, target, waveState, world, type WorldShape } from "#test/build.ts";
import { away, failed, inWave, later, lost, ready, syncing, waiting } from "./targets.ts";

/** How a run ends with these targets; undefined while it goes on. */
const outcome = (targets: readonly Target[], shape?: WorldShape): Decision["outcome"] => step(world(targets, shape)).outcome;
const phases = ({ state }: Decision): readonly WavePhase[] => state.waves.map(({ phase }) => phase);

// Its end.

for (const [what, targets, ends] of [
  ["every target is verified", [ready("a"), ready("b")], "Succeeded"],
  ["one is still on its way", [ready("a"), syncing("b")], undefined],
  ["one was Ready, and was not seen since the watch broke", [ready("a"), ready("b", { evidenceSince: undefined })], undefined],
  ["one waits for its window", [ready("a"), waiting("b")], undefined],
  ["one cannot be reached, and all others are verified", [ready("a"), away("b")], undefined],
  ["one was lost, and all others are verified", [ready("a"), lost("b")], undefined],
  ["one was taken out by a person", [ready("a"), target("b", { phase: "Skipped", reason: "SkippedByPerson" })], "SucceededWithSkips"],
  [
    "one is gone for longer than the grace time",
    [ready("a"), target("b", { phase: "Skipped", reason: "ClusterGone" })],
    "SucceededWithSkips",
  ],
  ["all were taken out", [target("a", { phase: "Skipped" })], "SucceededWithSkips"],
] as const) {
  test(`a run ends as ${ends ?? "nothing yet"} when ${what}`, () => assert.equal(outcome(targets), ends));
}

test("a run that ends writes nothing, looks no more, and lets what is being written end first", () => {
  const decision = step(world([ready("a", { need: "Refresh", lookAt: T0 + 1 })]));
  const { targets: _, state, ...rest } = decision;
  assert.deepEqual(rest, {
    phase: "Succeeded",
    outcome: "Succeeded",
    message: "every target is verified",
    turns: true,
    halts: true,
    counts: { total: 1, updated: 1, ready: 1, failed: 0, unreachable: 0 },
    waitingOn: undefined,
    writes: [],
    asks: [],
    nextLook: undefined,
  });
  assert.deepEqual(state.waves, [waveState("Verified", { countedAt: undefined })]);
});

test("success with less than all names who was skipped, and who was left out", () => {
  const skipped = target("s", { phase: "Skipped", reason: "SkippedByPerson" });
  const out = away("u", { lostSince: T0 - 5000 });
  const { outcome: ends, message } = step(
    world([ready("a"), skipped, out], { plan: { waves: [plannedWave("all", { maxUnreachable: 1 })] } }),
  );
  assert.deepEqual(
    [ends, message],
    [
      "SucceededWithSkips",
      "1 of 3 targets are verified; skipped: s; left out because they do not answer, and caught up when they return: u",
    ],
  );
});

for (const [targets, plan, ends] of [
  [[ready("a")], {}, "RolledBack"],
  [[ready("a"), target("b", { phase: "Skipped" })], {}, "RolledBack"],
  [[ready("a"), away("b", { lostSince: T0 - 5000 })], { waves: [plannedWave("all", { maxUnreachable: 1 })] }, "RollbackIncomplete"],
  [[ready("a"), failed("b")], { onFailure: "Continue" }, "RollbackIncomplete"],
] as const) {
  const what = targets.map(({ memo }) => memo.phase).join(" and ");
  test(`a run that undoes ends as ${ends} when its targets are ${what}`, () => {
    const accepted = targets.some(({ memo }) => memo.phase === "Failed") ? 1 : 0;
    assert.equal(outcome(targets, { plan: { kind: "Rollback", undoes: true, ...plan }, state: { accepted } }), ends);
  });
}

// Its beginning.

test("nothing is written before the beginning is stored", () => {
  const state = { startedAt: undefined, waves: [waveState("Pending"), waveState("Pending")] };
  const waves = [plannedWave("one"), plannedWave("two")];
  const decision = step(world([target("a", { need: "Patch" })], { plan: { waves }, state }));
  assert.deepEqual(
    [decision.phase, decision.turns, decision.writes, decision.state.startedAt, phases(decision)],
    ["Planned", true, [], T0, ["Progressing", "Pending"]],
  );
});

test("who is started is stored as started before it is written", () => {
  const decision = step(world([target("a", { need: "Patch" })]));
  assert.deepEqual(
    [decision.turns, decision.targets[0]?.memo.started, decision.writes.map(({ cluster, kind }) => `${cluster} ${kind}`)],
    [true, true, ["a Patch"]],
  );
  const again = step(world(decision.targets));
  assert.deepEqual([again.turns, again.writes.length], [false, 1]);
});

// From wave to wave.

const canary = plannedWave("canary");
const rest = plannedWave("rest");
const two = { waves: [canary, rest] };

test("a wave starts no target of the next one", () => {
  const { writes } = step(world([syncing("a"), inWave(1, target("b", { need: "Patch" }))], { plan: two }));
  assert.deepEqual(writes, []);
});

test("the verdict on a wave is stored before the next one writes", () => {
  const decision = step(world([ready("a"), inWave(1, target("b", { need: "Patch" }))], { plan: two }));
  assert.deepEqual([decision.turns, decision.writes, phases(decision)], [true, [], ["Verified", "Progressing"]]);
  const next = step(world(decision.targets, { plan: two, state: decision.state }));
  assert.deepEqual([next.turns, next.writes.map(({ cluster }) => cluster)], [true, ["b"]]);
});

test("the last wave is verified only while all before it still are", () => {
  const state = { waves: [waveState("Verified"), waveState("Progressing")] };
  const now = (first: Target): Decision["outcome"] => outcome([first, inWave(1, ready("b"))], { plan: two, state });
  assert.deepEqual(
    [now(ready("a")), now(syncing("a", { wasReady: true })), now(lost("a")), now(ready("a", { evidenceSince: undefined })), now(away("a"))],
    ["Succeeded", undefined, undefined, undefined, "SucceededWithSkips"],
  );
});

test("a wave between does not wait for a target of an earlier one that was lost since", () => {
  const three = { waves: [canary, rest, plannedWave("last")] };
  const state = { waves: [waveState("Verified"), waveState("Progressing"), waveState("Pending")] };
  assert.deepEqual(phases(step(world([lost("a"), inWave(1, ready("b")), inWave(2, target("c"))], { plan: three, state }))), [
    "Verified",
    "Verified",
    "Progressing",
  ]);
});

test("a wave that soaks says until when, and looks again then", () => {
  const waves = [plannedWave("canary", { minSuccessSeconds: 60 }), rest];
  const state = { waves: [waveState("Soaking", { soaked: 20_000, countedAt: T0 - 10_000 }), waveState("Pending")] };
  const { phase, waitingOn, nextLook, state: after } = step(world([ready("a")], { plan: { waves }, state }));
  assert.deepEqual(
    [phase, waitingOn, nextLook, after.waves[0]?.soaked],
    ["Waiting", { reason: "Soak", message: "wave canary soaks until 10:00:30 UTC", nextCheck: T0 + 30_000 }, T0 + 30_000, 30_000],
  );
});

test("at the end of soak each target whose Argo CD was not heard is asked for it, and the wave waits", () => {
  const waves = [plannedWave("canary", { minSuccessSeconds: 60 })];
  const state = { waves: [waveState("Soaking", { soaked: 60_000, countedAt: T0 })] };
  const quiet = ready("b", { heardAgain: false });
  const decision = step(world([ready("a"), quiet], { plan: { waves }, state }));
  assert.deepEqual(
    [decision.outcome, decision.waitingOn, decision.targets.map(({ memo }) => memo.vigilSince), decision.nextLook],
    [
      undefined,
      { reason: "AwaitingHeartbeat", message: "b: waiting for Argo CD to look once more before wave canary is verified" },
      [undefined, T0],
      T0,
    ],
  );
  const again = step(later(world(decision.targets, { plan: { waves }, state: decision.state }), 5));
  assert.equal(again.targets[1]?.memo.vigilSince, T0, "since when it is waited for stays");
});

// Clusters that do not answer.

const tolerant = { waves: [canary, plannedWave("rest", { maxUnreachable: 1 })] };
const second = { waves: [waveState("Verified"), waveState("Progressing")] };
for (const [what, targets, patience, phase] of [
  ["a later wave goes on without as many as may be left out", [ready("a"), inWave(1, ready("b")), inWave(1, away("c"))], 5, "Verified"],
  ["not before they were waited for", [ready("a"), inWave(1, ready("b")), inWave(1, away("c"))], 4, "Progressing"],
  ["not without more", [ready("a"), inWave(1, away("b")), inWave(1, away("c"))], 5, "Progressing"],
  ["not without one that was touched", [ready("a"), inWave(1, ready("b")), inWave(1, lost("c"))], 500, "Progressing"],
] as const) {
  test(`unreachable: ${what}`, () => {
    const since = targets.map((one) =>
      one.memo.phase === "Unreachable" ? inWave(1, away(one.cluster, { lostSince: T0 - patience * 1000 })) : one,
    );
    const decision = step(world(since, { plan: tolerant, state: second }));
    assert.equal(decision.state.waves[1]?.phase, phase);
  });
}

test("the first wave waits for all of its clusters, and says for whom", () => {
  const decision = step(world([ready("a"), away("b", { lostSince: T0 - 9_000_000 })], { plan: two }));
  assert.deepEqual(
    [phases(decision), decision.waitingOn],
    [["Progressing", "Pending"], { reason: "Unreachable", message: "b: no answer" }],
  );
});

test("a cluster that does not answer is looked at again when it was waited for long enough", () => {
  const nextLook = (since: number): number | undefined => step(world([away("a", { lostSince: T0 - since })], { plan: two })).nextLook;
  assert.deepEqual([nextLook(1000), nextLook(5000), nextLook(60_000)], [T0 + 4000, undefined, undefined]);
});

// What is said of it.

for (const [what, targets, phase] of [
  ["Progressing while one is on its way", [syncing("a"), waiting("b")], "Progressing"],
  ["Waiting while nobody can go on", [ready("a"), waiting("b"), away("c")], "Waiting"],
  ["Progressing while one is written again and again", [waiting("a", { reason: "WriteRefused", need: "Patch" })], "Progressing"],
] as const) {
  test(`a run is ${what}`, () => assert.equal(step(world(targets)).phase, phase));
}

test("what waits in later waves is not what a run waits for", () => {
  const { waitingOn, phase } = step(world([waiting("a"), inWave(1, lost("b")), inWave(1, syncing("c"))], { plan: two }));
  assert.deepEqual([phase, waitingOn], ["Waiting", { reason: "SyncWindow", message: "a: blocked" }]);
});
