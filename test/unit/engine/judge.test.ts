import assert from "node:assert/strict";
import { test } from "node:test";
import { application, at, memo, R1, R2, R3, RUN, story, T0, tracks, want } from "#test/build.ts";
import { judge } from "#engine/judge.ts";
import { afterWrite, isVerdict, type TargetMemo } from "#engine/memo.ts";
import { tells } from "./tells.ts";

const before = application();
const patched = before.tracking(R2);
const there = patched.synced().ended("Succeeded", { revision: R2, started: 1, finished: 3 }).reconciled(3);
const failed = (revision: string, started: number) => ({
  revision,
  started,
  finished: started + 1,
  message: "one or more objects failed to apply",
});

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
  { wanted: want({ over: [], lastOperation: undefined }) },
);

const tag = want({ desired: { "helm.parameters[image.tag]": { value: "2" } }, over: [{ "helm.parameters[image.tag]": null }] });
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

const same = want({ over: [tracks(R2)] });
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
  { wanted: want({ over: [tracks(R2)], lastOperation: at(-900) }) },
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
  ["somebody", before, `Somebody else writes to this Application (${before.observed({}).manager}): let one writer own its revision`],
] as const) {
  test(`reverted by ${who}: the remedy names it`, () =>
    assert.equal(story([[0, app]], { from: memo({ written: true }) }).memo.message, says + remedy));
}

test("reverted by an ApplicationSet that takes away what we annotate: the remedy keeps that too", () => {
  const wanted = want({ annotations: ["link.argocd.argoproj.io/release"] });
  assert.match(
    story([[0, before.bySet("shops")]], { from: memo({ written: true }), wanted }).memo.message,
    /spec\.preservedFields\.annotations: \[conductor\.dev\/authorized, link\.argocd\.argoproj\.io\/release\]$/,
  );
});

// First contact.

test("where the plan could not ask, what is found is remembered before anything is written", () => {
  const wanted = want({ over: [], lastOperation: undefined });
  const met = story([[0, before, "Pending Planned"]], { wanted });
  assert.deepEqual(
    [met.thoughts, met.memo.contact, met.memo.lookAt],
    [met.expected, { live: tracks(R1), lastOperation: "2026-11-20T10:00:00Z", baseline: tracks(R1) }, T0],
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

// What nobody else will begin, and what is not let.

const drifted = application().tracking(R2).outOfSync(R2).ended("Succeeded", { revision: R2, started: -100, finished: -90 });
tells(
  "an Application that was synced to our revision before, has drifted since and does not heal itself, is synced",
  [[0, drifted, "Syncing OutOfSync, needs Sync"]],
  { wanted: want({ over: [tracks(R2)], lastOperation: at(-100) }) },
);
tells(
  "it is not synced again once that was done",
  [[9, drifted.ended("Succeeded", { run: RUN, revision: R2, started: 1, finished: 3 }).reconciled(3), "Syncing OutOfSync"]],
  { wanted: want({ over: [tracks(R2)], lastOperation: at(-100) }) },
);
tells("a sync that is refused is told in the words of the refusal", [[0, drifted, "Syncing WriteRefused, needs Sync"]], {
  wanted: want({ over: [tracks(R2)], lastOperation: at(-100) }),
  from: memo({ refused: "denied by policy" }),
});

tells("an Argo CD that never looks again after its operation is silent, not slow", [
  [3, there.reconciled(2), "Syncing StaleStatus"],
  [903, there.reconciled(2), "Failed ArgoCDSilent"],
]);

// What looks wrong is read anew before anything is decided by it: a cache may show what was there before our own write.

for (const [what, app, from] of [
  ["a value that is not the plan's", before.tracking(R3), memo()],
  ["a revert", before, memo({ written: true })],
  ["a source that cannot be told", there.from({ repoURL: "a" }, { repoURL: "b" }), memo()],
] as const) {
  test(`${what} is no verdict until it was read anew`, () => {
    const look = (memory: TargetMemo): TargetMemo =>
      judge(want(), { kind: "Present", observation: app.observed(tracks(R2)) }, memory, T0, true);
    const first = look(from);
    assert.deepEqual([first.phase, first.need], [from.phase, "Confirm"]);
    assert.ok(isVerdict(look(afterWrite(first, "Confirm", T0))));
  });
}
test("what holds our values once it was read anew is as if nothing had been, and what looks wrong next is read anew again", () => {
  const look = (app: typeof before, memory: TargetMemo): TargetMemo =>
    judge(want(), { kind: "Present", observation: app.observed(tracks(R2)) }, memory, T0, true);
  const confirmed = afterWrite(look(before, memo({ written: true })), "Confirm", T0);
  const fine = look(patched, confirmed);
  assert.deepEqual([fine.phase, fine.need, look(before, fine).need], ["Patched", undefined, "Confirm"]);
});
