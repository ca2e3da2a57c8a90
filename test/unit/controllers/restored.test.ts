import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunStatus, TargetStatus } from "#api/releaserun.ts";
import { gapOf, isAhead, restoredMemo, restoredState } from "#controllers/restored.ts";
import { runStatus } from "#controllers/runstatus.ts";
import { step } from "#engine/step.ts";
import { at, memo, plannedWave, R1, run, T0, target, tracks, waveState, world } from "#test/build.ts";
import { gateState } from "#test/gates.ts";

const stored = (more: Partial<TargetStatus> = {}): TargetStatus => ({
  cluster: "eu",
  phase: "Syncing",
  reason: "Progressing",
  message: "m",
  since: at(-600),
  ...more,
});
type StoredGate = NonNullable<NonNullable<RunStatus["waves"]>[number]["gates"]>[number];
const gate = (phase: StoredGate["phase"], seconds = -600): StoredGate => ({
  kind: "Analysis",
  object: "checkout.production-1-w1-g1",
  phase,
  message: "",
  since: at(seconds),
});
const status = (more: RunStatus): ReturnType<typeof run> => run({ waves: [plannedWave("a"), plannedWave("b")], status: more });

test("nobody has looked since the run was stored last; a clock that went back is no time", () => {
  assert.deepEqual(
    [gapOf(status({ observedAt: at(-90) }), T0), gapOf(status({ observedAt: at(90) }), T0), gapOf(run(), T0)],
    [90_000, 0, 0],
  );
});

test("the time in which nobody looked counts for no deadline", () => {
  const progress = (target: Partial<TargetStatus>, gap: number): number => (restoredMemo(stored(target), T0, gap).progressAt - T0) / 1000;
  assert.deepEqual(
    [
      progress({ progressAt: at(-500) }, 0),
      progress({ progressAt: at(-500) }, 400_000),
      progress({ progressAt: at(-500) }, 900_000),
      progress({ progressAt: at(500) }, 0),
      progress({}, 0),
      progress({ phase: "Waiting", reason: "SyncWindow" }, 100_000),
      progress({ phase: "Waiting", reason: "WriteRefused", progressAt: at(-600) }, 100_000),
    ],
    [-500, -100, 0, 0, 0, 0, -500],
  );
});

test("what gates and people have decided is as it was, and how long an analysis was silent is measured anew", () => {
  const waves: RunStatus["waves"] = [
    { name: "a", phase: "Soaking", gates: [{ ...gate("Passed"), message: "2 metrics within bounds" }] },
    { name: "b", phase: "Waiting", gates: [{ ...gate("Failed"), accepted: true }, gate("Waiting", 60)] },
  ];
  const overrides = [{ freeze: "team-a/holidays", until: at(3600), by: "ann", at: at(-10) }];
  const restored = restoredState(status({ startedAt: at(-200), waves, overrides }), T0);
  assert.deepEqual(
    [restored.waves.map(({ gates }) => gates), restored.overrides],
    [
      [
        [gateState("Passed", { message: "2 metrics within bounds", since: T0 - 600_000 })],
        [gateState("Failed", { accepted: true, since: T0 - 600_000 }), gateState("Waiting", { since: T0 })],
      ],
      [{ name: "team-a/holidays", until: T0 + 3_600_000, by: "ann", at: T0 - 10_000 }],
    ],
  );
});

for (const [what, stored, known, ahead] of [
  ["the verdict of a gate that is still waited for here", [gate("Passed")], [gateState("Waiting")], true],
  ["the verdict of a gate that nobody has looked at here yet", [gate("Failed")], [], true],
  ["that a gate is waited for", [gate("Waiting")], [], false],
  ["the same verdict", [gate("Passed")], [gateState("Passed")], false],
  ["no verdict where there is one here", [gate("Waiting")], [gateState("Failed")], false],
] as const)
  test(`what is stored is ${ahead ? "" : "not "}ahead of what is known where it has ${what}`, () => {
    const one = status({ startedAt: at(-200), waves: [{ name: "a", phase: "Soaking", gates: [...stored] }] });
    const state = restoredState(status({ startedAt: at(-200), waves: [{ name: "a", phase: "Soaking" }] }), T0);
    const waves = state.waves.map((wave, index) => (index === 0 ? { ...wave, gates: known } : wave));
    assert.equal(isAhead(one, { ...state, waves }, []), ahead);
  });

test("what is stored is ahead of what is known where people have let the run go through a freeze", () => {
  const overrides = [{ freeze: "team-a/holidays", until: at(3600), by: "ann", at: at(-10) }];
  const known = restoredState(status({ startedAt: at(-200) }), T0);
  assert.equal(isAhead(status({ startedAt: at(-200), overrides }), known, []), true);
});

test("what was decided of a run is as it was, but for when its soak was counted last", () => {
  const verdict = { startedAt: at(-30), message: "boom" };
  const waves: RunStatus["waves"] = [
    { name: "a", phase: "Verified", startedAt: at(-200), verifiedAt: at(-100), soakedSeconds: 60 },
    { name: "b", phase: "Soaking", startedAt: at(-100), soakedSeconds: 7 },
  ];
  assert.deepEqual(restoredState(status({ startedAt: at(-200), waves, rollback: verdict, stop: verdict, acceptedFailures: 2 }), T0), {
    startedAt: T0 - 200_000,
    waves: [
      waveState("Verified", { startedAt: T0 - 200_000, verifiedAt: T0 - 100_000, soaked: 60_000 }),
      waveState("Soaking", { startedAt: T0 - 100_000, soaked: 7000 }),
    ],
    rollback: { at: T0 - 30_000, message: "boom" },
    stop: { at: T0 - 30_000, message: "boom" },
    accepted: 2,
    overrides: [],
  });
});

test("a run of which nothing was stored has not begun", () => {
  assert.deepEqual(restoredState(status({}), T0), {
    startedAt: undefined,
    waves: [waveState("Pending"), waveState("Pending")],
    rollback: undefined,
    stop: undefined,
    accepted: 0,
    overrides: [],
  });
  assert.deepEqual(restoredMemo(undefined, T0, 0), memo());
});

test("a target is as it was stored, and its evidence is to be observed again", () => {
  const contact = { live: tracks(R1), lastOperation: at(-900), baseline: tracks(R1) };
  const failure = { reason: "SyncFailed", message: "boom" } as const;
  assert.deepEqual(
    restoredMemo(stored({ started: true, written: true, goingBack: true, failure, contact, progressAt: at(-60) }), T0, 0),
    memo({
      phase: "Syncing",
      reason: "Progressing",
      message: "m",
      started: true,
      written: true,
      goingBack: true,
      failure,
      contact,
      since: T0 - 600_000,
      progressAt: T0 - 60_000,
    }),
  );
  const ready = restoredMemo(stored({ phase: "Ready", reason: "Verified" }), T0, 0);
  assert.deepEqual([ready.heard, ready.wasReady, ready.heardAgain, ready.evidenceSince], [true, true, false, undefined]);
});

test("what a decision was stored as is what a restart finds", () => {
  const contact = { live: tracks(R1), lastOperation: undefined, baseline: undefined };
  const one = target("eu", {
    phase: "Patched",
    reason: "NotObserved",
    message: "m",
    started: true,
    written: true,
    contact,
    progressAt: T0 - 5000,
  });
  const decision = step(world([one], { state: { accepted: 1 } }));
  const made = run({ status: runStatus(run(), decision, T0) });
  assert.deepEqual(restoredState(made, T0), decision.state);
  assert.deepEqual(restoredMemo(made.status?.targets?.[0], T0, 0), { ...one.memo, fingerprint: "" });
});
