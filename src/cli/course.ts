import { milliseconds } from "#api/rules.ts";
import { Simulation } from "#simulation/simulation.ts";
import { Recorder, type RunRecord } from "./record.ts";
import { scenarioOf, type Setup } from "./setup.ts";

/** A release from the wish until nothing moves any more. Milliseconds since it was applied. */
export interface Course {
  readonly runs: readonly RunRecord[];
  readonly phase: string;
  readonly message: string;
  /** Whether the last run has ended; else it waits for something that does not come by itself. */
  readonly ended: boolean;
  /** Why no run was made at all, where none was. */
  readonly stalled: string | undefined;
  /** When it ended, or the last thing happened. */
  readonly at: number;
  /** When Argo CD last had applied something to a cluster. */
  readonly appliedAt: ReadonlyMap<string, number>;
}

/** How far a simulation is, for somebody who waits for it. */
export interface Progress {
  readonly virtual: number;
  readonly phase: string;
  readonly wave: string;
  readonly ready: string;
}

/** How long nothing may happen to a release that has ended until it is taken for settled: a cluster that answers again is asked within this. */
const QUIET = 90_000;
/** What may be on its way when nothing is out of reach. */
const SHORT = 15_000;
/** A refusal that stands so long is no matter of order at the start. */
const REFUSED = 15_000;
const HORIZON = 400 * 24 * 3_600_000;

/** Simulates one release with the controllers that would carry it out. */
export async function follow(setup: Setup, watch: (progress: () => Progress) => void): Promise<Course> {
  const name = `${setup.service}.${setup.manifest.name}`;
  const simulation = new Simulation(scenarioOf(setup));
  const start = simulation.clock.now();
  const record = new Recorder(start);
  simulation.onWrite((write) => record.note(write));
  const returns = Math.max(0, ...[...setup.faults.unreachable.values()].filter((lasts) => lasts !== undefined));
  for (const [cluster, lasts] of setup.faults.unreachable)
    simulation.faults.outage(simulation.server(cluster).name, { kind: "Down", how: "timeout" }, 0, lasts ?? Number.POSITIVE_INFINITY);
  simulation.wishes.apply(name, setup.revision);

  const quiet = setup.faults.unreachable.size === 0 ? SHORT : QUIET;
  const patience = patienceOf(setup);
  const progress = (): Progress => ({
    virtual: simulation.clock.now() - start,
    phase: record.release?.phase ?? "Pending",
    wave: record.release?.wave?.summary ?? "",
    ready: record.release?.targets?.summary ?? "",
  });
  const isSettled = (): boolean => {
    watch(progress);
    const now = simulation.clock.now() - start;
    const { changedAt, runs, release } = record;
    const still = now - Math.max(changedAt, returns);
    if (runs.length === 0) return release?.phase === "Stalled" && now - changedAt >= REFUSED;
    if (runs.at(-1)?.ended !== undefined) return still >= quiet;
    return still >= patience;
  };
  await simulation.runUntil(isSettled, HORIZON);
  return courseOf(record);
}

/** Longer than anything may take that ends by itself. */
function patienceOf({ manifest: { spec }, faults }: Setup): number {
  const { strategy } = spec;
  const soaks = [strategy.minSuccessTime, ...strategy.waves.flatMap(({ minSuccessTime }) => minSuccessTime ?? [])].map(milliseconds);
  return milliseconds(strategy.progressDeadline) + Math.max(...soaks, ...faults.slow.values()) + 300_000;
}

function courseOf({ runs, release, changedAt, appliedAt }: Recorder): Course {
  const phase = release?.phase ?? "Pending";
  const said = (type: string): string | undefined => release?.conditions?.find((one) => one.type === type)?.message;
  const ended = runs.length > 0 && runs.every((run) => run.ended !== undefined);
  return {
    runs,
    phase,
    message: (ended ? said("Finished") : release?.waitingOn?.message) ?? said("Ready") ?? "",
    ended,
    stalled: runs.length === 0 ? (said("Stalled") ?? "the release could not be planned") : undefined,
    at: ended ? (runs.at(-1)?.ended?.at ?? changedAt) : changedAt,
    appliedAt,
  };
}
