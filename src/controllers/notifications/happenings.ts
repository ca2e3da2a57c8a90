import type { NotificationPhase } from "#api/notifications.ts";
import { OUTCOMES, type Outcome } from "#api/reasons.ts";
import type { ReleaseRun, RunStatus } from "#api/releaserun.ts";
import { isMain } from "#engine/next.ts";

/** What is to be told of a run now. */
export interface Happening {
  readonly phase: NotificationPhase;
  /** What tells two of one phase apart: the approval, or when the run was stopped. */
  readonly subject: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly message: string;
  readonly outcome: Outcome | undefined;
}

/**
 * What is true of a run by its stored status, and worth a message: its end, else what it waits for, else that it has begun. What
 * was overtaken is in it no more. Runs that only catch up, or restore what another could not reach, are told when they fail.
 */
export function happenings(run: ReleaseRun): readonly Happening[] {
  const { status } = run;
  if (status === undefined) return [];
  if (status.finishedAt !== undefined) return end(run, status, status.finishedAt);
  if (!isMain(run)) return [];
  if (status.stop !== undefined) {
    const { startedAt, message } = status.stop;
    const said = `it is stopped, and waits for a person: ${message}`;
    return [{ phase: "Failed", subject: startedAt, at: Date.parse(startedAt), message: said, outcome: undefined }];
  }
  const approvals = status.rollback === undefined ? waiting(status) : [];
  return approvals.length > 0 ? approvals : begun(run, status);
}

function end(run: ReleaseRun, { phase, conditions = [] }: RunStatus, finishedAt: string): readonly Happening[] {
  const outcome = OUTCOMES.find((one) => one === phase);
  if (outcome === undefined) return [];
  const told = phaseOf(outcome);
  if (told === "Finished" && !isMain(run)) return [];
  const message = conditions.find(({ type }) => type === "Finished")?.message ?? outcome;
  return [{ phase: told, subject: undefined, at: Date.parse(finishedAt), message, outcome }];
}

/** Finished is what nobody has to act upon. */
export function phaseOf(outcome: Outcome): "Failed" | "RolledBack" | "Finished" {
  switch (outcome) {
    case "Succeeded":
    case "SucceededWithSkips":
    case "Superseded":
      return "Finished";
    case "RolledBack":
      return "RolledBack";
    case "Failed":
    case "RollbackIncomplete":
    case "Aborted":
      return "Failed";
  }
}

function waiting({ waves = [] }: RunStatus): readonly Happening[] {
  return waves
    .flatMap(({ gates = [] }) => gates)
    .filter(({ kind, phase }) => kind === "Approval" && phase === "Waiting")
    .map(({ object, since, message }) => ({
      phase: "WaitingForApproval",
      subject: object,
      at: Date.parse(since),
      message,
      outcome: undefined,
    }));
}

/** A run has begun when a wave has: until then nothing is written anywhere. */
function begun({ spec }: ReleaseRun, { waves = [] }: RunStatus): readonly Happening[] {
  const first = waves.find(({ phase, startedAt }) => startedAt !== undefined && phase !== "Pending" && phase !== "Waiting");
  if (first?.startedAt === undefined) return [];
  const message = `${several(spec.targets.length, "cluster")} in ${several(spec.waves.length, "wave")}`;
  return [{ phase: "Started", subject: undefined, at: Date.parse(first.startedAt), message, outcome: undefined }];
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
