import type { FieldValues } from "#api/releaserun.ts";
import { isForeign, isLeftover, isSpent, isStuck, missing, reverted, type Finding } from "./evidence.ts";
import { difference, sameValues, show, type Observation, type Seen } from "./observation.ts";
import type { TargetMemo, Want } from "./world.ts";

/** How long Degraded must hold before it counts, in milliseconds: controllers pass through it. */
const DEGRADED_FOR = 30_000;

/**
 * Looks at one target: what it is doing, what it needs, when to look again. Pure; what it knows of the past is
 * in `memo`, and times are the conductor's own (milliseconds since the epoch).
 */
export function judge(want: Want, seen: Seen, memo: TargetMemo, now: number): TargetMemo {
  if (isVerdict(memo)) return { ...memo, need: undefined, lookAt: undefined };
  switch (seen.kind) {
    case "Unasked":
      return { ...withoutEvidence(memo), heard: memo.heard };
    case "Behind":
      return memo;
    case "Unreachable":
      return lost(memo, seen.message, now);
    case "Absent":
      return deadline(want, moved(withoutEvidence(memo), ABSENT, now), now);
    case "Present":
      return present(want, seen.observation, memo, now);
  }
}

/**
 * When a refresh that was asked for, is asked for no longer, and was not served is asked for again, in milliseconds:
 * Argo CD may drop one (argo-cd#28306), and reconciledAt does not show a second look within one second.
 */
const REFRESH_AGAIN = 10_000;

/** What is decided for this run, whatever the target does later. */
export function isVerdict(memo: TargetMemo): boolean {
  return memo.phase === "Failed" || memo.phase === "Reverted" || memo.phase === "Skipped";
}

const ABSENT: Finding = {
  phase: "Waiting",
  reason: "Missing",
  message: "the Application does not exist: create it, or correct application.name and application.namespace of the Environment",
};

/** Silence is not evidence, and time without an answer is nobody's fault: neither soak nor deadline counts it. */
function lost(memo: TargetMemo, message: string, now: number): TargetMemo {
  const touched = memo.written || memo.phase === "Unknown" || memo.phase === "Ready" || memo.phase === "Arrived";
  const finding: Finding = touched
    ? { phase: "Unknown", reason: "WatchLost", message, waits: true }
    : { phase: "Unreachable", reason: "Unreachable", message, waits: true };
  return { ...moved(withoutEvidence(memo), finding, now), progressAt: now, lookAt: undefined };
}

function present(want: Want, seen: Observation, memo: TargetMemo, now: number): TargetMemo {
  if (seen.values === undefined) {
    const message = seen.sourceFault ?? "its source cannot be told";
    return moved(withoutEvidence(memo), { phase: "Failed", reason: "SourceNotFound", message }, now);
  }
  const { values } = seen;
  // First contact, where the plan could not ask. It is stored before anything is written because of it.
  const met = want.live === undefined && memo.contact === undefined && !memo.written;
  const contact = met ? { live: values, lastOperation: seen.lastOperation?.startedAt } : memo.contact;
  const progressed = withProgress({ ...memo, contact }, seen, now);
  if (!sameValues(want.desired, values))
    return met ? { ...moved(withoutEvidence(progressed), PLANNED, now), lookAt: now } : differs(want, seen, values, progressed, now);
  return holds(want, seen, progressed, now);
}

/** The Application does not hold our values: write them, if it is still what the plan saw. */
function differs(want: Want, seen: Observation, values: FieldValues, before: TargetMemo, now: number): TargetMemo {
  const memo = withoutEvidence(before);
  if (memo.written) return moved(memo, reverted(seen, want), now);
  const changed = difference(want.live ?? memo.contact?.live ?? values, values);
  if (changed !== undefined) {
    const message = `${changed.field} was ${show(changed.a)} when the plan was made and is ${show(changed.b)} now: release again to plan from what is there`;
    return moved(memo, { phase: "Failed", reason: "ChangedSincePlan", message }, now);
  }
  const blocker = seen.paused ? missing(seen, want) : foreign(want, seen);
  if (blocker !== undefined)
    return { ...deadline(want, moved(memo, blocker, now), now, blocker), need: isLeftover(seen, want) ? "Terminate" : undefined };
  const need = seen.automated && !isStuck(seen) ? "Patch" : "PatchAndSync";
  if (memo.refused === undefined) return { ...moved(memo, PLANNED, now), need, lookAt: undefined };
  return deadline(want, { ...moved(memo, orRefused({ ...PLANNED, phase: "Waiting" }, memo), now), need }, now);
}

const PLANNED: Finding = { phase: "Pending", reason: "Planned", message: "in the plan, not touched yet" };

/** A running operation loses nothing by a patch of the spec, but ours would be lost in the one slot for operations. */
function foreign(want: Want, seen: Observation): Finding | undefined {
  if (seen.automated || seen.operation === undefined) return undefined;
  if (isForeign(seen, want)) return missing(seen, want);
  return { phase: "Waiting", reason: "OperationRunning", message: "an operation is running; waiting for its end", waits: true };
}

/** The Application holds our values: has it arrived? */
function holds(want: Want, seen: Observation, before: TargetMemo, now: number): TargetMemo {
  const live = want.live ?? before.contact?.live;
  // The plan saw other values: this run wrote them, even if it was killed before it could say so. To an Application that
  // does not sync by itself it would have written its operation with them.
  const isOurs = seen.automated || seen.operation?.run === want.run || seen.lastOperation?.run === want.run;
  const written = before.written || (isOurs && live !== undefined && !sameValues(live, want.desired));
  const memo = { ...before, written };
  const known = { ...want, lastOperation: want.lastOperation ?? memo.contact?.lastOperation };
  const finding = missing(seen, known);
  if (finding === undefined) return arrived(want, seen, memo, now);
  const next = moved(withoutEvidence(memo), finding, now);
  if (finding.reason === "Degraded") return degraded(want, next, memo, finding, now);
  if (!wantsSync(known, seen, memo, finding)) return deadline(want, next, now, finding);
  return deadline(want, { ...moved(next, orRefused(finding, memo), now), need: "Sync" }, now);
}

/** Whether nobody but us will start the sync: it does not sync by itself, or will not try this revision again. */
function wantsSync(want: Want, seen: Observation, memo: TargetMemo, finding: Finding): boolean {
  if (seen.operation !== undefined || memo.written || seen.lastOperation?.run === want.run) return false;
  if (finding.reason !== "OutOfSync" && finding.reason !== "NeedsPrune") return false;
  return seen.automated ? isStuck(seen) || (finding.reason === "OutOfSync" && isSpent(seen, want)) : finding.reason === "OutOfSync";
}

function degraded(want: Want, next: TargetMemo, before: TargetMemo, finding: Finding, now: number): TargetMemo {
  const since = before.degradedSince ?? now;
  if (want.healthyBefore && now - since >= DEGRADED_FOR) return moved(next, { ...finding, phase: "Failed" }, now);
  const judged = deadline(want, { ...next, degradedSince: since }, now, finding);
  if (isVerdict(judged) || !want.healthyBefore) return judged;
  return { ...judged, lookAt: Math.min(judged.lookAt ?? Infinity, since + DEGRADED_FOR) };
}

/** All evidence is there: it must hold for the settle time, and then Argo CD must be heard once more. */
function arrived(want: Want, seen: Observation, memo: TargetMemo, now: number): TargetMemo {
  const evidenceSince = memo.evidenceSince ?? now;
  const held = { ...memo, evidenceSince, degradedSince: undefined, need: undefined, lookAt: undefined };
  if (held.heard) return moved(held, VERIFIED, now);
  if (now - evidenceSince < want.settleTime) {
    const settling: Finding = {
      phase: "Syncing",
      reason: "Settling",
      message: `all evidence is there; it must hold for ${want.settleTime / 1000} s`,
    };
    return { ...moved(held, settling, now), lookAt: evidenceSince + want.settleTime };
  }
  if (held.heartbeat === undefined) {
    const heartbeat = seen.reconciledAt ?? "";
    return deadline(want, { ...moved(held, AWAITING, now), heartbeat, progressAt: now, need: "Refresh" }, now, AWAITING);
  }
  if (seen.reconciledAt !== undefined && seen.reconciledAt !== held.heartbeat) return { ...moved(held, VERIFIED, now), heard: true };
  const waiting = deadline(want, moved(held, orRefused(AWAITING, held), now), now);
  if (isVerdict(waiting) || seen.refreshing) return waiting;
  const again = (held.refreshAskedAt ?? -Infinity) + REFRESH_AGAIN;
  return now >= again ? { ...waiting, need: "Refresh" } : { ...waiting, lookAt: Math.min(waiting.lookAt ?? Infinity, again) };
}

/** What is awaited, or that its API server will not take the write which would bring it about. */
function orRefused(finding: Finding, { refused }: TargetMemo): Finding {
  return refused === undefined ? finding : { ...finding, reason: "WriteRefused", message: refused };
}

const VERIFIED: Finding = { phase: "Ready", reason: "Verified", message: "verified" };
const AWAITING: Finding = {
  phase: "Arrived",
  reason: "AwaitingHeartbeat",
  message: "arrived; waiting for Argo CD to look once more, so that its silence is not taken for success",
};

/** Fails a target that has made no progress for too long; time that others take does not count. */
function deadline(want: Want, memo: TargetMemo, now: number, finding?: Finding): TargetMemo {
  if (finding?.waits === true) return { ...memo, progressAt: now, lookAt: undefined };
  const at = memo.progressAt + want.progressDeadline;
  if (now < at) return { ...memo, lookAt: at };
  const after = `no progress for ${Math.round((now - memo.progressAt) / 1000)} s`;
  return { ...moved(memo, { phase: "Failed", ...verdict(memo, after) }, now), need: undefined, lookAt: undefined };
}

function verdict(memo: TargetMemo, after: string): Pick<Finding, "reason" | "message"> {
  switch (memo.reason) {
    case "AwaitingHeartbeat":
    case "NotObserved":
    case "StaleStatus":
      return {
        reason: "ArgoCDSilent",
        message: `${after}: Argo CD does not look at this Application; is its application controller running? (${memo.message})`,
      };
    case "ComparisonError":
    case "WriteRefused":
    case "Missing":
    case "NeedsPrune":
    case "Degraded":
      return { reason: memo.reason, message: memo.message };
    default:
      return { reason: "DeadlineExceeded", message: `${after}: ${memo.message}` };
  }
}

/** What progress is: anything that Argo CD reports anew, but not that it merely looked again. */
function withProgress(memo: TargetMemo, seen: Observation, now: number): TargetMemo {
  const { lastOperation: last } = seen;
  const fingerprint = JSON.stringify([
    seen.operation !== undefined,
    last?.startedAt,
    last?.phase,
    last?.message,
    last?.retryCount,
    seen.compared,
    seen.revision,
    seen.sync,
    seen.health.status,
    seen.errors.map((error) => error.type),
    seen.paused,
  ]);
  if (fingerprint === memo.fingerprint) return memo;
  // What is seen first after a restart is no progress.
  return { ...memo, fingerprint, progressAt: memo.fingerprint === "" ? memo.progressAt : now };
}

function withoutEvidence(memo: TargetMemo): TargetMemo {
  return {
    ...memo,
    evidenceSince: undefined,
    degradedSince: undefined,
    heartbeat: undefined,
    heard: false,
    refreshAskedAt: undefined,
    need: undefined,
    lookAt: undefined,
  };
}

function moved(memo: TargetMemo, { phase, reason, message }: Finding, now: number): TargetMemo {
  return { ...memo, phase, reason, message, since: phase === memo.phase ? memo.since : now };
}
