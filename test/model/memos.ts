import { newMemo, type TargetMemo } from "#engine/memo.ts";
import { agedBy, clamped, DEADLINE, DEGRADED, GRACE, CONTACT, PAUSE, REFRESH_AGAIN, SETTLE, T0 } from "./times.ts";

/** What the conductor remembers of a target, without what decides nothing. */

/** Phases after which this run asks nothing more of a target; Drifted only on the way back. */
export function isFinal({ phase, goingBack }: Pick<TargetMemo, "phase" | "goingBack">): boolean {
  return ["Failed", "Reverted", "Skipped", "RolledBack"].includes(phase) || (phase === "Drifted" && goingBack);
}

const BLANK = newMemo(T0);
const TOLD = { reason: "Degraded", message: "" } as const;

/** Equal memos of two states behave equally: words are left out, stamps older than their deadline are as old as it. */
export function canonicalMemo(memo: TargetMemo): TargetMemo {
  const { phase, started, written, goingBack, failure, contact } = memo;
  const common = { phase, started, written, goingBack, contact, message: "", since: T0 };
  // Why it failed is for people; once it goes back, also that it has.
  const told = failure === undefined || goingBack ? undefined : TOLD;
  const lostSince = memo.lostSince === undefined ? undefined : clamped(memo.lostSince, Math.max(GRACE, CONTACT));
  // A verdict is not judged again; turning back takes only this along.
  if (isFinal(memo)) return { ...BLANK, ...common, failure: told, lostSince: goingBack ? undefined : lostSince };
  const old = (stamp: number | undefined, most: number): number | undefined => (stamp === undefined ? undefined : clamped(stamp, most));
  return {
    ...memo,
    ...common,
    failure: told,
    refused: memo.refused === undefined ? undefined : "refused",
    since: phase === "Waiting" ? clamped(memo.since, DEADLINE) : T0,
    progressAt: progressOf(memo),
    evidenceSince: old(memo.evidenceSince, SETTLE),
    degradedSince: old(memo.degradedSince, DEGRADED),
    lostSince,
    vigilSince: old(memo.vigilSince, DEADLINE),
    refreshAskedAt: old(memo.refreshAskedAt, REFRESH_AGAIN),
    lookAt: memo.lookAt === undefined ? undefined : Math.max(T0, memo.lookAt),
  };
}

/**
 * Before its turn only whether it is now, and when Ready nothing is asked of it: it is long ago. The rules of judged.ts say that
 * neither may become a deadline.
 */
function progressOf({ phase, started, written, goingBack, fingerprint, progressAt }: TargetMemo): number {
  // What was restored and not seen yet is judged by what was stored.
  if (phase === "Ready" && fingerprint !== "") return T0 - DEADLINE;
  const isIdle = phase === "Pending" && !started && !written && !goingBack && fingerprint === "";
  return clamped(progressAt, isIdle ? PAUSE : DEADLINE);
}

/** After `passed` milliseconds. */
export function agedMemo(memo: TargetMemo, passed: number): TargetMemo {
  return canonicalMemo({
    ...memo,
    since: agedBy(memo.since, passed),
    progressAt: agedBy(memo.progressAt, passed),
    evidenceSince: agedBy(memo.evidenceSince, passed),
    degradedSince: agedBy(memo.degradedSince, passed),
    lostSince: agedBy(memo.lostSince, passed),
    vigilSince: agedBy(memo.vigilSince, passed),
    refreshAskedAt: agedBy(memo.refreshAskedAt, passed),
    lookAt: agedBy(memo.lookAt, passed),
  });
}

/** Every field counts: one that is new to the engine is told apart before anybody has thought of it here. */
export function memoKey(memo: TargetMemo): string {
  return JSON.stringify(memo);
}
