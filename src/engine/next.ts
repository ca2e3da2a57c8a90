import type { ReleaseRun, RunCause } from "#api/releaserun.ts";
import type { RunKind } from "#api/reasons.ts";
import type { FieldValues } from "#api/releaserun.ts";
import type { Request } from "./actions.ts";
import { hasSucceeded, owedBy, verifiedBy, type Owed } from "./baselines.ts";

/** What a release shall do next, now that no run of it is in flight. */
export interface Intent {
  readonly kind: RunKind;
  readonly revision: string;
  readonly cause: RunCause | undefined;
  /** The clusters that it is about; undefined for all that the release covers. */
  readonly clusters: ReadonlySet<string> | undefined;
  /** The values to write by cluster, where they do not follow from the revision. */
  readonly values: ReadonlyMap<string, FieldValues> | undefined;
}

export interface Wish {
  readonly revision: string;
  /** Identity of the wish. */
  readonly hash: string;
  readonly paused: boolean;
}

/** How recently a revision must have been verified for its release to be a rollback. */
export interface Window {
  readonly revisions: number;
  /** Milliseconds. */
  readonly age: number;
}

/** The newest run that fulfils a wish: not one that only catches up, or restores what another could not reach. */
export function mainRun(runs: readonly ReleaseRun[]): ReleaseRun | undefined {
  return runs.findLast(isMain);
}

export function isMain({ spec }: ReleaseRun): boolean {
  return spec.kind !== "CatchUp" && spec.cause?.action !== "restore";
}

/** Clusters that owe a restore and answer now come first: nothing else is done there before. */
export function restore(runs: readonly ReleaseRun[], answers: (owed: Owed) => boolean): Intent | undefined {
  const all = owedBy(runs).filter(answers);
  const [first] = all;
  if (first === undefined) return undefined;
  const revision = revisionOf(first, runs);
  const owed = all.filter((one) => revisionOf(one, runs) === revision);
  return {
    kind: "Rollback",
    revision,
    cause: { action: "restore", run: first.run },
    clusters: new Set(owed.map(({ cluster }) => cluster)),
    values: new Map(owed.map(({ cluster, baseline }) => [cluster, baseline])),
  };
}

/** The revision that a restore goes back to: what the Application tracked, or where that says nothing what was stable before. */
function revisionOf({ baseline, run }: Owed, runs: readonly ReleaseRun[]): string {
  const { targetRevision } = baseline;
  if (typeof targetRevision === "string") return targetRevision;
  return (
    stableRevision(
      runs.slice(
        0,
        runs.findIndex(({ metadata }) => metadata.name === run),
      ),
    ) ?? "unknown"
  );
}

/** The run that a person asks for, or why there is none. */
export function asked(request: Request, wish: Wish, runs: readonly ReleaseRun[]): Intent | string {
  const main = mainRun(runs);
  const newest = runs.at(-1);
  if (newest === undefined || main === undefined) return "there is no run yet";
  if (request.run !== newest.metadata.name && request.run !== main.metadata.name)
    return `it names run ${request.run}, and the newest is ${newest.metadata.name}: what was meant for one run is not done to another`;
  if (main.spec.release.hash !== wish.hash) return `a newer wish, revision ${wish.revision}, has taken the place of ${main.metadata.name}`;
  const cause: RunCause = { action: request.action, value: request.value, run: request.run };
  const base = { revision: wish.revision, cause, clusters: undefined, values: undefined };
  switch (request.action) {
    case "retry": {
      if (newest.spec.kind === "CatchUp" && !hasSucceeded(newest))
        return { ...base, kind: "CatchUp", revision: newest.spec.revision, clusters: clustersOf(newest) };
      return { ...base, kind: "Forward" };
    }
    case "retry-failed": {
      // Those that are verified are in it too: they are not written, only verified again, and wait for their wave's soak as before.
      if (verifiedBy(main).size === main.spec.targets.length)
        return `every target of ${main.metadata.name} is verified: there is nothing to retry`;
      return {
        ...base,
        kind: "RetryFailed",
        revision: main.spec.revision,
        cause: { ...cause, run: main.metadata.name },
        clusters: clustersOf(main),
      };
    }
    case "rollback-to": {
      const verified = verifiedRevisions(runs).map(({ revision }) => revision);
      if (request.argument === "")
        return `it names no revision: write ${request.run}/<revision>, one of ${verified.join(", ") || "none: no revision was verified yet"}`;
      if (!verified.includes(request.argument))
        return `revision ${request.argument} was never verified here: verified were ${verified.join(", ") || "none"}`;
      return { ...base, kind: "Rollback", revision: request.argument };
    }
    default:
      return `${request.action} is for a run in flight, and ${newest.metadata.name} has ended`;
  }
}

/** The run that a new wish needs; undefined when the wish was tried already. */
export function wished(wish: Wish, runs: readonly ReleaseRun[], window: Window, now: number): Intent | undefined {
  const main = mainRun(runs);
  // A wish that was given up for another one, and is wished again, was not tried to its end.
  if (main !== undefined && main.status?.phase !== "Superseded" && main.spec.release.hash === wish.hash) return undefined;
  const base = { revision: wish.revision, clusters: undefined, values: undefined };
  const current = main !== undefined && hasSucceeded(main) ? main.spec.revision : undefined;
  const recent = verifiedRevisions(runs)
    .filter(({ revision }) => revision !== current)
    .slice(0, window.revisions);
  const isBack = recent.some(({ revision, at }) => revision === wish.revision && now - at <= window.age);
  return isBack ? { ...base, kind: "Rollback", cause: { action: "window" } } : { ...base, kind: "Forward", cause: undefined };
}

/** Revisions that were verified everywhere, the newest first, each once, with when that was last. */
export function verifiedRevisions(runs: readonly ReleaseRun[]): readonly { readonly revision: string; readonly at: number }[] {
  const found = new Map<string, number>();
  for (const run of runs.toReversed()) {
    if (!isMain(run) || !hasSucceeded(run) || found.has(run.spec.revision)) continue;
    found.set(run.spec.revision, Date.parse(run.status?.finishedAt ?? ""));
  }
  return [...found].map(([revision, at]) => ({ revision, at }));
}

/** The revision that was last verified everywhere. */
export function stableRevision(runs: readonly ReleaseRun[]): string | undefined {
  return verifiedRevisions(runs)[0]?.revision;
}

/**
 * The clusters that a release covers and that its newest run has not brought to `stable`: left out because they did not
 * answer, or joined since. Those whose catch-up has failed wait for a person.
 */
export function missed(covered: readonly string[], runs: readonly ReleaseRun[]): readonly string[] {
  const main = mainRun(runs);
  if (main === undefined || main.status?.finishedAt === undefined || !(hasSucceeded(main) || main.status.phase === "RolledBack")) return [];
  const stable = runs.findLast((run) => isMain(run) && hasSucceeded(run));
  if (stable === undefined) return [];
  const owed = new Set(owedBy(runs).map(({ cluster }) => cluster));
  const caughtUp = new Map<string, boolean>();
  for (const run of runs.slice(runs.indexOf(stable) + 1)) {
    if (run.spec.kind !== "CatchUp") continue;
    // One that has failed, or was ended by a person, is not tried again by itself.
    const open = hasSucceeded(run) ? leftOut(run) : new Set();
    for (const { cluster } of run.spec.targets) caughtUp.set(cluster, run.status?.phase !== "Superseded" && !open.has(cluster));
  }
  const [planned, out] = [clustersOf(stable), leftOut(stable)];
  return covered.filter((cluster) => {
    if (owed.has(cluster)) return false;
    return caughtUp.has(cluster) ? caughtUp.get(cluster) === false : !planned.has(cluster) || out.has(cluster);
  });
}

/** The targets that a run left out: not failed, nor taken out by a person. One that counted as gone may be back. */
function leftOut({ status }: ReleaseRun): ReadonlySet<string> {
  const out = (status?.targets ?? []).filter(
    ({ phase, reason, goingBack }) => goingBack !== true && (phase === "Unreachable" || phase === "Pending" || reason === "ClusterGone"),
  );
  return new Set(out.map(({ cluster }) => cluster));
}

/** Brings `clusters` to the revision that is verified everywhere else. */
export function catchUp(clusters: readonly string[], runs: readonly ReleaseRun[]): Intent | undefined {
  const revision = stableRevision(runs);
  const main = mainRun(runs);
  if (revision === undefined || main === undefined || clusters.length === 0) return undefined;
  const cause: RunCause = { action: "catch-up", run: main.metadata.name };
  return { kind: "CatchUp", revision, cause, clusters: new Set(clusters), values: undefined };
}

function clustersOf({ spec }: ReleaseRun): ReadonlySet<string> {
  return new Set(spec.targets.map(({ cluster }) => cluster));
}
