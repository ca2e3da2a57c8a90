import { cut, stamp } from "#api/conditions.ts";
import type { ApprovalStatus, ReleaseApproval } from "#api/releaseapproval.ts";
import { iso } from "#engine/gates/approvals.ts";
import type { ApprovalSeen } from "#engine/gates/seen.ts";
import type { HashedRun } from "./plan.ts";

/**
 * What people have decided, for the run and plan that they were asked about; for any other nothing was asked. Who may decide is
 * the admission policies' to say; that the author does not approve is held here once more.
 */
export function approvalSeen(approval: ReleaseApproval | undefined, { run, planHash }: HashedRun, now: number): ApprovalSeen {
  if (approval === undefined || approval.spec.run.uid !== run.metadata.uid || approval.spec.run.planHash !== planHash)
    return { kind: "Absent" };
  const { count } = approval.spec;
  const expiresAt = Date.parse(approval.spec.expiresAt);
  if (approval.status?.phase === "Expired") return { kind: "Expired", expiresAt };
  const rejection = decisionsOf(approval).find(([, { decision }]) => decision === "Reject");
  if (rejection !== undefined) return { kind: "Rejected", by: rejection[0], reason: rejection[1].reason ?? "" };
  const have = approversOf(approval);
  if (have.length >= count) return { kind: "Approved", by: have };
  // Written so that a time which cannot be read has passed.
  return now < expiresAt ? { kind: "Pending", have, need: count, expiresAt } : { kind: "Expired", expiresAt };
}

/** What becomes of an approval: what was seen on it, or that nobody waits for it any more, and why. */
export type Verdict = Exclude<ApprovalSeen, { kind: "Absent" }> | { readonly kind: "Void"; readonly reason: string };

/** The status of an approval. What is final stays as it was said first. */
export function approvalStatus(approval: ReleaseApproval, verdict: Verdict, now: number): ApprovalStatus {
  const { spec, status, metadata } = approval;
  if (status?.phase !== undefined && status.phase !== "Pending") return status;
  return {
    observedGeneration: metadata.generation,
    phase: verdict.kind,
    message: cut(messageOf(approval, verdict)),
    approvals: `${approversOf(approval).length}/${spec.count}`,
    ...(verdict.kind === "Pending" ? {} : { decidedAt: stamp(now) }),
  };
}

function messageOf({ metadata, spec }: ReleaseApproval, verdict: Verdict): string {
  switch (verdict.kind) {
    case "Pending": {
      const decision = '{"spec":{"decisions":{"<your user name>":{"decision":"Approve"}}}}';
      const have = verdict.have.length === 0 ? "" : `, of which it has ${verdict.have.length} (${verdict.have.join(", ")})`;
      const how = `kubectl patch releaseapproval ${metadata.name} --namespace ${metadata.namespace} --type=merge -p '${decision}'`;
      return `needs ${several(spec.count)}${have}, until ${iso(verdict.expiresAt)}. To approve: ${how}`;
    }
    case "Approved":
      return `approved by ${verdict.by.join(", ")}`;
    case "Rejected":
      return `rejected by ${verdict.by}: ${verdict.reason}`;
    case "Expired":
      return `it needed ${several(spec.count)}, and did not have that until ${iso(verdict.expiresAt)}: another run of the release asks anew`;
    case "Void":
      return `nobody waits for it any more: ${verdict.reason}`;
  }
}

function decisionsOf({ spec }: ReleaseApproval) {
  return Object.entries(spec.decisions ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Who approves and is not the author, by name. */
function approversOf(approval: ReleaseApproval): readonly string[] {
  return decisionsOf(approval)
    .filter(([name, { decision }]) => decision === "Approve" && name !== approval.spec.author)
    .map(([name]) => name);
}

function several(count: number): string {
  return `${count} approval${count === 1 ? "" : "s"}`;
}
