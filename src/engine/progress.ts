import { progressOf } from "./canary.ts";
import type { TargetMemo } from "./memo.ts";
import type { Observation } from "./observation.ts";

/** What progress is: anything that Argo CD reports anew, but not that it merely looked again. */
export function withProgress(memo: TargetMemo, seen: Observation, now: number): TargetMemo {
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
  const canary = withCanary(memo, progressOf(seen), now);
  if (fingerprint === memo.fingerprint) return canary;
  // What is seen first after a restart is no progress; what is seen first when its turn comes begins its time.
  const isOld = memo.fingerprint === "" && (memo.started || memo.written);
  return { ...canary, fingerprint, progressAt: isOld ? canary.progressAt : now };
}

/** Steps, weight and measurements of its Rollouts. That they can be asked is no progress, nor that they cannot. */
function withCanary(memo: TargetMemo, progress: string | undefined, now: number): TargetMemo {
  const before = memo.canary.progress;
  if (progress === undefined || progress === before) return memo;
  return { ...memo, canary: { ...memo.canary, progress }, progressAt: before === undefined ? memo.progressAt : now };
}
