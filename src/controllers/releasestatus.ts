import { cut, settle, type Wanted } from "#api/conditions.ts";
import { isSuccess, OUTCOMES as ALL_OUTCOMES, type StalledReason } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { LIMITS } from "#api/rules.ts";
import type { ServiceRelease, ServiceReleaseStatus } from "#api/servicerelease.ts";
import type { Objection } from "#engine/plan.ts";
import { waitingOn } from "./runstatus.ts";

/** Where a release stands. Each state of README's table of conditions is one of these. */
export type Standing =
  /** It waits to be planned. */
  | { readonly kind: "Pending"; readonly message: string }
  /** It cannot start. */
  | { readonly kind: "Stalled"; readonly reason: StalledReason; readonly message: string; readonly objections: readonly Objection[] }
  /** Its run is in flight, or has ended. */
  | { readonly kind: "Run"; readonly run: ReleaseRun; readonly drift: readonly Drift[] };

/** A target that was verified, and is no longer what it was. */
export interface Drift {
  readonly cluster: string;
  readonly phase: "Drifted" | "Unknown";
  readonly reason: "ValuesChanged" | "Missing" | "WatchLost";
  readonly message: string;
}

/** The whole status of a release. Equal input gives equal output, so that nothing is written for nothing. */
export function releaseStatus(release: ServiceRelease, standing: Standing, runs: readonly ReleaseRun[], now: number): ServiceReleaseStatus {
  const before = release.status;
  const newest = standing.kind === "Run" ? standing.run : undefined;
  const counts = newest?.status?.counts;
  const stable = stableRevision(runs) ?? before?.revision?.stable;
  const name = newest?.metadata.name ?? runs.at(-1)?.metadata.name;
  return {
    observedGeneration: release.metadata.generation,
    phase: phaseOf(standing),
    conditions: settle(before?.conditions ?? [], wanted(standing, before), release.metadata.generation, now),
    revision: { desired: release.spec.revision, ...(stable === undefined ? {} : { stable }) },
    ...(newest === undefined ? {} : { wave: { current: 1, total: 1, summary: "1/1" } }),
    ...(counts === undefined ? {} : { targets: counts }),
    ...awaited(standing, before, now),
    ...clusters(standing),
    ...(name === undefined ? {} : { run: name }),
    ...history(runs),
  };
}

function phaseOf(standing: Standing): NonNullable<ServiceReleaseStatus["phase"]> {
  switch (standing.kind) {
    case "Pending":
    case "Stalled":
      return standing.kind;
    case "Run":
      return standing.drift[0]?.phase ?? standing.run.status?.phase ?? "Planned";
  }
}

function wanted(standing: Standing, before: ServiceReleaseStatus | undefined): Wanted {
  switch (standing.kind) {
    case "Pending":
      return states("Pending", standing.message, { Reconciling: true });
    case "Stalled":
      return states(standing.reason, standing.message, { Stalled: true });
    case "Run": {
      const { run, drift } = standing;
      const said = run.status?.conditions?.find(({ type }) => type === "Finished");
      const finished = said?.status === "True";
      const message = said?.message ?? "planned";
      if (!finished) return states(said?.reason ?? "Planned", message, { Reconciling: true });
      const [first] = drift;
      if (first === undefined)
        return states(
          said.reason,
          message,
          isSuccess(run.status?.phase) ? { Ready: true, Finished: true } : { Stalled: true, Finished: true },
        );
      const drifted = states(
        first.phase,
        `${first.cluster}: ${first.message}${drift.length > 1 ? ` (and ${drift.length - 1} more)` : ""}`,
        {},
      );
      const last = before?.conditions?.find(({ type }) => type === "Finished");
      return { ...drifted, Finished: { status: true, reason: last?.status === "True" ? last.reason : said.reason, message } };
    }
  }
}

type Type = "Ready" | "Reconciling" | "Stalled" | "Finished";

function states(reason: string, message: string, is: Partial<Record<Type, true>>): Wanted<Type> {
  const one = (type: Type): Wanted[string] => ({ status: is[type] === true, reason, message });
  return { Ready: one("Ready"), Reconciling: one("Reconciling"), Stalled: one("Stalled"), Finished: one("Finished") };
}

function awaited(standing: Standing, before: ServiceReleaseStatus | undefined, now: number): Pick<ServiceReleaseStatus, "waitingOn"> {
  switch (standing.kind) {
    case "Pending":
      return waitingOn(before?.waitingOn, { reason: "Observing", message: standing.message }, now);
    case "Stalled":
      return waitingOn(before?.waitingOn, { reason: standing.reason, message: standing.message }, now);
    case "Run":
      return standing.run.status?.waitingOn === undefined ? {} : { waitingOn: standing.run.status.waitingOn };
  }
}

function clusters(standing: Standing): Pick<ServiceReleaseStatus, "clusters"> {
  const all = listed(standing);
  return all.length === 0 ? {} : { clusters: all.slice(0, LIMITS.statusClusters) };
}

function listed(standing: Standing): NonNullable<ServiceReleaseStatus["clusters"]> {
  switch (standing.kind) {
    case "Pending":
      return [];
    case "Stalled": {
      // Two objections to one cluster would be two entries with one key.
      const named = new Set<string>();
      const first = standing.objections.filter(({ cluster }) => !named.has(cluster) && named.add(cluster));
      return first.map(({ cluster, reason, message }) => ({ name: cluster, phase: "Pending", reason, message: cut(message) }));
    }
    case "Run": {
      if (standing.drift.length > 0)
        return standing.drift.map(({ cluster, phase, reason, message }) => ({ name: cluster, phase, reason, message: cut(message) }));
      const open = standing.run.status?.targets?.filter(({ phase }) => phase !== "Ready") ?? [];
      return open.map(({ cluster, phase, reason, message }) => ({ name: cluster, phase, reason, message }));
    }
  }
}

/** The newest revision that was verified on every target of its run. */
function stableRevision(runs: readonly ReleaseRun[]): string | undefined {
  return runs.findLast(({ status }) => status?.phase === "Succeeded")?.spec.revision;
}

function history(runs: readonly ReleaseRun[]): Pick<ServiceReleaseStatus, "history"> {
  const ended = runs.flatMap(({ metadata, spec, status }) => {
    const outcome = status?.conditions?.find(({ type }) => type === "Finished");
    if (status?.startedAt === undefined || status.finishedAt === undefined || outcome === undefined) return [];
    return [
      { run: metadata.name, revision: spec.revision, outcome: status.phase, startedAt: status.startedAt, finishedAt: status.finishedAt },
    ];
  });
  const entries = ended.flatMap(({ outcome, ...entry }) => (isOutcome(outcome) ? [{ ...entry, outcome }] : []));
  return entries.length === 0 ? {} : { history: entries.toReversed().slice(0, LIMITS.history) };
}

type HistoryOutcome = NonNullable<ServiceReleaseStatus["history"]>[number]["outcome"];

function isOutcome(phase: NonNullable<ReleaseRun["status"]>["phase"]): phase is HistoryOutcome {
  return phase !== undefined && OUTCOMES.has(phase);
}

const OUTCOMES: ReadonlySet<string> = new Set(ALL_OUTCOMES);
