import type { PlannedGate } from "#api/releaserun.ts";
import { seconds } from "../deadline.ts";
import type { AnalysisSeen } from "./seen.ts";
import { isDecided, turned, type GateState } from "./state.ts";

/** Where the wave of an analysis is. */
export interface Course {
  /** It soaks; or it has begun with a target, for what goes on in the background. */
  readonly due: boolean;
  /** Milliseconds without a measurement, besides the pauses that its metrics make. */
  readonly progressDeadline: number;
}

/** What the metrics say so far. Silence says nothing, and after a while has failed: it never opens a gate. */
export function judgeAnalysis(gate: GateState, { analysis }: PlannedGate, seen: AnalysisSeen, course: Course, now: number): GateState {
  if (isDecided(gate) || analysis === undefined) return gate;
  if (gate.phase === "Pending" && !course.due) return gate;
  if (seen.kind === "Absent")
    return silent({ ...turned(gate, "Waiting", "its AnalysisRun is about to be made", now), ...fresh(gate, now) }, 0, course, now);
  const { measurements, fingerprint } = seen;
  const moved = fingerprint !== gate.fingerprint;
  const watched: GateState = { ...gate, measurements, fingerprint, progressAt: moved ? now : gate.progressAt };
  const said = seen.message === "" ? "" : `: ${seen.message}`;
  switch (seen.phase) {
    case "Pending":
    case "Running":
      return silent(turned(watched, "Waiting", progressOf(seen), now), seen.patience, course, now);
    case "Successful":
      if (seen.measured < seen.metrics)
        return turned(
          watched,
          "Inconclusive",
          `it ended, and ${seen.metrics - seen.measured} of ${several(seen.metrics, "metric")} was never measured`,
          now,
        );
      return turned(watched, "Passed", `${several(seen.metrics, "metric")} within bounds`, now);
    case "Failed":
    case "Error":
      return turned(
        watched,
        "Failed",
        `analysis ${analysis.templateName} ${seen.phase === "Error" ? "could not be made" : "failed"}${said}`,
        now,
      );
    case "Inconclusive":
      return turned(watched, "Inconclusive", `analysis ${analysis.templateName} is inconclusive${said}`, now);
  }
}

/** From when it was asked. */
function fresh(gate: GateState, now: number): Pick<GateState, "progressAt"> {
  return { progressAt: gate.phase === "Pending" ? now : gate.progressAt };
}

function progressOf({ measured, metrics, ending }: Extract<AnalysisSeen, { kind: "Present" }>): string {
  return ending ? "it was told to end" : `${measured} of ${several(metrics, "metric")} measured so far`;
}

function silent(gate: GateState, patience: number, course: Course, now: number): GateState {
  if (now < silentAt(gate, patience, course)) return gate;
  const message = `nothing was measured for ${seconds(now - gate.progressAt)}: is Argo Rollouts' controller running in the management cluster?`;
  return turned(gate, "Failed", message, now);
}

/** When silence has lasted too long, milliseconds since the epoch. */
export function silentAt({ progressAt }: GateState, patience: number, { progressDeadline }: Course): number {
  return progressAt + progressDeadline + patience;
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
