import assert from "node:assert/strict";
import { test } from "node:test";
import { application, R1, R2, story, want, type Look } from "#test/build.ts";

/** The traps of docs/evidence.md, each as what Argo CD shows over time. `0` is the moment of our patch. */

const patched = application().tracking(R2);
const syncing = patched.outOfSync().syncing({ revision: R2, started: 1 });
/** Everything that shows arrival. */
const there = patched.synced().ended("Succeeded", { revision: R2, started: 1, finished: 3 }).health("Healthy").reconciled(3);

/** Proves that these looks are thought of as they say. */
function trap(name: string, looks: readonly Look[], more: Parameters<typeof story>[1] = {}): void {
  test(name, () => {
    const { thoughts, expected } = story(looks, more);
    assert.deepEqual(thoughts, expected);
  });
}

trap("the plain way: patched, compared, synced, settled for 5 s, heard once more, and only then Ready", [
  [0, application(), "Pending Planned, needs Patch"],
  [1, patched, "Patched NotObserved"],
  [2, syncing, "Syncing OperationRunning"],
  [3, there, "Syncing Settling"],
  [7, there, "Syncing Settling"],
  [8, there, "Arrived AwaitingHeartbeat, needs Refresh"],
  [9, there, "Arrived AwaitingHeartbeat"],
  [10, there.reconciled(10), "Ready Verified"],
  [500, there.reconciled(10), "Ready Verified"],
]);

const badCommit = patched
  .synced()
  .compared("Unknown")
  .condition("ComparisonError", "Failed to load target state: unable to resolve 2222 to a commit")
  .reconciled(2);
trap("A: a commit that does not exist shows itself as revision, Healthy and Succeeded: the error alone tells, and fails at the deadline", [
  [1, patched, "Patched NotObserved"],
  [2, badCommit, "Syncing ComparisonError"],
  [300, badCommit.reconciled(300), "Syncing ComparisonError"],
  [901, badCommit.reconciled(900), "Syncing ComparisonError"],
  [902, badCommit.reconciled(900), "Failed ComparisonError"],
  [903, there.reconciled(903), "Failed ComparisonError"],
]);

trap("A: without its condition, status Unknown alone is no arrival", [
  [2, patched.compared("Unknown").reconciled(2), "Syncing SyncUnknown"],
]);

const sources = [
  { name: "chart", repoURL: "https://charts.example", chart: "checkout", targetRevision: "1.0.0" },
  { name: "values", repoURL: "https://git.example/values.git", targetRevision: R2, ref: "values" },
];
trap(
  "A: several sources of which one fails leave revisions empty",
  [
    [
      2,
      application()
        .from(...sources)
        .compared("Unknown", [])
        .condition("ComparisonError", "authentication required")
        .reconciled(2),
      "Syncing ComparisonError",
    ],
    [
      3,
      application()
        .from(...sources)
        .compared("Synced", [])
        .reconciled(3),
      "Syncing RevisionMoved",
    ],
  ],
  { source: { name: "values" } },
);

trap("B: repo errors that Argo CD swallows are no update at all: not observed, and silence at the deadline", [
  [0, patched, "Patched NotObserved"],
  [899, patched, "Patched NotObserved"],
  [900, patched, "Failed ArgoCDSilent"],
]);

trap("C: a project that forbids the source leaves revision and comparison as they were", [
  [1, there, "Syncing Settling"],
  [
    2,
    there.compared("Unknown").health("Unknown").condition("InvalidSpecError", "application repo is not permitted in project"),
    "Syncing ComparisonError",
  ],
  [10, there, "Syncing Settling"],
]);

const sameManifests = patched.synced().reconciled(2);
trap("D: a revision that renders the same manifests never syncs: operationState of the release before is no obstacle", [
  [2, sameManifests, "Syncing Settling"],
  [7, sameManifests, "Arrived AwaitingHeartbeat, needs Refresh"],
  [8, sameManifests.reconciled(8), "Ready Verified"],
]);

trap("E: phase Running for ever with .operation gone is no operation in progress", [
  [2, patched.synced().ended("Running", { revision: R1, started: -500 }).reconciled(2), "Syncing Settling"],
  [7, patched.synced().ended("Running", { revision: R1, started: -500 }).reconciled(2), "Arrived AwaitingHeartbeat, needs Refresh"],
]);

trap("E: an operation that ended without a result blocks auto-sync for good: our write brings its own operation", [
  [0, application().ended("Succeeded", { started: -900, withoutResult: true }), "Pending Planned, needs PatchAndSync"],
]);

trap("F: a momentary Healthy does not outlive the settle time", [
  [3, there, "Syncing Settling"],
  [5, there.health("Progressing"), "Syncing Progressing"],
  [9, there, "Syncing Settling"],
  [13, there, "Syncing Settling"],
  [14, there, "Arrived AwaitingHeartbeat, needs Refresh"],
]);

trap("G: Synced from a stale cache, right after the revision went back and forth, is taken back within the settle time", [
  [1, patched.synced().reconciled(1), "Syncing Settling"],
  [3, patched.outOfSync().reconciled(3), "Syncing OutOfSync"],
  [4, syncing, "Syncing OperationRunning"],
]);

const asked = there.annotated("argocd.argoproj.io/refresh", "normal");
trap("H: a refresh annotation that went away is no answer; what was dropped is asked again, and silence fails", [
  [3, there, "Syncing Settling"],
  [8, there, "Arrived AwaitingHeartbeat, needs Refresh"],
  [9, asked, "Arrived AwaitingHeartbeat"],
  [10, there, "Arrived AwaitingHeartbeat"],
  [200, there, "Arrived AwaitingHeartbeat, needs Refresh"],
  [201, there.reconciled(201), "Ready Verified"],
]);

const stopped = there.annotated("argocd.argoproj.io/refresh", "normal");
trap("I: a controller that stopped after Synced stays Synced and Healthy for ever: asked once, Failed at the deadline", [
  [3, there, "Syncing Settling"],
  [8, there, "Arrived AwaitingHeartbeat, needs Refresh"],
  [9, stopped, "Arrived AwaitingHeartbeat"],
  [400, stopped, "Arrived AwaitingHeartbeat"],
  [907, stopped, "Arrived AwaitingHeartbeat"],
  [908, stopped, "Failed ArgoCDSilent"],
]);

trap("the status before an operation's end is of before the operation", [
  [3, there.reconciled(2), "Syncing StaleStatus"],
  [4, there.reconciled(3), "Syncing Settling"],
]);

const between = syncing.syncing({ revision: R2, started: 1, finished: 4, retries: 1, message: "Retrying attempt #1 at 10:00AM." });
trap("between two retries an operation is Running, counted and finished at once: it is in progress", [
  [2, syncing, "Syncing OperationRunning"],
  [5, between, "Syncing OperationRetrying"],
  [6, between.synced().reconciled(6), "Syncing OperationRetrying"],
]);

trap("skip-reconcile freezes the status: it waits without a deadline, and starts to count when that ends", [
  [0, patched, "Patched NotObserved"],
  [10, patched.annotated("argocd.argoproj.io/skip-reconcile", "true"), "Waiting ReconcilePaused"],
  [9000, patched, "Patched NotObserved"],
  [9899, patched, "Patched NotObserved"],
  [9900, patched, "Failed ArgoCDSilent"],
]);

trap("nothing is written to an Application that Argo CD does not look at", [
  [0, application().annotated("argocd.argoproj.io/skip-reconcile", "true"), "Waiting ReconcilePaused"],
  [9000, application(), "Pending Planned, needs Patch"],
]);

const window = patched
  .outOfSync()
  .syncing({ run: "0d9e9a52-run", revision: R2, started: 1, message: "Sync operation blocked by sync window" });
trap("a sync window is waited out for as long as it lasts", [
  [2, window, "Waiting SyncWindow"],
  [90_000, window.syncing({ run: "0d9e9a52-run", revision: R2, started: 1 }), "Syncing OperationRunning"],
  [90_899, window.syncing({ run: "0d9e9a52-run", revision: R2, started: 1 }), "Syncing OperationRunning"],
  [90_900, window.syncing({ run: "0d9e9a52-run", revision: R2, started: 1 }), "Failed DeadlineExceeded"],
]);

trap("a suspended canary waits without a deadline", [
  [3, there.health("Suspended"), "Waiting CanaryPaused"],
  [9000, there.health("Progressing"), "Syncing Progressing"],
  [9001, there, "Syncing Settling"],
]);

const pruning = { kind: "ConfigMap", name: "old", status: "OutOfSync", requiresPruning: true };
trap("resources that wait to be pruned are named as such, and fail as such", [
  [
    2,
    there.outOfSync().but(({ status }) => void (status["resources"] = [{ kind: "Service", name: "checkout", status: "Synced" }, pruning])),
    "Syncing NeedsPrune",
  ],
  [902, there.outOfSync().but(({ status }) => void (status["resources"] = [pruning])), "Failed NeedsPrune"],
]);

trap(
  "several sources: the revision that counts is the one of the source that is steered",
  [
    [
      2,
      application()
        .from(...sources)
        .synced(["1.0.0", R1])
        .reconciled(2),
      "Syncing RevisionMoved",
    ],
    [
      3,
      application()
        .from(...sources)
        .synced(["1.0.0", R2])
        .reconciled(3),
      "Syncing Settling",
    ],
    [
      4,
      application()
        .from(...sources)
        .synced(["1.0.0", R2])
        .but(({ spec }) => void (spec.sources = [{ ...sources[0], targetRevision: "1.1.0" }, ...sources.slice(1)])),
      "Patched NotObserved",
    ],
  ],
  { source: { name: "values" } },
);

const chart = { repoURL: "https://charts.example", chart: "checkout", targetRevision: "1.4.2" };
for (const [kind, source, resolved, thought] of [
  ["an exact chart version resolves to itself", chart, "1.4.2", "Syncing Settling"],
  ["a chart version that resolves to another one has moved", chart, "1.4.3", "Syncing RevisionMoved"],
  [
    "a lightweight tag resolves to its commit",
    { repoURL: "https://git.example/a.git", path: ".", targetRevision: "v1.4.2" },
    R2,
    "Syncing Settling",
  ],
  [
    "an annotated tag resolves to the tag object",
    { repoURL: "https://git.example/a.git", path: ".", targetRevision: "v1.4.2" },
    "f".repeat(40),
    "Syncing Settling",
  ],
  [
    "the digest of an OCI artifact resolves to itself",
    { repoURL: "oci://registry.example/app", path: ".", targetRevision: `sha256:${"a".repeat(64)}` },
    `sha256:${"a".repeat(64)}`,
    "Syncing Settling",
  ],
  [
    "a tag of an OCI artifact that looks like a commit resolves to a digest",
    { repoURL: "oci://registry.example/app", path: ".", targetRevision: R2 },
    `sha256:${"a".repeat(64)}`,
    "Syncing Settling",
  ],
] as const) {
  trap(
    kind,
    [
      [
        2,
        application()
          .but(({ spec }) => void (spec.source = { ...source }))
          .synced(resolved)
          .reconciled(2),
        thought,
      ],
    ],
    { wanted: want({ desired: { targetRevision: source.targetRevision } }) },
  );
}
