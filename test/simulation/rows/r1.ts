import { isWrite } from "#simulation/calls.ts";
import { SAME } from "../plans/plan.ts";
import { isDecision, planner, type Row } from "./row.ts";

/** What an operating system and a lease take until another conductor works, in milliseconds. */
const RESTART = 3000;

const WHOLE = new Set(["happy", "fails"]);

export const R1: Row = {
  name: "R1",
  says: "the conductor dies before or after each write",
  workloads: ["happy", "fails", "replaced", "manual", "stopped", "unreachable", "members", "paused", "drifted", "deleted", "gated"],
  plans: (trace) => {
    const plan = planner("R1", trace);
    // Around the writes that are no decision the first workloads are enough: they are the same everywhere.
    const all = WHOLE.has(trace.workload.name);
    return trace.calls
      .filter((call) => isWrite(call) && (all || isDecision(call)))
      .flatMap(({ id }) => [
        plan(`dies before it sends ${id}`, [{ kind: "Call", call: id, fault: { kind: "CrashBefore", restartAfter: RESTART } }], SAME),
        plan(`dies when ${id} is done`, [{ kind: "Call", call: id, fault: { kind: "CrashAfter", restartAfter: RESTART } }], SAME),
      ]);
  },
};
