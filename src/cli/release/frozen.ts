import type { FreezeWindow, FreezeWindowSpec } from "#api/freezewindow.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";

/** What a window holds, in words. */
export function scopeOf({ environments, services, clusters }: FreezeWindowSpec): string {
  const parts = [
    ...(services === undefined ? [] : [`services ${services.join(", ")}`]),
    ...(environments === undefined ? [] : [`environments ${environments.join(", ")}`]),
    ...(clusters?.names === undefined ? [] : [`clusters ${clusters.names.join(", ")}`]),
    ...(clusters?.selector === undefined
      ? []
      : [
          `clusters with ${Object.entries(clusters.selector.matchLabels)
            .map((pair) => pair.join("="))
            .join(", ")}`,
        ]),
  ];
  return parts.length === 0 ? "everything" : parts.join("; ");
}

/** When it holds, in words. */
export function timesOf({ from, to, schedule, duration, timeZone = "UTC" }: FreezeWindowSpec): string {
  return schedule === undefined ? `from ${from ?? ""} to ${to ?? ""}` : `whenever it is ${schedule} in ${timeZone}, for ${duration ?? ""}`;
}

/** The releases with a run in flight that a window may hold: it starts no further cluster of them, as far as they have any there. */
export function inScope(releases: readonly ServiceRelease[], { environments, services }: FreezeWindowSpec): readonly ServiceRelease[] {
  return releases.filter(
    ({ spec, status }) =>
      status?.run !== undefined &&
      status.conditions?.some(({ type, status: is }) => type === "Reconciling" && is === "True") === true &&
      (environments?.includes(spec.environment) ?? true) &&
      (services?.includes(spec.service) ?? true),
  );
}

/** The releases that say that they are held by this window. */
export function heldBy(releases: readonly ServiceRelease[], { metadata }: FreezeWindow): readonly ServiceRelease[] {
  const name = `FreezeWindow ${metadata.namespace}/${metadata.name} `;
  return releases.filter(({ status }) => status?.waitingOn?.reason === "Freeze" && status.waitingOn.message.startsWith(name));
}
