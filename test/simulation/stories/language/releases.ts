import { OUTCOMES, type RELEASE_PHASES } from "#api/reasons.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Journal } from "./journal.ts";

/** What a ServiceRelease says of itself, where its run does not say so already. */
export function tellRelease(journal: Journal, before: ServiceRelease, release: ServiceRelease, endings: ReadonlySet<string>): void {
  const { status, metadata } = release;
  if (status === undefined) return;
  const old = before.status;
  for (const { action, value, result, message } of status.actions ?? []) {
    if (result === "Done" || old?.actions?.some((one) => one.action === action && one.value === value) === true) continue;
    journal.note(`the conductor refuses conductor.dev/${action}: ${value}: ${message}`);
  }
  const said = status.conditions?.find(({ type }) => type === "Ready")?.message ?? "";
  const next = followerIn(said);
  if (next !== undefined && next !== followerIn(old?.conditions?.find(({ type }) => type === "Ready")?.message))
    journal.note(`${metadata.name}: ${next}`);

  for (const { name, reason, message } of status.clusters ?? []) {
    const known = old?.clusters?.some((one) => one.name === name && one.reason === reason) === true;
    if (!known && reason === "NotCovered") journal.note(`{} is|are not covered: ${message}`, { cluster: name });
  }

  const { phase } = status;
  if (phase === undefined) return;
  if (phase === "Stalled" && (old?.phase !== phase || old.waitingOn?.reason !== status.waitingOn?.reason))
    return journal.note(`${metadata.name} is Stalled (${status.waitingOn?.reason}): ${said}`);
  if (phase === "Pending" && status.waitingOn?.reason === "Paused" && old?.waitingOn?.reason !== "Paused")
    return journal.note(`${metadata.name} is Pending: ${said}`);
  if (phase === old?.phase || !isEnd(phase)) return;
  if (endings.has(`${status.run}: ${phase}`) && !isLater(old?.phase)) return;
  journal.note(`${metadata.name} is ${phase}${isLater(old?.phase) ? " again" : ""}: ${said}`);
}

/** The wish that waits for the end of a run, of a message that says more. */
function followerIn(said = ""): string | undefined {
  return /revision \w+ follows when this run has ended$/.exec(said)?.[0];
}

function isEnd(phase: (typeof RELEASE_PHASES)[number]): boolean {
  return isLater(phase) || OUTCOMES.some((outcome) => outcome === phase);
}

function isLater(phase: string | undefined): boolean {
  return phase === "Drifted" || phase === "Unknown";
}
