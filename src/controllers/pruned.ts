import type { ReleaseRun, RunStatus } from "#api/releaserun.ts";
import { hasSucceeded } from "#engine/baselines.ts";

/**
 * The status of a run that ended and is not the newest any more, with counts and what failed; undefined when it is that
 * already. Of one that succeeded all that it lists was not verified, and of a rollback what it missed is owed.
 */
export function pruned(run: ReleaseRun): RunStatus | undefined {
  const { status } = run;
  if (status?.targets === undefined || hasSucceeded(run)) return undefined;
  const kept = status.targets.filter(({ phase, failure }) => failure !== undefined || (phase !== "RolledBack" && phase !== "Pending"));
  return kept.length === status.targets.length ? undefined : { ...status, targets: kept };
}
