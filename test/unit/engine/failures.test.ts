import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTCOMES, type Outcome } from "#api/reasons.ts";
import { step } from "#engine/step.ts";
import type { Decision, Target } from "#engine/world.ts";
import { plannedWave, T0, target, waveState, world, type WorldShape } from "#test/build.ts";
import { away, failed, inWave, lost, ready, syncing, waiting } from "./targets.ts";

/** What becomes of a run that has failed, and of one that people or a newer wish interfere with. */

const brief = ({ phase, turns, halts, writes, state }: Decision) => ({
  phase,
  turns,
  halts,
  writes: writes.map(({ cluster, kind, want }) => `${cluster} ${kind} ${want.direction}`),
  rollback: state.rollback?.message,
  stop: state.stop?.message,
  accepted: state.accepted,
});
const unwritten = { writes: [], rollback: undefined, stop: undefined, accepted: 0 };
const said = "wave all: 1 of 2 targets failed: a: boom";
const fresh = (cluster: string): Target => target(cluster, { need: "Patch" });

test("onFailure RollBack: the verdict is stored before anything goes back, and what is being written ends first", () => {
  assert.deepEqual(brief(step(world([failed("a"), fresh("b")]))), {
    ...unwritten,
    phase: "RollingBack",
    turns: true,
    halts: true,
    rollback: said,
  });
});

test("onFailure Pause: the verdict is stored, and nothing is started until a person decides", () => {
  const pause = { plan: { onFailure: "Pause" } } as const;
  const first = step(world([failed("a"), fresh("b")], pause));
  assert.deepEqual(brief(first), { ...unwritten, phase: "Paused", turns: true, halts: false, stop: said });
  const then = step(world(first.targets, { ...pause, state: first.state }));
  assert.deepEqual(brief(then), { ...unwritten, phase: "Paused", turns: false, halts: false, stop: said });
  assert.deepEqual(then.waitingOn, {
    reason: "Failures",
    message: `${said}. A person decides: resume goes on without those that failed, skip takes them out, abort or a newer wish ends it`,
  });
});

const stop = { at: T0 - 1000, message: said };
const stopped: WorldShape = { plan: { onFailure: "Pause" }, state: { stop } };
test("a run that was stopped follows what is in flight to its end", () => {
  const started = syncing("b", { need: "Sync" });
  assert.deepEqual(
    step(world([failed("a"), started, fresh("c")], stopped)).writes.map(({ cluster }) => cluster),
    ["b"],
  );
});

test("resume accepts the failures of a run that was stopped, and it goes on to the end", () => {
  const resumed = step(world([failed("a"), fresh("b")], { ...stopped, orders: { resumed: true } }));
  assert.deepEqual(brief(resumed), { ...unwritten, phase: "Progressing", turns: true, halts: false, accepted: 1 });
  const next = step(world(resumed.targets, { plan: { onFailure: "Pause" }, state: resumed.state }));
  assert.deepEqual(brief(next).writes, ["b Patch Forward"]);
  assert.equal(step(world([failed("a"), ready("b")], { plan: { onFailure: "Pause" }, state: resumed.state })).outcome, "Failed");
});

test("who resumed has accepted what had failed by then, and no more", () => {
  const decision = step(world([failed("a"), failed("b")], { plan: { onFailure: "Pause" }, state: { accepted: 1 } }));
  assert.equal(decision.state.stop?.message, "wave all: 2 of 2 targets failed: a: boom; b: boom");
});

test("a run that was stopped goes on when a person has taken out all that failed", () => {
  const decision = step(world([failed("a"), fresh("b")], { ...stopped, orders: { skipped: new Set(["a"]) } }));
  assert.deepEqual(brief(decision), { ...unwritten, phase: "Progressing", turns: true, halts: false });
});

test("onFailure Continue: the failures are noted, and the run goes on to the end and fails", () => {
  const go = { plan: { onFailure: "Continue" } } as const;
  const noted = step(world([failed("a"), fresh("b")], go));
  assert.deepEqual(brief(noted), { ...unwritten, phase: "Progressing", turns: true, halts: false, accepted: 1 });
  assert.deepEqual(brief(step(world(noted.targets, { ...go, state: noted.state }))).writes, ["b Patch Forward"]);
  const last = step(world([failed("a"), ready("b")], { ...go, state: noted.state }));
  assert.deepEqual([last.outcome, last.message], ["Failed", "1 of 2 targets failed: a: boom"]);
});

for (const onFailure of ["RollBack", "Pause"] as const)
  test(`as many failures as may be in a wave are no reason to ${onFailure}, and the run ends as Failed`, () => {
    const plan = { onFailure, waves: [plannedWave("all", { maxFailures: 1 })] };
    assert.equal(step(world([failed("a"), syncing("b")], { plan })).outcome, undefined);
    assert.equal(step(world([failed("a"), ready("b")], { plan })).outcome, "Failed");
    assert.notEqual(step(world([failed("a"), failed("b")], { plan })).state[onFailure === "Pause" ? "stop" : "rollback"], undefined);
  });

test("failures are counted by wave, also those of a wave that was verified", () => {
  const waves = [plannedWave("canary", { maxFailures: 1 }), plannedWave("rest", { maxFailures: 1 })];
  const state = { waves: [waveState("Verified"), waveState("Progressing")] };
  const spread = [failed("a"), ready("b"), inWave(1, failed("c")), inWave(1, syncing("d"))];
  assert.equal(step(world(spread, { plan: { waves }, state })).state.rollback, undefined);
  const early = [failed("a"), failed("b"), inWave(1, syncing("c"))];
  assert.equal(
    step(world(early, { plan: { waves }, state })).state.rollback?.message,
    "wave canary: 2 of 2 targets failed: a: boom; b: boom",
  );
});

test("reverted counts as failed; skipped, lost, out of reach and waiting do not", () => {
  const gone = target("g", { phase: "Skipped", reason: "ClusterGone" });
  assert.equal(step(world([gone, lost("a"), away("b"), waiting("c")])).state.rollback, undefined);
  assert.notEqual(step(world([target("a", { phase: "Reverted", reason: "RevertedByOwner" })])).state.rollback, undefined);
});

test("of many failures five are named", () => {
  const many = Array.from({ length: 7 }, (_, n) => failed(`c${n}`));
  assert.equal(
    step(world(many)).state.rollback?.message,
    "wave all: 7 of 7 targets failed: c0: boom; c1: boom; c2: boom; c3: boom; c4: boom; and 2 more",
  );
});

// People.

test("a paused run starts nobody, and finishes what is in flight", () => {
  const decision = step(world([fresh("a"), target("b", { need: "Patch", started: true })], { orders: { paused: true } }));
  assert.deepEqual(
    [decision.phase, decision.waitingOn?.reason, brief(decision).writes, decision.turns],
    ["Paused", "Paused", ["b Patch Forward"], false],
  );
});

test("a paused run starts no wave, and ends when there is none to start", () => {
  const waves = [plannedWave("canary"), plannedWave("rest")];
  const held = step(world([ready("a"), inWave(1, fresh("b"))], { plan: { waves }, orders: { paused: true } }));
  assert.deepEqual([held.phase, held.state.waves[1]?.phase, held.turns], ["Paused", "Pending", false]);
  assert.equal(step(world([ready("a")], { orders: { paused: true } })).outcome, "Succeeded");
});

test("pausing does not hold up a failure, nor its rollback", () => {
  const decision = step(world([failed("a")], { orders: { paused: true } }));
  assert.notEqual(decision.state.rollback, undefined);
  const back = step(world(decision.targets, { state: decision.state, orders: { paused: true } }));
  assert.equal(back.phase, "RollingBack");
});

test("who is skipped is out, is stored as that, and neither counts nor is written", () => {
  const orders = { skipped: new Set(["a", "nobody"]) };
  const decision = step(world([failed("a", { need: "Patch", lookAt: T0 + 1 }), fresh("b")], { orders }));
  const { phase, reason, need, lookAt } = decision.targets[0]?.memo ?? assert.fail();
  assert.deepEqual(
    [phase, reason, need, lookAt, decision.turns, brief(decision).writes, decision.state.rollback],
    ["Skipped", "SkippedByPerson", undefined, undefined, true, ["b Patch Forward"], undefined],
  );
  assert.equal(step(world([ready("b"), ...decision.targets.slice(0, 1)], { orders })).outcome, "SucceededWithSkips");
});

test("that a whole wave is skipped is stored, also while the run is paused", () => {
  const paused = world([fresh("a"), inWave(1, fresh("b"))], {
    plan: { waves: [plannedWave("one"), plannedWave("two")] },
    orders: { paused: true, skipped: new Set(["a"]) },
  });
  assert.deepEqual([step(paused).phase, step(paused).turns], ["Paused", true]);
});

test("abort ends a run and leaves everything as it is, and says so", () => {
  const targets = [ready("a"), syncing("b"), target("c", { need: "Patch" })];
  const { outcome, writes, halts, message } = step(world(targets, { orders: { aborted: true } }));
  assert.deepEqual([outcome, writes, halts, message], ["Aborted", [], true, "ended by a person; left as they are: a, b"]);
  assert.equal(step(world([fresh("a")], { orders: { aborted: true } })).message, "ended by a person; nothing had been changed");
});

test("an abort to go back elsewhere says where", () => {
  const { outcome, message } = step(world([syncing("a")], { orders: { aborted: true, backTo: "v1" } }));
  assert.deepEqual([outcome, message], ["Aborted", "ended by a person, who goes back to v1"]);
});

// A newer wish.

const rollback = { at: T0 - 1000, message: "boom" };
for (const [what, shape, phase] of [
  ["Queue: a run in flight ends first", {}, "Progressing"],
  ["Queue: a run that has not begun gives way", { state: { startedAt: undefined } }, "Superseded"],
  ["Queue: a run that waits for a person to judge its failures gives way", stopped, "Superseded"],
  ["Queue: a paused run is still one in flight", { orders: { paused: true } }, "Paused"],
  ["Queue: a catch-up gives way: it never delays a release", { plan: { kind: "CatchUp" } }, "Superseded"],
  ["Replace: a run in flight gives way", { plan: { supersede: "Replace" } }, "Superseded"],
  ["Replace: what goes back goes back first", { plan: { supersede: "Replace" }, state: { rollback } }, "RollingBack"],
  ["Replace: a person's abort is that, too", { plan: { supersede: "Replace" }, orders: { aborted: true } }, "Aborted"],
] as const) {
  test(`superseded, ${what}`, () => {
    const targets = shape === stopped ? [failed("a"), syncing("b")] : [syncing("b")];
    const decision = step(world(targets, { ...shape, superseded: true }));
    assert.equal(decision.phase, phase);
    const ended = OUTCOMES.some((outcome: Outcome) => outcome === phase);
    assert.deepEqual([decision.outcome, decision.halts], ended ? [phase, true] : [undefined, false]);
    if (ended) assert.deepEqual(decision.writes, []);
  });
}

test("neither abort nor a newer wish nor a pause holds up what goes back", () => {
  const decision = step(
    world([syncing("b")], {
      superseded: true,
      state: { rollback },
      orders: { paused: true, aborted: true, resumed: true, skipped: new Set() },
    }),
  );
  assert.equal(decision.phase, "RollingBack");
});
