import type { WavePhase } from "#api/reasons.ts";
import type { ReleaseRun, RunStatus, TargetStatus } from "#api/releaserun.ts";
import { isVerdict, newMemo, type TargetMemo } from "#engine/memo.ts";
import { hasNewVerdict, newGate, type GateState } from "#engine/gates/state.ts";
import type { Override, RunState, Target, Verdict, WaveState } from "#engine/world.ts";

/** A run as it was stored, for a process that has not seen it yet. */

/** How long nobody has looked: from the last time that this was stored until now, in milliseconds. It counts for nothing. */
export function gapOf({ status }: ReleaseRun, now: number): number {
  return status?.observedAt === undefined ? 0 : Math.max(0, now - Date.parse(status.observedAt));
}

/** What was decided of a run. */
export function restoredState({ spec, status }: ReleaseRun, now: number): RunState {
  return {
    startedAt: parsed(status?.startedAt),
    waves: spec.waves.map((_, index): WaveState => {
      const stored = status?.waves?.[index];
      return {
        phase: stored?.phase ?? "Pending",
        startedAt: parsed(stored?.startedAt),
        verifiedAt: parsed(stored?.verifiedAt),
        soaked: (stored?.soakedSeconds ?? 0) * 1000,
        countedAt: undefined,
        gates: (stored?.gates ?? []).map((gate) => restoredGate(gate, now)),
      };
    }),
    rollback: verdict(status?.rollback),
    stop: verdict(status?.stop),
    accepted: status?.acceptedFailures ?? 0,
    overrides: (status?.overrides ?? []).map(({ freeze, until, by, at }): Override => ({
      name: freeze,
      until: Date.parse(until),
      by,
      at: Date.parse(at),
    })),
  };
}

/** What was decided stands; how long it has been silent is measured anew. */
function restoredGate({ phase, message, since, accepted = false, measurements = [] }: StoredGate, now: number): GateState {
  return { ...newGate(now), phase, message, since: Math.min(now, Date.parse(since)), accepted, measurements };
}

type StoredGate = NonNullable<NonNullable<RunStatus["waves"]>[number]["gates"]>[number];

/** Stamps that a conductor stored are ours; one from the future is a clock that went back. */
export function restoredMemo(stored: TargetStatus | undefined, now: number, gap: number): TargetMemo {
  const memo = newMemo(now);
  if (stored === undefined) return memo;
  const { phase, reason, message, started = false, written = false, changed = false, goingBack = false, failure, contact } = stored;
  return {
    ...memo,
    phase,
    reason,
    message,
    started,
    written,
    changed,
    goingBack,
    failure,
    since: Math.min(now, Date.parse(stored.since)),
    progressAt: Math.min(now, progressOf(stored, now, gap)),
    heard: phase === "Ready",
    wasReady: phase === "Ready",
    contact: contact === undefined ? undefined : { live: contact.live, lastOperation: contact.lastOperation, baseline: contact.baseline },
  };
}

/**
 * Whether what is stored of a run has come further than what is known of it. What has only been taken away, as by somebody who
 * edits a status, is no reason to believe it: it is stored again.
 */
export function isAhead(run: ReleaseRun, known: RunState, targets: readonly Target[]): boolean {
  const stored = restoredState(run, 0);
  if (stored.accepted > known.accepted) return true;
  if (stored.rollback !== undefined && known.rollback === undefined) return true;
  if (hasNewVerdict(known, stored)) return true;
  if (stored.waves.some(({ phase }, index) => RANK[phase] > RANK[known.waves[index]?.phase ?? "Pending"])) return true;
  const started = new Set((run.status?.targets ?? []).filter((target) => target.started === true).map(({ cluster }) => cluster));
  return targets.some(({ cluster, memo }) => started.has(cluster) && !memo.started && !isVerdict(memo) && !memo.goingBack);
}

const RANK: Readonly<Record<WavePhase, number>> = { Pending: 0, Waiting: 1, Progressing: 2, Soaking: 2, Failed: 3, Verified: 3 };

/** Since when no progress was observed. Where no deadline ran, as in a sync window or out of reach, it begins now. */
function progressOf({ progressAt }: TargetStatus, now: number, gap: number): number {
  return progressAt === undefined ? now : Date.parse(progressAt) + gap;
}

function verdict(stored: { readonly startedAt: string; readonly message: string } | undefined): Verdict | undefined {
  return stored === undefined ? undefined : { at: Date.parse(stored.startedAt), message: stored.message };
}

function parsed(stamp: string | undefined): number | undefined {
  return stamp === undefined ? undefined : Date.parse(stamp);
}
