import { isDeepStrictEqual } from "node:util";
import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { Reflector } from "#kube/ports.ts";
import type { WorkQueue } from "#kube/queue.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ApprovalSeen } from "#engine/gates/seen.ts";
import { gateOf } from "./approvals/build.ts";
import { approvalSeen, approvalStatus, type Verdict } from "./approvals/decided.ts";
import type { Plans } from "./approvals/plan.ts";
import { Echoes } from "./echoes.ts";
import { involved, RELEASE_APPROVALS, type Parts } from "./parts.ts";
import { putStatus } from "./putstatus.ts";

/** Says on each ReleaseApproval what has become of it. What is decided by it is decided in the run. */
export class ApprovalController {
  readonly #parts: Parts;
  readonly #approvals: Reflector<ReleaseApproval>;
  readonly #plans: Plans;
  readonly #queue: WorkQueue;
  readonly #echoes: Echoes;

  constructor(parts: Parts, approvals: Reflector<ReleaseApproval>, plans: Plans, queue: WorkQueue) {
    this.#parts = parts;
    this.#approvals = approvals;
    this.#plans = plans;
    this.#queue = queue;
    this.#echoes = new Echoes(approvals, queue, parts.clock);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { home, runs, clock, events } = this.#parts;
    const approval = this.#approvals.get(key);
    if (approval === undefined) return this.#echoes.forget(key);
    if (!this.#echoes.arrived(key)) return;
    const { namespace } = approval.metadata;
    const run = runs.get(`${namespace}/${approval.spec.run.name}`);
    // Without its run it is deleted by Kubernetes, which made the run its owner.
    if (run === undefined || run.metadata.uid !== approval.spec.run.uid) return;

    // 1. What has become of it?
    const now = clock.now();
    const status = approvalStatus(approval, verdict(approval, run, approvalSeen(approval, this.#plans.hashed(run), now)), now);
    if (!isDeepStrictEqual(status, approval.status)) {
      this.#echoes.expect(key, await putStatus(home, RELEASE_APPROVALS, approval, status, signal));
      const { phase = "Pending", message = "" } = status;
      const isNews = phase !== "Pending" && phase !== "Void" && !(phase === "Expired" && approval.spec.purpose === "FreezeOverride");
      if (isNews && phase !== approval.status?.phase) {
        const reason = phase === "Approved" && approval.spec.purpose === "FreezeOverride" ? "FreezeOverridden" : phase;
        events.record(involved(run), phase === "Approved" ? "Normal" : "Warning", reason, `${approval.metadata.name}: ${message}`);
      }
    }

    // 2. Its time may end though nothing is written.
    const left = Date.parse(approval.spec.expiresAt) - now;
    if (status.phase === "Pending" && left > 0) this.#queue.addAfter(key, left);
  }
}

/** What the run has stored of an approval, or its end, is final; what was seen and is not stored yet is not. */
function verdict({ metadata, spec }: ReleaseApproval, { metadata: { name }, status }: ReleaseRun, seen: ApprovalSeen): Verdict {
  if (seen.kind === "Absent") return { kind: "Void", reason: `it is of another plan than that of ${name}` };
  const at = gateOf(metadata.name);
  const gate = at === undefined ? undefined : status?.waves?.[at.wave]?.gates?.[at.gate];
  const isUsed =
    spec.purpose === "Wave" ? gate?.phase === "Passed" || gate?.phase === "Failed" : isOverridden(spec, status) || seen.kind !== "Approved";
  if (isUsed && seen.kind !== "Pending") return seen;
  if (status?.finishedAt !== undefined) return { kind: "Void", reason: `${name} has ended` };
  if (status?.rollback !== undefined) return { kind: "Void", reason: `${name} goes back to what was verified` };
  if (seen.kind === "Pending") return seen;
  const have = seen.kind === "Approved" ? seen.by : [];
  return { kind: "Pending", have, need: spec.count, expiresAt: Date.parse(spec.expiresAt) };
}

function isOverridden({ freeze, expiresAt }: ReleaseApproval["spec"], status: ReleaseRun["status"]): boolean {
  return status?.overrides?.some((one) => one.freeze === freeze && Date.parse(one.until) === Date.parse(expiresAt)) === true;
}
