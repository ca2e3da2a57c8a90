import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ApprovalSeen, Freeze } from "#engine/gates/seen.ts";
import { failed } from "#kube/errors.ts";
import { collection } from "#kube/paths.ts";
import type { Reflector } from "#kube/ports.ts";
import { approvalSeen } from "./approvals/decided.ts";
import { approvalName, overrideApproval, overrideName, waveApproval, type NewApproval } from "./approvals/object.ts";
import { involved, RELEASE_APPROVALS, type Parts } from "./parts.ts";

/** One that we made and cannot see is made again after so many milliseconds: somebody may have deleted it. */
const UNSEEN = 10_000;

/** The questions of runs to people: made once, and read. */
export class Approvals {
  readonly #parts: Pick<Parts, "home" | "events" | "clock">;
  readonly #approvals: Reflector<ReleaseApproval>;
  readonly #madeAt = new Map<string, number>();

  constructor(parts: Pick<Parts, "home" | "events" | "clock">, approvals: Reflector<ReleaseApproval>) {
    this.#parts = parts;
    this.#approvals = approvals;
  }

  see(run: ReleaseRun, wave: number, gate: number, now: number): ApprovalSeen {
    return this.#see(run, approvalName(run, wave, gate), now);
  }

  seeOverride(run: ReleaseRun, freeze: Freeze, now: number): ApprovalSeen {
    return this.#see(run, overrideName(run, freeze), now);
  }

  /** Rejects with KubeFailure when it must be tried again. */
  async ask(run: ReleaseRun, wave: number, gate: number, signal: AbortSignal): Promise<void> {
    const approval = waveApproval(run, wave, gate, this.#parts.clock.now());
    if (approval !== undefined) await this.#create(run, approvalName(run, wave, gate), approval, signal);
  }

  async askOverride(run: ReleaseRun, freeze: Freeze, signal: AbortSignal): Promise<void> {
    await this.#create(run, overrideName(run, freeze), overrideApproval(run, freeze), signal);
  }

  #see(run: ReleaseRun, name: string, now: number): ApprovalSeen {
    const key = `${run.metadata.namespace}/${name}`;
    const found = this.#approvals.get(key);
    if (found !== undefined) this.#madeAt.delete(key);
    return approvalSeen(found, run, now);
  }

  async #create(run: ReleaseRun, name: string, approval: NewApproval, signal: AbortSignal): Promise<void> {
    const { home, events, clock } = this.#parts;
    const { namespace } = run.metadata;
    const key = `${namespace}/${name}`;
    const now = clock.now();
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
}
