import { isSuccess, type TargetPhase } from "#api/reasons.ts";
import type { FieldValues, ReleaseRun, RunSpec } from "#api/releaserun.ts";
import { sameValues } from "./observation.ts";

/** What the runs of a release, oldest first, say of its targets: what was last verified, and what was never. */

/**
 * The values last verified on each target: only a run that succeeded replaces them, and only where its target was Ready.
 * Superseded, failed and aborted runs pass the older ones on, and so does a run that did not cover the target.
 */
export function baselinesOf(previous: readonly ReleaseRun[]): ReadonlyMap<string, FieldValues> {
  const baselines = new Map<string, FieldValues>();
  for (const run of previous) {
    const verified = hasSucceeded(run) ? verifiedBy(run) : new Set();
    for (const target of run.spec.targets) {
      const baseline = valuesOf(run.spec, verified.has(target.cluster) ? target.desired : target.baseline);
      if (baseline !== undefined) baselines.set(target.cluster, baseline);
    }
  }
  return baselines;
}

/** Whether a run reached what it was made for. */
export function hasSucceeded({ spec, status }: ReleaseRun): boolean {
  return isSuccess(status?.phase) || (spec.kind === "Rollback" && status?.phase === "RolledBack");
}

/** The targets that a run which ended left verified at what it desired: it lists those that are not. */
export function verifiedBy({ spec, status }: ReleaseRun): ReadonlySet<string> {
  if (status?.finishedAt === undefined) return new Set();
  const open = new Set((status.targets ?? []).filter(({ phase }) => phase !== "Ready").map(({ cluster }) => cluster));
  return new Set(spec.targets.map(({ cluster }) => cluster).filter((cluster) => !open.has(cluster)));
}

/** Asks of a target whether `live` is something that one of `previous` wrote there since it was last verified. */
export function oursIn(
  previous: readonly ReleaseRun[],
): (cluster: string, live: FieldValues, baseline: FieldValues | undefined) => boolean {
  const unverified = new Map<string, readonly FieldValues[]>();
  for (const run of previous) {
    const verified = hasSucceeded(run) ? verifiedBy(run) : new Set();
    for (const { cluster, desired } of run.spec.targets) {
      const values = valuesOf(run.spec, desired);
      if (verified.has(cluster)) unverified.delete(cluster);
      else if (values !== undefined) unverified.set(cluster, [...(unverified.get(cluster) ?? []), values]);
    }
  }
  return (cluster, live, baseline) =>
    baseline !== undefined && !sameValues(live, baseline) && (unverified.get(cluster) ?? []).some((values) => sameValues(values, live));
}

/** What a rollback could not reach: it is taken back before anything else is done there. */
export interface Owed {
  readonly cluster: string;
  readonly run: string;
  readonly baseline: FieldValues;
}

export function owedBy(previous: readonly ReleaseRun[]): readonly Owed[] {
  const owed = new Map<string, Owed>();
  for (const run of previous) {
    const { metadata, spec, status } = run;
    if (status?.finishedAt === undefined) continue;
    const listed = new Map((status.targets ?? []).map((target) => [target.cluster, target]));
    for (const target of spec.targets) {
      const said = listed.get(target.cluster);
      const baseline = valuesOf(spec, target.baseline) ?? said?.contact?.baseline;
      if (said?.goingBack === true && isOut(said.phase)) {
        if (baseline !== undefined) owed.set(target.cluster, { cluster: target.cluster, run: metadata.name, baseline });
      } else if (said === undefined || !isOut(said.phase) || (said.written === true && spec.cause?.action !== "restore"))
        owed.delete(target.cluster);
    }
  }
  return [...owed.values()];
}

/** Not reached, or never begun: what is owed there still is. */
function isOut(phase: TargetPhase): boolean {
  return phase === "Unknown" || phase === "Unreachable" || phase === "Pending";
}

/** The values that a target of `run` shall hold, held, or was last verified at. */
export function valuesOf(spec: RunSpec, index: number | undefined): FieldValues | undefined {
  return index === undefined ? undefined : spec.values[index];
}
