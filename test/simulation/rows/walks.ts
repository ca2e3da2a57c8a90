import { chance } from "#simulation/random.ts";
import { SAME, SAME_IN_THE_END, type Expectation, type Fault, type Plan } from "../plans/plan.ts";
import type { Judge } from "../plans/verdict.ts";
import { ROWS } from "./rows.ts";

/** Where several faults meet, a patch may be needed once more, and how a run got there may differ: not where the Applications end. */
const TOGETHER: Expectation = { ...SAME_IN_THE_END, retries: 2, fewer: 1 };
const WORKLOADS = ["happy", "fails", "replaced", "manual", "queued"] as const;
/** Where a revision fails in one cluster: a run that has to go on without it ends well, and that is no fault of it. */
const FAILING: ReadonlySet<string> = new Set(["fails", "replaced", "manual"]);
const SALT = 0x9e37;

/** R14: random walks of three to six faults, all drawn from the plans of the other rows and from one seed. */
export async function walks(judge: Judge, seed: string, count: number): Promise<readonly Plan[]> {
  const pools = new Map<string, readonly (readonly Fault[])[]>();
  for (const workload of WORKLOADS) {
    const trace = await judge.trace(workload, "1");
    if (trace.violations.length > 0) continue;
    const rows = ROWS.filter(({ workloads }) => workloads.includes(workload));
    // One pool for each row: rows with many plans do not drown the others.
    for (const row of rows) {
      const faults = row
        .plans(trace)
        .flatMap((plan) =>
          isHarmless(plan) && !(FAILING.has(workload) && plan.faults.some(isOutage)) && !plan.faults.some(isForgetting)
            ? [plan.faults]
            : [],
        );
      if (faults.length > 0) pools.set(`${workload} ${row.name}`, faults);
    }
  }
  return Array.from({ length: count }, (_, index): Plan => {
    const random = chance(`${seed}/${index}/${SALT}`);
    const workload = random.of(WORKLOADS);
    const own = [...pools].filter(([key]) => key.startsWith(`${workload} `)).map(([, faults]) => faults);
    const wanted = 3 + random.below(4);
    const faults: Fault[] = [];
    while (own.length > 0 && faults.length < wanted) {
      const pool = own[random.below(own.length)] ?? [];
      faults.push(...(pool[random.below(pool.length)] ?? []));
    }
    return { row: "R14", workload, seed: "1", says: `walk ${seed}/${index}`, faults, expects: TOGETHER };
  });
}

function isOutage({ kind, ...fault }: Fault): boolean {
  return kind === "Outage" || ("act" in fault && (fault.act.does === "Unregister" || fault.act.does === "Register"));
}

/** What an intruder takes from a run is repaired from memory, by a conductor that lives on: not together with a crash. */
function isForgetting(fault: Fault): boolean {
  return fault.kind === "Act" && fault.act.does === "Meddle" && fault.act.kind === "run" && "status" in fault.act.patch;
}

/** Whether a plan changes nothing about the end, by its class. */
function isHarmless({ expects }: Plan): boolean {
  return expects === SAME || expects === SAME_IN_THE_END;
}
