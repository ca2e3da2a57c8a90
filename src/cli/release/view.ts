import type { GatePhase, RunKind, TargetPhase, WavePhase } from "#api/reasons.ts";
import type { ReleaseRun, TargetStatus } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { moodOfTarget, MOODS, type ReleasePhase } from "../look.ts";

/**
 * A release as `status -o json` prints it. Times are RFC 3339 in UTC, null where something has not come to pass or is not known.
 * `waves` is null where runs may not be read: then `clusters` has what the release itself lists. Fields are added in later
 * versions, and none changes its meaning within one `version`.
 */
export interface ReleaseView {
  readonly version: 1;
  readonly name: string;
  readonly namespace: string;
  readonly revision: string;
  /** What was last verified on every target. */
  readonly stable: string | null;
  readonly phase: ReleasePhase;
  /** Where people see it. */
  readonly url: string | null;
  /** Whether the conductor has seen the newest spec. */
  readonly observed: boolean;
  readonly message: string;
  readonly run: RunView | null;
  readonly targets: {
    readonly total: number;
    readonly updated: number;
    readonly ready: number;
    readonly failed: number;
    readonly unreachable: number;
  } | null;
  readonly waitingOn: {
    readonly reason: string;
    readonly message: string;
    readonly since: string;
    readonly nextCheck: string | null;
  } | null;
  readonly waves: readonly WaveView[] | null;
  /** The clusters that are not done, what matters first; at most 50 where `waves` is null. */
  readonly clusters: readonly ClusterView[];
}

export interface RunView {
  readonly name: string;
  readonly kind: RunKind;
  readonly revision: string;
  readonly author: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface WaveView {
  readonly name: string;
  readonly phase: WavePhase;
  readonly total: number;
  readonly ready: number;
  readonly startedAt: string | null;
  readonly verifiedAt: string | null;
  readonly gates: readonly {
    readonly kind: "Approval" | "Analysis";
    readonly object: string;
    readonly phase: GatePhase;
    readonly message: string;
  }[];
  /** All of the wave, what matters first. */
  readonly clusters: readonly ClusterView[];
}

export interface ClusterView {
  readonly name: string;
  readonly phase: TargetPhase;
  readonly reason: string;
  readonly message: string;
  readonly since: string | null;
}

/** `run`: the newest of the release, where it may be read. */
export function viewOf({ metadata, spec, status }: ServiceRelease, run: ReleaseRun | undefined): ReleaseView {
  const waves = run === undefined ? null : wavesOf(run);
  const listed = (status?.clusters ?? []).map(({ name, phase, reason, message }): ClusterView => ({
    name,
    phase,
    reason,
    message,
    since: null,
  }));
  const known = new Set((waves ?? []).flatMap(({ clusters }) => clusters.map(({ name }) => name)));
  const open = (waves ?? []).flatMap(({ clusters }) => clusters.filter(({ phase }) => phase !== "Ready"));
  // What the release adds: what has drifted since, and what its run does not cover.
  const added =
    waves === null ? listed : listed.filter(({ name, phase }) => !known.has(name) || phase === "Drifted" || phase === "Unknown");
  const renamed = new Set(added.map(({ name }) => name));
  return {
    version: 1,
    name: metadata.name,
    namespace: metadata.namespace,
    revision: spec.revision,
    stable: status?.revision?.stable ?? null,
    phase: status?.phase ?? "Pending",
    url: status?.url ?? null,
    observed: status?.observedGeneration === metadata.generation,
    message: messageOf(status),
    run: run === undefined ? (status?.run === undefined ? null : runOf(status.run, spec.revision)) : runView(run),
    targets: countsOf(status),
    waitingOn: waitingOf(status),
    waves,
    clusters: sorted([...added, ...open.filter(({ name }) => !renamed.has(name))]),
  };
}

/** What is said of a release that has no status. */
export const UNSEEN = "the conductor has not looked at it yet";

function messageOf(status: ServiceRelease["status"]): string {
  if (status === undefined) return UNSEEN;
  return status.conditions?.find(({ type }) => type === "Ready")?.message ?? "";
}

function countsOf(status: ServiceRelease["status"]): ReleaseView["targets"] {
  if (status?.targets === undefined) return null;
  const { summary: _, ...counts } = status.targets;
  return counts;
}

function waitingOf(status: ServiceRelease["status"]): ReleaseView["waitingOn"] {
  if (status?.waitingOn === undefined) return null;
  const { reason, message, since, nextCheck } = status.waitingOn;
  return { reason, message, since, nextCheck: nextCheck ?? null };
}

function runOf(name: string, revision: string): RunView {
  return { name, kind: "Forward", revision, author: null, startedAt: null, finishedAt: null };
}

function runView({ metadata, spec, status }: ReleaseRun): RunView {
  return {
    name: metadata.name,
    kind: spec.kind,
    revision: spec.revision,
    author: spec.author ?? null,
    startedAt: status?.startedAt ?? null,
    finishedAt: status?.finishedAt ?? null,
  };
}

function wavesOf({ spec, status }: ReleaseRun): readonly WaveView[] {
  const said = new Map((status?.targets ?? []).map((target) => [target.cluster, target]));
  const ended = status?.finishedAt !== undefined;
  return spec.waves.map(({ name }, index): WaveView => {
    const now = status?.waves?.[index];
    const clusters = spec.targets
      .filter(({ wave }) => wave === index + 1)
      .map(({ cluster }) => clusterOf(cluster, said.get(cluster), ended));
    return {
      name,
      phase: now?.phase ?? "Pending",
      total: clusters.length,
      ready: clusters.filter(({ phase }) => phase === "Ready").length,
      startedAt: now?.startedAt ?? null,
      verifiedAt: now?.verifiedAt ?? null,
      gates: (now?.gates ?? []).map(({ kind, object, phase, message }) => ({ kind, object, phase, message })),
      clusters: sorted(clusters),
    };
  });
}

/** A run that ended lists those that are not Ready; one that has just been made lists none. */
function clusterOf(name: string, said: TargetStatus | undefined, ended: boolean): ClusterView {
  if (said === undefined)
    return ended
      ? { name, phase: "Ready", reason: "Verified", message: "", since: null }
      : { name, phase: "Pending", reason: "Planned", message: "", since: null };
  const { phase, reason, message, since, failure } = said;
  return { name, phase, reason, message: failure === undefined ? message : `${message} (it had failed: ${failure.message})`, since };
}

/** What matters first: what is bad, what waits for somebody, what moves. */
function sorted(clusters: readonly ClusterView[]): readonly ClusterView[] {
  return clusters.toSorted(
    (a, b) =>
      MOODS.indexOf(moodOfTarget(a.phase)) - MOODS.indexOf(moodOfTarget(b.phase)) || a.name.localeCompare(b.name, "en", { numeric: true }),
  );
}
