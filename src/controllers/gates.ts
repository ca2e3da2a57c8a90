import type { ReleaseRun } from "#api/releaserun.ts";
import type { Freeze, GatesSeen } from "#engine/gates/seen.ts";
import type { Ask } from "#engine/world.ts";
import type { Analyses } from "./analyses.ts";
import type { Approvals } from "./approvals.ts";
import { dependencySeen } from "./dependencies.ts";
import type { Freezes } from "./freezes/freezes.ts";
import type { Guards } from "./guards.ts";
import { keyOf, type Parts } from "./parts.ts";

/** How soon what could not be asked for is asked for again, in milliseconds. */
const AGAIN = 2000;
/** The end of what has none. */
const NEVER = Date.UTC(9999, 11, 31);

/** The gates of runs: what they say now, and what they need. */
export class Gates {
  readonly #parts: Parts;
  readonly #analyses: Analyses;
  readonly #approvals: Approvals;
  readonly #freezes: Freezes;
  readonly #guards: Guards;
  /** What is being asked for. */
  readonly #asking = new Set<string>();

  constructor(parts: Parts, analyses: Analyses, approvals: Approvals, freezes: Freezes, guards: Guards) {
    this.#parts = parts;
    this.#analyses = analyses;
    this.#approvals = approvals;
    this.#freezes = freezes;
    this.#guards = guards;
  }

  /** Whether all that may hold a run is known: what was not read yet would be an open gate. */
  get synced(): boolean {
    return this.#freezes.synced && this.#approvals.synced && this.#parts.releases.synced;
  }

  see(run: ReleaseRun, now: number): GatesSeen {
    const { releases, fleet } = this.#parts;
    const { namespace } = run.metadata;
    const { service, environment, dependsOn = [] } = run.spec;
    const invalid = this.#freezes.invalidFor({ namespace, service, environment });
    // What it would hold is not known: it holds everybody, until somebody corrects it.
    const unreadable = invalid === undefined ? undefined : [{ name: invalid.name, reason: invalid.message, until: NEVER }];
    return {
      freezes: (cluster) =>
        unreadable ?? this.#freezes.at({ namespace, service, environment, cluster, labels: fleet.cluster(cluster)?.labels }, now),
      override: (freeze) => this.#approvals.seeOverride(run, freeze, now),
      approval: (wave, gate) => this.#approvals.see(run, wave, gate, now),
      analysis: (wave, gate) => this.#analyses.see(run, wave, gate),
      dependencies: dependsOn.map((one) => dependencySeen(one, namespace, releases)),
    };
  }

  /** Makes what gates need, in the background; `again` is called when that must be tried once more, with in how many milliseconds. */
  ask(run: ReleaseRun, asks: readonly Ask[], again: (ms: number) => void, signal: AbortSignal): void {
    for (const one of asks) {
      const key = `${keyOf(run)} ${JSON.stringify(one)}`;
      if (this.#asking.has(key)) continue;
      this.#asking.add(key);
      void this.#make(run, one, signal)
        .catch((error: unknown) => {
          if (signal.aborted) return;
          this.#parts.log.warn("a gate could not be asked", { run: keyOf(run), gate: one.kind, error });
          again(AGAIN);
        })
        .finally(() => this.#asking.delete(key));
    }
  }

  #make(run: ReleaseRun, one: Ask, signal: AbortSignal): Promise<void> {
    switch (one.kind) {
      case "Approval":
        return this.#approvals.ask(run, { purpose: "Wave", wave: one.wave, gate: one.gate }, signal);
      case "Override":
        return this.#askOverride(run, one.freeze, signal);
      case "Analysis":
        return this.#analyses.begin(run, one.wave, one.gate, signal);
      case "EndAnalysis":
        return this.#analyses.end(run, one.wave, one.gate, signal);
    }
  }

  /** Only where admission holds who answers: without that the freeze just holds. */
  async #askOverride(run: ReleaseRun, freeze: Freeze, signal: AbortSignal): Promise<void> {
    if ((await this.#guards.approvals(signal)) === undefined) await this.#approvals.ask(run, { purpose: "FreezeOverride", freeze }, signal);
  }

  /** A run that has ended asks nothing any more. Resolves with whether all is ended. */
  close(run: ReleaseRun, signal: AbortSignal): Promise<boolean> {
    return this.#analyses.close(run, signal);
  }
}
