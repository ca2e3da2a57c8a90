import type { Call } from "#simulation/calls.ts";
import type { Expectation, Fault, Plan } from "../plans/plan.ts";
import type { Trace } from "../plans/trace.ts";

/** A class of faults, and the plans that it makes of the trace of a workload. */
export interface Row {
  readonly name: string;
  readonly says: string;
  /** The workloads that it is about, the most telling first. */
  readonly workloads: readonly string[];
  readonly plans: (trace: Trace) => readonly Plan[];
}

/** Whether a call is about a run, an Application or a gate: there it is decided, elsewhere reported. */
export function isDecision({ path }: Call): boolean {
  return /releaseruns|applications|releaseapprovals|analysisruns/.test(path);
}

/** Makes plans of one row and one trace. */
export function planner(row: string, { workload, seed }: Trace) {
  return (says: string, faults: readonly Fault[], expects: Expectation): Plan => ({
    row,
    workload: workload.name,
    seed,
    says,
    faults,
    expects,
  });
}
