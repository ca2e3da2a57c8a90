import type { WaitingReason } from "#api/reasons.ts";

/** Whose turn it is. */
export type Turn = "nobody" | "argo" | "people" | "installer";

export interface Advice {
  readonly turn: Turn;
  /** How it goes on. */
  readonly next: string;
  /** Lines of shell that help, most likely first; RELEASE and CLUSTER stand for what it is about. */
  readonly run: readonly string[];
}

const itself = (next: string, ...run: readonly string[]): Advice => ({ turn: "nobody", next, run });
const argo = (next: string, ...run: readonly string[]): Advice => ({ turn: "argo", next, run });
const people = (next: string, ...run: readonly string[]): Advice => ({ turn: "people", next, run });
const installer = (next: string, ...run: readonly string[]): Advice => ({ turn: "installer", next, run });

const LOOK = "conductor status RELEASE";
const SKIP = "conductor skip RELEASE CLUSTER";
const OUT_OF_REACH = itself("It goes on when the cluster answers. It is no failure, and no deadline runs", "conductor clusters", SKIP);
const DEADLINE = "Without progress it fails at the strategy's progressDeadline";

/** What every reason to wait means for whoever waits: who must act, and how. */
export const ADVICE: Readonly<Record<WaitingReason, Advice>> = {
  Observing: itself(
    "It is planned as soon as every cluster was looked at; one that does not answer is planned without after a few seconds",
  ),
  Targets: itself("They are written as soon as the wave's maxConcurrency lets them", LOOK),
  Soak: itself("It goes on by itself when the wave has stayed verified for its minSuccessTime"),
  Paused: people(
    "It goes on when somebody resumes it, or spec.paused is taken away",
    "conductor resume RELEASE",
    "conductor abort RELEASE",
  ),
  Failures: people(
    "More clusters have failed than may. Resuming accepts these failures",
    "conductor resume RELEASE",
    "conductor abort RELEASE",
    "conductor rollback RELEASE",
  ),
  InstanceBusy: itself(
    "It goes on when other releases have left this Argo CD, or its conductor.dev/max-in-flight is raised",
    "conductor status -A",
  ),
  Rollback: itself("It goes back to what was verified before; nothing holds that up", LOOK),
  Freeze: people(
    "It goes on when the freeze ends, or somebody who may lets this run through",
    "conductor approve RELEASE",
    "conductor freeze",
  ),
  Approval: people(
    "It goes on when enough people have approved it; whoever has released cannot",
    "conductor approve RELEASE",
    "conductor reject RELEASE --reason '…'",
  ),
  Analysis: itself("It goes on when the metrics have been measured often enough; when they are bad the wave has failed", LOOK),
  Dependency: itself("It goes on when the other release is ready", "conductor status"),

  Planned: itself("It is written when its turn has come", LOOK),
  NotObserved: argo(`Argo CD must compare what was written. ${DEADLINE}`),
  OperationRunning: argo(`Argo CD is syncing. ${DEADLINE}`),
  OperationRetrying: argo(`Argo CD tries the sync again. ${DEADLINE}`),
  OutOfSync: argo(`Argo CD must sync: is automated sync on, or is a resource changed by somebody else again and again? ${DEADLINE}`),
  NeedsPrune: people("Only resources that wait to be pruned are out of sync: prune them in Argo CD, or turn on automated pruning", SKIP),
  StaleStatus: argo(`Argo CD must look again since its operation ended. ${DEADLINE}`),
  RevisionMoved: people("The revision resolves to something else than was written: release a fixed one, such as a commit"),
  Progressing: argo(`Its resources are coming up. ${DEADLINE}`),
  Settling: itself("All evidence is there, and must hold for a few seconds"),
  AwaitingHeartbeat: argo("Argo CD must look once more, so that its silence is not taken for success; it was asked to"),
  Verified: itself("Nothing is awaited"),
  SyncWindow: itself("It goes on when the sync window of the AppProject opens; no deadline runs", SKIP),
  ForeignOperation: itself("It goes on when the operation of somebody else has ended; no deadline runs"),
  CanaryPaused: people("A Rollout waits in a step or for a person; no deadline runs. The message has the command that promotes it"),
  CanaryFailed: people(
    "The same revision is no change to an aborted Rollout: release another one, or retry to begin the canary again",
    "conductor retry RELEASE",
  ),
  RollbackRepeatsCanary: itself("A Rollout goes back step by step, because its rollbackWindow does not cover the revision"),
  ReconcilePaused: people("Take argocd.argoproj.io/skip-reconcile from the Application", SKIP),
  ComparisonError: people(`Put right what Argo CD says of the manifests or the repository. ${DEADLINE}`, SKIP),
  SyncFailed: people("The sync of this revision failed: release one that can be applied"),
  Degraded: people("A resource is unhealthy: after 30 s where it was healthy before, else at the deadline, it has failed"),
  Missing: people("Create the Application, or take the cluster out of the Environment"),
  NotAuthorized: people("Its owner has to consent; the message says where", "conductor doctor RELEASE"),
  ChangedSincePlan: people(
    "Somebody has changed the Application since the plan: a new plan takes it as it is now",
    "conductor retry RELEASE",
  ),
  SourceNotFound: people("Correct application.source in the Environment"),
  WriteRefused: installer("The API server refuses the patch, in its words; it is tried again", "conductor doctor RELEASE"),
  RevertedByOwner: people(
    "Let its owner ignore what the release changes, as the message says; then retry",
    "conductor retry-failed RELEASE",
  ),
  ArgoCDSilent: installer("Is the application controller of this Argo CD running? Then retry", "conductor retry-failed RELEASE"),
  DeadlineExceeded: people(
    "Nothing has progressed for the progressDeadline: find out why in the cluster, then retry",
    "conductor retry-failed RELEASE",
  ),
  Unreachable: OUT_OF_REACH,
  WatchLost: OUT_OF_REACH,
  NotRegistered: installer("Bring the cluster's registration back; after the grace time it counts as gone", "conductor clusters"),
  ClusterGone: itself("It is no longer waited for"),
  ValuesChanged: people("Somebody has changed what was verified: release again, or change it back", "conductor retry RELEASE"),
  SkippedByPerson: itself("It was taken out of this run"),
  ResourcesMissing: argo(`Something that it deploys is not there yet. ${DEADLINE}`),
  HealthUnknown: argo(`Argo CD does not know its health. ${DEADLINE}`),
  SyncUnknown: argo(`Argo CD could not compare. ${DEADLINE}`),
  NoBaseline: people("Nothing is known to go back to there: put it right by hand"),
  Untouched: itself("Nothing of this run had reached it"),
  NotCovered: itself("It is caught up as soon as it answers"),

  EnvironmentNotFound: people("Create the Environment, or correct spec.environment", "kubectl get environments"),
  RevisionNotOfKind: people("Release a revision of the kind that the Environment takes"),
  ClusterUnknown: installer("Register the cluster, or take it out", "conductor clusters"),
  ClusterRefused: installer("Correct its registration", "conductor clusters"),
  NoClusters: installer("Register clusters, or correct the Environment's selectors", "conductor clusters"),
  DuplicateApplication: people("Put {{cluster}} into application.name, so that each cluster has an Application of its own"),
  ApplicationTaken: people("One release steers an Application: delete the other, or name other Applications", "conductor status -A"),
  InvalidName: people("Correct application.name or application.namespace in the Environment"),
  StrategyInvalid: people("Correct the waves in the Environment"),
  NotOverridable: people("Take the field out of the release's strategy, or have the Environment list it as overridable"),
  MembershipShrunk: people("Bring the clusters back, or confirm that they are meant to be gone", "conductor confirm RELEASE"),
  ClusterLost: people("Bring its registration back, wait for the grace time, or confirm", "conductor confirm RELEASE"),
  FreezeInvalid: people("Correct the FreezeWindow; until then nobody knows whether it holds", "conductor freeze"),
  ApprovalUnsafe: people("Correct the gate's approval in the Environment, so that somebody else than the author can decide"),
  ApprovalsUnguarded: installer("Install the chart's admission policies", "conductor doctor"),
  AnalysisInvalid: people("Correct the analysis, its template or its arguments"),
  AnalysisUnavailable: installer("Install Argo Rollouts in the management cluster, or start it", "conductor doctor"),
  DependencyCycle: people("Take one dependsOn out of the circle"),
};
