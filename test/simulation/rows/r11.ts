import type { Behaviour } from "#simulation/behaviour.ts";
import { OLD } from "#simulation/scenario.ts";
import type { Expectation, Plan } from "../plans/plan.ts";
import type { Trace } from "../plans/trace.ts";
import { A, BAD } from "../workloads/workload.ts";
import { planner, type Row } from "./row.ts";

const allOrNothing = (revision: string): Expectation => ({
  says: "if it fails before the release has ended all goes back, else all stays",
  outcomes: ["RolledBack", "Succeeded"],
  free: ["applications", "targets", "patches"],
  revisions: { RolledBack: OLD, Succeeded: revision },
});

/** When a target begins to fail, in milliseconds from its sync on: around each boundary of each wave after its own. */
function times({ moments }: Trace, cluster: string, wave: number): readonly number[] {
  const began = moments.find(({ says }) => says === `wave ${wave} Progressing`)?.at ?? 0;
  const boundaries = moments.filter(({ at }) => at >= began).map(({ at }) => at - began);
  return [...new Set(boundaries.flatMap((at) => [Math.max(0, at - 2000), at + 2000]))].map((at) => at + cluster.length);
}

const degradedAfter = (after: number): Behaviour => ({
  health: [...(after > 1000 ? [{ after: 1000, status: "Healthy" } as const] : []), { after, status: "Degraded", message: "it crashes" }],
});

export const R11: Row = {
  name: "R11",
  says: "each target fails, around each boundary of each wave",
  workloads: ["happy", "manual"],
  plans: (trace) => {
    const plan = planner("R11", trace);
    const revision = trace.workload.name === "manual" ? BAD : A;
    const waves = [
      ["eu", 1],
      ["us", 2],
      ["ap", 2],
      ["sa", 3],
    ] as const;
    return waves.flatMap(([cluster, wave]): Plan[] => [
      ...times(trace, cluster, wave).map((after) =>
        plan(
          `${cluster} is Degraded from ${after} ms after its sync on`,
          [{ kind: "Act", at: 0, act: { does: "Behave", cluster, revision, behaviour: degradedAfter(after) } }],
          allOrNothing(revision),
        ),
      ),
      plan(
        `${cluster} cannot sync`,
        [
          {
            kind: "Act",
            at: 0,
            act: { does: "Behave", cluster, revision, behaviour: { sync: { kind: "Fails", message: "refused by a webhook" } } },
          },
        ],
        allOrNothing(revision),
      ),
    ]);
  },
};
