import { cut, settle, stamp, type Wanted } from "#api/conditions.ts";
import { isSuccess, type Outcome } from "#api/reasons.ts";
import type { ReleaseRun, RunStatus, TargetStatus } from "#api/releaserun.ts";
import { isVerdict } from "#engine/judge.ts";
import type { Decision, Target, WaitingOn } from "#engine/world.ts";

/** A run's status as a decision and its targets make it. Equal input gives equal output, so that nothing is written for nothing. */
export function runStatus(run: ReleaseRun, decision: Decision, targets: readonly Target[], now: number): RunStatus {
  const before = run.status;
  const { counts, outcome } = decision;
  const startedAt = before?.startedAt ?? stamp(now);
  const finishedAt = outcome === undefined ? undefined : (before?.finishedAt ?? stamp(now));
  const listed = outcome === undefined ? targets : targets.filter(({ memo }) => memo.phase !== "Ready");
  return {
    observedGeneration: run.metadata.generation,
    phase: decision.phase,
    conditions: settle(before?.conditions ?? [], wanted(decision, targets), run.metadata.generation, now),
    startedAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    waves: [wave(outcome, startedAt, finishedAt)],
    counts: { ...counts, summary: `${counts.ready}/${counts.total}` },
    ...waitingOn(before?.waitingOn, decision.waitingOn, now),
    targets: listed.map(targetStatus),
  };
}

/** `since` stays while the reason does. */
export function waitingOn(before: RunStatus["waitingOn"], next: WaitingOn | undefined, now: number): Pick<RunStatus, "waitingOn"> {
  if (next === undefined) return {};
  const since = before?.reason === next.reason ? before.since : stamp(now);
  return { waitingOn: { reason: next.reason, message: cut(next.message), since } };
}

function wave(outcome: Outcome | undefined, startedAt: string, finishedAt: string | undefined): NonNullable<RunStatus["waves"]>[number] {
  const phase = outcome === undefined ? "Progressing" : isSuccess(outcome) ? "Verified" : "Failed";
  return { name: "all", phase, startedAt, ...(phase === "Verified" && finishedAt !== undefined ? { verifiedAt: finishedAt } : {}) };
}

function targetStatus({ cluster, memo }: Target): TargetStatus {
  return {
    cluster,
    phase: memo.phase,
    reason: memo.reason,
    message: cut(memo.message),
    since: stamp(memo.since),
    ...progressAt(memo),
    ...(memo.written ? { written: true } : {}),
    ...(memo.contact === undefined ? {} : { contact: contact(memo.contact) }),
  };
}

/** Only where a deadline runs: elsewhere it would be a write for nothing. */
function progressAt(memo: Target["memo"]): Pick<TargetStatus, "progressAt"> {
  return memo.phase === "Patched" || memo.phase === "Syncing" || memo.phase === "Arrived" ? { progressAt: stamp(memo.progressAt) } : {};
}

function contact({ live, lastOperation }: NonNullable<Target["memo"]["contact"]>): NonNullable<TargetStatus["contact"]> {
  return { live, ...(lastOperation === undefined ? {} : { lastOperation }) };
}

function wanted({ outcome, phase, waitingOn: waits }: Decision, targets: readonly Target[]): Wanted {
  const failures = targets.filter(({ memo }) => isVerdict(memo));
  const message = outcome === undefined ? (waits?.message ?? "in flight") : outcomeMessage(outcome, failures, targets.length);
  const succeeded = isSuccess(outcome);
  return {
    Ready: { status: succeeded, reason: phase, message },
    Reconciling: { status: outcome === undefined, reason: phase, message },
    Stalled: { status: outcome !== undefined && !succeeded, reason: phase, message },
    Finished: { status: outcome !== undefined, reason: phase, message },
  };
}

function outcomeMessage(outcome: Outcome, failures: readonly Target[], total: number): string {
  switch (outcome) {
    case "Succeeded":
      return "every target is verified";
    case "Superseded":
      return "a newer wish took over";
    default: {
      const shown = failures.slice(0, 5).map(({ cluster, memo }) => `${cluster}: ${cut(memo.message, 200)}`);
      const more = failures.length > shown.length ? `; and ${failures.length - shown.length} more` : "";
      return `${failures.length} of ${total} targets failed: ${shown.join("; ")}${more}`;
    }
  }
}

/** Whether the difference is a verdict, which must be stored before anything is written because of it. */
export function hasNewVerdict(before: RunStatus | undefined, after: RunStatus): boolean {
  if (before?.startedAt === undefined || after.finishedAt !== undefined) return true;
  const known = new Map((before.targets ?? []).map((target) => [target.cluster, decided(target)]));
  return (after.targets ?? []).some((target) => known.get(target.cluster) !== decided(target));
}

function decided({ phase, contact }: TargetStatus): string {
  return `${phase === "Failed" || phase === "Reverted" || phase === "Skipped"} ${contact !== undefined}`;
}
