import type { Outcome, RunKind, RunPhase, TargetPhase, TargetReason, WavePhase } from "#api/reasons.ts";
import { OUTCOMES } from "#api/reasons.ts";
import type { ReleaseRun, RunSpec, RunStatus, TargetStatus } from "#api/releaserun.ts";
import type { ServiceReleaseStatus } from "#api/servicerelease.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import type { Write } from "#simulation/writes.ts";

/** How a run stood from a moment on. Times are milliseconds since the release was applied. */
export interface Mark {
  readonly at: number;
  readonly phase: RunPhase | Outcome;
  readonly waves: readonly { readonly phase: WavePhase; readonly soaked: number }[];
  readonly rollback: string | undefined;
  readonly waitingOn: string | undefined;
}

/** What became of one target in one run. */
export interface TargetRecord {
  readonly cluster: string;
  readonly wave: number;
  phase: TargetPhase;
  reason: TargetReason;
  message: string;
  patchedAt: number | undefined;
  readyAt: number | undefined;
  failed: { readonly at: number; readonly reason: TargetReason; readonly message: string } | undefined;
  lostAt: number | undefined;
  backAt: number | undefined;
  goingBack: boolean;
}

export interface RunRecord {
  readonly name: string;
  readonly spec: RunSpec;
  readonly kind: RunKind;
  readonly plannedAt: number;
  readonly marks: Mark[];
  readonly targets: ReadonlyMap<string, TargetRecord>;
  ended: { readonly at: number; readonly outcome: Outcome; readonly message: string } | undefined;
}

/** Notes what becomes of a release while it is simulated, from what is written and nothing else. */
export class Recorder {
  readonly runs: RunRecord[] = [];
  /** When an operation of Argo CD on the Application of a cluster last succeeded. */
  readonly appliedAt = new Map<string, number>();
  release: ServiceReleaseStatus | undefined;
  /** When anything changed that a person would call a change. */
  changedAt = 0;
  readonly #start: number;
  #said = "";

  constructor(start: number) {
    this.#start = start;
  }

  note({ at, who, resource, server, before, after }: Write): void {
    const now = at - this.#start;
    if (after === undefined) return;
    switch (resource) {
      case RESOURCES.applications: {
        if (who !== CONDUCTOR) return void (isApplied(after) && !isApplied(before) && this.appliedAt.set(server, now));
        const run = this.runs.at(-1);
        const target = run?.targets.get(server);
        if (run === undefined || target === undefined || before?.["spec"] === after["spec"]) return;
        target.patchedAt ??= now;
        return;
      }
      case RESOURCES.runs:
        // The conductor's own objects: the API server has parsed them.
        return this.#run(after as unknown as ReleaseRun, now);
      case RESOURCES.releases: {
        // As above.
        this.release = after["status"] as ServiceReleaseStatus | undefined;
        const { phase, waitingOn } = this.release ?? {};
        const said = `${phase} ${waitingOn?.reason}`;
        if (said !== this.#said) this.changedAt = now;
        this.#said = said;
        return;
      }
      default:
    }
  }

  #run({ metadata, spec, status }: ReleaseRun, now: number): void {
    const known = this.runs.find(({ name }) => name === metadata.name);
    const run = known ?? planned(metadata.name, spec, now);
    if (known === undefined) this.runs.push(run);
    if (status?.phase === undefined) return;
    for (const target of status.targets ?? []) this.#target(run, target, now);
    if (status.finishedAt !== undefined && run.ended === undefined) this.#end(run, status, now);
    const mark = markOf(status, now);
    const last = run.marks.at(-1);
    if (last !== undefined && tell(last) === tell(mark)) return;
    run.marks.push(mark);
    this.changedAt = now;
  }

  #target(run: RunRecord, status: TargetStatus, now: number): void {
    const target = run.targets.get(status.cluster);
    if (target === undefined) return;
    const { phase, reason, message, goingBack = false, failure } = status;
    if (target.phase !== phase || target.goingBack !== goingBack) this.changedAt = now;
    // A whole second, and of the moment when it was seen; a large run is not reported at once.
    const since = Math.min(now, Math.max(run.plannedAt, Date.parse(status.since) + 999 - this.#start));
    const bad = phase === "Failed" || phase === "Reverted";
    if (bad && !goingBack) target.failed ??= { at: since, reason, message };
    else if (failure !== undefined)
      target.failed ??= { at: run.marks.findLast((mark) => mark.rollback !== undefined)?.at ?? now, ...failure };
    if (phase === "Ready") target.readyAt ??= since;
    if (phase === "RolledBack") target.backAt ??= since;
    if (phase === "Unreachable" || phase === "Unknown") target.lostAt ??= since;
    Object.assign(target, { phase, reason, message, goingBack });
  }

  #end(run: RunRecord, status: RunStatus, now: number): void {
    const outcome = OUTCOMES.find((one) => one === status.phase) ?? "Failed";
    const message = status.conditions?.find(({ type }) => type === "Finished")?.message ?? "";
    run.ended = { at: now, outcome, message };
    // A run that ended lists only what is not ready.
    const open = new Set((status.targets ?? []).map(({ cluster }) => cluster));
    for (const target of run.targets.values()) {
      if (open.has(target.cluster)) continue;
      target.readyAt ??= now;
      Object.assign(target, { phase: "Ready", reason: "Verified", message: "verified" });
    }
  }
}

function planned(name: string, spec: RunSpec, now: number): RunRecord {
  const fresh = { phase: "Pending", reason: "Planned", message: "", goingBack: false } as const;
  const never = { patchedAt: undefined, readyAt: undefined, failed: undefined, lostAt: undefined, backAt: undefined };
  const targets = spec.targets.map(({ cluster, wave }): [string, TargetRecord] => [
    cluster,
    { cluster, wave: wave - 1, ...fresh, ...never },
  ]);
  return { name, spec, kind: spec.kind, plannedAt: now, marks: [], targets: new Map(targets), ended: undefined };
}

function markOf({ phase = "Planned", waves = [], rollback, waitingOn }: RunStatus, at: number): Mark {
  return {
    at,
    phase,
    waves: waves.map((wave) => ({ phase: wave.phase, soaked: (wave.soakedSeconds ?? 0) * 1000 })),
    rollback: rollback?.message,
    waitingOn: waitingOn?.reason,
  };
}

/** What two marks have in common that are one to a person. */
function tell({ phase, waves, rollback }: Mark): string {
  return JSON.stringify([phase, waves.map((wave) => wave.phase), rollback !== undefined]);
}

function isApplied(app: Write["after"]): boolean {
  // What an Argo CD of the simulation has written.
  const status = app?.["status"] as { readonly operationState?: { readonly phase?: string } } | undefined;
  return status?.operationState?.phase === "Succeeded";
}
