import type { Call } from "#simulation/calls.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { Workload } from "../workloads/workload.ts";
import type { End } from "./end.ts";
import { execute, type Execution } from "./execute.ts";

/** A stage of a run as it was stored first: where users act and clusters fail. */
export interface Moment {
  /** Milliseconds from the beginning. */
  readonly at: number;
  readonly run: string;
  /** In words: `wave 2 Soaking`, `RollingBack`. */
  readonly says: string;
}

/** What is known of a workload without faults: what plans are made of. */
export interface Trace {
  readonly workload: Workload;
  readonly seed: string;
  readonly calls: readonly Call[];
  readonly startedAt: number;
  readonly moments: readonly Moment[];
  readonly end: End;
  readonly fingerprint: string;
  readonly violations: readonly string[];
  /** How many events a watch that is opened at the beginning brings until the end. */
  readonly events: (watch: Call) => number;
}

export async function traceOf(workload: Workload, seed: string): Promise<Trace> {
  const execution = await execute({ workload, seed, faults: [] });
  const { simulation, startedAt, end, trace, violations } = execution;
  const ended = execution.endedAt;
  return {
    workload,
    seed,
    // What comes after the end can be hit as well, but nothing is decided there.
    calls: simulation.calls.filter(({ at }) => at <= ended).map((call) => ({ ...call })),
    startedAt,
    moments: momentsOf(execution),
    end,
    fingerprint: trace,
    violations: violations.map(({ message }) => message),
    events: ({ server, path, at }) =>
      simulation.writes.filter(
        (write) => write.server === server && path.endsWith(write.resource.split("/").at(-1) ?? "") && write.at > at && write.at <= ended,
      ).length,
  };
}

/** When the stored runs said something new of a wave, or of themselves. */
function momentsOf({ simulation, startedAt }: Execution): readonly Moment[] {
  const said = new Set<string>();
  const moments: Moment[] = [];
  for (const { who, resource, after, at } of simulation.writes) {
    if (who !== CONDUCTOR || resource !== RESOURCES.runs || after === undefined) continue;
    // Our own statuses were parsed when they were written.
    const status = after["status"] as ReleaseRun["status"];
    const run = after.metadata.name;
    const news =
      status === undefined
        ? ["Planned"]
        : [
            ...(status.waves ?? []).flatMap(({ phase }, index) => (phase === "Pending" ? [] : [`wave ${index + 1} ${phase}`])),
            ...(status.rollback === undefined ? [] : ["RollingBack"]),
          ];
    for (const one of news) {
      if (said.has(`${run} ${one}`)) continue;
      said.add(`${run} ${one}`);
      moments.push({ at: at - startedAt, run, says: one });
    }
  }
  return moments;
}
