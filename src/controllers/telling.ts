import { cut } from "#api/conditions.ts";
import { LIMITS } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { hasSucceeded } from "#engine/baselines.ts";
import type { newRun } from "./newrun.ts";
import { involved, type Parts } from "./parts.ts";
import type { Standing } from "./releasestatus.ts";
import type { Answers } from "./requests.ts";

/** What a person who describes a release should find among its events. */

/** A run was made. */
export function tellPlan(parts: Parts, release: ServiceRelease, run: ReturnType<typeof newRun>, unreachable: readonly string[]): void {
  const { revision, targets, kind, waves, warnings = [] } = run.spec;
  const left = unreachable.length === 0 ? "" : `; out of reach now: ${unreachable.slice(0, 10).join(", ")}`;
  const how = kind === "Forward" ? "" : ` (${kind})`;
  const note = `${run.metadata.name}${how}: revision ${revision} to ${several(targets.length, "cluster")} in ${several(waves.length, "wave")}${left}`;
  parts.events.record(involved(release), "Normal", "RunPlanned", note);
  for (const { cluster, message } of warnings.slice(0, 5))
    parts.events.record(involved(release), "Warning", "OwnerMayRevert", `${cluster}: ${message}`);
  const { namespace, name } = release.metadata;
  const counts = { targets: targets.length, waves: waves.length, unreachable: unreachable.length };
  parts.log.info("run planned", { release: `${namespace}/${name}`, run: run.metadata.name, kind, revision, ...counts });
}

/** What became of what people asked for, why it cannot start, and how it ended. `release` is as it was before. */
export function tellStanding({ events }: Parts, release: ServiceRelease, standing: Standing, answers: Answers): void {
  const before = release.status;
  const tell = (type: "Normal" | "Warning", reason: string, note: string): void => events.record(involved(release), type, reason, note);
  for (const { action, value, result, message } of answers) {
    if (before?.actions?.some((one) => one.action === action && one.value === value) === true) continue;
    const note = `conductor.dev/${action}: ${value}: ${message}`;
    if (result === "Done") tell("Normal", "ActionNoted", note);
    else tell("Warning", "ActionRefused", note);
  }
  if (standing.kind === "Stalled" && before?.waitingOn?.reason !== standing.reason) tell("Warning", standing.reason, standing.message);
  if (standing.kind !== "Run" || standing.drift.length > 0 || standing.others.length > 0) return;
  const { run } = standing;
  const end = run.status?.conditions?.find(({ type, status }) => type === "Finished" && status === "True");
  const known = before?.conditions?.find(({ type, status }) => type === "Finished" && status === "True");
  if (end === undefined || (known?.reason === end.reason && before?.run === run.metadata.name)) return;
  tell(hasSucceeded(run) ? "Normal" : "Warning", end.reason, cut(`${run.metadata.name}: ${end.message}`, LIMITS.message));
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
