import type { ReleaseRun } from "#api/releaserun.ts";
import { hasSucceeded, owedBy, verifiedBy } from "#engine/baselines.ts";
import { isMain, mainRun, missed, stableRevision } from "#engine/next.ts";
import type { Case } from "./case.ts";
import { driftOf } from "./drift.ts";
import type { Drift, NotCovered, Standing } from "./releasestatus.ts";
import type { Sightings } from "./sightings.ts";

/** How a release stands while one of its runs is in flight. One that only catches up, or restores, leaves the outcome as it is. */
export function inFlight({ wish, runs, covered }: Case, newest: ReleaseRun): Standing {
  const main = mainRun(runs);
  const shared = { kind: "Run", drift: [], notCovered: [] } as const;
  if (main !== undefined && !isMain(newest))
    return {
      ...shared,
      run: main,
      others: after(main, runs),
      owed: [
        ...owedBeside(main, runs),
        ...behind(
          main,
          runs,
          newest.spec.targets.map(({ cluster }) => cluster),
        ),
      ],
    };
  const waits = newest.spec.release.hash !== wish.hash && newest.spec.strategy.supersede === "Queue";
  const planned = new Set(newest.spec.targets.map(({ cluster }) => cluster));
  const joined =
    covered.kind === "Refused" || newest.spec.kind !== "Forward" ? [] : covered.clusters.filter((cluster) => !planned.has(cluster));
  const message = "not in the plan of the run in flight: it is caught up when that has ended";
  const notCovered = waits ? [] : joined.map((cluster): NotCovered => ({ cluster, reason: "NotCovered", message }));
  return { ...shared, notCovered, run: newest, others: [], owed: owedBeside(newest, runs), ...(waits ? { next: wish.revision } : {}) };
}

/** How a release stands whose `main` run has ended, with what is seen of its targets now. */
export function settled(
  main: ReleaseRun,
  { runs, covered }: Case,
  drift: readonly Drift[],
  refusal: (cluster: string) => NotCovered | undefined,
): Standing {
  const left = covered.kind === "Refused" ? [] : missed(covered.clusters, runs);
  const stable = stableRevision(runs) ?? "any verified revision";
  const notCovered = left.map(
    (cluster): NotCovered =>
      refusal(cluster) ?? { cluster, reason: "NotCovered", message: `not at ${stable} yet: it is caught up next, as soon as it answers` },
  );
  return {
    kind: "Run",
    run: main,
    drift,
    others: after(main, runs),
    notCovered,
    owed: [...owedBeside(main, runs), ...behind(main, runs, left)],
  };
}

/** What has become of all that `main` and the runs after it verified; undefined while one target was not looked at yet. */
export function driftSince(main: ReleaseRun, runs: readonly ReleaseRun[], sightings: Sightings): readonly Drift[] | undefined {
  const drifts = standing([main, ...after(main, runs)]).map(([run, clusters]) => driftOf(run, clusters, sightings));
  return drifts.includes(undefined) ? undefined : drifts.flatMap((drift) => drift ?? []);
}

function after(main: ReleaseRun, runs: readonly ReleaseRun[]): readonly ReleaseRun[] {
  return runs.slice(runs.indexOf(main) + 1);
}

/** The runs that succeeded, each with the clusters for which no newer one speaks. */
export function standing(runs: readonly ReleaseRun[]): readonly (readonly [ReleaseRun, ReadonlySet<string>])[] {
  const spoken = new Set<string>();
  return runs
    .toReversed()
    .filter(hasSucceeded)
    .map((run) => {
      const own = new Set([...verifiedBy(run)].filter((cluster) => !spoken.has(cluster)));
      for (const cluster of own) spoken.add(cluster);
      return [run, own] as const;
    })
    .filter(([, own]) => own.size > 0);
}

/** Of `clusters` those that were in an earlier plan and not in that of `main`: they have not joined, they owed a restore, and are not there yet. */
function behind(main: ReleaseRun, runs: readonly ReleaseRun[], clusters: readonly string[]): readonly string[] {
  const earlier = new Set(runs.slice(0, runs.indexOf(main)).flatMap(({ spec }) => spec.targets.map(({ cluster }) => cluster)));
  const planned = new Set(main.spec.targets.map(({ cluster }) => cluster));
  return clusters.filter((cluster) => earlier.has(cluster) && !planned.has(cluster));
}

/** Clusters that a run left out, because an earlier rollback could not reach them. */
function owedBeside(run: ReleaseRun, runs: readonly ReleaseRun[]): readonly string[] {
  const own = new Set(run.spec.targets.map(({ cluster }) => cluster));
  return owedBy(runs).flatMap(({ cluster }) => (own.has(cluster) ? [] : [cluster]));
}
