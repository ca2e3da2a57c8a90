import { milliseconds } from "#api/rules.ts";
import type { ReleasePreview } from "#api/releasepreview.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { hasSucceeded } from "#engine/baselines.ts";
import { catchUp, mainRun, missed, wished, type Intent, type Wish } from "#engine/next.ts";
import type { Case } from "../case.ts";
import { coverage, type Coverage } from "../coverage.ts";
import { dependencySeen } from "../dependencies.ts";
import { Follows } from "../follows.ts";
import type { Freezes } from "../freezes/freezes.ts";
import type { GateChecks } from "../gatechecks.ts";
import { releaseHash } from "../hash.ts";
import type { Lost } from "../lost.ts";
import type { Blueprint } from "../newrun.ts";
import type { Parts } from "../parts.ts";
import { Planner } from "../planner.ts";
import { requestsOf } from "../requests.ts";
import type { RunIndex } from "../runindex.ts";
import type { Place, Sightings } from "../sightings.ts";
import { blockersOf } from "./blockers.ts";
import { draftOf, type Draft } from "./draft.ts";
import type { Verdict } from "./verdict.ts";

export interface AnswerParts extends Parts {
  readonly index: RunIndex;
  readonly lost: Lost;
  /** Checks that make nothing. */
  readonly checks: GateChecks;
  readonly freezes: Freezes;
}

/** What a release would need next: to make a run, or nothing. */
interface Outlook {
  /** Of what would be done; where that is nothing, of what stands. */
  readonly intent: Intent | undefined;
  /** Why nothing would be done. */
  readonly unchanged: string | undefined;
}

/** Plans as a release is planned, with the same locks and checks, and claims, makes and writes nothing. */
export class Answers {
  readonly #parts: AnswerParts;
  readonly #sightings: Sightings;
  readonly #follows: Follows;
  readonly #planner: Planner;

  /** `wake` is called with the preview that looks at a place, whenever that may look different. */
  constructor(parts: AnswerParts, sightings: Sightings, wake: (key: string) => void) {
    const { index, lost, checks } = parts;
    this.#parts = parts;
    this.#sightings = sightings;
    this.#follows = new Follows(sightings, wake);
    // An Application that a preview had claimed would be taken from the releases that are.
    const reading = { takenBy: index.takenBy.bind(index), claim: () => () => undefined };
    this.#planner = new Planner(parts, sightings, { index: reading, lost }, this.#follows, checks);
  }

  /** How many places a preview looks at. */
  count(key: string): number {
    return this.#follows.count(key);
  }

  /** Looks no longer at anything for `key`. */
  forget(key: string): void {
    this.#follows.forget(key);
    this.#planner.forget(key);
  }

  /** Rejects with KubeFailure while something that must be asked does not answer. */
  async answer(key: string, preview: ReleasePreview, signal: AbortSignal): Promise<Verdict> {
    const { releases, environments, runs: allRuns, fleet, index } = this.#parts;
    if (!releases.synced || !environments.synced || !allRuns.synced || !fleet.synced)
      return { kind: "Pending", message: "the conductor is starting" };

    // 1. What would be there, and what would that cover?
    const draft = draftOf(preview, releases, environments);
    const { release } = draft;
    const covered = coverage(release, draft.environment, fleet);
    if (covered.kind === "Refused") return covered;
    const runs = draft.existing === undefined ? [] : index.of(draft.existing.metadata.uid);
    // A pause is named, and hides nothing.
    const wish: Wish = { revision: release.spec.revision, hash: releaseHash(release.spec), paused: false };
    const { confirmed } = requestsOf(release, wish, runs);
    const known: Case = { key, release, wish, runs, requests: { answers: [], intent: undefined, confirmed }, covered, signal };

    // 2. What would the release do?
    const outlook = this.#outlook(known, covered);
    if ("kind" in outlook) return outlook;
    const { intent, unchanged } = outlook;
    const nothing = { kind: "Planned", blueprint: undefined, blockers: [], silence: () => "" } as const;
    if (intent === undefined) return { ...nothing, unchanged };

    // 3. How would it do that?
    const planning = await this.#planner.plan(known, intent, []);
    switch (planning.kind) {
      case "Observing":
        return { kind: "Pending", message: `looking at ${some(planning.clusters)}` };
      case "Waiting":
        return { kind: "Pending", message: planning.message };
      case "Nothing":
        return { ...nothing, unchanged: unchanged ?? "no cluster that is left out can be caught up now" };
      case "Refused":
        // What stands was let in once: that it would not be now is no news of a wish that changes nothing.
        return unchanged === undefined ? planning.refusal : { ...nothing, unchanged };
      case "Blueprint":
        return this.#planned(planning.blueprint, draft, known, unchanged);
    }
  }

  #planned(blueprint: Blueprint, draft: Draft, { release, wish, runs }: Case, unchanged: string | undefined): Verdict {
    const { releases, fleet, freezes, clock } = this.#parts;
    const { namespace } = release.metadata;
    const { service, environment } = release.spec;
    const now = clock.now();
    const places = new Map(blueprint.planned.targets.map((target) => [target.cluster, target]));
    const silence = (cluster: string): string => this.#silence(places.get(cluster));
    const held = {
      draft,
      hash: wish.hash,
      runs,
      silence,
      freezes: (cluster: string) => freezes.at({ namespace, service, environment, cluster, labels: fleet.cluster(cluster)?.labels }, now),
      dependencies: blueprint.dependsOn.map((one) => dependencySeen(one, namespace, releases)),
    };
    return { kind: "Planned", blueprint, silence, unchanged, blockers: unchanged === undefined ? blockersOf(blueprint, held) : [] };
  }

  #silence(place: Place | undefined): string {
    const seen = place === undefined ? undefined : this.#sightings.look(place);
    return seen?.kind === "Unreachable" ? seen.message : "it did not answer";
  }

  /** The wish, else what was left out, else nothing; a Verdict while that cannot be told. */
  #outlook({ key, release, wish, runs }: Case, covered: Coverage): Outlook | Verdict {
    const { revisions, age } = covered.strategy.rollbackWindow;
    const next = wished(wish, runs, { revisions, age: milliseconds(age) }, this.#parts.clock.now());
    if (next !== undefined) return { intent: next, unchanged: undefined };
    const main = mainRun(runs);
    if (main === undefined) return { intent: undefined, unchanged: undefined };
    const left = missed(covered.clusters, runs);
    const places = this.#planner.placesOf(release, covered, left);
    this.#follows.follow(key, places);
    const unseen = places.filter((place) => ["Unasked", "Behind"].includes(this.#sightings.look(place).kind));
    if (unseen.length > 0) return { kind: "Pending", message: `looking at ${some(unseen.map(({ cluster }) => cluster))}` };
    const able = left.filter((cluster) => this.#planner.canCatchUp(key, release, covered, cluster));
    const caught = catchUp(able, runs);
    if (caught !== undefined) return { intent: caught, unchanged: undefined };
    const waiting = left.length === 0 ? "" : `; left out until they can be caught up: ${some(left)}`;
    return { intent: standing(main), unchanged: `${whatBecameOf(main)}${waiting}` };
  }
}

/** What stands, as it would be planned. */
function standing({ spec }: ReleaseRun): Intent {
  const kind = spec.kind === "Rollback" ? "Rollback" : "Forward";
  return { kind, revision: spec.revision, cause: undefined, clusters: undefined, values: undefined };
}

/** Why a wish that was tried is not tried again. */
function whatBecameOf(run: ReleaseRun): string {
  const { metadata, spec, status } = run;
  if (status?.finishedAt === undefined) return `${metadata.name} is bringing it about`;
  if (hasSucceeded(run)) return `${metadata.name} has brought revision ${spec.revision}`;
  return `${metadata.name} has tried it and is ${status.phase ?? "over"}; to try it again, annotate the ServiceRelease with conductor.dev/retry: ${metadata.name}`;
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 5).join(", ")}${names.length > 5 ? " and others" : ""}`;
}
