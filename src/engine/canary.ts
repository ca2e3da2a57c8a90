import type { Finding } from "./evidence.ts";
import type { Abort, Canary, Observation, Rollout } from "./observation.ts";
import type { Want } from "./world.ts";

/** What the Rollouts of an Application say of its way, in words. What they do is Argo Rollouts' own. */

/** A Rollout that has answered. */
interface Told extends Rollout {
  readonly canary: Canary;
}

function told({ rollouts }: Observation): readonly Told[] {
  return rollouts.flatMap((one) => (one.canary === undefined ? [] : [{ ...one, canary: one.canary }]));
}

/** Whether its Rollouts can be asked how far they are: then they are asked again. */
export function isFollowed(seen: Observation): boolean {
  return seen.rollouts.some(({ asked }) => asked !== "Never");
}

/** How far they are, where that can be told: another value is progress. */
export function progressOf(seen: Observation): string | undefined {
  const found = told(seen);
  if (found.length === 0) return undefined;
  return JSON.stringify(
    found.map(({ namespace, name, canary: { step, weight, isStable, pause, abort, analyses } }) => [
      namespace,
      name,
      step,
      weight,
      isStable,
      pause?.kind,
      abort?.at,
      analyses.map((one) => [one.name, one.phase, one.measured]),
    ]),
  );
}

/** Health is Progressing: the step and weight of a canary, if that is what goes on. */
export function underWay(seen: Observation, want: Want, message: string): Finding | undefined {
  const moving = told(seen).find(({ canary }) => !canary.isStable && canary.abort === undefined);
  if (moving === undefined) return undefined;
  const finding: Finding = { phase: "Syncing", reason: "Progressing", message: `${message}. ${where(moving)}${measuring(moving)}` };
  return repeats(moving, want) ? { ...finding, reason: "RollbackRepeatsCanary", message: `${REPEATS}${finding.message}` } : finding;
}

/** Health is Suspended: what waits for whom, and how to go on. */
export function suspended(seen: Observation, want: Want): Finding {
  const paused = told(seen).find(({ canary }) => canary.pause !== undefined);
  const finding: Finding = { phase: "Waiting", reason: "CanaryPaused", message: suspension(seen, paused), waits: true };
  if (paused === undefined || !repeats(paused, want)) return finding;
  return {
    ...finding,
    reason: "RollbackRepeatsCanary",
    message: `${REPEATS}${finding.message}; to skip all that is left: ${kubectl("promote", paused)} --full`,
  };
}

function suspension({ health, rollouts: [first] }: Observation, paused: Told | undefined): string {
  if (paused !== undefined) return `${where(paused)}, is paused${why(paused)}: ${how(paused)}`;
  const said = health.message === "" ? "" : `: ${health.message}`;
  if (first === undefined) return `suspended${said || ": a canary or a job waits to be resumed"}`;
  return `suspended${said}. If ${nameOf(first)} is paused: ${how(first)}`;
}

/** Health is Degraded: a Rollout was aborted. It is never told of an older look than the Application's. */
export function aborted(seen: Observation): Finding | undefined {
  const found = abortedRollout(seen);
  if (found === undefined) return undefined;
  const { message } = found.canary.abort;
  const analyses = found.canary.analyses.flatMap((one) => {
    const words = message.includes(one.message) ? "" : one.message;
    const more = [words, one.failing === undefined ? "" : `measured ${one.failing}`].filter((text) => text !== "").join("; ");
    return more === "" || !["Failed", "Error"].includes(one.phase) ? [] : [`. AnalysisRun ${one.name}: ${more}`];
  });
  const reason = message === "" ? "" : `: ${message}`;
  return { phase: "Syncing", reason: "CanaryFailed", message: `${nameOf(found)} was aborted${reason}${analyses.join("")}` };
}

/** When the Rollout was aborted that is told of, as Argo Rollouts wrote it; undefined where none was. */
export function abortedAt(seen: Observation): string | undefined {
  return abortedRollout(seen)?.canary.abort.at;
}

function abortedRollout(seen: Observation): (Told & { readonly canary: { readonly abort: Abort } }) | undefined {
  for (const one of told(seen)) {
    const { canary, asked } = one;
    if (asked === "Since" && canary.abort !== undefined && !canary.isStable) return { ...one, canary: { ...canary, abort: canary.abort } };
  }
  return undefined;
}

/** How to begin an aborted canary again. */
export function howToRetry(seen: Observation): string {
  const found = abortedRollout(seen);
  const byHand = found === undefined ? "" : `, or in its cluster: ${kubectl("retry rollout", found)}`;
  return `the same revision changes nothing there. Release another one, or try it again with the annotation conductor.dev/retry${byHand}`;
}

/** Whether one that repeats its canary on the way back has not been told to skip its steps. */
export function wantsPromotion(seen: Observation, want: Want): boolean {
  return want.canary === "Promote" && told(seen).some((one) => one.asked === "Since" && repeats(one, want) && !one.canary.isPromoting);
}

/** What is back at stable skips its steps by itself. */
function repeats({ canary: { isStable, abort, step, steps, pause } }: Told, want: Want): boolean {
  if (want.canary === "Run" || want.canary === "Retry" || isStable || abort !== undefined) return false;
  return step <= steps || pause?.kind === "BlueGreen";
}

const REPEATS = "going back repeats the canary, for what it goes back to is not the Rollout's stable revision any more: ";

function nameOf({ namespace, name }: Rollout): string {
  return `Rollout ${namespace}/${name}`;
}

function where(rollout: Told): string {
  const { step, steps, weight } = rollout.canary;
  const at = steps === 0 ? "" : step > steps ? `, all ${steps} steps done` : `, step ${step} of ${steps}`;
  return `${nameOf(rollout)}${at}${weight === undefined ? "" : `, weight ${weight} %`}`;
}

function measuring({ canary: { analyses } }: Told): string {
  const running = analyses.find(({ phase }) => phase === "Running" || phase === "Pending");
  return running === undefined ? "" : `, AnalysisRun ${running.name} has measured ${running.measured} times`;
}

function why({ canary: { pause, analyses } }: Told): string {
  switch (pause?.kind) {
    case "Timed":
      return ` for ${pause.duration}, and goes on by itself`;
    case "ByHand":
      return " by a person (spec.paused)";
    case "BlueGreen":
      return " before it is promoted";
    case "Inconclusive": {
      const unclear = analyses.find(({ phase }) => phase === "Inconclusive");
      const said = unclear === undefined || unclear.message === "" ? "" : `, AnalysisRun ${unclear.name}: ${unclear.message}`;
      return ` because its analysis is inconclusive${said}`;
    }
    case "Step":
    case undefined:
      return "";
  }
}

function how(rollout: Rollout): string {
  const timed = rollout.canary?.pause?.kind === "Timed" ? " at once" : "";
  return `${kubectl("promote", rollout)} goes on${timed}, ${kubectl("abort", rollout)} gives it up`;
}

function kubectl(verb: string, { namespace, name }: Rollout): string {
  return `kubectl argo rollouts ${verb} ${name} -n ${namespace}`;
}
