import type { PlannedGate } from "#api/releaserun.ts";
import type { ApprovalSeen } from "./seen.ts";
import { isDecided, turned, type GateState } from "./state.ts";

/** What people have decided on one gate. Nobody answering in time is an answer. */
export function judgeApproval(gate: GateState, { approval }: PlannedGate, seen: ApprovalSeen, now: number): GateState {
  if (isDecided(gate) || approval === undefined) return gate;
  switch (seen.kind) {
    case "Absent":
      return turned(gate, "Waiting", "people are about to be asked", now);
    case "Pending": {
      const have = seen.have.length === 0 ? "" : `, of which ${seen.have.length} (${seen.have.join(", ")})`;
      return turned(gate, "Waiting", `needs ${several(seen.need, "approval")}${have}, until ${iso(seen.expiresAt)}`, now);
    }
    case "Approved":
      return turned(gate, "Passed", `approved by ${seen.by.join(", ")}`, now);
    case "Rejected":
      return turned(gate, "Failed", `rejected by ${seen.by}: ${seen.reason}`, now);
    case "Expired":
      return turned(gate, "Failed", `it was not approved until ${iso(seen.expiresAt)}`, now);
  }
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

export function iso(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
