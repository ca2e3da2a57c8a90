import { isWrite, type Call } from "#simulation/calls.ts";
import type { CallFault } from "#simulation/faults.ts";
import { SAME } from "../plans/plan.ts";
import { isDecision, planner, type Row } from "./row.ts";

const WAYS: readonly (readonly [string, CallFault])[] = [
  ["is answered 409", { kind: "Refused", status: 409 }],
  ["is answered 429, to come back in 7 s", { kind: "Refused", status: 429, retryAfter: 7000 }],
  ["is answered 500", { kind: "Refused", status: 500 }],
  ["is answered 503", { kind: "Refused", status: 503 }],
  ["is done, and no answer comes", { kind: "TimeoutAfterCommit", after: 30_000 }],
  ["is reset before it is sent", { kind: "ResetBeforeSend" }],
  ["is done, and reset before the answer", { kind: "ResetAfterCommit" }],
];

/** What is only read cannot conflict, and is not done before its answer: of the ways to lose an answer one is left. */
function waysOf(call: Call): typeof WAYS {
  return isWrite(call)
    ? WAYS
    : WAYS.filter(([, { kind, ...rest }]) => kind !== "ResetAfterCommit" && !("status" in rest && rest.status === 409));
}

export const R2: Row = {
  name: "R2",
  says: "each call fails in each of seven ways",
  workloads: ["happy", "fails", "manual", "gated"],
  plans: (trace) => {
    const plan = planner("R2", trace);
    return trace.calls
      .filter((call) => call.verb !== "WATCH" && (trace.workload.name === "happy" || isDecision(call)))
      .flatMap((call) => waysOf(call).map(([says, fault]) => plan(`${call.id} ${says}`, [{ kind: "Call", call: call.id, fault }], SAME)));
  },
};
