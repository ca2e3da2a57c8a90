import { cut, settle, stamp, type Wanted } from "#api/conditions.ts";
import { isSuccess } from "#api/reasons.ts";
import type { ReleaseRun, RunStatus, TargetStatus } from "#api/releaserun.ts";
import type { GateState } from "#engine/gates/state.ts";
import type { Decision, Override, Target, Verdict, WaitingOn, WaveState } from "#engine/world.ts";
import { analysisName } from "./analyses.ts";
import { approvalName } from "./approvals/build.ts";

/** A run's status as a decision makes it. Equal input gives equal output, so that nothing is written for nothing. */
export function runStatus(run: ReleaseRun, decision: Decision, now: number): RunStatus {
  const before = run.status;
  const { counts, outcome, state } = decision;
  const finishedAt = outcome === undefined ? undefined : (before?.finishedAt ?? stamp(now));
  const listed = outcome === undefined ? decision.targets : decision.targets.filter(({ memo }) => memo.phase !== "Ready");
  return {
    observedGeneration: run.metadata.generation,
    phase: decision.phase,
    conditions: settle(before?.conditions ?? [], wanted(decision), run.metadata.generation, now),
    startedAt: stamp(state.startedAt ?? now),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    observedAt: stamp(now),
    waves: state.waves.map((wave, index) => waveStatus(run, index, wave)),
    ...verdict("rollback", state.rollback),
    ...verdict("stop", state.stop),
    ...(state.accepted === 0 ? {} : { acceptedFailures: state.accepted }),
    ...(state.overrides.length === 0 ? {} : { overrides: state.overrides.map(overrideStatus) }),
    ...(before?.actions === undefined ? {} : { actions: before.actions }),
    ...(before?.notifications === undefined ? {} : { notifications: before.notifications }),
    counts: { ...counts, summary: `${counts.ready}/${counts.total}` },
    ...waitingOn(before?.waitingOn, decision.waitingOn, now),
    targets: listed.map(targetStatus),
  };
}

/** `since` stays while the reason does. */
export function waitingOn(before: RunStatus["waitingOn"], next: WaitingOn | undefined, now: number): Pick<RunStatus, "waitingOn"> {
  if (next === undefined) return {};
  const since = before?.reason === next.reason ? before.since : stamp(now);
  const nextCheck = next.nextCheck === undefined ? {} : { nextCheck: stamp(next.nextCheck) };
  return { waitingOn: { reason: next.reason, message: cut(next.message), since, ...nextCheck } };
}

function verdict<Name extends "rollback" | "stop">(name: Name, made: Verdict | undefined): Partial<Record<Name, RunStatus["rollback"]>> {
  if (made === undefined) return {};
  // A computed key widens to string; there is only this one.
  return { [name]: { startedAt: stamp(made.at), message: cut(made.message) } } as Partial<Record<Name, RunStatus["rollback"]>>;
}

function overrideStatus({ name, until, by, at }: Override): NonNullable<RunStatus["overrides"]>[number] {
  return { freeze: name, until: stamp(until), by: cut(by), at: stamp(at) };
}

type WaveStatus = NonNullable<RunStatus["waves"]>[number];

function waveStatus(run: ReleaseRun, index: number, { phase, startedAt, verifiedAt, soaked, gates }: WaveState): WaveStatus {
  return {
    name: run.spec.waves[index]?.name ?? "",
    phase,
    ...(startedAt === undefined ? {} : { startedAt: stamp(startedAt) }),
    ...(verifiedAt === undefined ? {} : { verifiedAt: stamp(verifiedAt) }),
    ...(soaked === 0 ? {} : { soakedSeconds: Math.floor(soaked / 1000) }),
    ...(gates.length === 0 ? {} : { gates: gates.map((gate, at) => gateStatus(run, index, at, gate)) }),
  };
}

function gateStatus(run: ReleaseRun, wave: number, at: number, gate: GateState): NonNullable<WaveStatus["gates"]>[number] {
  const isApproval = run.spec.waves[wave]?.gates?.[at]?.approval !== undefined;
  return {
    kind: isApproval ? "Approval" : "Analysis",
    object: isApproval ? approvalName(run, { purpose: "Wave", wave, gate: at }) : analysisName(run, wave, at),
    phase: gate.phase,
    message: cut(gate.message),
    since: stamp(gate.since),
    ...(gate.accepted ? { accepted: true } : {}),
    ...(gate.measurements.length === 0 ? {} : { measurements: [...gate.measurements] }),
  };
}

function targetStatus({ cluster, memo }: Target): TargetStatus {
  const { phase, reason, message, since, started, written, changed, goingBack, failure, contact } = memo;
  return {
    cluster,
    phase,
    reason,
    message: cut(message),
    since: stamp(since),
    ...progressAt(memo),
    ...(started ? { started } : {}),
    ...(written ? { written } : {}),
    ...(changed ? { changed } : {}),
    ...(goingBack ? { goingBack } : {}),
    ...(failure === undefined ? {} : { failure: { reason: failure.reason, message: cut(failure.message) } }),
    ...(contact === undefined ? {} : { contact: contactStatus(contact) }),
  };
}

/** Only where a deadline runs: elsewhere it would be a write for nothing. */
function progressAt(memo: Target["memo"]): Pick<TargetStatus, "progressAt"> {
  const isInFlight = memo.phase === "Patched" || memo.phase === "Syncing" || memo.phase === "Arrived";
  return isInFlight || memo.reason === "WriteRefused" || memo.reason === "Missing" ? { progressAt: stamp(memo.progressAt) } : {};
}

function contactStatus({ live, lastOperation, baseline }: NonNullable<Target["memo"]["contact"]>): NonNullable<TargetStatus["contact"]> {
  return { live, ...(lastOperation === undefined ? {} : { lastOperation }), ...(baseline === undefined ? {} : { baseline }) };
}

function wanted({ outcome, phase, message }: Decision): Wanted {
  const succeeded = isSuccess(outcome);
  return {
    Ready: { status: succeeded, reason: phase, message },
    Reconciling: { status: outcome === undefined, reason: phase, message },
    Stalled: { status: outcome !== undefined && !succeeded, reason: phase, message },
    Finished: { status: outcome !== undefined, reason: phase, message },
  };
}

/** Whether a target was met for the first time: what it held is stored before anything is written over it. */
export function hasNewContact(before: RunStatus | undefined, targets: readonly Target[]): boolean {
  if (!targets.some(({ memo }) => memo.contact !== undefined)) return false;
  const known = new Set((before?.targets ?? []).flatMap(({ cluster, contact }) => (contact === undefined ? [] : [cluster])));
  return targets.some(({ cluster, memo }) => memo.contact !== undefined && !known.has(cluster));
}
