import type { StalledReason } from "#api/reasons.ts";
import type { FieldValues, ReleaseRun, RunTarget } from "#api/releaserun.ts";
import { baselinesOf, oursIn } from "./baselines.ts";
import { canonical, type Observation, type Seen } from "./observation.ts";

/** One target before the plan: where it is, what it shall hold, what was seen there. */
export interface Candidate {
  readonly cluster: string;
  readonly instance: string;
  readonly application: { readonly namespace: string; readonly name: string };
  readonly desired: FieldValues;
  readonly seen: Seen;
  /** Why it may not be written, with the remedy; undefined when consent was found or could not be asked for. */
  readonly refusal: string | undefined;
  /** What may go wrong there, though nothing speaks against the write: an owner that would write over it. */
  readonly warning?: string;
  /** Another ServiceRelease that steers the same Application. */
  readonly takenBy: string | undefined;
}

export interface Objection {
  readonly cluster: string;
  readonly reason: StalledReason;
  readonly message: string;
}

export type Plan =
  | { readonly kind: "Observing"; readonly clusters: readonly string[] }
  | { readonly kind: "Refused"; readonly objections: readonly [Objection, ...Objection[]] }
  | Planned;

/** Nothing speaks against it. */
export interface Planned {
  readonly kind: "Plan";
  /** Every set of values that the targets speak of, by position. */
  readonly values: readonly FieldValues[];
  readonly targets: readonly RunTarget[];
  /** The clusters among them that could not be asked. */
  readonly unreachable: readonly string[];
}

/**
 * The plan of a run, or everything that speaks against it: all reachable targets are validated before any is
 * touched. `previous` are the runs of this release, oldest first: what they verified are the baselines. `waveOf` is the
 * position of a cluster's wave, from 0.
 */
export function plan(candidates: readonly Candidate[], previous: readonly ReleaseRun[], waveOf: (cluster: string) => number): Plan {
  const unasked = candidates.filter((one) => one.seen.kind === "Unasked" || one.seen.kind === "Behind");
  if (unasked.length > 0) return { kind: "Observing", clusters: unasked.map((one) => one.cluster) };

  const [first, ...others] = [...collisions(candidates), ...candidates.flatMap(objection)];
  if (first !== undefined) return { kind: "Refused", objections: [first, ...others] };

  const table = valueTable();
  const baselines = baselinesOf(previous);
  const isOurs = oursIn(previous);
  const targets = candidates.map((one): RunTarget => {
    const seen = one.seen.kind === "Present" ? one.seen.observation : undefined;
    const baseline = baselines.get(one.cluster) ?? seen?.settled;
    const ours = seen?.values !== undefined && isOurs(one.cluster, seen.values, baseline);
    return {
      cluster: one.cluster,
      instance: one.instance,
      application: one.application,
      wave: waveOf(one.cluster) + 1,
      desired: table.index(one.desired),
      ...(seen?.values === undefined ? {} : { live: table.index(seen.values), healthy: seen.health.status === "Healthy" }),
      ...(ours ? { ours } : {}),
      ...(baseline === undefined ? {} : { baseline: table.index(baseline) }),
      ...(seen?.lastOperation === undefined ? {} : { lastOperation: seen.lastOperation.startedAt }),
    };
  });
  const unreachable = candidates.filter((one) => one.seen.kind === "Unreachable").map((one) => one.cluster);
  return { kind: "Plan", values: table.values, targets, unreachable };
}

function objection(one: Candidate): Objection[] {
  const { cluster, application } = one;
  const app = `${application.namespace}/${application.name}`;
  if (one.takenBy !== undefined)
    return [
      {
        cluster,
        reason: "ApplicationTaken",
        message: `Application ${app} is steered by ServiceRelease ${one.takenBy} already: one Application has one release`,
      },
    ];
  switch (one.seen.kind) {
    case "Unasked":
    case "Behind":
    case "Unreachable":
      return [];
    case "Absent":
      return [
        {
          cluster,
          reason: "Missing",
          message: `Application ${app} does not exist on ${one.instance}: create it, or correct application.name and application.namespace of the Environment`,
        },
      ];
    case "Present":
      if (one.refusal !== undefined) return [{ cluster, reason: "NotAuthorized", message: one.refusal }];
      return one.seen.observation.values === undefined ? [sourceFault(cluster, app, one.seen.observation)] : [];
  }
}

function sourceFault(cluster: string, app: string, seen: Observation): Objection {
  return { cluster, reason: "SourceNotFound", message: `Application ${app}: ${seen.sourceFault ?? "its source cannot be told"}` };
}

function collisions(candidates: readonly Candidate[]): Objection[] {
  const taken = new Map<string, string>();
  return candidates.flatMap(({ cluster, instance, application }) => {
    const key = `${instance}/${application.namespace}/${application.name}`;
    const other = taken.get(key);
    if (other === undefined) {
      taken.set(key, cluster);
      return [];
    }
    const message = `${cluster} and ${other} resolve to one Application, ${application.namespace}/${application.name} on ${instance}: put {{cluster}} into application.name of the Environment`;
    return [{ cluster, reason: "DuplicateApplication", message }];
  });
}

function valueTable(): { readonly values: FieldValues[]; index(values: FieldValues): number } {
  const values: FieldValues[] = [];
  const known = new Map<string, number>();
  return {
    values,
    index(one) {
      const key = Object.keys(one)
        .toSorted()
        .map((field) => `${field}=${canonical(one[field] ?? null)}`)
        .join("\n");
      const index = known.get(key) ?? values.push(one) - 1;
      known.set(key, index);
      return index;
    },
  };
}
