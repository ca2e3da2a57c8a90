import { cut, settle, type Wanted } from "#api/conditions.ts";
import { isSuccess, OUTCOMES as ALL_OUTCOMES, type Outcome, type RunPhase, type StalledReason } from "#api/reasons.ts";
import type { ReleaseRun, TargetStatus } from "#api/releaserun.ts";
import { LIMITS } from "#api/rules.ts";
import type { ServiceRelease, ServiceReleaseStatus } from "#api/servicerelease.ts";
import { hasSucceeded, verifiedBy } from "#engine/baselines.ts";
import { stableRevision } from "#engine/next.ts";
import type { Objection } from "#engine/plan.ts";
import { waitingOn } from "./runstatus.ts";

/** Where a release stands. Each state of README's table of conditions is one of these. */
export type Standing =
  /** It waits to be planned. */
  | { readonly kind: "Pending"; readonly reason: "Observing" | "Paused"; readonly message: string }
  /** It cannot start. */
  | { readonly kind: "Stalled"; readonly reason: StalledReason; readonly message: string; readonly objections: readonly Objection[] }
  /** Its run is in flight, or has ended. */
  | {
      readonly kind: "Run";
      readonly run: ReleaseRun;
      readonly drift: readonly Drift[];
      /** The runs after it that caught up what it left out, or took back what it could not reach. */
      readonly others: readonly ReleaseRun[];
      /** Clusters that the release covers and that its run has not brought along. */
      readonly notCovered: readonly NotCovered[];
      /** Clusters that its run left out, because an earlier rollback could not reach them. */
      readonly owed: readonly string[];
      /** A newer wish that waits for its end. */
      readonly next?: string;
    };

export interface NotCovered {
  readonly cluster: string;
  readonly reason: "NotCovered" | StalledReason;
  readonly message: string;
}

/** A target that was verified, and is no longer what it was. */
export interface Drift {
  readonly cluster: string;
  readonly phase: "Drifted" | "Unknown";
  readonly reason: "ValuesChanged" | "Missing" | "WatchLost";
  readonly message: string;
}

/** The whole status of a release. Equal input gives equal output, so that nothing is written for nothing. */
export function releaseStatus(
  release: ServiceRelease,
  standing: Standing,
  runs: readonly ReleaseRun[],
  answers: NonNullable<ServiceReleaseStatus["actions"]>,
  now: number,
): ServiceReleaseStatus {
  const before = release.status;
  const run = standing.kind === "Run" ? standing.run : undefined;
  const stable = stableRevision(runs) ?? before?.revision?.stable;
  const name =
    run !== undefined && run.status?.finishedAt === undefined ? run.metadata.name : (runs.at(-1)?.metadata.name ?? run?.metadata.name);
  return {
    observedGeneration: release.metadata.generation,
    phase: phaseOf(standing),
    conditions: settle(before?.conditions ?? [], wanted(standing, before), release.metadata.generation, now),
    revision: { desired: release.spec.revision, ...(stable === undefined ? {} : { stable }) },
    ...(run === undefined ? {} : { wave: waveOf(run) }),
    ...counted(standing),
    ...awaited(standing, before, now),
    ...clusters(standing),
    ...(name === undefined ? {} : { run: name }),
    ...(answers.length === 0 ? {} : { actions: answers }),
    ...history(runs),
  };
}

/** The wave that is under way, or the last one that was. */
function waveOf({ spec, status }: ReleaseRun): NonNullable<ServiceReleaseStatus["wave"]> {
  const total = spec.waves.length;
  const verified = (status?.waves ?? []).filter(({ phase }) => phase === "Verified").length;
  const current = Math.min(total, verified + 1);
  return { current, total, summary: `${current}/${total}` };
}

/** The run's counts, with what was caught up since. */
function counted(standing: Standing): Pick<ServiceReleaseStatus, "targets"> {
  const counts = standing.kind === "Run" ? standing.run.status?.counts : undefined;
  if (standing.kind !== "Run" || counts === undefined) return {};
  const { run, others } = standing;
  const own = new Set(run.spec.targets.map(({ cluster }) => cluster));
  const open = new Map((run.status?.targets ?? []).map(({ cluster, phase }) => [cluster, phase]));
  const caught = new Set(others.flatMap((one) => (one.spec.kind === "CatchUp" ? [...verifiedBy(one)] : [])));
  const joined = [...caught].filter((cluster) => !own.has(cluster)).length;
  const reached = [...caught].filter((cluster) => open.get(cluster) === "Unreachable").length;
  const total = counts.total + joined;
  const ready = counts.ready + caught.size;
  const targets = {
    total,
    updated: counts.updated + caught.size,
    ready,
    failed: counts.failed,
    unreachable: Math.max(0, counts.unreachable - reached),
  };
  return { targets: { ...targets, summary: `${ready}/${total}` } };
}

/** How its run ended, once what it had left open was brought to its end. */
function outcomeOf({ run, others, notCovered, owed }: Extract<Standing, { kind: "Run" }>): {
  readonly phase: RunPhase | Outcome;
  readonly message: string;
} {
  const phase = run.status?.phase ?? "Planned";
  const message = run.status?.conditions?.find(({ type }) => type === "Finished")?.message ?? "planned";
  const last = others.at(-1);
  if (phase === "Succeeded" && owed.length > 0)
    return {
      phase: "SucceededWithSkips",
      message: `every target of ${run.metadata.name} is verified; not among them, because an earlier rollback could not reach them: ${owed.join(", ")}`,
    };
  if (last === undefined) return { phase, message };
  const failed = others.find(
    (one) => one.status?.finishedAt !== undefined && one.status.phase !== "Superseded" && !hasSucceeded(one) && !isMadeGood(one, others),
  );
  if (failed !== undefined) {
    const said = failed.status?.conditions?.find(({ type }) => type === "Finished")?.message ?? "";
    return { phase: phase === "RollbackIncomplete" ? phase : "Failed", message: `${failed.metadata.name} (${failed.spec.kind}): ${said}` };
  }
  if (last.status?.finishedAt === undefined || notCovered.length > 0) return { phase, message };
  const made = new Set(others.filter(hasSucceeded).flatMap((one) => [...verifiedBy(one)]));
  const open = (run.status?.targets ?? []).filter(({ cluster }) => !made.has(cluster));
  if (phase === "SucceededWithSkips" && open.length === 0) return { phase: "Succeeded", message: "every target is verified" };
  const missing = open.some(({ phase: at, goingBack }) => goingBack === true && at !== "RolledBack" && at !== "Drifted");
  if (phase === "RollbackIncomplete" && !missing)
    return { phase: "RolledBack", message: `${message}. What could not be reached then is back now` };
  return { phase, message };
}

function isMadeGood(run: ReleaseRun, others: readonly ReleaseRun[]): boolean {
  const later = others.slice(others.indexOf(run) + 1).filter(hasSucceeded);
  const verified = new Set([run, ...later].flatMap((one) => [...verifiedBy(one)]));
  return run.spec.targets.every(({ cluster }) => verified.has(cluster));
}

function phaseOf(standing: Standing): NonNullable<ServiceReleaseStatus["phase"]> {
  switch (standing.kind) {
    case "Pending":
    case "Stalled":
      return standing.kind;
    case "Run":
      return standing.drift[0]?.phase ?? outcomeOf(standing).phase;
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
      const { phase, message } = outcomeOf(standing);
      if (run.status?.finishedAt === undefined) return states(phase, said(standing, message), { Reconciling: true });
      const [first] = drift;
      const isGood = isSuccess(phase);
      if (first === undefined) return states(phase, message, isGood ? { Ready: true, Finished: true } : { Stalled: true, Finished: true });
      const drifted = states(
        first.phase,
        `${first.cluster}: ${first.message}${drift.length > 1 ? ` (and ${drift.length - 1} more)` : ""}`,
        {},
      );
      const last = before?.conditions?.find(({ type }) => type === "Finished");
      return { ...drifted, Finished: { status: true, reason: last?.status === "True" ? last.reason : phase, message } };
    }
  }
}

function said({ run, next }: Extract<Standing, { kind: "Run" }>, message: string): string {
  if (next === undefined) return message;
  const how = run.status?.phase === "Paused" ? `: resume it, or abort it (conductor.dev/abort: ${run.metadata.name})` : "";
  return `${message}; revision ${next} follows when this run has ended${how}`;
}

type Type = "Ready" | "Reconciling" | "Stalled" | "Finished";

function states(reason: string, message: string, is: Partial<Record<Type, true>>): Wanted<Type> {
  const one = (type: Type): Wanted[string] => ({ status: is[type] === true, reason, message });
  return { Ready: one("Ready"), Reconciling: one("Reconciling"), Stalled: one("Stalled"), Finished: one("Finished") };
}

function awaited(standing: Standing, before: ServiceReleaseStatus | undefined, now: number): Pick<ServiceReleaseStatus, "waitingOn"> {
  switch (standing.kind) {
    case "Pending":
      return waitingOn(before?.waitingOn, { reason: standing.reason, message: standing.message }, now);
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
      const { run, drift, others, notCovered, owed } = standing;
      const made = new Set(others.filter(hasSucceeded).flatMap((one) => [...verifiedBy(one)]));
      const found = [
        ...drift.map(({ cluster, phase, reason, message }) => ({ name: cluster, phase, reason, message: cut(message) })),
        ...others
          .flatMap(({ status }) => status?.targets ?? [])
          .filter(({ cluster, phase }) => phase !== "Ready" && !made.has(cluster))
          .map(entry),
        ...(run.status?.targets ?? []).filter(({ cluster, phase }) => phase !== "Ready" && !made.has(cluster)).map(entry),
        ...owed.map((name) => ({
          name,
          phase: "Unknown" as const,
          reason: "WatchLost" as const,
          message: "must go back to what was verified before, as soon as it answers",
        })),
        ...notCovered.map(({ cluster, reason, message }) => ({ name: cluster, phase: "Pending" as const, reason, message: cut(message) })),
      ];
      const named = new Set<string>();
      return found.filter(({ name }) => !named.has(name) && named.add(name));
    }
  }
}

function entry({ cluster, phase, reason, message, failure }: TargetStatus): NonNullable<ServiceReleaseStatus["clusters"]>[number] {
  return { name: cluster, phase, reason, message: failure === undefined ? message : cut(`${message} (it had failed: ${failure.message})`) };
}

function history(runs: readonly ReleaseRun[]): Pick<ServiceReleaseStatus, "history"> {
  const ended = runs.flatMap(({ metadata, spec, status }) => {
    const outcome = status?.conditions?.find(({ type }) => type === "Finished");
    if (status?.startedAt === undefined || status.finishedAt === undefined || outcome === undefined) return [];
    return [
      {
        run: metadata.name,
        ...(spec.kind === "Forward" ? {} : { kind: spec.kind }),
        revision: spec.revision,
        outcome: status.phase,
        startedAt: status.startedAt,
        finishedAt: status.finishedAt,
      },
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
