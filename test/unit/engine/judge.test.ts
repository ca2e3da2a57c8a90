import assert from "node:assert/strict";
import { test } from "node:test";
import { application, at, memo, R1, R2, R3, RUN, story, T0, want, type Look } from "#test/build.ts";

function tells(name: string, looks: readonly Look[], more: Parameters<typeof story>[1] = {}): void {
  test(name, () => {
    const { thoughts, expected } = story(looks, more);
    assert.deepEqual(thoughts, expected);
  });
}

const before = application();
const patched = before.tracking(R2);
const there = patched.synced().ended("Succeeded", { revision: R2, started: 1, finished: 3 }).reconciled(3);
const ready = there.reconciled(20);
const failed = (revision: string, started: number) => ({
  revision,
  started,
  finished: started + 1,
  message: "one or more objects failed to apply",
});
const unreachable: Look[1] = { kind: "Unreachable", message: "connection refused" };
const unasked: Look[1] = { kind: "Unasked" };

// Attempts that count, and those that do not.

tells("a failed sync of our revision since the plan has failed, with Argo CD's message", [
  [2, patched.outOfSync().ended("Failed", failed(R2, 1)), "Failed SyncFailed"],
]);

tells(
  "a failed sync that the plan saw already is not ours, whichever revision it was of",
  [[1, patched.outOfSync().ended("Failed", { ...failed(R2, 0), started: -900 }), "Syncing OutOfSync"]],
  { wanted: want({ lastOperation: at(-900) }) },
);

tells("a failed sync of the revision before, between plan and patch, is not ours, while Argo CD still shows the revision before", [
  [0, before, "Pending Planned, needs Patch"],
  [1, patched.ended("Failed", failed(R1, -5)), "Patched NotObserved"],
  [2, patched.outOfSync().ended("Failed", failed(R1, -5)), "Syncing OutOfSync"],
]);

tells(
  "of a tag, the failed sync counts once Argo CD has resolved it",
  [
    [1, before.tracking("v2").ended("Failed", failed(R1, -5)), "Patched NotObserved"],
    [2, before.tracking("v2").outOfSync(R2).ended("Failed", failed(R1, -5)), "Syncing OutOfSync"],
    [3, before.tracking("v2").outOfSync(R2).ended("Failed", failed(R2, 1)), "Failed SyncFailed"],
  ],
  { wanted: want({ desired: { targetRevision: "v2" } }) },
);

tells("our own operation counts as ours whatever revision it names", [
  [2, patched.ended("Error", { run: RUN, started: 1 }), "Failed SyncFailed"],
]);

tells(
  "at first contact, a failed sync of our revision is of before",
  [[0, patched.outOfSync().ended("Failed", failed(R2, -100)), "Syncing OutOfSync, needs Sync"]],
  { wanted: want({ live: undefined, lastOperation: undefined }) },
);

const tag = want({ desired: { "helm.parameters[image.tag]": { value: "2" } }, live: { "helm.parameters[image.tag]": null } });
const tagged = before.tracking(R1, { helm: { valueFiles: ["values.yaml"], parameters: [{ name: "image.tag", value: "2" }] } });
tells(
  "where only a parameter changes, a failed sync of the same commit before it was compared is of the parameter before",
  [
    [1, tagged.ended("Failed", failed(R1, -5)), "Patched NotObserved"],
    [2, tagged.outOfSync().ended("Failed", failed(R1, 1)), "Failed SyncFailed"],
  ],
  { wanted: tag },
);

// Operations that are in the way.

tells("somebody's operation holds the slot: waited for without a deadline", [
  [1, patched.outOfSync().syncing({ automated: false, revision: R3 }), "Waiting ForeignOperation"],
  [9000, patched.outOfSync().syncing({ automated: false, revision: R3 }), "Waiting ForeignOperation"],
  [9001, patched.outOfSync().ended("Succeeded", { revision: R3, started: 1, finished: 2 }), "Syncing OutOfSync"],
  [9900, patched.outOfSync().ended("Succeeded", { revision: R3, started: 1, finished: 2 }), "Syncing OutOfSync"],
  [9901, patched.outOfSync().ended("Succeeded", { revision: R3, started: 1, finished: 2 }), "Failed DeadlineExceeded"],
]);

tells("Argo CD's own sync of the revision before is somebody's, and one of ours is not, even before it is compared", [
  [1, patched.syncing({ revision: R2 }), "Syncing OperationRunning"],
  [2, patched.outOfSync().syncing({ revision: R1, retries: 4 }), "Waiting ForeignOperation"],
]);

tells(
  "of a tag, Argo CD's own sync is taken for ours until it has resolved the tag",
  [
    [1, before.tracking("v2").syncing({ revision: R2 }), "Syncing OperationRunning"],
    [2, before.tracking("v2").outOfSync(R2).syncing({ revision: R2 }), "Syncing OperationRunning"],
    [3, before.tracking("v2").outOfSync(R2).syncing({ revision: R1 }), "Waiting ForeignOperation"],
  ],
  { wanted: want({ desired: { targetRevision: "v2" } }) },
);

tells("a patch of the spec does not wait for an operation where Argo CD syncs by itself", [
  [0, before.syncing({ automated: false, revision: R1 }), "Pending Planned, needs Patch"],
]);

tells("where nobody syncs by itself, somebody's operation is waited for, and one of an older run is ended", [
  [0, before.byHand().syncing({ automated: false, revision: R1 }), "Waiting ForeignOperation"],
  [1, before.byHand().syncing({ run: "an-older-run", revision: R1 }), "Waiting ForeignOperation, needs Terminate"],
  [9000, before.byHand().ended("Failed", failed(R1, 1)), "Pending Planned, needs PatchAndSync"],
]);

// What to write.

tells("an Application that syncs by itself gets a patch", [[0, before, "Pending Planned, needs Patch"]]);
tells("one that does not gets its operation in the same write", [[0, before.byHand(), "Pending Planned, needs PatchAndSync"]]);
tells(
  "one whose last sync failed gets its operation too: going back and forth leaves the failure of our revision behind",
  [[0, before.ended("Failed", failed(R2, -100)), "Pending Planned, needs PatchAndSync"]],
  { wanted: want({ lastOperation: at(-100) }) },
);

const same = want({ live: { targetRevision: R2 } });
tells(
  "one that holds the values already is only looked at",
  [
    [0, there, "Syncing Settling"],
    [5, there, "Arrived AwaitingHeartbeat, needs Refresh"],
  ],
  { wanted: same },
);
tells(
  "one that holds them, out of sync, and does not sync by itself, is synced once",
  [
    [0, patched.byHand().outOfSync(), "Syncing OutOfSync, needs Sync"],
    [1, patched.byHand().outOfSync().syncing({ run: RUN, revision: R2 }), "Syncing OperationRunning"],
    [
      2,
      patched.byHand().outOfSync().ended("Succeeded", { run: RUN, revision: R2, started: 1, finished: 2 }).reconciled(2),
      "Syncing OutOfSync",
    ],
  ],
  { wanted: same },
);
tells(
  "one that holds them after a sync of them failed is synced again, though Argo CD would not",
  [[0, patched.outOfSync().ended("Failed", { ...failed(R2, -900), finished: -899 }), "Syncing OutOfSync, needs Sync"]],
  { wanted: want({ live: { targetRevision: R2 }, lastOperation: at(-900) }) },
);
tells("one that syncs by itself is left to it", [[0, patched.outOfSync(), "Syncing OutOfSync"]], { wanted: same });
tells("values that somebody else wrote where nobody syncs still need their sync", [
  [0, before.byHand(), "Pending Planned, needs PatchAndSync"],
  [1, patched.byHand(), "Patched NotObserved"],
  [2, patched.byHand().outOfSync(), "Syncing OutOfSync, needs Sync"],
]);

// What somebody else wrote.

tells("a value that is not the plan's any more is not written over", [[0, before.tracking(R3), "Failed ChangedSincePlan"]]);
test("the difference is named, with what to do", () => {
  assert.equal(
    story([[0, before.tracking(R3)]]).memo.message,
    `targetRevision was "${R1}" when the plan was made and is "${R3}" now: release again to plan from what is there`,
  );
});

tells("what was ours and is not any more is Reverted, and is never written again", [
  [0, before, "Pending Planned, needs Patch"],
  [1, patched, "Patched NotObserved"],
  [2, before, "Reverted RevertedByOwner"],
  [3, patched, "Reverted RevertedByOwner"],
]);
const says = `targetRevision is "${R1}" again, not "${R2}". `;
const child = before.annotated("argocd.argoproj.io/tracking-id", "root:argoproj.io/Application:argocd/checkout");
for (const [who, app, remedy] of [
  [
    "an ApplicationSet",
    before.bySet("shops"),
    "ApplicationSet shops owns this Application: give it spec.ignoreApplicationDifferences: [{jsonPointers: [/spec/source/targetRevision]}] and spec.preservedFields.annotations: [conductor.dev/authorized]",
  ],
  [
    "a parent Application",
    child,
    "Application root manages this one: give it spec.ignoreDifferences: [{group: argoproj.io, kind: Application, jsonPointers: [/spec/source/targetRevision, /operation]}] and syncOptions: [RespectIgnoreDifferences=true]",
  ],
  ["somebody", before, "Somebody else writes to this Application (kubectl-client-side-apply): let one writer own its revision"],
] as const) {
  test(`reverted by ${who}: the remedy names it`, () =>
    assert.equal(story([[0, app]], { from: memo({ written: true }) }).memo.message, says + remedy));
}

// First contact.

test("where the plan could not ask, what is found is remembered before anything is written", () => {
  const wanted = want({ live: undefined, lastOperation: undefined });
  const met = story([[0, before, "Pending Planned"]], { wanted });
  assert.deepEqual(
    [met.thoughts, met.memo.contact, met.memo.lookAt],
    [met.expected, { live: { targetRevision: R1 }, lastOperation: "2026-11-20T10:00:00Z" }, T0],
  );
  const then = story(
    [
      [1, before, "Pending Planned, needs Patch"],
      [2, before.tracking(R3), "Failed ChangedSincePlan"],
    ],
    { wanted, from: met.memo },
  );
  assert.deepEqual(then.thoughts, then.expected);
});

// Restarts.

tells(
  "after a restart, what was written before the end is not written again, though nobody could say so",
  [[9, patched, "Patched NotObserved"]],
  { from: memo() },
);
tells("after a restart, values that were reverted in between are", [[9, before, "Reverted RevertedByOwner"]], {
  from: memo({ written: true, phase: "Syncing" }),
});
tells(
  "after a restart, a target that was heard is Ready as soon as all evidence is there again",
  [
    [9, unasked, "Ready Verified"],
    [10, ready, "Ready Verified"],
  ],
  { from: memo({ written: true, phase: "Ready", reason: "Verified", heard: true }) },
);
tells("after a restart, one that had only arrived settles again", [[9, there, "Syncing Settling"]], {
  from: memo({ written: true, phase: "Arrived", reason: "AwaitingHeartbeat" }),
});
test("what is seen first after a restart is no progress", () => {
  assert.equal(story([[600, patched]], { from: memo({ written: true }) }).memo.progressAt, T0);
});

// Degraded.

tells("Degraded counts when it has held for 30 s, of a target that was healthy before", [
  [3, there.health("Degraded"), "Syncing Degraded"],
  [32, there.health("Degraded"), "Syncing Degraded"],
  [33, there.health("Degraded"), "Failed Degraded"],
]);
tells("Degraded that passes starts anew", [
  [3, there.health("Degraded"), "Syncing Degraded"],
  [30, there.health("Progressing"), "Syncing Progressing"],
  [31, there.health("Degraded"), "Syncing Degraded"],
  [60, there.health("Degraded"), "Syncing Degraded"],
  [61, there.health("Degraded"), "Failed Degraded"],
]);
tells(
  "of a target that was not healthy before, Degraded fails only at the deadline",
  [
    [3, there.health("Degraded"), "Syncing Degraded"],
    [899, there.health("Degraded"), "Syncing Degraded"],
    [900, there.health("Degraded"), "Failed Degraded"],
  ],
  { wanted: want({ healthyBefore: false }) },
);
test("Degraded is looked at again when its 30 s are over", () =>
  assert.equal(story([[3, there.health("Degraded")]]).memo.lookAt, T0 + 33_000));

// Out of sight.

tells("out of reach is never a failure, and its time does not count", [
  [0, unreachable, "Unreachable Unreachable"],
  [90_000, unreachable, "Unreachable Unreachable"],
  [90_001, before, "Pending Planned, needs Patch"],
]);
tells("the time out of reach does not count, though everything looks as it did before", [
  [1, patched, "Patched NotObserved"],
  [4, unreachable, "Unknown WatchLost"],
  [90_000, unreachable, "Unknown WatchLost"],
  [90_899, patched, "Patched NotObserved"],
  [90_900, patched, "Failed ArgoCDSilent"],
]);
tells("patched and then lost is Unknown; back again, evidence and deadline begin anew", [
  [1, patched, "Patched NotObserved"],
  [3, there, "Syncing Settling"],
  [4, unreachable, "Unknown WatchLost"],
  [90_000, unreachable, "Unknown WatchLost"],
  [90_001, there, "Syncing Settling"],
  [90_006, there, "Arrived AwaitingHeartbeat, needs Refresh"],
]);
tells(
  "a verified target that was lost must be heard again",
  [
    [10, unreachable, "Unknown WatchLost"],
    [11, ready, "Syncing Settling"],
    [16, ready, "Arrived AwaitingHeartbeat, needs Refresh"],
  ],
  { from: memo({ written: true, phase: "Ready", reason: "Verified", heard: true }) },
);
tells("a watch that is opened again takes the evidence away, and the write that was to be made", [
  [0, before, "Pending Planned, needs Patch"],
  [1, unasked, "Pending Planned"],
  [3, there, "Syncing Settling"],
  [7, unasked, "Syncing Settling"],
  [8, there, "Syncing Settling"],
  [12, there, "Syncing Settling"],
  [13, there, "Arrived AwaitingHeartbeat, needs Refresh"],
]);
test("while our own write is not seen yet, everything stays as it was", () => {
  const from = memo({ phase: "Patched", reason: "NotObserved", written: true, evidenceSince: T0, need: "Patch", lookAt: T0 });
  assert.deepEqual(story([[5, { kind: "Behind" }]], { from }).memo, from);
});
tells("an Application that is gone is waited for until the deadline", [
  [0, { kind: "Absent" }, "Waiting Missing"],
  [899, { kind: "Absent" }, "Waiting Missing"],
  [900, { kind: "Absent" }, "Failed Missing"],
  [901, there, "Failed Missing"],
]);

tells(
  "a write that is refused fails at the deadline, in the words of whoever refuses it",
  [
    [0, before, "Waiting WriteRefused, needs Patch"],
    [899, before, "Waiting WriteRefused, needs Patch"],
    [900, before, "Failed WriteRefused"],
  ],
  { from: memo({ refused: "forbidden" }) },
);

tells("a source that cannot be told any more has failed", [[0, there.from({ repoURL: "a" }, { repoURL: "b" }), "Failed SourceNotFound"]]);

test("verdicts stay, ask for nothing and never look again", () => {
  for (const phase of ["Failed", "Reverted", "Skipped"] as const) {
    const from = memo({ phase, reason: "SyncFailed", need: "Patch", lookAt: T0 });
    const sights: Look[1][] = [before, there, unreachable, unasked, { kind: "Absent" }];
    for (const seen of sights) assert.deepEqual(story([[5, seen]], { from }).memo, { ...from, need: undefined, lookAt: undefined });
  }
});

test("progress is what Argo CD reports anew, not that it looked again", () => {
  const first = story([[0, patched]]).memo;
  const progress = (app: typeof patched): number => (story([[100, app]], { from: first }).memo.progressAt - T0) / 1000;
  assert.deepEqual(
    [
      patched.reconciled(99),
      patched.annotated("a", "b"),
      patched.outOfSync(),
      patched.health("Progressing"),
      patched.syncing({ revision: R2 }),
      patched.syncing({ revision: R2, retries: 1 }),
      patched.condition("ComparisonError", "x"),
    ].map(progress),
    [0, 0, 100, 100, 100, 100, 100],
  );
});

test("what is waited for has its time: the deadline, the end of settling, or none", () => {
  const looks = [patched, there, there.health("Suspended"), unreachable].map((seen) => story([[3, seen]]).memo.lookAt);
  assert.deepEqual(looks, [T0 + 900_000, T0 + 8000, undefined, undefined]);
});

// What nobody else will begin, and what is not let.

const drifted = application().tracking(R2).outOfSync(R2).ended("Succeeded", { revision: R2, started: -100, finished: -90 });
tells(
  "an Application that was synced to our revision before, has drifted since and does not heal itself, is synced",
  [[0, drifted, "Syncing OutOfSync, needs Sync"]],
  { wanted: want({ live: { targetRevision: R2 }, lastOperation: at(-100) }) },
);
tells(
  "it is not synced again once that was done",
  [[9, drifted.ended("Succeeded", { run: RUN, revision: R2, started: 1, finished: 3 }).reconciled(3), "Syncing OutOfSync"]],
  { wanted: want({ live: { targetRevision: R2 }, lastOperation: at(-100) }) },
);
tells("a sync that is refused is told in the words of the refusal", [[0, drifted, "Syncing WriteRefused, needs Sync"]], {
  wanted: want({ live: { targetRevision: R2 }, lastOperation: at(-100) }),
  from: memo({ refused: "denied by policy" }),
});

tells("an Argo CD that never looks again after its operation is silent, not slow", [
  [3, there.reconciled(2), "Syncing StaleStatus"],
  [903, there.reconciled(2), "Failed ArgoCDSilent"],
]);
