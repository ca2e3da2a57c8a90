/**
 * The closed vocabulary of what is reported. Whoever shows these switches on them exhaustively, so that adding
 * one is a compile error wherever it must be shown.
 */

/** What one target is doing. */
export const TARGET_PHASES = [
  "Pending", // in the plan, not touched yet
  "Waiting", // something outside must happen first; the reason says what
  "Patched", // our values are written, Argo CD has not looked at them yet
  "Syncing", // Argo CD is working on them
  "Arrived", // all evidence is there and has held for the settle time
  "Ready", // arrived, and Argo CD has been heard since
  "Failed",
  "Reverted", // somebody wrote other values over ours
  "Unreachable", // not touched, and its cluster does not answer
  "Unknown", // touched, and its cluster does not answer
  "Skipped", // a person took it out of this run
  "RolledBack",
  "Drifted", // verified once, and changed by somebody since
] as const;
export type TargetPhase = (typeof TARGET_PHASES)[number];

/** Why a target is in its phase. */
export const TARGET_REASONS = [
  "Planned",
  "NotObserved", // Argo CD has not compared the values that we wrote
  "OperationRunning",
  "OperationRetrying",
  "OutOfSync",
  "NeedsPrune", // out of sync only for resources that wait to be pruned
  "StaleStatus", // the status is older than the last operation
  "RevisionMoved", // Argo CD resolved our revision to another one
  "Progressing",
  "Settling", // all evidence is there, not yet for the settle time
  "AwaitingHeartbeat", // settled; Argo CD must be heard once more
  "Verified",
  "SyncWindow",
  "ForeignOperation",
  "CanaryPaused",
  "CanaryFailed", // a Rollout of it was aborted
  "RollbackRepeatsCanary", // a Rollout goes back step by step
  "ReconcilePaused", // Argo CD was told not to look at this Application
  "ComparisonError",
  "SyncFailed",
  "Degraded",
  "Missing",
  "NotAuthorized",
  "ChangedSincePlan",
  "SourceNotFound",
  "WriteRefused", // the target's API server refuses our patch
  "RevertedByOwner",
  "ArgoCDSilent",
  "DeadlineExceeded",
  "Unreachable",
  "WatchLost",
  "NotRegistered", // its registration is gone; after a grace time so is the cluster
  "ClusterGone",
  "ValuesChanged",
  "SkippedByPerson",
  "ResourcesMissing", // health is Missing: what it deploys is not there
  "HealthUnknown",
  "SyncUnknown",
  "NoBaseline", // nothing is known to go back to
  "Untouched", // nothing of ours is there to take back
  "NotCovered", // it joined after the plan, and is caught up when the run has ended
] as const;
export type TargetReason = (typeof TARGET_REASONS)[number];

/** What a run is doing. */
export const RUN_PHASES = ["Planned", "Progressing", "Waiting", "Paused", "RollingBack"] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** What a run is for: the wish, back to an earlier one, what was left out or joined later, or once more what failed. */
export const RUN_KINDS = ["Forward", "Rollback", "CatchUp", "RetryFailed"] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** What one wave of a run is doing. */
export const WAVE_PHASES = [
  "Pending",
  "Waiting", // its turn has come, and something must open before it begins
  "Progressing",
  "Soaking",
  "Verified",
  "Failed",
] as const;
export type WavePhase = (typeof WAVE_PHASES)[number];

/** What one gate of a wave says. */
export const GATE_PHASES = [
  "Pending", // its time has not come
  "Waiting", // it was asked, and has not answered
  "Passed",
  "Failed",
  "Inconclusive", // the metrics say neither: a person decides
] as const;
export type GatePhase = (typeof GATE_PHASES)[number];

/** What a person asks for with an annotation conductor.dev/<action>: <run>[/<argument>]. */
export const ACTIONS = ["pause", "resume", "abort", "skip", "retry", "retry-failed", "rollback-to", "confirm"] as const;
export type Action = (typeof ACTIONS)[number];

export const ACTION_RESULTS = ["Done", "Refused"] as const;

/** How a run ended. */
export const OUTCOMES = ["Succeeded", "SucceededWithSkips", "Failed", "RolledBack", "RollbackIncomplete", "Aborted", "Superseded"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Whether all covered targets were verified; those that a person took out are no longer covered. */
export function isSuccess(outcome: string | undefined): boolean {
  return outcome === "Succeeded" || outcome === "SucceededWithSkips";
}

/** Why a release cannot start. Each has a remedy in its message. */
export const STALLED_REASONS = [
  "EnvironmentNotFound",
  "RevisionNotOfKind",
  "ClusterUnknown",
  "ClusterRefused",
  "NoClusters",
  "NotAuthorized",
  "Missing",
  "SourceNotFound",
  "DuplicateApplication",
  "ApplicationTaken",
  "InvalidName",
  "StrategyInvalid",
  "NotOverridable",
  "MembershipShrunk", // more than a fifth of the last plan's clusters are gone: a person confirms
  "ClusterLost", // a cluster is gone, not yet for the grace time
  "FreezeInvalid", // a FreezeWindow that may be meant for it cannot be read
  "ApprovalUnsafe", // nobody but who releases could approve
  "ApprovalsUnguarded", // the admission policy is missing that says who has approved
  "AnalysisInvalid",
  "AnalysisUnavailable", // Argo Rollouts is missing in the management cluster
  "DependencyCycle",
] as const;
export type StalledReason = (typeof STALLED_REASONS)[number];

/** How far a preview is: the last two are final. */
export const PREVIEW_PHASES = ["Pending", "Planned", "Refused"] as const;

/** Why there is no plan to show: what would stall the release, or the preview itself. */
export const PREVIEW_REASONS = [
  ...STALLED_REASONS,
  "TooManyPreviews",
  "Unanswered", // what it waits for did not answer in time
] as const;
export type PreviewReason = (typeof PREVIEW_REASONS)[number];

/** What would hold a release up if it began now. */
export const BLOCKERS = [
  "RunInFlight", // a run of the same release, which it would follow or replace
  "Paused",
  "Dependency",
  "Freeze",
  "Rollback", // clusters must first go back to what was verified there
  "Unreachable", // more clusters do not answer than a wave leaves out
  "ApprovalUnsafe", // it depends on who releases
] as const;
export type BlockerReason = (typeof BLOCKERS)[number];

/** What a release is doing: for people; machines read conditions. */
export const RELEASE_PHASES = ["Pending", "Stalled", ...RUN_PHASES, ...OUTCOMES, "Drifted", "Unknown"] as const;

/** What `waitingOn` names: a reason of a target, or of the release itself. */
export const WAITING_REASONS = [
  ...TARGET_REASONS,
  ...STALLED_REASONS,
  "Observing",
  "Targets",
  "Soak",
  "Paused",
  "Failures", // onFailure: Pause has stopped the run
  "InstanceBusy", // as many targets are in flight on an Argo CD instance as it may have, over all releases
  "Rollback",
  "Freeze",
  "Approval",
  "Analysis",
  "Dependency",
] as const;
export type WaitingReason = (typeof WAITING_REASONS)[number];
