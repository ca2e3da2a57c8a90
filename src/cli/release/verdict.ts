import { isSuccess, type Outcome } from "#api/reasons.ts";
import type { ServiceRelease, ServiceReleaseStatus } from "#api/servicerelease.ts";
import { EXIT, type Exit } from "../exit.ts";

/** The wish that is followed. */
export interface Asked {
  readonly revision: string;
  /** The run whose end does not count, for a retry was asked for: its answer is looked for under this value of the annotation. */
  readonly retried?: { readonly run: string; readonly value: string };
  /** Whether to wait while people are asked. */
  readonly waitForApproval: boolean;
}

export interface Verdict {
  readonly exit: Exit;
  /** How it ended: an outcome, or why it is no longer waited for. */
  readonly outcome: Outcome | "Stalled" | "StoppedByFailures" | "WaitingForApproval" | "Refused" | "Deleted" | "TimedOut" | "Interrupted";
  readonly message: string;
}

/** A refusal may be a matter of order, of two objects that were applied together: it stands for so many milliseconds first. */
const STALLED_FOR = 10_000;

/** How a followed wish has ended, by nothing but the release itself; undefined while it has not. `stalledFor` in milliseconds. */
export function verdictOn({ metadata, spec, status }: ServiceRelease, asked: Asked, stalledFor: number): Verdict | undefined {
  if (spec.revision !== asked.revision)
    return {
      exit: EXIT.superseded,
      outcome: "Superseded",
      message: `revision ${spec.revision} is wanted now${status?.run === undefined ? "" : `; what became of ${asked.revision} is in conductor history ${metadata.name}`}`,
    };
  if (status?.observedGeneration !== metadata.generation) return undefined;
  const { retried } = asked;
  if (retried !== undefined && status.run === retried.run) {
    const answer = status.actions?.find(({ value, result }) => value === retried.value && result === "Refused");
    return answer === undefined
      ? undefined
      : { exit: EXIT.failed, outcome: "Refused", message: `the retry was refused: ${answer.message}` };
  }
  const finished = status.conditions?.find(({ type }) => type === "Finished");
  if (finished?.status === "True") return ended(status, finished.reason, finished.message);
  if (status.phase === "Stalled" && stalledFor >= STALLED_FOR) {
    const why = status.conditions?.find(({ type }) => type === "Stalled");
    return { exit: EXIT.failed, outcome: "Stalled", message: `it cannot start (${why?.reason ?? ""}): ${why?.message ?? ""}` };
  }
  if (asked.waitForApproval) return undefined;
  const { waitingOn } = status;
  if (waitingOn?.reason === "Approval") return { exit: EXIT.waitsForApproval, outcome: "WaitingForApproval", message: waitingOn.message };
  // It has failed, and a person is asked how to go on: who waits for no person waits no longer.
  if (waitingOn?.reason === "Failures") return { exit: EXIT.failed, outcome: "StoppedByFailures", message: waitingOn.message };
  return undefined;
}

function ended(status: ServiceReleaseStatus, reason: string, message: string): Verdict {
  const outcome = OUTCOMES[reason];
  // A word that this command does not know is of a newer conductor: it is no success.
  if (outcome === undefined) return { exit: EXIT.failed, outcome: "Failed", message: `${reason}: ${message}` };
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  const since = isSuccess(outcome) && ready?.status === "False" ? `; since then ${ready.reason}: ${ready.message}` : "";
  return { exit: exitOf(outcome), outcome, message: `${message}${since}` };
}

/** Whether a wish was tried to its end and is not fulfilled now: then a retry changes something. */
export function isSpent({ metadata, status }: ServiceRelease): boolean {
  const is = (wanted: string): boolean => status?.conditions?.some(({ type, status: at }) => type === wanted && at === "True") === true;
  return status?.observedGeneration === metadata.generation && is("Finished") && !is("Ready");
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  Succeeded: "Succeeded",
  SucceededWithSkips: "SucceededWithSkips",
  Failed: "Failed",
  RolledBack: "RolledBack",
  RollbackIncomplete: "RollbackIncomplete",
  Aborted: "Aborted",
  Superseded: "Superseded",
} satisfies Record<Outcome, Outcome>;

function exitOf(outcome: Outcome): Exit {
  switch (outcome) {
    case "Succeeded":
    case "SucceededWithSkips":
      return EXIT.arrived;
    case "Failed":
    case "Aborted":
      return EXIT.failed;
    case "RolledBack":
    case "RollbackIncomplete":
      return EXIT.rolledBack;
    case "Superseded":
      return EXIT.superseded;
  }
}
