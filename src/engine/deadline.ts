import type { Finding } from "./evidence.ts";
import { moved, type TargetMemo } from "./memo.ts";
import type { Want } from "./world.ts";

/** How often somebody else's move is looked at though nothing was heard of it, in milliseconds: no watch tells that a window opens. */
const OTHERS = 60_000;

/** Fails a target that has made no progress for too long; time that others take does not count. */
export function deadline(want: Want, memo: TargetMemo, now: number, finding?: Finding): TargetMemo {
  if (finding?.waits === true) return { ...memo, progressAt: now, lookAt: now + OTHERS };
  const at = memo.progressAt + want.progressDeadline;
  if (now < at) return { ...memo, lookAt: at };
  const after = `no progress for ${seconds(now - memo.progressAt)}`;
  return { ...moved(memo, { phase: "Failed", ...verdict(memo, after) }, now), need: undefined, lookAt: undefined };
}

export const SILENT = "Argo CD does not look at this Application; is its application controller running?";

export function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function verdict(memo: TargetMemo, after: string): Pick<Finding, "reason" | "message"> {
  switch (memo.reason) {
    case "AwaitingHeartbeat":
    case "NotObserved":
    case "StaleStatus":
      return {
        reason: "ArgoCDSilent",
        message: `${after}: ${SILENT} (${memo.message})`,
      };
    case "ComparisonError":
    case "WriteRefused":
    case "Missing":
    case "NeedsPrune":
    case "Degraded":
    case "CanaryFailed":
      return { reason: memo.reason, message: memo.message };
    default:
      return { reason: "DeadlineExceeded", message: `${after}: ${memo.message}` };
  }
}
