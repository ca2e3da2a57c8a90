import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "#engine/judge.ts";
import { afterWrite, type TargetMemo } from "#engine/memo.ts";
import { application, BACK, memo, R1, R2, R3, RUN, story, T0, tracks, wantBack, type Look } from "#test/build.ts";
import { tells } from "./tells.ts";

/** One target on its way back from R2, which this run wrote, to R1, which was verified last. */

const old = application();
const bad = old.tracking(R2).outOfSync();
const restored = bad.tracking(R1).synced().ended("Succeeded", { revision: R1, started: 4, finished: 6 }).reconciled(6);
const wanted = wantBack();
const going = memo({ goingBack: true, lookAt: T0 });
/** Its values were written back. */
const written = { ...afterWrite({ ...going, started: true }, "Patch", T0) };
const unreachable: Look[1] = { kind: "Unreachable", message: "connection refused" };

tells("what this run wrote is written over", [[0, bad, "Pending Planned, needs Patch"]], { wanted, from: going });
tells("where nobody syncs by itself, its operation is in the same write", [[0, bad.byHand(), "Pending Planned, needs PatchAndSync"]], {
  wanted,
  from: going,
});
tells(
  "it gets its operation, too, where Argo CD has failed to sync: it would try nothing again by itself",
  [[0, bad.ended("Failed", { revision: R2, started: 1, finished: 2 }), "Pending Planned, needs PatchAndSync"]],
  { wanted, from: going },
);
tells("what an earlier run had left there is written over, too", [[0, old.tracking(R3), "Pending Planned, needs Patch"]], {
  wanted: wantBack({ over: [tracks(R2), tracks(R3)], untouched: undefined }),
  from: going,
});
tells(
  "where the plan could not ask, only what this run wrote is written over",
  [
    [0, bad, "Pending Planned, needs Patch"],
    [1, old.tracking(R3), "Drifted ValuesChanged"],
  ],
  { wanted, from: { ...going, contact: { live: tracks(R1), lastOperation: undefined, baseline: tracks(R1) } } },
);

// Full evidence, and no less.

tells(
  "it is RolledBack on all the evidence that Ready needs",
  [
    [1, bad.tracking(R1), "Patched NotObserved"],
    [2, bad.tracking(R1).outOfSync(), "Syncing OutOfSync"],
    [4, bad.tracking(R1).outOfSync().syncing({ revision: R1, started: 4 }), "Syncing OperationRunning"],
    [6, restored.reconciled(5), "Syncing StaleStatus"],
    [7, restored, "Syncing Settling"],
    [12, restored, "Arrived AwaitingHeartbeat, needs Refresh"],
    [13, restored.reconciled(13), "RolledBack Verified"],
    [14, bad, "RolledBack Verified"],
  ],
  { wanted, from: written },
);
test("RolledBack is the end: nothing is needed, and nothing is looked at again", () => {
  const { need, lookAt, message } = story(
    [
      [7, restored],
      [12, restored],
      [13, restored.reconciled(13)],
    ],
    { wanted, from: written },
  ).memo;
  assert.deepEqual([need, lookAt, message], [undefined, undefined, "back at what was last verified, and verified again"]);
});
tells(
  "Degraded on the way back is not news: only the deadline decides",
  [
    [7, restored.health("Degraded"), "Syncing Degraded"],
    [37, restored.health("Degraded"), "Syncing Degraded"],
    [907, restored.health("Degraded"), "Failed Degraded"],
  ],
  { wanted, from: written },
);
tells(
  "a failed sync of what it goes back to has failed",
  [[3, bad.tracking(R1).outOfSync().ended("Failed", { run: BACK, revision: R1, started: 2, finished: 3 }), "Failed SyncFailed"]],
  { wanted, from: written },
);
tells(
  "a failed sync of what it comes from has not",
  [[3, bad.tracking(R1).ended("Failed", { run: RUN, revision: R2, started: 1, finished: 2 }), "Patched NotObserved"]],
  { wanted, from: written },
);
tells(
  "one whose Argo CD is silent fails at the deadline",
  [
    [1, bad.tracking(R1), "Patched NotObserved"],
    [901, bad.tracking(R1), "Failed ArgoCDSilent"],
  ],
  { wanted, from: written },
);

// What was never there.

tells("where nothing of ours was written, there is nothing to take back", [[0, old.tracking(R3), "RolledBack Untouched"]], {
  wanted: wantBack({ untouched: tracks(R3), desired: tracks(R1) }),
  from: going,
});
tells("nor where the first contact was all there was", [[0, old.tracking(R3), "RolledBack Untouched"]], {
  wanted: wantBack({ untouched: undefined }),
  from: { ...going, contact: { live: tracks(R3), lastOperation: undefined, baseline: undefined } },
});
tells(
  "one that is at its baseline, because nothing had been written, has nothing to take back either",
  [[0, old, "RolledBack Untouched"]],
  {
    wanted,
    from: going,
  },
);
tells(
  "one that this run had written, and that is at its baseline all the same, is verified there",
  [
    [0, old, "Syncing Settling"],
    [5, old, "Arrived AwaitingHeartbeat, needs Refresh"],
    [6, old.reconciled(6), "RolledBack Verified"],
  ],
  { wanted, from: { ...going, changed: true } },
);
test("that nothing was written is read anew before it is said: our own write may have arrived late", () => {
  const look = (app: typeof old, memory: TargetMemo): TargetMemo =>
    judge(wanted, { kind: "Present", observation: app.observed(tracks(R1)) }, memory, T0, true);
  const first = look(old, going);
  assert.deepEqual([first.phase, first.need], ["Pending", "Confirm"]);
  const late = look(bad, afterWrite(first, "Confirm", T0));
  assert.deepEqual([late.phase, late.need], ["Pending", "Patch"]);
});

// Somebody else.

tells("a value that is neither ours nor what was there is left alone", [[0, old.tracking(R3), "Drifted ValuesChanged"]], {
  wanted,
  from: going,
});
tells(
  "what somebody writes over the values that were written back is left alone, too",
  [
    [1, bad.tracking(R1), "Patched NotObserved"],
    [2, old.tracking(R3), "Drifted ValuesChanged"],
    [3, restored, "Drifted ValuesChanged"],
  ],
  { wanted, from: written },
);
test("Drifted says who wrote what, and where it was to go back to", () => {
  const app = old.tracking(R3);
  assert.equal(
    story([[0, app]], { wanted, from: going }).memo.message,
    `targetRevision is "${R3}", which was written by ${app.observed({}).manager} and not by this release: left as it is; it was to go back to "${R1}"`,
  );
});
tells(
  "somebody who puts the bad revision back is not fought: Reverted",
  [
    [1, bad.tracking(R1), "Patched NotObserved"],
    [2, bad, "Reverted RevertedByOwner"],
  ],
  { wanted, from: written },
);
tells(
  "the bad revision that shows up only after the values of before were seen is taken back: nothing was written back yet that could be reverted",
  [
    [0, old, "Syncing Settling"],
    [1, bad, "Pending Planned, needs Patch"],
  ],
  { wanted, from: { ...going, changed: true } },
);

// Operations for the bad revision.

const stubborn = { revision: R2, retries: 3, started: 1 };
tells(
  "Argo CD's automated operation for the bad revision is ended, so that its retries hold nothing up",
  [[5, bad.tracking(R1).outOfSync().syncing(stubborn), "Waiting ForeignOperation, needs Terminate"]],
  { wanted, from: written },
);
tells(
  "so is the one that this run asked for",
  [
    [
      5,
      bad
        .tracking(R1)
        .outOfSync()
        .syncing({ ...stubborn, run: RUN }),
      "Waiting ForeignOperation, needs Terminate",
    ],
  ],
  { wanted, from: written },
);
tells(
  "so is one that holds the slot of an Application that does not sync by itself, before it is patched",
  [
    [
      5,
      bad
        .byHand()
        .outOfSync()
        .syncing({ ...stubborn, run: RUN }),
      "Waiting ForeignOperation, needs Terminate",
    ],
  ],
  { wanted, from: going },
);
for (const [what, sync] of [
  ["a person's", { ...stubborn, automated: false }],
  ["Argo CD's own for another revision", { ...stubborn, revision: R3 }],
] as const)
  tells(`an operation that is ${what} is waited for`, [[5, bad.tracking(R1).outOfSync().syncing(sync), "Waiting ForeignOperation"]], {
    wanted,
    from: written,
  });
tells(
  "our own on the way back is not ended",
  [[5, bad.tracking(R1).outOfSync().syncing({ run: BACK, revision: R1 }), "Syncing OperationRunning"]],
  {
    wanted,
    from: written,
  },
);
tells(
  "on the way forward, Argo CD's automated operation is never ended",
  [[5, bad.outOfSync().syncing({ revision: R1, retries: 3 }), "Waiting ForeignOperation"]],
  { from: memo({ written: true }) },
);

// Out of reach.

tells(
  "one that is lost on its way back is Unknown, however long, and goes on when it answers",
  [
    [0, unreachable, "Unknown WatchLost"],
    [9000, unreachable, "Unknown WatchLost"],
    [9001, bad, "Pending Planned, needs Patch"],
  ],
  { wanted, from: { ...going, phase: "Unknown", started: true } },
);
const gone = { kind: "Absent" } as const;
tells(
  "one without its Application fails when it has been gone for the whole deadline",
  [
    [800, gone, "Waiting Missing"],
    [1699, gone, "Waiting Missing"],
    [1700, gone, "Failed Missing"],
  ],
  { wanted, from: going },
);
test("a verdict on the way back stays", () => {
  for (const phase of ["RolledBack", "Drifted", "Failed", "Reverted"] as const) {
    const from = { ...going, phase, lookAt: undefined };
    for (const seen of [bad, old, restored, unreachable] as const) assert.deepEqual(story([[5, seen]], { wanted, from }).memo, from);
  }
});
