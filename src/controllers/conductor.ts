import { environment, type Environment } from "#api/environment.ts";
import { releaseRun, type ReleaseRun } from "#api/releaserun.ts";
import { serviceRelease, type ServiceRelease } from "#api/servicerelease.ts";
import { project, type Projected } from "#argo/read.ts";
import { EnvironmentController } from "./environments.ts";
import { ENVIRONMENTS, keyOf, RELEASE_RUNS, SERVICE_RELEASES, type Counters, type Parts, type Settings } from "./parts.ts";
import { ReleaseController } from "./releases.ts";
import { RunController } from "./runs.ts";
import { Sightings } from "./sightings.ts";
import { startFleet, type Connected, type Fleet } from "#fleet/fleet.ts";
import { KubeClient } from "#kube/client.ts";
import { failed } from "#kube/errors.ts";
import { EventRecorder } from "#kube/events.ts";
import { collection, type Resource } from "#kube/paths.ts";
import type { Clock, Fence, KubeObject, Log, Random, Transport } from "#kube/ports.ts";
import { WorkQueue } from "#kube/queue.ts";
import { ListWatchReflector } from "#kube/reflector.ts";

export interface ConductorParts {
  /** The management cluster. */
  readonly home: Transport;
  /** Opens a connection to a registered cluster. */
  readonly connect: (registration: Connected) => Transport;
  /** The namespace that holds the registrations. */
  readonly namespace: string;
  /** This process, as Events name it. */
  readonly identity: string;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly count: Counters;
  readonly settings: Settings;
}

const reported = releaseRun.omit({ spec: true });

/** Milliseconds until a key whose object somebody else wrote is worked on again, should its new state not arrive first. */
const AFTER_CONFLICT = 500;

/** Everything between the API servers and the process: caches, fleet, queues and controllers. It runs from construction until `stop`. */
export class Conductor {
  readonly releases: ListWatchReflector<ServiceRelease>;
  readonly environments: ListWatchReflector<Environment>;
  readonly runs: ListWatchReflector<ReleaseRun>;
  readonly fleet: Fleet<Projected>;
  readonly queues: { readonly releases: WorkQueue; readonly runs: WorkQueue; readonly environments: WorkQueue };
  readonly #stop = new AbortController();
  readonly #events: EventRecorder;
  readonly #controllers: {
    readonly releases: ReleaseController;
    readonly runs: RunController;
    readonly environments: EnvironmentController;
  };
  #work: Promise<unknown> = Promise.resolve();

  constructor(parts: ConductorParts) {
    const { home, connect, namespace, identity, fence, clock, random, log, count, settings } = parts;
    const client = new KubeClient(home, fence, clock, random);
    const reflect = <T>(resource: Resource, parse: (object: KubeObject) => T): ListWatchReflector<T> =>
      new ListWatchReflector({ transport: home, path: collection(resource), project: parse, clock, random, log });
    this.releases = reflect(SERVICE_RELEASES, (raw) => serviceRelease.parse(raw));
    this.environments = reflect(ENVIRONMENTS, (raw) => environment.parse(raw));
    // A run's spec is immutable and may name thousands of targets: it is parsed once.
    this.runs = reflect(RELEASE_RUNS, (raw): ReleaseRun => {
      const known = this.runs?.get(`${raw.metadata.namespace ?? ""}/${raw.metadata.name}`);
      if (known === undefined || known.metadata.uid !== raw.metadata.uid) return releaseRun.parse(raw);
      return { ...reported.parse(raw), spec: known.spec };
    });
    this.fleet = startFleet({ home, namespace, project, connect, fence, clock, random, log });
    this.#events = new EventRecorder({
      client,
      controller: "conductor.dev/release-conductor",
      instance: identity,
      clock,
      random,
      log,
      signal: this.#stop.signal,
    });

    const queue = (name: string, workers: number): WorkQueue => new WorkQueue({ name, workers, clock, random, log });
    this.queues = { releases: queue("releases", 8), runs: queue("runs", 8), environments: queue("environments", 2) };
    const shared: Parts = {
      home: client,
      releases: this.releases,
      environments: this.environments,
      runs: this.runs,
      fleet: this.fleet,
      events: this.#events,
      count,
      clock,
      random,
      log,
      settings,
    };
    const sightings = new Sightings(this.fleet, clock, settings.contactTime, this.#stop.signal);
    this.#controllers = {
      releases: new ReleaseController(shared, sightings, this.queues.releases),
      runs: new RunController(shared, sightings, this.queues.runs),
      environments: new EnvironmentController(shared, this.queues.environments),
    };
    this.fleet.onChange(() => this.wakeAll());
  }

  /** Starts working. Events of objects come through the operator, which calls the three methods below. */
  start(): void {
    const { releases, runs, environments } = this.#controllers;
    const { signal } = this.#stop;
    this.#work = Promise.all([
      this.queues.releases.run(
        patiently(this.queues.releases, (key) => releases.reconcile(key, signal)),
        signal,
      ),
      this.queues.runs.run(
        patiently(this.queues.runs, (key) => runs.reconcile(key, signal)),
        signal,
      ),
      this.queues.environments.run(
        patiently(this.queues.environments, (key) => environments.reconcile(key, signal)),
        signal,
      ),
    ]);
  }

  releaseChanged(key: string): void {
    this.queues.releases.add(key);
    const release = this.releases.get(key);
    const [namespace = ""] = key.split("/", 1);
    if (release?.status?.run !== undefined) this.queues.runs.add(`${namespace}/${release.status.run}`);
    if (release === undefined)
      for (const run of this.runs.list()) if (`${namespace}/${run.spec.release.name}` === key) this.queues.runs.add(keyOf(run));
  }

  runChanged(key: string): void {
    this.queues.runs.add(key);
    // A run is named after its release, which must hear of it too when somebody deletes the run.
    this.queues.releases.add(key.replace(/-\d+$/, ""));
  }

  environmentChanged(key: string): void {
    this.queues.environments.add(key);
    for (const release of this.releases.list())
      if (`${release.metadata.namespace}/${release.spec.environment}` === key) this.queues.releases.add(keyOf(release));
  }

  /** The fleet changed: whoever waited for a cluster looks again. */
  wakeAll(): void {
    for (const one of this.environments.list()) this.queues.environments.add(keyOf(one));
    for (const one of this.releases.list()) this.queues.releases.add(keyOf(one));
    for (const one of this.runs.list()) if (one.status?.finishedAt === undefined) this.queues.runs.add(keyOf(one));
  }

  /** Why it cannot work yet, or undefined. */
  notReady(): string | undefined {
    const caches = { servicereleases: this.releases, environments: this.environments, releaseruns: this.runs, registrations: this.fleet };
    const waiting = Object.entries(caches).filter(([, cache]) => !cache.synced);
    if (waiting.length === 0) return undefined;
    return waiting.map(([name, { failure }]) => `${name} not read yet${failure === undefined ? "" : `: ${failure.message}`}`).join("; ");
  }

  /** Ends all work; what was in flight goes on from what is stored at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#work;
    await Promise.all([this.releases.stop(), this.environments.stop(), this.runs.stop(), this.fleet.stop()]);
  }
}

/** Somebody else wrote first: no failure, the decision is made again from what they wrote. */
function patiently(queue: WorkQueue, reconcile: (key: string) => Promise<void>): (key: string) => Promise<void> {
  return async (key) => {
    try {
      await reconcile(key);
    } catch (error) {
      if (!failed(error, "Conflict", "NotFound", "AlreadyExists")) throw error;
      queue.addAfter(key, AFTER_CONFLICT);
    }
  };
}
