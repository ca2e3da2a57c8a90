import assert from "node:assert/strict";
import { test } from "node:test";
import { stamp } from "#api/conditions.ts";
import type { Outcome } from "#api/reasons.ts";
import { releaseRun, type RunStatus } from "#api/releaserun.ts";
import { hasNewContact, runStatus } from "#controllers/runstatus.ts";
import { step } from "#engine/step.ts";
import type { Target } from "#engine/world.ts";
import { at, plannedWave, R1, run, T0, target, tracks, waveState, world, type WorldShape } from "#test/build.ts";

const status = (targets: readonly Target[], before?: RunStatus, seconds = 0, shape: WorldShape = {}): RunStatus => {
  const now = T0 + seconds * 1000;
  return runStatus(run(before === undefined ? {} : { status: before }), step(world(targets, { ...shape, now })), now);
};
const ready = target("eu", { phase: "Ready", reason: "Verified", message: "verified", evidenceSince: T0, started: true, written: true });
const syncing = target("us", {
  phase: "Syncing",
  reason: "Progressing",
  message: "health is Progressing",
  started: true,
  written: true,
  progressAt: T0 + 1000,
});
const broken = target("us", { phase: "Failed", reason: "SyncFailed", message: "boom", started: true, written: true });
const goOn: WorldShape = { plan: { onFailure: "Continue" }, state: { accepted: 1 } };

test("a run in flight tells of every target, with what a restart must know", () => {
  const met = target("ap", { contact: { live: tracks(R1), lastOperation: at(-9), baseline: tracks(R1) } });
  assert.deepEqual(status([ready, syncing, met]), {
    observedGeneration: 1,
    phase: "Progressing",
    conditions: [
      {
        type: "Ready",
        status: "False",
        reason: "Progressing",
        message: "us: health is Progressing (and 1 more)",
        observedGeneration: 1,
        lastTransitionTime: at(0),
      },
      {
        type: "Reconciling",
        status: "True",
        reason: "Progressing",
        message: "us: health is Progressing (and 1 more)",
        observedGeneration: 1,
        lastTransitionTime: at(0),
      },
      {
        type: "Stalled",
        status: "False",
        reason: "Progressing",
        message: "us: health is Progressing (and 1 more)",
        observedGeneration: 1,
        lastTransitionTime: at(0),
      },
      {
        type: "Finished",
        status: "False",
        reason: "Progressing",
        message: "us: health is Progressing (and 1 more)",
        observedGeneration: 1,
        lastTransitionTime: at(0),
      },
    ],
    startedAt: at(0),
    observedAt: at(0),
    waves: [{ name: "all", phase: "Progressing", startedAt: at(0) }],
    counts: { total: 3, updated: 2, ready: 1, failed: 0, unreachable: 0, summary: "1/3" },
    waitingOn: { reason: "Progressing", message: "us: health is Progressing (and 1 more)", since: at(0) },
    targets: [
      { cluster: "eu", phase: "Ready", reason: "Verified", message: "verified", since: at(0), started: true, written: true },
      {
        cluster: "us",
        phase: "Syncing",
        reason: "Progressing",
        message: "health is Progressing",
        since: at(0),
        progressAt: at(1),
        started: true,
        written: true,
      },
      {
        cluster: "ap",
        phase: "Pending",
        reason: "Planned",
        message: "in the plan, not touched yet",
        since: at(0),
        contact: { live: tracks(R1), lastOperation: at(-9), baseline: tracks(R1) },
      },
    ],
  });
});

const conditions = (made: ReturnType<typeof runStatus>): string =>
  (made.conditions ?? []).map((one) => `${one.type}=${one.status}`).join(" ");
for (const [what, made, said, message] of [
  ["in flight", status([ready, syncing]), "Ready=False Reconciling=True Stalled=False Finished=False", "us: health is Progressing"],
  ["all verified", status([ready]), "Ready=True Reconciling=False Stalled=False Finished=True", "every target is verified"],
  [
    "failed",
    status([ready, broken], undefined, 0, goOn),
    "Ready=False Reconciling=False Stalled=True Finished=True",
    "1 of 2 targets failed: us: boom",
  ],
  [
    "superseded",
    status([syncing], undefined, 0, { superseded: true, plan: { supersede: "Replace" } }),
    "Ready=False Reconciling=False Stalled=True Finished=True",
    "a newer wish took over",
  ],
] as const) {
  test(`the conditions of a run that is ${what}`, () => {
    assert.deepEqual([conditions(made), made.conditions?.[0]?.message], [said, message]);
  });
}

test("a run whose skipped targets are all that is missing has succeeded", () => {
  const outcome: Outcome = "SucceededWithSkips";
  const made = runStatus(run(), { ...step(world([ready])), phase: outcome, outcome }, T0);
  assert.equal(conditions(made), "Ready=True Reconciling=False Stalled=False Finished=True");
});

test("an ended run keeps its end, and lists only what is not Ready", () => {
  const first = status([ready, broken], undefined, 5, goOn);
  const { startedAt, finishedAt, targets, waves } = status([ready, broken], first, 90, goOn);
  assert.deepEqual(
    [startedAt, finishedAt, targets?.map(({ cluster }) => cluster), waves],
    [at(0), at(5), ["us"], [{ name: "all", phase: "Verified", startedAt: at(0), verifiedAt: at(90) }]],
  );
});

test("the same again is the same status, at any later time, but for when it was looked at", () => {
  for (const targets of [
    [ready, syncing],
    [ready],
    [ready, broken],
    [target("eu", { phase: "Waiting", reason: "SyncWindow", progressAt: T0 })],
  ]) {
    const first = status(targets, undefined, 0, goOn);
    const waited = targets.map((one) => (one.memo.phase === "Waiting" ? { ...one, memo: { ...one.memo, progressAt: T0 + 50_000 } } : one));
    assert.deepEqual(status(waited, first, 50, goOn), {
      ...first,
      observedAt: at(50),
      waves: first.waves?.map((wave) => (wave.verifiedAt === undefined ? wave : { ...wave, verifiedAt: at(50) })),
    });
  }
});

test("transition times move with the status of a condition, since with the reason", () => {
  const first = status([syncing]);
  const later = status([target("us", { phase: "Waiting", reason: "SyncWindow", message: "blocked" })], first, 9);
  assert.deepEqual(
    [later.waitingOn?.since, later.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)],
    [at(9), [at(0), at(0), at(0), at(0)]],
  );
  const done = status([ready], later, 20);
  assert.deepEqual(
    done.conditions?.map(({ lastTransitionTime }) => lastTransitionTime),
    [at(20), at(20), at(0), at(20)],
  );
});

test("long messages are cut, and a status of many targets is one that the API server takes", () => {
  const many = Array.from({ length: 2000 }, (_, n) =>
    target(`c${n}`, { phase: "Failed", reason: "SyncFailed", message: "x".repeat(5000) }),
  );
  const made = status(many);
  assert.deepEqual([made.targets?.[0]?.message.length, made.targets?.length], [1024, 2000]);
  assert.equal(runStatus(run(), { ...step(world(many)), message: "x".repeat(5000) }, T0).conditions?.[0]?.message.length, 1024);
  assert.ok(releaseRun.safeParse({ ...run(), status: made }).success);
});

test("what was decided of a run is told: its waves, its verdicts, what was accepted and asked", () => {
  const waves = [plannedWave("canary"), plannedWave("rest", { minSuccessSeconds: 60 })];
  const state = {
    waves: [waveState("Verified", { soaked: 60_000 }), waveState("Soaking", { soaked: 7900, countedAt: T0 })],
    rollback: { at: T0 - 9000, message: "it broke" },
    accepted: 2,
  };
  const actions = [{ action: "pause", value: "checkout.production-1", at: at(-20) }] as const;
  const back = {
    ...ready,
    memo: { ...ready.memo, phase: "RolledBack", goingBack: true, failure: { reason: "SyncFailed", message: "boom" } },
  } as const;
  const decision = step(world([back, target("us", { goingBack: true })], { plan: { waves }, state }));
  const made = runStatus(run({ waves, status: { startedAt: at(0), actions: [...actions] } }), decision, T0);
  assert.deepEqual(
    [made.phase, made.waves, made.rollback, made.stop, made.acceptedFailures, made.actions, made.targets?.[0]],
    [
      "RollingBack",
      [
        { name: "canary", phase: "Verified", startedAt: at(0), verifiedAt: at(0), soakedSeconds: 60 },
        { name: "rest", phase: "Soaking", startedAt: at(0), soakedSeconds: 7 },
      ],
      { startedAt: at(-9), message: "it broke" },
      undefined,
      2,
      actions,
      {
        cluster: "eu",
        phase: "RolledBack",
        reason: "Verified",
        message: "verified",
        since: at(0),
        started: true,
        written: true,
        goingBack: true,
        failure: { reason: "SyncFailed", message: "boom" },
      },
    ],
  );
});

const met = target("eu", { contact: { live: {}, lastOperation: undefined, baseline: undefined } });
for (const [what, before, targets, is] of [
  ["a first contact", status([target("eu")]), [met], true],
  ["a first contact before anything was stored", undefined, [met], true],
  ["one that was stored", status([met]), [met], false],
  ["no contact", status([target("eu")]), [target("eu"), syncing], false],
] as const) {
  test(`${what} must ${is ? "" : "not "}be stored before anything is written`, () => assert.equal(hasNewContact(before, targets), is));
}

test("stamps are whole seconds of UTC", () => assert.equal(stamp(T0 + 999), "2026-11-23T10:00:00Z"));
