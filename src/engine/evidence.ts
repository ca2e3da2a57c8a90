import type { TargetPhase, TargetReason } from "#api/reasons.ts";
import type { FieldValue } from "#api/releaserun.ts";
import { aborted, suspended, underWay } from "./canary.ts";
import { canonical, difference, show, type LastOperation, type Observation } from "./observation.ts";
import type { Want } from "./world.ts";

/**
 * Has this Application arrived? A list of named questions, asked in order; the first that is not answered with
 * yes is the reason shown. Never "Synced and Healthy" alone: docs/evidence.md, and its traps A to I.
 */

export interface Finding {
  readonly phase: TargetPhase;
  readonly reason: TargetReason;
  readonly message: string;
  /** Somebody else's move: time spent here does not count towards the progress deadline. */
  readonly waits?: true;
}

type Question = (seen: Observation, want: Want) => Finding | undefined;

/** The questions about an Application that holds our values. */
const QUESTIONS: readonly Question[] = [
  isWatchedByArgo,
  hasNoFailedAttempt,
  isNotHeldUp,
  hasNoError,
  isIdle,
  wasCompared,
  resolvedToOurs,
  isSynced,
  isFresh,
  isHealthy,
];

/** What is missing first, or undefined when nothing is. */
export function missing(seen: Observation, want: Want): Finding | undefined {
  for (const question of QUESTIONS) {
    const finding = question(seen, want);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

function isWatchedByArgo(seen: Observation): Finding | undefined {
  if (!seen.paused) return undefined;
  return {
    phase: "Waiting",
    reason: "ReconcilePaused",
    message: "Argo CD was told not to look at it: remove the annotation argocd.argoproj.io/skip-reconcile from the Application",
    waits: true,
  };
}

/** An attempt counts only when it was made after the plan and for our revision: an older one says nothing of this run. */
function hasNoFailedAttempt(seen: Observation, want: Want): Finding | undefined {
  const last = seen.lastOperation;
  if (seen.operation !== undefined || last === undefined || !isFailure(last.phase)) return undefined;
  if (!isAttemptOfThisRun(seen, want)) return undefined;
  return { phase: "Failed", reason: "SyncFailed", message: last.message || "Argo CD's sync failed without a message" };
}

function isFailure(phase: string): boolean {
  return phase === "Failed" || phase === "Error";
}

/**
 * Whether Argo CD's last operation was started since the plan was made, for the revision that we asked for. Until it has
 * compared our values, what it resolved is of the values before them, and so is what it tried without our asking.
 */
function isAttemptOfThisRun(seen: Observation, want: Want): boolean {
  const last = seen.lastOperation;
  if (last === undefined || last.startedAt === want.lastOperation) return false;
  return last.run === want.tag || (seen.compared && last.revision !== undefined && last.revision === ourRevision(seen));
}

/**
 * Whether Argo CD may not start a sync by itself: it does not try again what has failed (auto_sync.md), whichever revision
 * the spec has held since, nor anything after an operation that ended without a result (alreadyAttemptedSync, argo-cd#29636).
 */
export function isStuck({ operation, lastOperation: last }: Observation): boolean {
  if (operation !== undefined || last === undefined) return false;
  return isFailure(last.phase) || (last.phase === "Succeeded" && !last.hasResult);
}

/**
 * Whether Argo CD has synced this very revision before this run: what has drifted since it syncs again by itself only
 * where self-heal is on (auto_sync.md).
 */
export function isSpent({ compared, lastOperation: last, revision }: Observation, want: Want): boolean {
  return compared && last?.phase === "Succeeded" && last.startedAt === want.lastOperation && last.revision === revision;
}

/** What the revision that we asked for resolves to, once that is known. */
function ourRevision(seen: Observation): string | undefined {
  return seen.pinned ?? (seen.compared ? seen.revision : undefined);
}

/** Whether an operation waits for a sync window to open. */
export function isBlocked(last: Pick<LastOperation, "phase" | "message"> | undefined): last is LastOperation {
  return last?.phase === "Running" && last.message.startsWith("Sync operation blocked by sync window");
}

/** Somebody else holds the one slot for operations, or a sync window keeps ours waiting in it. */
function isNotHeldUp(seen: Observation, want: Want): Finding | undefined {
  const { operation, lastOperation: last } = seen;
  if (operation === undefined) return undefined;
  if (isBlocked(last)) return { phase: "Waiting", reason: "SyncWindow", message: seen.window ?? last.message, waits: true };
  if (!isForeign(seen, want)) return undefined;
  const to = operation.revision === undefined ? "" : ` (to ${operation.revision})`;
  return { phase: "Waiting", reason: "ForeignOperation", message: `another operation is running${to}; waiting for its end`, waits: true };
}

/**
 * In progress is what `.operation` says; operationState may be corrupt for ever (argo-cd#18613, #29636), and
 * between two retries it is Running and has a finishedAt.
 */
function isIdle({ operation, lastOperation: last }: Observation): Finding | undefined {
  if (operation === undefined) return undefined;
  const running = last?.phase === "Running" ? last : undefined;
  const said = running?.message ?? "";
  if (running !== undefined && running.retryCount > 0)
    return { phase: "Syncing", reason: "OperationRetrying", message: said || `retry ${running.retryCount} of the sync` };
  return { phase: "Syncing", reason: "OperationRunning", message: said || "Argo CD is syncing" };
}

/** Neither asked for by this run nor Argo CD's own for the present revision. */
export function isForeign(seen: Observation, want: Want): boolean {
  const { operation } = seen;
  if (operation === undefined || operation.run === want.tag) return false;
  const ours = ourRevision(seen);
  return !operation.automated || (operation.revision !== undefined && ours !== undefined && operation.revision !== ours);
}

/**
 * A sync that an older run asked for, or Argo CD for values of ours that are taken back, and that may retry a failed
 * revision for minutes: who began it may end it.
 */
export function isLeftover({ operation, lastOperation, paused }: Observation, want: Want): boolean {
  if (operation === undefined || paused || lastOperation?.phase !== "Running" || operation.run === want.tag) return false;
  if (operation.run !== undefined) return true;
  return want.direction === "Back" && operation.automated && want.over.some((values) => values["targetRevision"] === operation.revision);
}

/** An error leaves revision, comparison and health as they were or makes them up (traps A and C). */
function hasNoError(seen: Observation): Finding | undefined {
  const [error] = seen.errors;
  if (error === undefined) return undefined;
  return { phase: "Syncing", reason: "ComparisonError", message: `${error.type}: ${error.message}` };
}

function wasCompared(seen: Observation): Finding | undefined {
  if (seen.compared) return undefined;
  return { phase: "Patched", reason: "NotObserved", message: "Argo CD has not compared the values that were written" };
}

function resolvedToOurs(seen: Observation): Finding | undefined {
  if (seen.pinned === undefined || seen.revision === seen.pinned) return undefined;
  return {
    phase: "Syncing",
    reason: "RevisionMoved",
    message: `Argo CD resolved revision ${seen.pinned} to ${seen.revision ?? "nothing"}`,
  };
}

function isSynced(seen: Observation): Finding | undefined {
  if (seen.sync === "Synced") return undefined;
  if (seen.window !== undefined && seen.sync === "OutOfSync" && seen.automated)
    return { phase: "Waiting", reason: "SyncWindow", message: seen.window, waits: true };
  if (seen.sync === "OutOfSync" && seen.pruneOnly)
    return {
      phase: "Syncing",
      reason: "NeedsPrune",
      message: "only resources that wait to be pruned are out of sync: prune them, or enable pruning on the Application",
    };
  if (seen.sync === "Unknown")
    return { phase: "Syncing", reason: "SyncUnknown", message: "sync status is Unknown: Argo CD could not compare it" };
  return { phase: "Syncing", reason: "OutOfSync", message: `sync status is ${seen.sync || "not reported"}` };
}

/** Health and sync of before the operation's end are of before the operation (controller/appcontroller.go). */
function isFresh(seen: Observation): Finding | undefined {
  const finished = seen.lastOperation?.finishedAt;
  if (finished === undefined) return undefined;
  if (seen.reconciledAt !== undefined && Date.parse(seen.reconciledAt) >= Date.parse(finished)) return undefined;
  return { phase: "Syncing", reason: "StaleStatus", message: "Argo CD has not looked again since the operation ended" };
}

function isHealthy(seen: Observation, want: Want): Finding | undefined {
  const { status, message } = seen.health;
  const said = message ? `: ${message}` : "";
  switch (status) {
    case "Healthy":
      return undefined;
    case "Suspended":
      return suspended(seen, want);
    case "Degraded":
      return aborted(seen) ?? { phase: "Syncing", reason: "Degraded", message: `health is Degraded${said}` };
    case "Missing":
      return { phase: "Syncing", reason: "ResourcesMissing", message: `health is Missing${said}: something that it deploys is not there` };
    case "Unknown":
      return { phase: "Syncing", reason: "HealthUnknown", message: `health is Unknown${said}` };
    default: {
      const progressing = `health is ${status || "not reported"}${said}`;
      return underWay(seen, want, progressing) ?? { phase: "Syncing", reason: "Progressing", message: progressing };
    }
  }
}

/** Somebody wrote over what we wrote: who, and what lets both live together. */
export function reverted(seen: Observation, want: Want): Finding {
  const changed = seen.values === undefined ? undefined : difference(want.desired, seen.values);
  const what =
    changed === undefined
      ? "our values are gone"
      : `${changed.field} is ${show(changed.b)} ${isOld(want, changed.field, changed.b) ? "again" : "now"}, not ${show(changed.a)}`;
  return { phase: "Reverted", reason: "RevertedByOwner", message: `${what}. ${remedy(seen, want)}` };
}

function isOld({ over }: Want, field: string, value: FieldValue): boolean {
  return over.some((values) => canonical(values[field] ?? null) === canonical(value));
}

/** Where the steered fields are in the Application, as the owners' lists of ignored differences want it. */
function pointers({ sourceAt }: Observation, { desired }: Want): string {
  return [...new Set(Object.keys(desired).map((field) => `${sourceAt}/${field.split(".", 1)[0] ?? field}`))].toSorted().join(", ");
}

function remedy(seen: Observation, want: Want): string {
  const at = pointers(seen, want);
  const kept = ["conductor.dev/authorized", ...(want.annotations ?? [])].join(", ");
  switch (seen.owner.kind) {
    case "ApplicationSet":
      return `ApplicationSet ${seen.owner.name} owns this Application: give it spec.ignoreApplicationDifferences: [{jsonPointers: [${at}]}] and spec.preservedFields.annotations: [${kept}]`;
    case "Application":
      return `Application ${seen.owner.name} manages this one: give it spec.ignoreDifferences: [{group: argoproj.io, kind: Application, jsonPointers: [${at}, /operation]}] and syncOptions: [RespectIgnoreDifferences=true]`;
    case "Nobody":
      return `Somebody else writes to this Application${seen.manager === undefined ? "" : ` (${seen.manager})`}: let one writer own its revision`;
  }
}
