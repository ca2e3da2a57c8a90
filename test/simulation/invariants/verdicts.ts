import type { ReleaseRun } from "#api/releaserun.ts";
import { targetOf } from "./books.ts";

/** What a stored run says of its failures, counted anew. */

function hasFailed(run: ReleaseRun, cluster: string): boolean {
  const target = targetOf(run, cluster);
  return target !== undefined && (target.phase === "Failed" || target.phase === "Reverted" || target.failure !== undefined);
}

/** The wave in which more have failed than may, by position; -1 for none. */
function failedWave(run: ReleaseRun): number {
  return run.spec.waves.findIndex(({ maxFailures }, index) => {
    if ((run.status?.waves?.[index]?.phase ?? "Pending") === "Pending") return false;
    return run.spec.targets.filter(({ wave, cluster }) => wave === index + 1 && hasFailed(run, cluster)).length > maxFailures;
  });
}

/** Whether a run may start no target any more, by what is stored of it. */
export function hasStopped(run: ReleaseRun): boolean {
  const { status, spec } = run;
  if (status?.rollback !== undefined || status?.stop !== undefined) return true;
  if (spec.strategy.onFailure === "Continue" || failedWave(run) < 0) return false;
  return spec.targets.filter(({ cluster }) => hasFailed(run, cluster)).length > (status?.acceptedFailures ?? 0);
}

export function stoppedBy(run: ReleaseRun): string {
  const { status } = run;
  return `more had failed than may: ${status?.rollback?.message ?? status?.stop?.message ?? "the status before says so"}`;
}
