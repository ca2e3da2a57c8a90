import { cut, stamp } from "#api/conditions.ts";
import type { ApprovalPhase, ApprovalStatus, ReleaseApproval } from "#api/releaseapproval.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ApprovalSeen } from "#engine/gates/seen.ts";
import { gateOf, planHash } from "./object.ts";

/** What people have decided on an approval, and what became of that. */

const SERVICE_ACCOUNT = "system:serviceaccount:";

export function isServiceAccount(user: string): boolean {
  return user.startsWith(SERVICE_ACCOUNT);
}

/**
 * What an approval says of a run. One of another run or plan says nothing. Admission holds who may decide; what it would not
 * have let through does not count here either. What comes after the end of its time comes too late.
 */
export function approvalSeen(approval: ReleaseApproval | undefined, run: ReleaseRun, now: number): ApprovalSeen {
  if (approval === undefined || approval.spec.run.uid !== run.metadata.uid || approval.spec.run.planHash !== planHash(run))
    return { kind: "Absent" };
  const { decisions = {}, author, count, serviceAccounts = [] } = approval.spec;
  const expiresAt = Date.parse(approval.spec.expiresAt);
  const known = new Set(serviceAccounts.map((name) => `${SERVICE_ACCOUNT}${name.replace("/", ":")}`));
  const all = Object.entries(decisions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rejected = all.find(([, { decision }]) => decision === "Reject");
  if (rejected !== undefined) return { kind: "Rejected", by: rejected[0], reason: rejected[1].reason ?? "" };
  if (now >= expiresAt) return { kind: "Expired", expiresAt };
  const have = all.map(([user]) => user).filter((user) => user !== author && (!isServiceAccount(user) || known.has(user)));
  return have.length >= count ? { kind: "Approved", by: have } : { kind: "Pending", have, need: count, expiresAt };
}

/** What became of an approval: what the run has stored of it is final, and so is the run's end. */
export function approvalStatus(approval: ReleaseApproval, run: ReleaseRun, now: number): ApprovalStatus {
  const seen = approvalSeen(approval, run, now);
  const { count } = approval.spec;
  const have = seen.kind === "Approved" ? seen.by.length : seen.kind === "Pending" ? seen.have.length : 0;
  const phase = phaseOf(approval, run, seen);
  const before = approval.status?.phase === phase ? approval.status.decidedAt : undefined;
  return {
    ...(approval.metadata.generation === undefined ? {} : { observedGeneration: approval.metadata.generation }),
    phase,
    message: cut(messageOf(phase, seen, run)),
    approvals: `${have}/${count}`,
    ...(phase === "Pending" ? {} : { decidedAt: before ?? stamp(now) }),
  };
}

function phaseOf({ metadata, spec, status: before }: ReleaseApproval, { status }: ReleaseRun, seen: ApprovalSeen): ApprovalPhase {
  if (before?.phase !== undefined && before.phase !== "Pending") return before.phase;
  const at = gateOf(metadata.name);
  const gate = spec.purpose === "Wave" && at !== undefined ? status?.waves?.[at.wave]?.gates?.[at.gate] : undefined;
  if (gate?.phase === "Passed" || (spec.purpose === "FreezeOverride" && isOverridden(spec, status))) return "Approved";
  if (gate?.phase === "Failed" || spec.purpose === "FreezeOverride") {
    if (seen.kind === "Rejected" || seen.kind === "Expired") return seen.kind;
    if (gate !== undefined) return "Void";
  }
  return status?.finishedAt !== undefined || status?.rollback !== undefined || seen.kind === "Absent" ? "Void" : "Pending";
}

function isOverridden({ freeze, expiresAt }: ReleaseApproval["spec"], status: ReleaseRun["status"]): boolean {
  return status?.overrides?.some((one) => one.freeze === freeze && Date.parse(one.until) === Date.parse(expiresAt)) === true;
}

function messageOf(phase: ApprovalPhase, seen: ApprovalSeen, run: ReleaseRun): string {
  switch (phase) {
    case "Approved":
      return seen.kind === "Approved" ? `by ${seen.by.join(", ")}` : "approved";
    case "Rejected":
      return seen.kind === "Rejected" ? `by ${seen.by}: ${seen.reason}` : "rejected";
    case "Expired":
      return "nobody decided in time";
    case "Void":
      return `${run.metadata.name} needs it no more`;
    case "Pending":
      if (seen.kind !== "Pending") return "decided, and about to be acted on";
      return seen.have.length === 0 ? `needs ${seen.need}` : `needs ${seen.need}, has ${seen.have.join(", ")}`;
  }
}
