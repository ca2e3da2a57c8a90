import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ApprovalSeen, Freeze } from "#engine/gates/seen.ts";
import { failed } from "#kube/errors.ts";
import { collection } from "#kube/paths.ts";
import type { Reflector } from "#kube/ports.ts";
import { approvalName, newApproval, type Question } from "./approvals/build.ts";
import { approvalSeen } from "./approvals/decided.ts";
import type { Plans } from "./approvals/plan.ts";
import { involved, RELEASE_APPROVALS, type Parts } from "./parts.ts";

/** One that we made and cannot see is made again after so many milliseconds: somebody may have deleted it. */
const UNSEEN = 10_000;

/** The questions of runs to people: made once, and read. */
export class Approvals {
  readonly #parts: Pick<Parts, "home" | "events" | "clock">;
  readonly #approvals: Reflector<ReleaseApproval>;
  readonly #plans: Plans;
  readonly #madeAt = new Map<string, number>();

  constructor(parts: Pick<Parts, "home" | "events" | "clock">, approvals: Reflector<ReleaseApproval>, plans: Plans) {
    this.#parts = parts;
    this.#approvals = approvals;
    this.#plans = plans;
  }

  get synced(): boolean {
    return this.#approvals.synced;
  }

  see(run: ReleaseRun, wave: number, gate: number, now: number): ApprovalSeen {
    return this.#see(run, { purpose: "Wave", wave, gate }, now);
  }

  seeOverride(run: ReleaseRun, freeze: Freeze, now: number): ApprovalSeen {
    return this.#see(run, { purpose: "FreezeOverride", freeze }, now);
  }

  /** Rejects with KubeFailure when it must be tried again. */
  async ask(run: ReleaseRun, question: Question, signal: AbortSignal): Promise<void> {
    const { home, events, clock } = this.#parts;
    const now = clock.now();
    const approval = newApproval(this.#plans.hashed(run), question, now);
    if (approval === undefined) return;
    const { namespace, name } = approval.metadata;
    const key = `${namespace}/${name}`;
    if (now - (this.#madeAt.get(key) ?? -Infinity) < UNSEEN) return;
    this.#madeAt.set(key, now);
    try {
      await home.create(collection(RELEASE_APPROVALS, namespace), approval, signal);
      events.record(involved(run), "Normal", "ApprovalRequested", `${name}: ${approval.spec.changes.message}`);
    } catch (error) {
      // The process before us made it, and our copy is behind.
      if (failed(error, "AlreadyExists")) return;
      this.#madeAt.delete(key);
      throw error;
    }
  }

  #see(run: ReleaseRun, question: Question, now: number): ApprovalSeen {
    const key = `${run.metadata.namespace}/${approvalName(run, question)}`;
    const found = this.#approvals.get(key);
    if (found === undefined) return { kind: "Absent" };
    this.#madeAt.delete(key);
    return approvalSeen(found, this.#plans.hashed(run), now);
  }
}
