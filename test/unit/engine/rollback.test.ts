import assert from "node:assert/strict";
import { test } from "node:test";
import type { TargetMemo } from "#engine/memo.ts";
import { step } from "#engine/step.ts";
import type { Decision, Target } from "#engine/world.ts";
import { memo, plannedWave, R1, R2, R3, T0, target, tracks, wantBack, waveState, world, type WorldShape } from "#test/build.ts";
import { gateState } from "#test/gates.ts";
import { away, failed, inWave, lost, ready, syncing } from "./targets.ts";

/** A run whose failure was stored a second ago. */
const verdict = { at: T0 - 1000, message: "wave all: it broke" };
const back = (targets: readonly Target[], { state, ...more }: WorldShape = {}): Decision =>
  step(world(targets, { ...more, state: { waves: [waveState("Failed")], rollback: verdict, ...state } }));

const turned = (cluster: string, more: Partial<TargetMemo> = {}, shape = {}): Target =>
  target(cluster, { goingBack: true, phase: "Pending", reason: "Planned", message: "has to go back", ...more }, shape);
const restored = (cluster: string): Target => turned(cluster, { phase: "RolledBack", reason: "Verified" });

/** Which targets have been turned round, and in which phase they are. */
const going = ({ targets }: Decision): readonly string[] =>
  targets.filter(({ memo }) => memo.goingBack).map(({ cluster, memo }) => `${cluster} ${memo.phase}`);

// Who goes back.

const fleet = [
  failed("f"),
  ready("r"),
  syncing("s"),
  target("started", { started: true, need: "Patch" }),
  target("untouched", { need: "Patch" }),
  ready("held", { started: false, written: false }),
  inWave(1, target("later", { need: "Patch" })),
  away("away"),
  lost("lost"),
  target("skipped", { phase: "Skipped", reason: "SkippedByPerson" }),
  target("ours", {}, { ours: true }),
];
test("with scope Run, all that the run changed goes back, and what an earlier run had left unverified", () => {
  assert.deepEqual(going(back(fleet)), ["f Pending", "r Pending", "s Pending", "started Pending", "lost Unknown", "ours Pending"]);
});

test("with scope Target, only what failed goes back, and what is in flight is followed to its end", () => {
  const decision = back(fleet, { plan: { rollbackScope: "Target" } });
  assert.deepEqual(going(decision), ["f Pending"]);
  const done = (targets: readonly Target[]): unknown => back(targets, { plan: { rollbackScope: "Target" } }).outcome;
  assert.deepEqual(
    [done([restored("f"), syncing("s")]), done([restored("f"), ready("s")]), done([restored("f"), lost("s")])],
    [undefined, "Failed", "Failed"],
  );
});

test("with scope Target, all of a wave goes back that its metrics speak against, and nothing of the others", () => {
  const waves = [waveState("Verified"), waveState("Failed", { gates: [gateState("Failed")] }), waveState("Pending")];
  const plan = { rollbackScope: "Target", waves: [plannedWave("a"), plannedWave("b"), plannedWave("c")] } as const;
  const targets = [ready("first"), inWave(1, ready("second")), inWave(1, target("held", { need: "Patch" })), inWave(2, target("third"))];
  assert.deepEqual(going(back(targets, { plan, state: { waves } })), ["second Pending"]);
});

test("with scope Target, one that failed before anything was written stays as it is", () => {
  const changed = target("c", { phase: "Failed", reason: "ChangedSincePlan", message: "changed" });
  const { outcome, targets } = back([changed, restored("f")], { plan: { rollbackScope: "Target" } });
  assert.deepEqual([outcome, targets[0]?.memo.goingBack], ["Failed", false]);
});

test("with scope Target, one that fails while others go back goes back, too", () => {
  assert.deepEqual(going(back([turned("f"), failed("s")], { plan: { rollbackScope: "Target" } })), ["f Pending", "s Pending"]);
});

test("what was turned round starts afresh, and keeps why it had failed and what it was met with", () => {
  const contact = { live: tracks(R1), lastOperation: undefined, baseline: tracks(R1) };
  const [one] = back([failed("f", { contact, evidenceSince: T0, refused: "x", vigilSince: T0, wasReady: true })]).targets;
  assert.deepEqual(one?.memo, {
    ...memo(),
    changed: true,
    message: "has to go back to what was last verified",
    goingBack: true,
    failure: { reason: "SyncFailed", message: "boom" },
    contact,
    lookAt: T0,
  });
});

// What is written.

test("all that must go back is started at once, the last first, with the values of before", () => {
  const needy = ["a", "b", "c"].map((cluster) => turned(cluster, { need: "Patch" }));
  const many = back(needy, { plan: { waves: [plannedWave("all", { maxConcurrency: 1 })] } });
  assert.deepEqual(
    many.writes.map(({ cluster, kind, want, over }) => [cluster, kind, want, over]),
    ["a", "b", "c"].map((cluster) => [cluster, "Patch", wantBack(), [tracks(R2)]]),
  );
  const one = back(
    needy.map((each) => ({ ...each, instance: "hub" })),
    { room: () => 1 },
  );
  assert.deepEqual([one.writes.map(({ cluster }) => cluster), one.waitingOn?.reason], [["c"], "InstanceBusy"]);
});

test("it goes back over what this run wrote, and over what an earlier one had left", () => {
  const ours = turned("a", { need: "Patch" }, { ours: true, back: { over: [tracks(R2), tracks(R3)], untouched: undefined } });
  assert.deepEqual(back([ours]).writes[0]?.over, [tracks(R2), tracks(R3)]);
});

test("nothing forward is written once it goes back", () => {
  const { writes } = back(fleet.map((one) => ({ ...one, memo: { ...one.memo, need: "Patch" as const } })));
  assert.deepEqual(
    writes.map(({ want }) => want.direction),
    [],
  );
});

// How it ends.

const stuck = (phase: TargetMemo["phase"], message = "m"): Target =>
  turned(phase, { phase, reason: "Planned", message, lostSince: T0 - 5000 });
for (const [what, targets, ends] of [
  ["all are back", [restored("a"), restored("b")], "RolledBack"],
  ["one is still on its way", [restored("a"), turned("b")], undefined],
  ["one was changed by somebody since", [restored("a"), stuck("Drifted")], "RolledBack"],
  ["one failed on its way back", [restored("a"), stuck("Failed")], "RollbackIncomplete"],
  ["one was put back to the bad revision by somebody", [restored("a"), stuck("Reverted")], "RollbackIncomplete"],
  ["one does not answer for the contact time", [restored("a"), stuck("Unknown")], "RollbackIncomplete"],
  ["one does not answer for less", [restored("a"), turned("b", { phase: "Unknown", lostSince: T0 - 4999 })], undefined],
  ["one is gone for good", [restored("a"), stuck("Skipped")], "RollbackIncomplete"],
  ["nothing had been changed", [target("a"), target("b", { phase: "Failed", reason: "ChangedSincePlan" })], "Failed"],
] as const) {
  test(`a rollback ends as ${ends ?? "nothing yet"} when ${what}`, () => assert.equal(back(targets).outcome, ends));
}

test("a rollback that ends says what was broken, what is back, and what is not and why", () => {
  const { outcome, message, writes, turns, halts, nextLook } = back([
    restored("a"),
    turned("b", { phase: "Drifted" }),
    turned("c", { phase: "Failed", message: "sync failed" }),
    turned("d", { phase: "Unknown", message: "no answer", lostSince: T0 - 9000 }),
  ]);
  assert.deepEqual(
    { outcome, message, writes, turns, halts, nextLook },
    {
      outcome: "RollbackIncomplete",
      message:
        "wave all: it broke. Back at what was last verified: 1 of 4 targets. Left alone because somebody else has changed them: b. Not taken back: c (sync failed); d (no answer)",
      writes: [],
      turns: true,
      halts: true,
      nextLook: undefined,
    },
  );
});

test("with scope Target, a run whose failed targets are back has failed, and says who stays where it was brought", () => {
  const { outcome, message } = back([restored("a"), ready("b")], { plan: { rollbackScope: "Target" } });
  assert.deepEqual(
    [outcome, message],
    ["Failed", "wave all: it broke. Back at what was last verified: 1 of 1 target. Left at the new revision: b"],
  );
  assert.equal(back([stuck("Unknown"), ready("b")], { plan: { rollbackScope: "Target" } }).outcome, "RollbackIncomplete");
});

test("where nothing was ever verified there is nothing to go back to: it is named, and nothing is deleted", () => {
  const decision = back([failed("a", {}, { back: null }), restored("b")]);
  assert.deepEqual(
    [decision.outcome, decision.writes, decision.targets[0]?.memo.phase, decision.targets[0]?.memo.reason],
    ["RollbackIncomplete", [], "Failed", "NoBaseline"],
  );
});

test("who was lost before it could be taken back is waited for from then on, not from now", () => {
  const waited = back([lost("a", { lostSince: T0 - 3000 })]);
  assert.deepEqual([waited.outcome, waited.targets[0]?.memo.phase, waited.targets[0]?.memo.lostSince], [undefined, "Unknown", T0 - 3000]);
  assert.equal(back([lost("a", { lostSince: T0 - 5000 })]).outcome, "RollbackIncomplete");
});

test("it looks again when somebody has been waited for long enough, and not again and again after that", () => {
  const patient = turned("a", { phase: "Unknown", lostSince: T0 - 1000 });
  assert.equal(back([patient, turned("b")]).nextLook, T0 + 4000);
  const impatient = turned("a", { phase: "Unknown", lostSince: T0 - 60_000 });
  assert.equal(back([impatient, turned("b")]).nextLook, undefined);
});

test("what it waits for is told", () => {
  const syncs = turned("b", { phase: "Syncing", reason: "Progressing", message: "health is Progressing" });
  assert.deepEqual(
    [back([turned("a")]).waitingOn, back([turned("a"), syncs]).waitingOn, back([turned("a")]).message],
    [
      { reason: "Rollback", message: "going back: a: has to go back" },
      { reason: "Progressing", message: "going back: b: health is Progressing (and 1 more)" },
      "wave all: it broke",
    ],
  );
});

test("who was skipped before stays where it is; who goes back cannot be skipped any more", () => {
  const decision = back([turned("a"), target("b", { phase: "Skipped", started: true, written: true })], {
    orders: { skipped: new Set(["a", "b"]) },
  });
  assert.deepEqual(going(decision), ["a Pending"]);
});
