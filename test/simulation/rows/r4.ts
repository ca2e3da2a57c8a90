import { isWrite } from "#simulation/calls.ts";
import { SAME } from "../plans/plan.ts";
import { isDecision, planner, type Row } from "./row.ts";

/** A list shows the past, in so many changes; the last number is more than there ever are. */
const BACK = [1, 5, 9999] as const;
const LASTS = 20_000;
const KINDS = ["applications", "releaseruns"] as const;

/** The conductor dies just after each of its decisions, and what it reads then is of before. */
export const R4: Row = {
  name: "R4",
  says: "after a restart at each decision the caches show the past",
  workloads: ["happy", "fails", "replaced"],
  plans: (trace) => {
    const plan = planner("R4", trace);
    const decisions = trace.calls.filter((call) => isWrite(call) && isDecision(call));
    return decisions.flatMap(({ id, at }) =>
      KINDS.flatMap((resource) =>
        BACK.map((changes) =>
          plan(
            `dies after ${id}, and ${resource} are ${changes === 9999 ? "all" : changes} changes behind`,
            [{ kind: "Crash", at: at - trace.startedAt + 20, restartAfter: 1000, stale: { resource, changes, lasts: LASTS } }],
            SAME,
          ),
        ),
      ),
    );
  },
};
