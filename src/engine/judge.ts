import type { FieldValues } from "#api/releaserun.ts";
import { isFollowed, wantsPromotion } from "./canary.ts";
import { canaryFailed } from "./canaryfailed.ts";
import { deadline, seconds, SILENT } from "./deadline.ts";
import { isForeign, isLeftover, isSpent, isStuck, missing, reverted, type Finding } from "./evidence.ts";
import { isVerdict, moved, withoutEvidence, type TargetMemo } from "./memo.ts";
import { withProgress } from "./progress.ts";
import { difference, sameValues, show, type Observation, type Seen } from "./observation.ts";
import type { Want } from "./world.ts";

/** How long Degraded must hold before it counts, in milliseconds: controllers pass through it. */
const DEGRADED_FOR = 30_000;

/** How often the Rollouts of a target in flight are asked how far they are, in milliseconds. */
const FOLLOW_EVERY = 5000;

/**
 * When a refresh that was asked for, is asked for no longer, and was not served is asked for again, in milliseconds:
 * Argo CD may drop one (argo-cd#28306), and reconciledAt does not show a second look within one second.
 */
const REFRESH_AGAIN = 10_000;

/**
 * Looks at one target: what it is doing, what it needs, when to look again. Pure; what it knows of the past is
 * in `memo`, and times are the conductor's own (milliseconds since the epoch).
 *
 * @param active whether its turn has come: before that nothing is asked of it, and no deadline runs
 */
export function judge(want: Want, seen: Seen, memo: TargetMemo, now: number, active: boolean): TargetMemo {
  if (isVerdict(memo)) return memo.need === undefined && memo.lookAt === undefined ? memo : { ...memo, need: undefined, lookAt: undefined };
  const judged = active ? judgeActive(want, seen, memo, now) : judgeIdle(want, seen, memo, now);
  if (want.direction === "Forward" || judged.phase !== "Ready") return judged;
  return { ...moved(judged, RESTORED, now), need: undefined, lookAt: undefined };
}

function judgeActive(want: Want, seen: Seen, memo: TargetMemo, now: number): TargetMemo {
  switch (seen.kind) {
    case "Unasked":
      return { ...withoutEvidence(memo), heard: memo.heard };
    case "Behind":
      return unseen(memo, now);
    case "Unreachable":
      return lost(want, memo, seen, now);
    case "Absent":
      return deadline(want, absent(found(memo), now), now);
    case "Present":
      return present(want, seen.observation, found(memo), now);
  }
}

/** Before its turn: only whether it can be reached is said of it. */
function judgeIdle(want: Want, seen: Seen, memo: TargetMemo, now: number): TargetMemo {
  switch (seen.kind) {
    case "Unasked":
    case "Behind":
      return unseen(memo, now);
    case "Unreachable":
      return lost(want, memo, seen, now);
    case "Absent":
    case "Present": {
      const back = found(memo);
      const planned = back.phase === "Pending" ? back : moved(back, PLANNED, now);
      return { ...planned, progressAt: now, need: undefined, lookAt: undefined };
    }
  }
}

/** What cannot be seen is looked at when it can be, however often its time comes. */
function unseen(memo: TargetMemo, now: number): TargetMemo {
  return memo.lookAt !== undefined && memo.lookAt <= now ? { ...memo, lookAt: undefined } : memo;
}

function found(memo: TargetMemo): TargetMemo {
  return memo.lostSince === undefined ? memo : { ...memo, lostSince: undefined };
}

/** That it is gone is news: from then on it may take the whole deadline to come back. */
function absent(memo: TargetMemo, now: number): TargetMemo {
  const gone = moved(withoutEvidence(memo), ABSENT, now);
  return memo.reason === "Missing" ? gone : { ...gone, progressAt: now };
}

const ABSENT: Finding = {
  phase: "Waiting",
  reason: "Missing",
  message: "the Application does not exist: create it, or correct application.name and application.namespace of the Environment",
};

/** Silence is not evidence, and time without an answer is nobody's fault: neither soak nor deadline counts it. */
function lost(want: Want, memo: TargetMemo, { message, gone }: Extract<Seen, { kind: "Unreachable" }>, now: number): TargetMemo {
  const lostSince = memo.lostSince ?? now;
  const goneAt = lostSince + want.graceTime;
  if (gone === true && now >= goneAt)
    return {
      ...moved(withoutEvidence(memo), { phase: "Skipped", reason: "ClusterGone", message: `counts as gone: ${message}` }, now),
      lostSince,
    };
  const touched = memo.started || memo.written || memo.phase === "Unknown" || memo.phase === "Ready" || memo.phase === "Arrived";
  const finding: Finding = touched
    ? { phase: "Unknown", reason: gone === true ? "NotRegistered" : "WatchLost", message, waits: true }
    : { phase: "Unreachable", reason: gone === true ? "NotRegistered" : "Unreachable", message, waits: true };
  return { ...moved(withoutEvidence(memo), finding, now), lostSince, progressAt: now, lookAt: gone === true ? goneAt : undefined };
}

function present(want: Want, seen: Observation, memo: TargetMemo, now: number): TargetMemo {
  if (seen.values === undefined) {
    const message = seen.sourceFault ?? "its source cannot be told";
    return verdictOn(withoutEvidence(memo), { phase: "Failed", reason: "SourceNotFound", message }, now);
  }
  const { values } = seen;
  // First contact, where the plan could not ask. It is stored before anything is written because of it.
  const met = want.direction === "Forward" && want.over.length === 0 && memo.contact === undefined && !memo.written;
  const contact = met ? { live: values, lastOperation: seen.lastOperation?.startedAt, baseline: seen.settled } : memo.contact;
  const progressed = withProgress({ ...memo, contact }, seen, now);
  if (isUntouched(want, values, progressed)) return verdictOn(withoutEvidence(progressed), UNTOUCHED, now);
  if (!sameValues(want.desired, values))
    return met ? { ...moved(withoutEvidence(progressed), PLANNED, now), lookAt: now } : differs(want, seen, values, progressed, now);
  return followed(seen, holds(want, seen, progressed, now), now);
}

/** Its Rollouts move on while Argo CD sees nothing new. */
function followed(seen: Observation, memo: TargetMemo, now: number): TargetMemo {
  if (isVerdict(memo) || !isFollowed(seen)) return memo;
  return { ...memo, lookAt: Math.min(memo.lookAt ?? Infinity, now + FOLLOW_EVERY) };
}

/** The values that may be written over. */
export function replaceable(want: Want, memo: TargetMemo): readonly FieldValues[] {
  return want.over.length > 0 || memo.contact === undefined ? want.over : [memo.contact.live];
}

/** The Application does not hold our values: write them, if it is still what the plan saw. */
function differs(want: Want, seen: Observation, values: FieldValues, before: TargetMemo, now: number): TargetMemo {
  const memo = withoutEvidence(before);
  if (want.direction === "Back" && !replaceable(want, memo).some((over) => sameValues(over, values)))
    return notOurs(want, seen, values, memo, now);
  if (memo.written) return verdictOn(memo, reverted(seen, want), now);
  const [planned = values, ...others] = replaceable(want, memo);
  const changed = others.some((over) => sameValues(over, values)) ? undefined : difference(planned, values);
  if (changed !== undefined) {
    const message = `${changed.field} was ${show(changed.a)} when the plan was made and is ${show(changed.b)} now: release again to plan from what is there`;
    return verdictOn(memo, { phase: "Failed", reason: "ChangedSincePlan", message }, now);
  }
  const blocker = seen.paused ? missing(seen, want) : foreign(want, seen);
  if (blocker !== undefined)
    return { ...deadline(want, moved(memo, blocker, now), now, blocker), need: isLeftover(seen, want) ? "Terminate" : undefined };
  const need = seen.automated && !isStuck(seen) ? "Patch" : "PatchAndSync";
  if (memo.refused === undefined) return { ...moved(memo, PLANNED, now), need, lookAt: undefined };
  return deadline(want, { ...moved(memo, orRefused({ ...PLANNED, phase: "Waiting" }, memo), now), need }, now);
}

/** On the way back: nothing of the run had reached it, as where its API server refused the patch. */
function isUntouched(want: Want, values: FieldValues, { written, changed, contact }: TargetMemo): boolean {
  const untouched = want.untouched ?? contact?.live;
  return want.direction === "Back" && !written && !changed && untouched !== undefined && sameValues(untouched, values);
}

/** On the way back, what is neither ours nor what was there before is left alone: somebody wants it so. */
function notOurs(want: Want, seen: Observation, values: FieldValues, memo: TargetMemo, now: number): TargetMemo {
  const changed = difference(want.desired, values);
  const by = seen.manager === undefined ? "somebody" : seen.manager;
  const what = changed === undefined ? "it" : `${changed.field} is ${show(changed.b)}, which`;
  const message = `${what} was written by ${by} and not by this release: left as it is; it was to go back to ${show(changed?.a ?? null)}`;
  return verdictOn(memo, { phase: "Drifted", reason: "ValuesChanged", message }, now);
}

/** A verdict on what a target holds, once it was read anew: after a restart, a cache may show what was there before our own write. */
function verdictOn(memo: TargetMemo, finding: Finding, now: number): TargetMemo {
  return memo.confirmed ? moved(memo, finding, now) : { ...memo, need: "Confirm" };
}

const UNTOUCHED: Finding = { phase: "RolledBack", reason: "Untouched", message: "nothing of this run had reached it" };
const RESTORED: Finding = { phase: "RolledBack", reason: "Verified", message: "back at what was last verified, and verified again" };
const PLANNED: Finding = { phase: "Pending", reason: "Planned", message: "in the plan, not touched yet" };
/** A running operation loses nothing by a patch of the spec, but ours would be lost in the one slot for operations. */
function foreign(want: Want, seen: Observation): Finding | undefined {
  if (seen.automated || seen.operation === undefined) return undefined;
  if (isForeign(seen, want)) return missing(seen, want);
  return { phase: "Waiting", reason: "OperationRunning", message: "an operation is running; waiting for its end", waits: true };
}

/** The Application holds our values: has it arrived? */
function holds(want: Want, seen: Observation, before: TargetMemo, now: number): TargetMemo {
  const [live] = replaceable(want, before);
  // The plan saw other values: this run wrote them, even if it was killed before it could say so. To an Application that
  // does not sync by itself it would have written its operation with them.
  const isOurs = seen.automated || seen.operation?.run === want.tag || seen.lastOperation?.run === want.tag;
  const isNew = want.direction === "Forward" && live !== undefined && !sameValues(live, want.desired);
  const written = before.written || (before.started && isOurs && isNew);
  const memo = { ...before, written, confirmed: false };
  const known = { ...want, lastOperation: want.lastOperation ?? memo.contact?.lastOperation };
  const finding = missing(seen, known);
  if (finding === undefined) return arrived(want, seen, memo, now);
  const next = moved(withoutEvidence(memo), finding, now);
  if (finding.reason === "ForeignOperation" && isLeftover(seen, want)) return { ...deadline(want, next, now, finding), need: "Terminate" };
  if (finding.reason === "Degraded") return degraded(want, next, memo, finding, now);
  if (finding.reason === "CanaryFailed") return canaryFailed(known, seen, next, finding, now) ?? degraded(want, next, memo, finding, now);
  if (wantsPromotion(seen, want)) return promoted(deadline(want, withRefusal(next), now, finding), now);
  if (!wantsSync(known, seen, memo, finding)) return deadline(want, next, now, finding);
  return deadline(want, { ...moved(next, orRefused(finding, memo), now), need: "Sync" }, now);
}

/** Whether nobody but us will start the sync: it does not sync by itself, or will not try this revision again. */
function wantsSync(want: Want, seen: Observation, memo: TargetMemo, finding: Finding): boolean {
  if (seen.operation !== undefined || memo.written || seen.lastOperation?.run === want.tag) return false;
  if (finding.reason !== "OutOfSync" && finding.reason !== "NeedsPrune") return false;
  return seen.automated ? isStuck(seen) || (finding.reason === "OutOfSync" && isSpent(seen, want)) : finding.reason === "OutOfSync";
}

/** It is asked to skip its steps, and again when that was not to be seen for a while. */
function promoted(memo: TargetMemo, now: number): TargetMemo {
  const again = (memo.canary.promotedAt ?? -Infinity) + REFRESH_AGAIN;
  return isVerdict(memo) || now < again ? memo : { ...memo, need: "PromoteFull" };
}

function withRefusal(memo: TargetMemo): TargetMemo {
  const { refused } = memo.canary;
  return refused === undefined ? memo : { ...memo, message: `${memo.message}. It is not promoted fully: ${refused}` };
}

function degraded(want: Want, next: TargetMemo, before: TargetMemo, finding: Finding, now: number): TargetMemo {
  const since = before.degradedSince ?? now;
  const isNews = want.healthyBefore || before.wasReady;
  if (isNews && now - since >= DEGRADED_FOR) return moved(next, { ...finding, phase: "Failed" }, now);
  const judged = deadline(want, { ...next, degradedSince: since }, now, finding);
  if (isVerdict(judged) || !isNews) return judged;
  return { ...judged, lookAt: Math.min(judged.lookAt ?? Infinity, since + DEGRADED_FOR) };
}

/** All evidence is there: it must hold for the settle time, and then Argo CD must be heard once more. */
function arrived(want: Want, seen: Observation, memo: TargetMemo, now: number): TargetMemo {
  const evidenceSince = memo.evidenceSince ?? now;
  const held = { ...memo, evidenceSince, degradedSince: undefined, need: undefined, lookAt: undefined };
  if (held.heard) return watched(want, seen, held, now);
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
  if (seen.reconciledAt === undefined || seen.reconciledAt === held.heartbeat)
    return askedAgain(seen, deadline(want, moved(held, orRefused(AWAITING, held), now), now), now);
  return { ...moved(held, VERIFIED, now), heard: true, wasReady: true, heartbeat: seen.reconciledAt, refreshAskedAt: undefined };
}

/** Verified; before its wave is, Argo CD must be heard once more, lest it died meanwhile and nothing were to change any more. */
function watched(want: Want, seen: Observation, memo: TargetMemo, now: number): TargetMemo {
  const heartbeat = memo.heartbeat ?? seen.reconciledAt ?? "";
  const heardAgain = memo.heardAgain || (seen.reconciledAt !== undefined && seen.reconciledAt !== heartbeat);
  const ready = { ...moved(memo, VERIFIED, now), heartbeat, heardAgain, wasReady: true };
  if (heardAgain || ready.vigilSince === undefined) return ready;
  const at = ready.vigilSince + want.progressDeadline;
  if (now < at) return askedAgain(seen, { ...ready, lookAt: at }, now);
  const message = `${SILENT} (it was not heard for ${seconds(now - ready.vigilSince)} at the end of its wave's soak)`;
  return moved({ ...ready, lookAt: undefined }, { phase: "Failed", reason: "ArgoCDSilent", message }, now);
}

function askedAgain(seen: Observation, memo: TargetMemo, now: number): TargetMemo {
  if (isVerdict(memo) || seen.refreshing) return memo;
  const again = (memo.refreshAskedAt ?? -Infinity) + REFRESH_AGAIN;
  return now >= again ? { ...memo, need: "Refresh" } : { ...memo, lookAt: Math.min(memo.lookAt ?? Infinity, again) };
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
