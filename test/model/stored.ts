import type { ReleaseRun, RunStatus, TargetStatus } from "#api/releaserun.ts";
import type { TargetMemo } from "#engine/memo.ts";
import type { Decision, RunState } from "#engine/world.ts";
import { gapOf, restoredMemo, restoredState } from "#controllers/restored.ts";
import { runStatus } from "#controllers/runstatus.ts";
import { agedMemo } from "./memos.ts";
import { DEADLINE, DOWNTIME, T0 } from "./times.ts";

/** What survives the process: written and read by the controllers' own code. Its stamps are of the moment that it was stored. */

export interface Snapshot {
  readonly run: RunStatus;
  readonly targets: readonly TargetStatus[];
}

export function snapshot(run: ReleaseRun, decision: Decision): Snapshot {
  const { targets = [], ...status } = runStatus(run, decision, T0);
  const { startedAt, observedAt, waves, rollback, stop, acceptedFailures } = status;
  const unsaid = (verdict: RunStatus["stop"]): RunStatus["stop"] => (verdict === undefined ? undefined : { ...verdict, message: "" });
  return {
    run: {
      startedAt,
      observedAt,
      waves: (waves ?? []).map((wave) => ({
        name: wave.name,
        phase: wave.phase,
        ...(wave.soakedSeconds === undefined ? {} : { soakedSeconds: wave.soakedSeconds }),
        ...canonicalGates(wave),
      })),
      ...canonicalOverrides(status),
      ...(rollback === undefined ? {} : { rollback: unsaid(rollback) }),
      ...(stop === undefined ? {} : { stop: unsaid(stop) }),
      ...(acceptedFailures === undefined ? {} : { acceptedFailures }),
    },
    targets: targets.map(canonicalTarget),
  };
}

type StoredWave = NonNullable<RunStatus["waves"]>[number];

/** Without words and stamps, which decide nothing. */
function canonicalGates({ gates }: StoredWave): Pick<StoredWave, "gates"> {
  return gates === undefined
    ? {}
    : { gates: gates.map((gate) => ({ ...gate, object: "", message: "", since: NOW, measurements: undefined })) };
}

function canonicalOverrides({ overrides }: RunStatus): Pick<RunStatus, "overrides"> {
  return overrides === undefined ? {} : { overrides: overrides.map((one) => ({ ...one, by: "", at: NOW })) };
}

const NOW = new Date(T0).toISOString();
const OLDEST = new Date(T0 - DEADLINE).toISOString();

function canonicalTarget({ failure, since, progressAt, ...target }: TargetStatus): TargetStatus {
  return {
    ...target,
    message: "",
    // Only of who waits is it read again.
    since: target.phase === "Waiting" ? notBefore(since) : NOW,
    ...(progressAt === undefined ? {} : { progressAt: notBefore(progressAt) }),
    ...(failure === undefined ? {} : { failure: { reason: failure.reason, message: "" } }),
  };
}

function notBefore(stamp: string): string {
  return Date.parse(stamp) < T0 - DEADLINE ? OLDEST : new Date(Date.parse(stamp)).toISOString();
}

/** What a new process makes of one target, after nobody has looked for a while. */
export function restored(run: ReleaseRun, stored: RunStatus | undefined, target: TargetStatus | undefined): TargetMemo {
  const now = T0 + DOWNTIME;
  const gap = gapOf(withStatus(run, stored), now);
  return agedMemo(restoredMemo(target, now, gap), DOWNTIME);
}

export function restoredCourse(run: ReleaseRun, stored: RunStatus | undefined): RunState {
  return restoredState(withStatus(run, stored), T0);
}

/** What a new process must make of gates: what was stored of them, no more and no less. */
export function restoredWrongly(stored: RunStatus | undefined, { waves, overrides }: RunState): readonly string[] {
  const phases = (gates: readonly { readonly phase: string; readonly accepted?: boolean | undefined }[]): string =>
    gates.map(({ phase, accepted = false }) => `${phase} ${accepted}`).join();
  const isSame =
    overrides.length === (stored?.overrides ?? []).length &&
    waves.every(({ gates }, index) => phases(gates) === phases(stored?.waves?.[index]?.gates ?? []));
  return isSame ? [] : ["2: after a restart a gate is not what was stored of it"];
}

function withStatus(run: ReleaseRun, status: RunStatus | undefined): ReleaseRun {
  return status === undefined ? run : { ...run, status };
}
