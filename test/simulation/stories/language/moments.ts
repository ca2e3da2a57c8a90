import type { RELEASE_PHASES, TargetPhase, WavePhase } from "#api/reasons.ts";
import { commit } from "#simulation/scenario.ts";
import { jsonOf } from "#simulation/objects.ts";
import type { Simulation } from "#simulation/simulation.ts";
import { revisionOf, verdictOf } from "./applications.ts";
import type { Observer } from "./observer.ts";

/** When something happens: what a story waits for. Asked after every event, and therefore cheap. */
export interface Moment {
  readonly words: string;
  readonly holds: (seen: { readonly simulation: Simulation; readonly observer: Observer }) => boolean;
}

export function ended(service = "checkout"): Moment {
  const name = `${service}.production`;
  return { words: `${name} has ended`, holds: ({ simulation }) => simulation.wishes.finished(name) };
}

/** The release itself says so, of its newest generation. */
export function releaseIs(phase: (typeof RELEASE_PHASES)[number]): Moment {
  return { words: `the release is ${phase}`, holds: ({ simulation }) => simulation.wishes.phase("checkout.production") === phase };
}

/** The newest run is the one of that number. */
export function runBegins(number: number, service = "checkout"): Moment {
  const name = `${service}.production-${number}`;
  return { words: `${name} begins`, holds: ({ observer }) => observer.newest(`${service}.production`)?.metadata.name === name };
}

export function waveIs(wave: string, phase: WavePhase): Moment {
  return {
    words: `wave ${wave} is ${phase}`,
    holds: ({ observer }) =>
      observer.newest("checkout.production")?.status?.waves?.some((one) => one.name === wave && one.phase === phase) === true,
  };
}

export function targetIs(cluster: string, ...phases: readonly TargetPhase[]): Moment {
  return {
    words: `${cluster} is ${phases.join(" or ")}`,
    holds: ({ observer }) =>
      observer.newest("checkout.production")?.status?.targets?.some((one) => one.cluster === cluster && phases.includes(one.phase)) ===
      true,
  };
}

/** The Application of a cluster holds a revision. */
export function holds(cluster: string, revision: string, service = "checkout"): Moment {
  return {
    words: `${service} on ${cluster} is to be ${revision}`,
    holds: ({ simulation }) => {
      const app = simulation.application(cluster, service);
      return app !== undefined && revisionOf(jsonOf(app)) === commit(revision);
    },
  };
}

/** Argo CD says of the Application of a cluster something that begins so, such as `Synced and Degraded`. */
export function argoSays(cluster: string, verdict: string): Moment {
  return {
    words: `Argo CD of ${cluster} says ${verdict}`,
    holds: ({ simulation }) => verdictOf(simulation.application(cluster)).startsWith(verdict),
  };
}

/** People are asked something that nobody has answered. */
export function asked(): Moment {
  return { words: "people are asked", holds: ({ simulation }) => simulation.wishes.questions().length > 0 };
}

/** The newest run waits for something of this kind. */
export function waitsFor(reason: string): Moment {
  return {
    words: `the run waits for ${reason}`,
    holds: ({ observer }) => observer.newest("checkout.production")?.status?.waitingOn?.reason === reason,
  };
}

/** So many Applications hold a new revision. */
export function patched(count: number): Moment {
  return {
    words: `${count} Applications have been patched`,
    holds: ({ simulation }) =>
      simulation.conductorWrites().filter(({ before, after }) => before?.["spec"] !== after?.["spec"]).length === count,
  };
}
