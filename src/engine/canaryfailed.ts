import { abortedAt, howToRetry } from "./canary.ts";
import { deadline } from "./deadline.ts";
import type { Finding } from "./evidence.ts";
import { moved, type TargetMemo } from "./memo.ts";
import type { Observation } from "./observation.ts";
import type { Want } from "./world.ts";

/**
 * What an aborted canary means for this run; undefined where it cannot be told whose it was, so that it counts as Degraded does.
 * That it was aborted is final until somebody acts: there is nothing to wait for.
 */
export function canaryFailed(want: Want, seen: Observation, memo: TargetMemo, finding: Finding, now: number): TargetMemo | undefined {
  const at = abortedAt(seen);
  if (at === undefined) return undefined;
  const { retried } = memo.canary;

  // 1. What was synced for this run was aborted.
  if (isSince(seen, want, at)) return moved(memo, { ...finding, phase: "Failed" }, now);

  // 2. It was aborted before, and a person wants it tried again: once.
  const isRetry = want.canary === "Retry";
  if (isRetry && !memo.written)
    return deadline(want, { ...refusedOr(memo, finding, now), canary: { ...memo.canary, retried: at }, need: "RetryCanary" }, now);
  if (isRetry && retried === at) return deadline(want, moved(memo, BEGINNING, now), now, BEGINNING);
  if (isRetry && retried !== undefined) return moved(memo, { ...finding, phase: "Failed" }, now);

  // 3. It was aborted before, and nothing has changed there since the plan.
  const isUnchanged = seen.lastOperation === undefined || seen.lastOperation.startedAt === want.lastOperation;
  if (want.direction === "Back" || !isUnchanged) return undefined;
  const message = `${finding.message}. That was before this release, and ${howToRetry(seen)}`;
  return moved(memo, { ...finding, phase: "Failed", message }, now);
}

/**
 * Whether it was aborted after the last sync, which this run has seen begin. Both stamps are of one cluster's clocks, and one is
 * a controller's that waits for pods and measurements before it aborts.
 */
function isSince({ lastOperation: last }: Observation, want: Want, at: string): boolean {
  return last !== undefined && last.startedAt !== want.lastOperation && Date.parse(at) >= Date.parse(last.startedAt);
}

function refusedOr(memo: TargetMemo, finding: Finding, now: number): TargetMemo {
  const { refused } = memo;
  return moved(
    memo,
    refused === undefined ? { ...finding, phase: "Waiting" } : { ...finding, reason: "WriteRefused", message: refused },
    now,
  );
}

const BEGINNING: Finding = { phase: "Syncing", reason: "Progressing", message: "the canary that was aborted is asked to begin again" };
