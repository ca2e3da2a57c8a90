import { workloadNamed } from "../workloads/workloads.ts";
import { differences } from "./end.ts";
import { execute } from "./execute.ts";
import type { Fault, Plan } from "./plan.ts";
import { traceOf, type Trace } from "./trace.ts";

/** What came of one plan. */
export interface Verdict {
  /** Whether its faults happened, and the conductor did something else because of them. */
  readonly counts: boolean;
  readonly writes: number;
  /** What was violated, in sentences; none for a plan that holds. */
  readonly problems: readonly string[];
}

/** Runs plans, and what they are compared with once. */
export class Judge {
  readonly #traces = new Map<string, Promise<Trace>>();

  trace(workload: string, seed: string): Promise<Trace> {
    const key = `${workload} ${seed}`;
    const known = this.#traces.get(key) ?? traceOf(workloadNamed(workload), seed);
    this.#traces.set(key, known);
    return known;
  }

  async judge(plan: Plan, faults: readonly Fault[] = plan.faults): Promise<Verdict> {
    const reference = await this.trace(plan.workload, plan.seed);
    const { end, fired, trace, writes, violations } = await execute({ workload: workloadNamed(plan.workload), seed: plan.seed, faults });
    const own = workloadNamed(plan.workload).faults ?? [];
    const problems = [...violations.map(({ message }) => message), ...differences(end, reference.end, plan.expects)];
    // What the first faults of a walk change may leave nothing for a later one to hit: three that happen are a walk.
    const wanted = plan.row === "R14" ? Math.min(3, faults.length) : faults.length;
    return { counts: fired >= wanted + own.length && trace !== reference.fingerprint, writes, problems: problems.slice(0, 12) };
  }
}
