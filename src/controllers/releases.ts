import { isDeepStrictEqual } from "node:util";
import type { Environment } from "#api/environment.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { plan, type Planned } from "#engine/plan.ts";
import { failed } from "#kube/errors.ts";
import { collection, object } from "#kube/paths.ts";
import type { WorkQueue } from "#kube/queue.ts";
import { candidates, destinations, summary, type Destination } from "./candidates.ts";
import { driftOf } from "./drift.ts";
import { releaseHash } from "./hash.ts";
import { involved, keyOf, RELEASE_RUNS, SERVICE_RELEASES, type Parts } from "./parts.ts";
import { putStatus } from "./putstatus.ts";
import { releaseStatus, type Standing } from "./releasestatus.ts";
import { newRun } from "./newrun.ts";
import { numberOf, RunIndex } from "./runindex.ts";
import type { Place, Sightings } from "./sightings.ts";

/** The newest of what a release has tried stay; older runs that ended are deleted. */
const KEEP_RUNS = 10;

/** Makes a ReleaseRun for each new wish of a ServiceRelease, and keeps the summary on it. */
export class ReleaseController {
  readonly #parts: Parts;
  readonly #sightings: Sightings;
  readonly #queue: WorkQueue;
  readonly #index: RunIndex;
  readonly #follows = new Map<string, { readonly places: string; readonly ends: readonly (() => void)[] }>();
  /** resourceVersion of our last write of a status, and of a run that we made: what the reflectors must show first. */
  readonly #reported = new Map<string, string>();
  readonly #created = new Map<string, { readonly run: string; readonly resourceVersion: string }>();

  constructor(parts: Parts, sightings: Sightings, queue: WorkQueue) {
    this.#parts = parts;
    this.#sightings = sightings;
    this.#queue = queue;
    this.#index = new RunIndex(parts.runs);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { releases, runs, environments, fleet } = this.#parts;
    // 1. Is there a release, and do we see our own last writes?
    const release = releases.get(key);
    if (release === undefined || release.metadata.deletionTimestamp !== undefined) return this.#forget(key);
    if (!runs.synced || !environments.synced || !fleet.synced) return this.#queue.addAfter(key, 100);
    const reported = this.#reported.get(key);
    const created = this.#created.get(key);
    if (reported !== undefined && !releases.caughtUp(key, reported)) return;
    if (created !== undefined && !runs.caughtUp(created.run, created.resourceVersion)) return;

    // 2. Was this wish tried already? Then its run says how it stands.
    const tried = this.#index.of(release.metadata.uid);
    const newest = tried.at(-1);
    const inFlight = newest !== undefined && newest.status?.finishedAt === undefined;
    // A wish that was given up for another one, and is wished again, was not tried to its end.
    const superseded = newest?.status?.phase === "Superseded";
    if (newest !== undefined && !superseded && newest.spec.release.hash === releaseHash(release.spec)) {
      this.#follow(key, newest.status?.phase === "Succeeded" ? newest.spec.targets : []);
      const drift = driftOf(newest, this.#sightings);
      if (drift === undefined) {
        this.#queue.addAfter(key, this.#parts.settings.contactTime);
        // What was said of it stands until it has been looked at.
        if (release.status?.phase === "Drifted" || release.status?.phase === "Unknown") return;
      }
      return this.#report(key, release, { kind: "Run", run: newest, drift: drift ?? [] }, tried, signal);
    }

    // 3. A newer wish: what is in flight for the older one ends first.
    if (inFlight) {
      await this.#report(key, release, { kind: "Pending", message: `waiting for run ${newest.metadata.name} to end` }, tried, signal);
      return;
    }
    const standing = await this.#plan(key, release, tried, signal);
    if (standing === undefined) return;
    await this.#report(key, release, standing, tried, signal);
    await this.#prune(tried, signal);
  }

  /** Looks everywhere, validates everything, and makes a run; or says why it does not. Undefined while what was said still stands. */
  async #plan(key: string, release: ServiceRelease, tried: readonly ReleaseRun[], signal: AbortSignal): Promise<Standing | undefined> {
    const { environments, fleet, settings } = this.#parts;
    const where = destinations(release, environments.get(`${release.metadata.namespace}/${release.spec.environment}`), fleet);
    if (where.kind === "Refused") {
      this.#follow(key, []);
      return { ...where, kind: "Stalled" };
    }

    this.#follow(key, where.destinations);
    const living = new Set(this.#parts.releases.list().map(({ metadata }) => metadata.uid));
    const takenBy = (place: Place): string | undefined => this.#index.takenBy(place, release.metadata.uid, (uid) => living.has(uid));
    const found = await candidates(release, where.environment, where.destinations, this.#parts, this.#sightings, takenBy, signal);
    const planned = plan(found, tried);
    switch (planned.kind) {
      case "Observing":
        this.#queue.addAfter(key, settings.contactTime);
        // Why it could not start stands until all have been looked at again.
        if (release.status?.phase === "Stalled" && release.status.observedGeneration === release.metadata.generation) return undefined;
        return {
          kind: "Pending",
          message: `looking at ${planned.clusters.slice(0, 5).join(", ")}${planned.clusters.length > 5 ? " and others" : ""}`,
        };
      case "Refused": {
        const [first] = planned.objections;
        // What was refused may be allowed in a place that no watch of ours covers, such as an AppProject.
        this.#queue.addAfter(key, 10_000);
        return {
          kind: "Stalled",
          reason: first.reason,
          message: summary(planned.objections),
          objections: planned.objections,
        };
      }
      case "Plan": {
        // Another release may have planned for one of them while we looked: then it is taken now.
        if (planned.targets.some((target) => takenBy(target) !== undefined)) return this.#plan(key, release, tried, signal);
        const unclaim = this.#index.claim(planned.targets, release.metadata.uid, key);
        try {
          return { kind: "Run", run: await this.#create(key, release, where.environment, planned, signal), drift: [] };
        } catch (error) {
          unclaim();
          throw error;
        }
      }
    }
  }

  async #create(
    key: string,
    release: ServiceRelease,
    environment: Environment,
    planned: Planned,
    signal: AbortSignal,
  ): Promise<ReleaseRun> {
    const { namespace } = release.metadata;
    const run = newRun(release, environment, planned, this.#lastNumber(release) + 1);
    const answer = await this.#parts.home.create<ReleaseRun>(collection(RELEASE_RUNS, namespace), run, signal);
    this.#created.set(key, { run: `${namespace}/${run.metadata.name}`, resourceVersion: answer.metadata.resourceVersion });
    const { revision, targets } = run.spec;
    const left = planned.unreachable.length === 0 ? "" : `; out of reach now: ${planned.unreachable.slice(0, 10).join(", ")}`;
    const note = `${run.metadata.name}: revision ${revision} to ${targets.length} clusters${left}`;
    this.#parts.events.record(involved(release), "Normal", "RunPlanned", note);
    const counts = { targets: targets.length, unreachable: planned.unreachable.length };
    this.#parts.log.info("run planned", { release: key, run: run.metadata.name, revision, ...counts });
    return answer;
  }

  async #report(key: string, release: ServiceRelease, standing: Standing, runs: readonly ReleaseRun[], signal: AbortSignal): Promise<void> {
    const status = releaseStatus(release, standing, runs, this.#parts.clock.now());
    if (isDeepStrictEqual(status, release.status)) return;
    this.#reported.set(key, await putStatus(this.#parts.home, SERVICE_RELEASES, release, status, signal));
    this.#tell(release, standing);
  }

  /** What a person who describes the release should find among its events: why it cannot start, and how it ended. */
  #tell(release: ServiceRelease, standing: Standing): void {
    const before = release.status;
    if (standing.kind === "Stalled" && before?.waitingOn?.reason !== standing.reason)
      this.#parts.events.record(involved(release), "Warning", standing.reason, standing.message);
    if (standing.kind !== "Run" || standing.run.status?.phase === before?.phase) return;
    const end = standing.run.status?.conditions?.find(({ type, status }) => type === "Finished" && status === "True");
    if (end !== undefined && standing.drift.length === 0)
      this.#parts.events.record(
        involved(release),
        end.reason === "Succeeded" ? "Normal" : "Warning",
        end.reason,
        `${standing.run.metadata.name}: ${end.message}`,
      );
  }

  /** Watches `places` for this release, and no others. */
  #follow(key: string, places: readonly (Place | Destination)[]): void {
    const wanted = JSON.stringify(places.map(({ instance, application }) => [instance, application.namespace, application.name]));
    const old = this.#follows.get(key);
    if (old?.places === wanted) return;
    const ends = places.map((place) => this.#sightings.follow(place, () => this.#queue.add(key)));
    for (const end of old?.ends ?? []) end();
    this.#follows.set(key, { places: wanted, ends });
  }

  #forget(key: string): void {
    for (const end of this.#follows.get(key)?.ends ?? []) end();
    this.#follows.delete(key);
    this.#reported.delete(key);
    this.#created.delete(key);
  }

  /** Of runs with this release's name: also of one that was deleted and made anew, and of runs that are gone. */
  #lastNumber({ metadata, status }: ServiceRelease): number {
    const namesakes = this.#parts.runs
      .list()
      .filter((run) => run.metadata.namespace === metadata.namespace && run.spec.release.name === metadata.name);
    return Math.max(Number(/-(\d+)$/.exec(status?.run ?? "")?.[1] ?? 0), ...namesakes.map(numberOf));
  }

  async #prune(tried: readonly ReleaseRun[], signal: AbortSignal): Promise<void> {
    const old = tried.filter(({ status }) => status?.finishedAt !== undefined).slice(0, -KEEP_RUNS);
    for (const run of old) {
      try {
        await this.#parts.home.delete(object(RELEASE_RUNS, run.metadata.namespace, run.metadata.name), signal, { uid: run.metadata.uid });
      } catch (error) {
        if (!failed(error, "NotFound", "Conflict")) throw error;
      }
    }
    if (old.length > 0) this.#parts.log.debug("old runs deleted", { runs: old.map(keyOf) });
  }
}
