import assert from "node:assert/strict";
import { test } from "node:test";
import { application, at, memo, R2, story, T0, want, type Look } from "#test/build.ts";
import { tells } from "./tells.ts";

/** What time does to one target: restarts, Degraded, clusters that do not answer, deadlines. */

const before = application();
const patched = before.tracking(R2);
const there = patched.synced().ended("Succeeded", { revision: R2, started: 1, finished: 3 }).reconciled(3);
const ready = there.reconciled(20);
const unreachable: Look[1] = { kind: "Unreachable", message: "connection refused" };
const unasked: Look[1] = { kind: "Unasked" };

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
  const from = memo({ phase: "Patched", reason: "NotObserved", written: true, evidenceSince: T0, need: "Patch", lookAt: T0 + 6000 });
  assert.deepEqual(story([[5, { kind: "Behind" }]], { from }).memo, from);
});
test("while our own write is not seen yet, a time that has come is not waited for again and again", () => {
  const from = memo({ phase: "Patched", reason: "NotObserved", written: true, lookAt: T0 + 5000 });
  assert.deepEqual(story([[5, { kind: "Behind" }]], { from }).memo, { ...from, lookAt: undefined });
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

test("what is waited for has its time: the deadline, the end of settling, a minute, or none", () => {
  const looks = [patched, there, there.health("Suspended"), unreachable].map((seen) => story([[3, seen]]).memo.lookAt);
  assert.deepEqual(looks, [T0 + 900_000, T0 + 8000, T0 + 63_000, undefined]);
});

// Ready, and then not.

const wasReady = memo({ written: true, started: true, phase: "Ready", reason: "Verified", heard: true, wasReady: true, evidenceSince: T0 });
tells(
  "once it was Ready, Degraded is news, though it was not healthy before",
  [
    [3, ready.health("Degraded"), "Syncing Degraded"],
    [33, ready.health("Degraded"), "Failed Degraded"],
  ],
  { from: wasReady, wanted: want({ healthyBefore: false }) },
);
tells(
  "a Ready target that is Progressing for a moment is Ready again without being heard anew",
  [
    [3, ready.health("Progressing"), "Syncing Progressing"],
    [4, ready, "Syncing Settling"],
    [9, ready, "Arrived AwaitingHeartbeat, needs Refresh"],
  ],
  { from: wasReady },
);

// At the end of its wave's soak.

const watched = memo({ ...wasReady, heartbeat: at(3), vigilSince: T0 });
test("from Ready on it is known since when Argo CD was not heard, and that it was", () => {
  const first = story([[5, there]], { from: { ...wasReady, heartbeat: undefined } }).memo;
  const second = story([[6, there.reconciled(6)]], { from: first }).memo;
  assert.deepEqual([first.heartbeat, first.heardAgain, second.heardAgain], [at(3), false, true]);
});
tells(
  "whose Argo CD was not heard since is asked to look, and asked again, until the deadline",
  [
    [0, there, "Ready Verified, needs Refresh"],
    [9, there, "Ready Verified"],
    [10, there, "Ready Verified, needs Refresh"],
    [899, there, "Ready Verified, needs Refresh"],
    [900, there, "Failed ArgoCDSilent"],
  ],
  { from: watched },
);
tells(
  "once it was heard it is asked no more, and nothing is measured",
  [
    [0, there, "Ready Verified, needs Refresh"],
    [5, there.reconciled(5), "Ready Verified"],
    [9000, there.reconciled(5), "Ready Verified"],
  ],
  { from: watched },
);
tells(
  "a request to look that Argo CD has not taken yet is not made again",
  [[0, there.annotated("argocd.argoproj.io/refresh", "normal"), "Ready Verified"]],
  {
    from: watched,
  },
);
test("who is silent at the end of soak says so", () => {
  assert.equal(
    story([[900, there]], { from: watched }).memo.message,
    "Argo CD does not look at this Application; is its application controller running? (it was not heard for 900 s at the end of its wave's soak)",
  );
});
tells(
  "a watch that breaks in between takes the question away, and what was heard",
  [
    [1, unasked, "Ready Verified"],
    [901, there, "Ready Verified"],
  ],
  { from: watched },
);

// Before its turn.

for (const [what, seen, thought] of [
  ["it is planned", before, "Pending Planned"],
  ["it is planned, whatever it holds", patched, "Pending Planned"],
  ["it is planned, though it is not there now", { kind: "Absent" }, "Pending Planned"],
  ["it is said that it does not answer", unreachable, "Unreachable Unreachable"],
  ["it is planned while nobody has looked", unasked, "Pending Planned"],
] as const)
  tells(`before its turn ${what}`, [[9000, seen, thought]], { active: false });

test("before its turn no deadline runs, nothing is asked of it, and it is not looked at again", () => {
  const { progressAt, need, lookAt, contact } = story([[9000, before]], {
    active: false,
    from: memo({ phase: "Unreachable", lostSince: T0 }),
  }).memo;
  assert.deepEqual([progressAt, need, lookAt, contact], [T0 + 9_000_000, undefined, undefined, undefined]);
});

// Gone.

const gone: Look[1] = { kind: "Unreachable", message: "eu is not registered any more", gone: true };
for (const active of [true, false])
  tells(
    `a cluster whose registration is gone counts as gone after the grace time, ${active ? "in" : "before"} its turn`,
    [
      [0, gone, "Unreachable NotRegistered"],
      [299, gone, "Unreachable NotRegistered"],
      [300, gone, "Skipped ClusterGone"],
      [301, ready, "Skipped ClusterGone"],
    ],
    { active },
  );
tells("one that comes back in time is as it was, and has all of the grace time again", [
  [0, gone, "Unreachable NotRegistered"],
  [299, before, "Pending Planned, needs Patch"],
  [300, gone, "Unreachable NotRegistered"],
  [599, gone, "Unreachable NotRegistered"],
  [600, gone, "Skipped ClusterGone"],
]);
tells("one that was touched is Unknown until then", [[1, gone, "Unknown NotRegistered"]], { from: memo({ started: true }) });
tells("one that only does not answer is never gone", [
  [0, unreachable, "Unreachable Unreachable"],
  [90_000, unreachable, "Unreachable Unreachable"],
]);
test("when it counts as gone is when it is looked at again", () => assert.equal(story([[5, gone]]).memo.lookAt, T0 + 305_000));

// What Argo CD may say, and how it is called.

for (const [what, app, thought] of [
  ["health Missing", there.health("Missing", "no Deployment"), "Syncing ResourcesMissing"],
  ["health Unknown", there.health("Unknown"), "Syncing HealthUnknown"],
  ["health of a kind of its own", there.health("Weird"), "Syncing Progressing"],
  ["sync status Unknown", there.compared("Unknown"), "Syncing SyncUnknown"],
  ["Suspended", there.health("Suspended"), "Waiting CanaryPaused"],
  ["skip-reconcile", there.annotated("argocd.argoproj.io/skip-reconcile", "true"), "Waiting ReconcilePaused"],
  ["retrying", patched.synced().outOfSync().syncing({ revision: R2, retries: 2 }), "Syncing OperationRetrying"],
] as const)
  tells(`what Argo CD says has its own name: ${what}`, [[4, app, thought]]);

test("health and sync status are told in Argo CD's words", () => {
  const says = (app: typeof there): string => story([[4, app]]).memo.message;
  assert.deepEqual(
    [says(there.health("Missing", "no Deployment")), says(there.health("Unknown", "x")), says(there.compared("Unknown"))],
    [
      "health is Missing: no Deployment: something that it deploys is not there",
      "health is Unknown: x",
      "sync status is Unknown: Argo CD could not compare it",
    ],
  );
});
