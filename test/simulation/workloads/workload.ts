import type { ReleaseRun } from "#api/releaserun.ts";
import { commit, type ClusterSpec, type Scenario } from "#simulation/scenario.ts";
import type { JsonObject } from "#simulation/json.ts";
import type { Act, Fault } from "../plans/plan.ts";

/** What can be told of a simulation at little cost, after every event. */
export interface View {
  /** Milliseconds since the beginning. */
  readonly elapsed: number;
  /** The runs of the release, oldest first. */
  readonly runs: readonly ReleaseRun[];
  /** The phase of the release, if it speaks of its newest generation. */
  readonly phase: string | undefined;
  readonly finished: boolean;
  /** Whether people are asked about a wave, and nobody has answered. */
  readonly isAsked: boolean;
  /** What an Application holds as its revision. */
  readonly revision: (cluster: string) => string | undefined;
}

export interface Step {
  readonly when: (view: View) => boolean;
  readonly acts: readonly Act[];
}

/** A small world and what is wished in it, without any fault. */
export interface Workload {
  readonly name: string;
  /** What happens, in words. */
  readonly says: string;
  readonly clusters: readonly ClusterSpec[];
  /** Registered later. */
  readonly later?: readonly ClusterSpec[];
  readonly scenario: Omit<Scenario, "seed" | "clusters">;
  readonly application?: (cluster: string) => string;
  /** What goes wrong by its meaning. */
  readonly faults?: readonly Fault[];
  /** One behind another: each is done when its time has come, and those before it are done. */
  readonly steps: readonly Step[];
  /** Whether it has ended, once all steps are done. Default: the release has. */
  readonly done?: (view: View) => boolean;
}

export const [A, B, BAD] = [commit("a"), commit("b"), commit("c")];
export const NAMES = ["eu", "us", "ap", "sa"] as const;

export function named(names: readonly string[]): readonly ClusterSpec[] {
  return names.map((name) => ({ name }));
}

/** One cluster, then two, then the rest; one at a time, a short soak. */
const WAVES = [{ name: "one", clusters: { count: 1 } }, { name: "two", clusters: { count: 2 } }, { name: "rest" }];
/** The same, and both clusters of wave two at once. */
export const AT_ONCE = [
  { name: "one", clusters: { count: 1 } },
  { name: "two", clusters: { count: 2 }, maxConcurrency: 2 },
  { name: "rest" },
];
const STRATEGY = { waves: WAVES, minSuccessTime: "20s", progressDeadline: "3m", maxUnreachable: 1 };

export function production(strategy: JsonObject = {}, more: JsonObject = {}): Pick<Scenario, "environments"> {
  return { environments: [{ name: "production", spec: { strategy: { ...STRATEGY, ...strategy }, ...more } }] };
}

/** Argo CDs that look again about once a minute, so that ten of their cycles fit into eleven minutes. */
export const SCENARIO = { argo: { timings: { resync: 50_000, resyncJitter: 10_000 } }, settings: { graceTime: 60_000 } } as const;

export const at =
  (ms: number) =>
  (view: View): boolean =>
    view.elapsed >= ms;
export const apply = (revision: string, more?: JsonObject): Act => ({ does: "Apply", revision, ...(more === undefined ? {} : { more }) });
export const ask = (action: string, argument?: string): Act => ({ does: "Ask", action, ...(argument === undefined ? {} : { argument }) });

/** The newest run is the `run`th, and this wave of it, from 1, is in one of these phases. */
export const wave =
  (run: number, number: number, ...phases: readonly string[]) =>
  ({ runs }: View): boolean =>
    runs.length === run && phases.includes(runs.at(-1)?.status?.waves?.[number - 1]?.phase ?? "Pending");

export const ended =
  (run: number) =>
  ({ runs }: View): boolean =>
    runs[run - 1]?.status?.finishedAt !== undefined;
