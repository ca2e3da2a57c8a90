import assert from "node:assert/strict";
import { test } from "node:test";
import { stamp } from "#api/conditions.ts";
import type { Outcome } from "#api/reasons.ts";
import { releaseRun } from "#api/releaserun.ts";
import { hasNewVerdict, runStatus } from "#controllers/runstatus.ts";
import { step } from "#engine/step.ts";
import type { Target } from "#engine/world.ts";
import { at, R1, run, T0, target, world } from "#test/build.ts";

const status = (targets: readonly Target[], before?: ReturnType<typeof runStatus>, seconds = 0, superseded = false) => {
  const now = T0 + seconds * 1000;
  return runStatus(run(before === undefined ? {} : { status: before }), step(world(targets, { superseded }, now)), targets, now);
};
const ready = target("eu", { phase: "Ready", reason: "Verified", message: "verified", evidenceSince: T0, written: true });
const syncing = target("us", {
  phase: "Syncing",
  reason: "Progressing",
  message: "health is Progressing",
  written: true,
  progressAt: T0 + 1000,
});
const broken = target("us", { phase: "Failed", reason: "SyncFailed", message: "boom", written: true });

test("a run in flight tells of every target, with what a restart must know", () => {
  const met = target("ap", { contact: { live: { targetRevision: R1 }, lastOperation: at(-9) } });
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
    waves: [{ name: "all", phase: "Progressing", startedAt: at(0) }],
    counts: { total: 3, updated: 2, ready: 1, failed: 0, unreachable: 0, summary: "1/3" },
    waitingOn: { reason: "Progressing", message: "us: health is Progressing (and 1 more)", since: at(0) },
    targets: [
      { cluster: "eu", phase: "Ready", reason: "Verified", message: "verified", since: at(0), written: true },
      {
        cluster: "us",
        phase: "Syncing",
        reason: "Progressing",
        message: "health is Progressing",
        since: at(0),
        progressAt: at(1),
        written: true,
      },
      {
        cluster: "ap",
        phase: "Pending",
        reason: "Planned",
        message: "in the plan, not touched yet",
        since: at(0),
        contact: { live: { targetRevision: R1 }, lastOperation: at(-9) },
      },
    ],
  });
});

const conditions = (made: ReturnType<typeof runStatus>): string =>
  (made.conditions ?? []).map((one) => `${one.type}=${one.status}`).join(" ");
for (const [what, made, said, message] of [
  ["in flight", status([ready, syncing]), "Ready=False Reconciling=True Stalled=False Finished=False", "us: health is Progressing"],
  ["all verified", status([ready]), "Ready=True Reconciling=False Stalled=False Finished=True", "every target is verified"],
  ["failed", status([ready, broken]), "Ready=False Reconciling=False Stalled=True Finished=True", "1 of 2 targets failed: us: boom"],
  [
    "superseded",
    status([syncing], undefined, 0, true),
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
  const made = runStatus(run(), { ...step(world([ready])), phase: outcome, outcome }, [ready], T0);
  assert.equal(conditions(made), "Ready=True Reconciling=False Stalled=False Finished=True");
});

test("an ended run keeps its end, and lists only what is not Ready", () => {
  const first = status([ready, broken], undefined, 5);
  const { startedAt, finishedAt, targets, waves } = status([ready, broken], first, 90);
  assert.deepEqual(
    [startedAt, finishedAt, targets?.map(({ cluster }) => cluster), waves],
    [at(5), at(5), ["us"], [{ name: "all", phase: "Failed", startedAt: at(5) }]],
  );
});

test("the same again is the same status, at any later time, so that nothing is written for nothing", () => {
  for (const targets of [
    [ready, syncing],
    [ready],
    [ready, broken],
    [target("eu", { phase: "Waiting", reason: "SyncWindow", progressAt: T0 })],
  ]) {
    const first = status(targets);
    const waited = targets.map((one) => (one.memo.phase === "Waiting" ? { ...one, memo: { ...one.memo, progressAt: T0 + 50_000 } } : one));
    assert.deepEqual(status(waited, first, 50), first);
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
  assert.deepEqual([made.targets?.[0]?.message.length, made.conditions?.[0]?.message.length, made.targets?.length], [1024, 1024, 2000]);
  assert.ok(releaseRun.safeParse({ ...run(), status: made }).success);
});

const before = status([target("eu"), target("us")]);
for (const [what, made, is] of [
  ["the first status of a run", undefined, true],
  ["an end", status([ready], before), true],
  ["a failure", status([target("eu"), broken], before), true],
  ["a first contact", status([target("eu", { contact: { live: {}, lastOperation: undefined } }), target("us")], before), true],
  ["progress", status([target("eu"), syncing], before), false],
  ["a target that was lost", status([target("eu"), target("us", { phase: "Unknown", reason: "WatchLost" })], before), false],
  ["nothing new", before, false],
] as const) {
  test(`${what} must ${is ? "" : "not "}be stored before anything is written`, () => {
    assert.equal(made === undefined ? hasNewVerdict(undefined, before) : hasNewVerdict(before, made), is);
  });
}

test("stamps are whole seconds of UTC", () => assert.equal(stamp(T0 + 999), "2026-11-23T10:00:00Z"));
