import type { Behaviour } from "#simulation/behaviour.ts";
import { SAME, type Fault } from "../plans/plan.ts";
import type { Trace } from "../plans/trace.ts";
import { A } from "../workloads/workload.ts";
import { planner, type Row } from "./row.ts";

/** When, after a sync, a target is Degraded for a moment: while it settles, in the soak, and while later waves go on. */
const BLIPS = [3000, 12_000, 20_000, 35_000] as const;
const SHORT = [400, 8000] as const;

const blip = (after: number, lasts: number): Behaviour => ({
  health: [
    { after: 1000, status: "Healthy" },
    { after, status: "Degraded", message: "for a moment" },
    { after: after + lasts, status: "Healthy" },
  ],
});

/** Everything between two states is over before anybody can see it. */
const AT_ONCE: Behaviour = { sync: { kind: "Succeeds", takes: 1 }, health: [{ after: 0, status: "Healthy" }] };

const behaves = (cluster: string, behaviour: Behaviour): Fault => ({
  kind: "Act",
  at: 0,
  act: { does: "Behave", cluster, revision: A, behaviour },
});

/** When a target was first written, in milliseconds from the beginning. */
function steeredAt({ calls, startedAt }: Trace, cluster: string): number {
  return (calls.find(({ server, verb }) => server === cluster && verb === "PATCH")?.at ?? startedAt) - startedAt;
}

export const R5: Row = {
  name: "R5",
  says: "states that pass unobserved",
  workloads: ["happy", "queued"],
  plans: (trace) => {
    const plan = planner("R5", trace);
    return trace.workload.clusters.flatMap(({ name }) => [
      plan(`${name} is through with everything at once`, [behaves(name, AT_ONCE)], SAME),
      ...BLIPS.flatMap((after) =>
        SHORT.flatMap((lasts) => {
          const shown = plan(`${name} is Degraded for ${lasts} ms, ${after} ms after its sync`, [behaves(name, blip(after, lasts))], SAME);
          const at = steeredAt(trace, name) + after + 500;
          const hidden = plan(
            `${name} is Degraded for ${lasts} ms, ${after} ms after its sync, while nobody can look`,
            [
              behaves(name, blip(after, lasts)),
              { kind: "Outage", at, server: name, outage: { kind: "Down", how: "reset" }, lasts: lasts + 2500 },
            ],
            SAME,
          );
          return [shown, hidden];
        }),
      ),
    ]);
  },
};
