import type { ReleaseRun } from "#api/releaserun.ts";
import type { RunPlan } from "#engine/world.ts";

/** What the engine needs of a run's spec. */
export function planOf({ spec }: ReleaseRun): RunPlan {
  const { kind, cause, waves, strategy, dependsOn = [] } = spec;
  const { onFailure, rollbackScope, supersede } = strategy;
  return {
    kind,
    undoes: cause?.action === "rollback-to" || cause?.action === "restore",
    revision: spec.revision,
    waves,
    onFailure,
    rollbackScope,
    supersede,
    progressDeadline: strategy.progressDeadlineSeconds * 1000,
    dependsOn,
  };
}
