import type { PlannedGate, PlannedWave } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Intent } from "#engine/next.ts";
import { unsafe } from "./approvals/unsafe.ts";
import { refused, type Coverage, type Refusal } from "./coverage.ts";
import { cycleOf } from "./dependencies.ts";
import type { Freezes } from "./freezes/freezes.ts";
import type { Guards } from "./guards.ts";
import { authorOf } from "./newrun.ts";
import { keyOf, type Parts } from "./parts.ts";
import type { AnalysisCheck } from "./rehearsals.ts";
import type { Waves } from "#engine/strategy.ts";

export type Held = Refusal | { readonly kind: "Waiting"; readonly message: string };

/** Whether the gates of a plan can do what they are for: asked before anything is written, since what cannot be read must not be an open gate. */
export class GateChecks {
  readonly #parts: Parts;
  readonly #freezes: Freezes;
  readonly #guards: Guards;
  readonly #rehearsals: AnalysisCheck;

  constructor(parts: Parts, freezes: Freezes, guards: Guards, rehearsals: AnalysisCheck) {
    this.#parts = parts;
    this.#freezes = freezes;
    this.#guards = guards;
    this.#rehearsals = rehearsals;
  }

  /** What speaks against a plan in these waves, or is still to be found out; undefined when nothing does. Rejects with KubeFailure. */
  async check(release: ServiceRelease, covered: Coverage, intent: Intent, waves: Waves, signal: AbortSignal): Promise<Held | undefined> {
    if (intent.kind === "Rollback") return undefined;
    if (!this.#freezes.synced) return { kind: "Waiting", message: "the FreezeWindows are not read yet" };
    return (
      this.#cycle(release, covered) ??
      this.#freeze(release) ??
      (await this.#approvals(release, waves.waves, signal)) ??
      (await this.#analyses(release, intent, waves, signal))
    );
  }

  #cycle(release: ServiceRelease, { strategy, environment }: Coverage): Refusal | undefined {
    // Its own as it is planned with, which may be one that is only proposed.
    const environments = { get: (key: string) => (key === keyOf(environment) ? environment : this.#parts.environments.get(key)) };
    const way = strategy.dependsOn === undefined ? undefined : cycleOf(release, environments);
    if (way === undefined) return undefined;
    return refused("DependencyCycle", `it would wait for itself (${way.join(" → ")}): take one of these out of strategy.dependsOn`);
  }

  #freeze({ metadata, spec }: ServiceRelease): Refusal | undefined {
    const fault = this.#freezes.invalidFor({ namespace: metadata.namespace, service: spec.service, environment: spec.environment });
    return fault === undefined ? undefined : refused("FreezeInvalid", fault.message);
  }

  async #approvals(release: ServiceRelease, waves: readonly PlannedWave[], signal: AbortSignal): Promise<Refusal | undefined> {
    const asked = gatesOf(waves).flatMap(({ wave, gate }) => (gate.approval === undefined ? [] : [{ wave, approval: gate.approval }]));
    if (asked.length === 0) return undefined;
    const author = authorOf(release);
    for (const { wave, approval } of asked) {
      const why = unsafe(approval, author);
      if (why !== undefined) return refused("ApprovalUnsafe", `wave ${wave}: ${why}`);
    }
    const missing = await this.#guards.approvals(signal);
    return missing === undefined ? undefined : refused("ApprovalsUnguarded", missing);
  }

  async #analyses(release: ServiceRelease, intent: Intent, waves: Waves, signal: AbortSignal): Promise<Held | undefined> {
    const { namespace } = release.metadata;
    const { service, environment } = release.spec;
    let held: Held | undefined;
    for (const { wave, at, gate } of gatesOf(waves.waves)) {
      if (gate.analysis === undefined) continue;
      const clusters = waves.order.filter((name) => waves.waveOf.get(name) === at);
      const subject = { namespace, service, environment, revision: intent.revision, wave, clusters };
      const answer = await this.#rehearsals.rehearse(release, subject, gate.analysis, signal);
      if (answer === "Fine") continue;
      if (answer.kind === "Refused") return answer;
      held ??= answer;
    }
    return held;
  }
}

function gatesOf(waves: readonly PlannedWave[]): readonly { readonly wave: string; readonly at: number; readonly gate: PlannedGate }[] {
  return waves.flatMap(({ name, gates = [] }, at) => gates.map((gate) => ({ wave: name, at, gate })));
}
