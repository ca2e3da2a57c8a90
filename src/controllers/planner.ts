import { LIMITS } from "#api/rules.ts";
import { cut } from "#api/conditions.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { owedBy } from "#engine/baselines.ts";
import { mainRun, type Intent } from "#engine/next.ts";
import { plan, type Candidate } from "#engine/plan.ts";
import { backWave, catchUpWave, wavesFor, type Waves } from "#engine/strategy.ts";
import { candidates, destinations, type Destination } from "./candidates.ts";
import type { Case } from "./case.ts";
import { refused, summary, type Coverage, type Refusal } from "./coverage.ts";
import { dependenciesOf } from "./dependencies.ts";
import type { Follows } from "./follows.ts";
import type { GateChecks } from "./gatechecks.ts";
import type { Lost } from "./lost.ts";
import type { Blueprint } from "./newrun.ts";
import type { Parts } from "./parts.ts";
import type { NotCovered } from "./releasestatus.ts";
import type { RunIndex } from "./runindex.ts";
import type { Place, Sightings } from "./sightings.ts";

/** What comes of planning. */
export type Planning =
  | { readonly kind: "Refused"; readonly refusal: Refusal }
  /** Not everybody has been asked yet. */
  | { readonly kind: "Observing"; readonly clusters: readonly string[] }
  | { readonly kind: "Waiting"; readonly reason: "Observing" | "Paused"; readonly message: string }
  | { readonly kind: "Nothing" }
  /** Its Applications are held for the run; `unclaim` lets them go if none is made. */
  | { readonly kind: "Blueprint"; readonly blueprint: Blueprint; readonly unclaim: () => void };

/** What all who plan know of the runs, and of clusters that are gone. */
export interface Known<Index = RunIndex> {
  readonly index: Index;
  readonly lost: Lost;
}

type Claims = Pick<RunIndex, "takenBy" | "claim">;

/** A cluster that could not be caught up is asked again after so many milliseconds. */
const ASK_AGAIN = 10_000;

/** Looks everywhere and validates everything before a run is made. */
export class Planner {
  readonly #parts: Parts;
  readonly #sightings: Sightings;
  readonly #index: Claims;
  readonly #follows: Follows;
  readonly #checks: GateChecks;
  readonly lost: Lost;
  /** Why catch-ups were refused, by release and cluster. */
  readonly #refusals = new Map<string, Map<string, { readonly at: number; readonly why: NotCovered }>>();

  constructor(parts: Parts, sightings: Sightings, { index, lost }: Known<Claims>, follows: Follows, checks: GateChecks) {
    this.#parts = parts;
    this.#checks = checks;
    this.#sightings = sightings;
    this.#index = index;
    this.#follows = follows;
    this.lost = lost;
  }

  /** Plans what `intent` asks for; besides its own places those in `watched` are looked at. */
  async plan(known: Case, intent: Intent, watched: readonly Place[]): Promise<Planning> {
    const { key, release, runs, covered, requests, signal } = known;
    if (covered.kind === "Refused") return { kind: "Refused", refusal: covered };
    if (known.wish.paused && requests.intent === undefined && intent.cause?.action !== "restore")
      return { kind: "Waiting", reason: "Paused", message: "paused before it began: nothing is planned until spec.paused is false" };

    // 1. Where does it go? What was left out is brought along cluster by cluster, a wish to all or none.
    const partial = isPartial(intent);
    const wanted = partial ? [...(intent.clusters ?? [])] : covered.clusters.filter((name) => intent.clusters?.has(name) !== false);
    const refusal = partial ? undefined : this.#refusalOf(known, covered, wanted);
    if (refusal !== undefined) return { kind: "Refused", refusal };
    // A cluster that owes a restore and does not answer is left out: when it returns, that comes first.
    const owed = new Set(partial ? [] : owedBy(runs).map(({ cluster }) => cluster));
    const clusters = wanted.filter((name) => !owed.has(name));
    if (clusters.length === 0)
      return {
        kind: "Waiting",
        reason: "Observing",
        message: `${[...owed].join(", ")} must first go back to what was verified before, and does not answer`,
      };

    // 2. In which waves?
    const waves = wavesOf(intent, covered, clusters, owed);
    if (typeof waves === "string") return { kind: "Refused", refusal: refused("StrategyInvalid", waves) };
    const places = destinations(release, covered, waves.order, intent.revision, this.#parts.fleet);
    if ("kind" in places) return { kind: "Refused", refusal: places };
    this.#follows.follow(key, [...places, ...watched]);

    // 3. Can its gates do what they are for?
    const held = await this.#checks.check(release, covered, intent, waves, signal);
    if (held?.kind === "Refused") return { kind: "Refused", refusal: held };
    if (held !== undefined) return { kind: "Waiting", reason: "Observing", message: held.message };

    // 4. What is there, and does anything speak against it?
    const living = new Set(this.#parts.releases.list().map(({ metadata }) => metadata.uid));
    const takenBy = (place: Place): string | undefined => this.#index.takenBy(place, release.metadata.uid, (uid) => living.has(uid));
    const found = await candidates(
      release,
      covered,
      places,
      intent.values,
      {
        parts: this.#parts,
        sightings: this.#sightings,
        takenBy,
        repeats: intent.kind === "Rollback" && covered.strategy.rollback?.promoteFull !== true,
      },
      signal,
    );
    const planned = plan(partial ? this.#willing(key, found) : found, runs, (cluster) => waves.waveOf.get(cluster) ?? 0);
    switch (planned.kind) {
      case "Observing":
        return planned;
      case "Refused": {
        const [first] = planned.objections;
        return { kind: "Refused", refusal: refused(first.reason, summary(planned.objections), planned.objections) };
      }
      case "Plan": {
        if (planned.targets.length === 0) return { kind: "Nothing" };
        // Another release may have planned for one of them while we looked: then it is taken now.
        if (planned.targets.some((target) => takenBy(target) !== undefined)) return this.plan(known, intent, watched);
        const unclaim = this.#index.claim(planned.targets, release.metadata.uid, key);
        const { environment, strategy } = covered;
        const dependsOn = isForward(intent) ? dependenciesOf(strategy, { ...release.spec, revision: intent.revision }) : [];
        return {
          kind: "Blueprint",
          unclaim,
          blueprint: { intent, environment, strategy, waves: waves.waves, planned, dependsOn, warnings: warningsOf(found) },
        };
      }
    }
  }

  /** Whether a cluster that was left out, or has joined, can be written now. */
  canCatchUp(key: string, release: ServiceRelease, covered: Coverage, cluster: string): boolean {
    if (covered.objections.some((one) => one.cluster === cluster)) return false;
    const refusal = this.#refusals.get(key)?.get(cluster);
    if (refusal !== undefined && this.#parts.clock.now() - refusal.at < ASK_AGAIN) return false;
    const [place] = this.placesOf(release, covered, [cluster]);
    return place !== undefined && this.#sightings.look(place).kind === "Present";
  }

  /** Why a cluster could not be caught up when that was tried last. */
  refusedCatchUp(key: string, cluster: string): NotCovered | undefined {
    return this.#refusals.get(key)?.get(cluster)?.why;
  }

  placesOf(release: ServiceRelease, covered: Coverage, clusters: readonly string[]): readonly Destination[] {
    const places = destinations(release, covered, clusters, release.spec.revision, this.#parts.fleet);
    return "kind" in places ? [] : places;
  }

  forget(key: string): void {
    this.#refusals.delete(key);
  }

  #refusalOf({ release, runs, requests }: Case, covered: Coverage, clusters: readonly string[]): Refusal | undefined {
    const own = new Set(clusters);
    const objections = covered.objections.filter(({ cluster }) => own.has(cluster));
    const [first] = objections;
    if (first !== undefined) return refused(first.reason, summary(objections), objections);
    return this.lost.refusal(release, mainRun(runs), covered, requests.confirmed);
  }

  /** Those that nothing speaks against: one that cannot be caught up holds up no other. Why it cannot is kept for the status. */
  #willing(key: string, found: readonly Candidate[]): readonly Candidate[] {
    const refusals = new Map<string, { readonly at: number; readonly why: NotCovered }>();
    const at = this.#parts.clock.now();
    const willing = found.filter((candidate) => {
      if (candidate.seen.kind !== "Present") return false;
      const alone = plan([candidate], [], () => 0);
      if (alone.kind !== "Refused") return true;
      const [{ reason, message }] = alone.objections;
      refusals.set(candidate.cluster, { at, why: { cluster: candidate.cluster, reason, message } });
      return false;
    });
    this.#refusals.set(key, refusals);
    return willing;
  }
}

/** Whether it is about some clusters only, and leaves how the release stands as it is. */
export function isPartial({ kind, cause }: Intent): boolean {
  return kind === "CatchUp" || cause?.action === "restore";
}

/** Whether it brings a revision that may be new: through the waves, with their gates. */
function isForward({ kind }: Intent): boolean {
  return kind === "Forward" || kind === "RetryFailed";
}

/** Forward and once more in the strategy's waves; back, and what was left out, all at once. */
function wavesOf(
  intent: Intent,
  { strategy, members }: Coverage,
  clusters: readonly string[],
  absent: ReadonlySet<string>,
): Waves | string {
  if (isForward(intent)) return wavesFor(strategy, members, new Set(clusters), absent);
  const wave = intent.kind === "Rollback" ? backWave(clusters.length) : catchUpWave(strategy, clusters.length);
  return { waves: [wave], waveOf: new Map(clusters.map((cluster) => [cluster, 0])), order: clusters };
}

function warningsOf(found: readonly Candidate[]): Blueprint["warnings"] {
  const warned = found.flatMap(({ cluster, warning }) => (warning === undefined ? [] : [{ cluster, message: cut(warning) }]));
  return warned.slice(0, LIMITS.statusClusters);
}
