import { isDeepStrictEqual } from "node:util";
import { milliseconds } from "#api/rules.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { hasSucceeded, owedBy } from "#engine/baselines.ts";
import { catchUp, mainRun, missed, restore, wished, type Intent, type Wish } from "#engine/next.ts";
import { failed } from "#kube/errors.ts";
import { collection, object } from "#kube/paths.ts";
import type { WorkQueue } from "#kube/queue.ts";
import type { Case } from "./case.ts";
import { coverage, type Refusal } from "./coverage.ts";
import { Echoes, PATIENCE } from "./echoes.ts";
import { Follows } from "./follows.ts";
import type { GateChecks } from "./gatechecks.ts";
import { releaseHash } from "./hash.ts";
import { newRun, type Blueprint } from "./newrun.ts";
import { keyOf, PACE_PER_TARGET, RELEASE_RUNS, SERVICE_RELEASES, type Parts } from "./parts.ts";
import { isPartial, Planner, type Known } from "./planner.ts";
import { pruned } from "./pruned.ts";
import { putStatus } from "./putstatus.ts";
import { urlOf } from "./releaselinks.ts";
import { releaseStatus, type Standing } from "./releasestatus.ts";
import { requestsOf } from "./requests.ts";
import { numberIn, numberOf, type RunIndex } from "./runindex.ts";
import { driftSince, inFlight, settled, standing } from "./settled.ts";
import type { Place, Sightings } from "./sightings.ts";
import { tellPlan, tellStanding } from "./telling.ts";

/** The newest of what a release has tried stay; older runs that ended are deleted. */
const KEEP_RUNS = 10;
/** What was refused may be allowed in a place that no watch of ours covers, such as an AppProject: asked again after so many milliseconds. */
const ASK_AGAIN = 10_000;

/** How soon to look again for a run that is there and not in our copy, in milliseconds. */
const BEHIND = 1000;

/** Makes a ReleaseRun for whatever a ServiceRelease needs next, and keeps the summary on it. */
export class ReleaseController {
  readonly #parts: Parts;
  readonly #sightings: Sightings;
  readonly #queue: WorkQueue;
  readonly #index: RunIndex;
  readonly #follows: Follows;
  readonly #planner: Planner;
  readonly #echoes: Echoes;
  /** The last run that we made, by release, and when. */
  readonly #created = new Map<string, { readonly name: string; readonly at: number }>();
  readonly #lookedAt = new Map<string, number>();
  /** Since when what a settled release looks at cannot be seen. */
  readonly #lostSince = new Map<string, number>();

  constructor(parts: Parts, sightings: Sightings, known: Known, checks: GateChecks, queue: WorkQueue) {
    this.#parts = parts;
    this.#sightings = sightings;
    this.#queue = queue;
    this.#echoes = new Echoes(parts.releases, queue, parts.clock);
    this.#index = known.index;
    this.#follows = new Follows(sightings, (key) => queue.add(key));
    this.#planner = new Planner(parts, sightings, known, this.#follows, checks);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { releases, runs: allRuns, environments, fleet } = this.#parts;
    // 1. Is there a release, do we see our own last writes, and is it time?
    const release = releases.get(key);
    if (release === undefined || release.metadata.deletionTimestamp !== undefined) return this.#forget(key);
    if (!allRuns.synced || !environments.synced || !fleet.synced) return this.#queue.addAfter(key, 100);
    if (!this.#echoes.arrived(key)) return;
    const pause = this.#pause(key);
    if (pause > 0) return this.#queue.addAfter(key, pause);

    // 2. What is wished, and what do people ask for?
    const runs = this.#index.of(release.metadata.uid);
    const wish: Wish = { revision: release.spec.revision, hash: releaseHash(release.spec), paused: release.spec.paused };
    const requests = requestsOf(release, wish, runs);

    // 3. One run at a time: what is in flight ends first. It looks at the targets, and its status wakes us.
    const covered = coverage(release, environments.get(`${release.metadata.namespace}/${release.spec.environment}`), fleet);
    const known: Case = { key, release, wish, runs, requests, covered, signal };
    const newest = runs.at(-1);
    if (newest !== undefined && newest.status?.finishedAt === undefined) {
      this.#follows.follow(key, []);
      return this.#report(known, inFlight(known, newest));
    }

    // 4. Is there something to do? Then plan it, and make a run of it; unless there is a run that we do not see.
    const intent = this.#next(known);
    if (intent !== undefined && (await this.#isBehind(known))) return this.#queue.addAfter(key, BEHIND);
    const standing = intent === undefined ? undefined : await this.#pursue(known, intent);
    if (standing === "Observing") return;
    if (standing !== undefined) {
      await this.#report(known, standing);
      return this.#prune(runs, signal);
    }

    // 5. Nothing to do: say how it stands.
    const rest = this.#atRest(known);
    if (rest !== undefined) await this.#report(known, rest);
  }

  /** Whether a run was made that the copy of the runs does not show yet: the two copies are of two watches, in no order. */
  async #isBehind({ key, release, runs, signal }: Case): Promise<boolean> {
    const { namespace } = release.metadata;
    const known = runs.at(-1);
    const seen = known === undefined ? 0 : numberOf(known);
    const created = this.#created.get(key);
    if (created !== undefined && numberIn(created.name) > seen && this.#parts.clock.now() - created.at < PATIENCE) return true;
    const names = [created?.name ?? "", release.status?.run ?? ""].filter((one) => numberIn(one) > seen);
    const name = names.toSorted((a, b) => numberIn(b) - numberIn(a))[0];
    if (name === undefined) return false;
    try {
      const found = await this.#parts.home.get<ReleaseRun>(object(RELEASE_RUNS, namespace, name), signal);
      if (found.spec.release.uid !== release.metadata.uid) return false;
      this.#parts.runs.relist();
      return true;
    } catch (error) {
      // Somebody deleted it.
      if (failed(error, "NotFound")) return false;
      throw error;
    }
  }

  /** How long to wait, so that what looks at many targets cost in all grows with these and not with their square; milliseconds. */
  #pause(key: string): number {
    const now = this.#parts.clock.now();
    const pause = Math.floor(this.#follows.count(key) * PACE_PER_TARGET) - (now - (this.#lookedAt.get(key) ?? -Infinity));
    if (pause <= 0) this.#lookedAt.set(key, now);
    return pause;
  }

  /** What a release needs next. First what is owed to the last rollback, then what a person asks for, then the wish, then what was left out. */
  #next({ key, release, wish, runs, requests, covered }: Case): Intent | undefined {
    const owed = restore(runs, ({ cluster, run }) => {
      const target = runs.find(({ metadata }) => metadata.name === run)?.spec.targets.find((one) => one.cluster === cluster);
      return target !== undefined && this.#sightings.look(target).kind === "Present";
    });
    if (owed !== undefined) return owed;
    if (requests.intent !== undefined) return requests.intent;
    const { revisions, age } = covered.kind === "Coverage" ? covered.strategy.rollbackWindow : { revisions: 0, age: "1s" };
    const next = wished(wish, runs, { revisions, age: milliseconds(age) }, this.#parts.clock.now());
    if (next !== undefined) return next;
    if (wish.paused || covered.kind === "Refused") return undefined;
    const left = missed(covered.clusters, runs).filter((cluster) => this.#planner.canCatchUp(key, release, covered, cluster));
    return catchUp(left, runs);
  }

  /** Plans, and makes a run; or says why it does not. Undefined when there is nothing to do, Observing while what was said stands. */
  async #pursue(known: Case, intent: Intent): Promise<Standing | "Observing" | undefined> {
    const { key, release } = known;
    const partial = isPartial(intent);
    // Of the same look as the intent: a run that shows itself meanwhile, of a create without an answer, has this number.
    const number = this.#lastNumber(release) + 1;
    const planning = await this.#planner.plan(known, intent, this.#watched(known));
    switch (planning.kind) {
      case "Nothing":
        return undefined;
      case "Waiting":
        if (planning.reason === "Observing") {
          this.#queue.addAfter(key, ASK_AGAIN);
          if (partial || isStalled(release)) return "Observing";
        }
        return { kind: "Pending", reason: planning.reason, message: planning.message };
      case "Refused":
        this.#queue.addAfter(key, ASK_AGAIN);
        return partial ? undefined : stalled(planning.refusal);
      case "Observing": {
        this.#queue.addAfter(key, this.#parts.settings.contactTime);
        // Why it could not start stands until all have been looked at again, and so does how it ended.
        if (partial || isStalled(release)) return planning.kind;
        const { clusters } = planning;
        const names = `${clusters.slice(0, 5).join(", ")}${clusters.length > 5 ? " and others" : ""}`;
        return { kind: "Pending", reason: "Observing", message: `looking at ${names}` };
      }
      case "Blueprint":
        try {
          const run = await this.#create(known, planning.blueprint, number);
          return partial ? undefined : { kind: "Run", run, drift: [], others: [], notCovered: [], owed: [] };
        } catch (error) {
          planning.unclaim();
          throw error;
        }
    }
  }

  /** How a release stands of which no run is in flight; undefined while what was said of it stands. */
  #atRest(known: Case): Standing | undefined {
    const { key, release, runs, covered } = known;
    const main = mainRun(runs);
    if (main === undefined) return covered.kind === "Refused" ? stalled(covered) : undefined;
    this.#follows.follow(key, this.#watched(known));
    this.#planner.lost.notice(main.spec.targets.map(({ cluster }) => cluster));
    const drift = driftSince(main, runs, this.#sightings);
    const { contactTime } = this.#parts.settings;
    if (drift === undefined) {
      this.#queue.addAfter(key, contactTime);
      // What was said of it stands until it has been looked at.
      if (release.status?.phase === "Drifted" || release.status?.phase === "Unknown") return undefined;
    }
    const lostFor = this.#lostFor(key, drift?.some(({ reason }) => reason === "WatchLost") === true);
    if (lostFor !== undefined && lostFor < contactTime && release.status?.phase !== "Unknown") {
      this.#queue.addAfter(key, contactTime - lostFor);
      return undefined;
    }
    const standing = settled(main, known, drift ?? [], (cluster) => this.#planner.refusedCatchUp(key, cluster));
    if (standing.kind === "Run" && standing.notCovered.length > 0) this.#queue.addAfter(key, ASK_AGAIN);
    return standing;
  }

  /** For how long something cannot be seen, in milliseconds: a watch that breaks and is opened again is no news. */
  #lostFor(key: string, isLost: boolean): number | undefined {
    if (!isLost) return void this.#lostSince.delete(key);
    const now = this.#parts.clock.now();
    const since = this.#lostSince.get(key) ?? now;
    this.#lostSince.set(key, since);
    return now - since;
  }

  /** The places that a settled release looks at: what it has verified, what it left out, and what it owes. */
  #watched({ release, runs, covered }: Case): readonly Place[] {
    const main = mainRun(runs);
    const verified =
      main === undefined
        ? []
        : runs
            .slice(runs.indexOf(main))
            .filter(hasSucceeded)
            .flatMap(({ spec }) => spec.targets);
    const owed = owedBy(runs).flatMap(({ cluster, run }) => {
      const { targets = [] } = runs.find(({ metadata }) => metadata.name === run)?.spec ?? {};
      return targets.filter((target) => target.cluster === cluster);
    });
    const left = covered.kind === "Refused" ? [] : this.#planner.placesOf(release, covered, missed(covered.clusters, runs));
    return [...verified, ...owed, ...left];
  }

  async #create({ key, release, signal }: Case, blueprint: Blueprint, number: number): Promise<ReleaseRun> {
    const { namespace } = release.metadata;
    const run = newRun(release, blueprint, number);
    const answer = await this.#parts.home.create<ReleaseRun>(collection(RELEASE_RUNS, namespace), run, signal);
    this.#created.set(key, { name: run.metadata.name, at: this.#parts.clock.now() });
    tellPlan(this.#parts, release, run, blueprint.planned.unreachable);
    return answer;
  }

  async #report({ key, release, runs, requests, signal }: Case, standing: Standing): Promise<void> {
    const said = releaseStatus(release, standing, runs, requests.answers, this.#parts.clock.now());
    const status = { ...said, ...urlOf(release, said.run, this.#parts.settings) };
    if (isDeepStrictEqual(status, release.status)) return;
    this.#echoes.expect(key, await putStatus(this.#parts.home, SERVICE_RELEASES, release, status, signal));
    tellStanding(this.#parts, release, standing, requests.answers);
  }

  #forget(key: string): void {
    this.#follows.forget(key);
    this.#planner.forget(key);
    this.#echoes.forget(key);
    this.#created.delete(key);
    this.#lostSince.delete(key);
    this.#lookedAt.delete(key);
  }

  /** Of runs with this release's name: also of one that was deleted and made anew, and of runs that are gone. */
  #lastNumber({ metadata, status }: ServiceRelease): number {
    const namesakes = this.#parts.runs
      .list()
      .filter((run) => run.metadata.namespace === metadata.namespace && run.spec.release.name === metadata.name);
    return Math.max(numberIn(status?.run ?? ""), ...namesakes.map(numberOf));
  }

  /** Runs that are not the newest keep counts and what failed; the oldest go, but for those that say what stands. */
  async #prune(runs: readonly ReleaseRun[], signal: AbortSignal): Promise<void> {
    const ended = runs.filter(({ status }) => status?.finishedAt !== undefined);
    const needed = new Set([mainRun(runs), ...standing(runs).map(([run]) => run)]);
    for (const run of ended.slice(0, -KEEP_RUNS)) {
      if (needed.has(run)) continue;
      try {
        await this.#parts.home.delete(object(RELEASE_RUNS, run.metadata.namespace, run.metadata.name), signal, { uid: run.metadata.uid });
        this.#parts.log.debug("old run deleted", { run: keyOf(run) });
      } catch (error) {
        if (!failed(error, "NotFound", "Conflict")) throw error;
      }
    }
    for (const run of ended.slice(-KEEP_RUNS, -1)) {
      const status = pruned(run);
      if (status !== undefined) await putStatus(this.#parts.home, RELEASE_RUNS, run, status, signal);
    }
  }
}

/** Whether its status says why this very wish cannot start. */
function isStalled({ status, metadata }: ServiceRelease): boolean {
  return status?.phase === "Stalled" && status.observedGeneration === metadata.generation;
}

function stalled({ reason, message, objections }: Refusal): Standing {
  return { kind: "Stalled", reason, message, objections };
}
