import { environment, type Environment } from "#api/environment.ts";
import { releaseApproval, type ReleaseApproval } from "#api/releaseapproval.ts";
import { releaseRun, type ReleaseRun } from "#api/releaserun.ts";
import { serviceRelease, type ServiceRelease } from "#api/servicerelease.ts";
import { project, type Projected } from "#argo/read.ts";
import { ANALYSIS_RUNS } from "#argo/application.ts";
import { analysed, RUN_LABEL, type Analysed } from "#argo/analysis.ts";
import { Analyses } from "./analyses.ts";
import { AnalysisTemplates } from "./analysistemplates.ts";
import { Approvals } from "./approvals.ts";
import { Plans } from "./approvals/plan.ts";
import { EnvironmentController } from "./environments.ts";
import { Freezes } from "./freezes/freezes.ts";
import { seenWindow, type SeenWindow } from "./freezes/seenwindow.ts";
import { FreezeWindowController } from "./freezewindows.ts";
import { GateChecks } from "./gatechecks.ts";
import { Gates } from "./gates.ts";
import { Guards } from "./guards.ts";
import { Lost } from "./lost.ts";
import { NotificationController } from "./notifications.ts";
import {
  ENVIRONMENTS,
  FREEZE_WINDOWS,
  RELEASE_APPROVALS,
  RELEASE_PREVIEWS,
  RELEASE_RUNS,
  SERVICE_RELEASES,
  type Counters,
  type Parts,
  type Settings,
} from "./parts.ts";
import { patiently } from "./patiently.ts";
import { PreviewController } from "./previews.ts";
import { seenPreview, type SeenPreview } from "./previews/seenpreview.ts";
import { Rehearsals, TemplateChecks } from "./rehearsals.ts";
import { ApprovalController } from "./releaseapprovals.ts";
import { ReleaseController } from "./releases.ts";
import { RunIndex } from "./runindex.ts";
import { RunController } from "./runs.ts";
import { Sightings } from "./sightings.ts";
import { Wakes, WORKED, type Worked } from "./wakes.ts";
import { startFleet, type Connected, type Fleet } from "#fleet/fleet.ts";
import { KubeClient } from "#kube/client.ts";
import { EventRecorder } from "#kube/events.ts";
import { collection, type Resource } from "#kube/paths.ts";
import type { Clock, Fence, KubeObject, Log, Random, Transport } from "#kube/ports.ts";
import { WorkQueue } from "#kube/queue.ts";
import { ListWatchReflector } from "#kube/reflector.ts";
import type { Post } from "#notify/post.ts";
import { Receivers } from "#notify/receivers.ts";

export interface ConductorParts {
  /** The management cluster. */
  readonly home: Transport;
  /** Opens a connection to a registered cluster. */
  readonly connect: (registration: Connected) => Transport;
  /** How receivers of messages are reached. */
  readonly post: Post;
  /** The namespace that holds the registrations, and the receivers. */
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

/** Everything between the API servers and the process: caches, fleet, queues and controllers. It runs from construction until `stop`. */
export class Conductor {
  readonly releases: ListWatchReflector<ServiceRelease>;
  readonly environments: ListWatchReflector<Environment>;
  readonly runs: ListWatchReflector<ReleaseRun>;
  readonly approvals: ListWatchReflector<ReleaseApproval>;
  readonly freezes: ListWatchReflector<SeenWindow>;
  readonly previews: ListWatchReflector<SeenPreview>;
  readonly fleet: Fleet<Projected>;
  readonly queues: Readonly<Record<Worked, WorkQueue>>;
  /** Hears what has changed. */
  readonly wakes: Wakes;
  readonly #analyses: Analyses;
  readonly #receivers: Receivers;
  readonly #notifications: NotificationController;
  readonly #stop = new AbortController();
  readonly #events: EventRecorder;
  readonly #controllers: Readonly<Record<Worked, { reconcile(key: string, signal: AbortSignal): Promise<void> }>>;
  #work: Promise<unknown> = Promise.resolve();

  constructor(parts: ConductorParts) {
    const { home, connect, post, namespace, identity, fence, clock, random, log, count, settings } = parts;
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
    this.approvals = reflect(RELEASE_APPROVALS, (raw) => releaseApproval.parse(raw));
    this.freezes = reflect(FREEZE_WINDOWS, seenWindow);
    this.previews = reflect(RELEASE_PREVIEWS, seenPreview);
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
    this.queues = {
      releases: queue("releases", 8),
      runs: queue("runs", 8),
      environments: queue("environments", 2),
      approvals: queue("approvals", 2),
      freezes: queue("freezes", 1),
      previews: queue("previews", 2),
      notifications: queue("notifications", 2),
    };
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
    const templates = new AnalysisTemplates(client, settings.allowAnalysis);
    const watch = (): ListWatchReflector<Analysed> => {
      const path = collection(ANALYSIS_RUNS);
      const watched = new ListWatchReflector({ transport: home, path, labelSelector: RUN_LABEL, project: analysed, clock, random, log });
      watched.onChange((key) => this.wakes.analysisChanged(key));
      return watched;
    };
    this.#analyses = new Analyses({ home: client, watch, templates, clock });
    const freezes = new Freezes(this.freezes, namespace);
    const plans = new Plans();
    const guards = new Guards(client, clock);
    const gates = new Gates(shared, this.#analyses, new Approvals(shared, this.approvals, plans), freezes, guards);
    const rehearsals = new Rehearsals(client, this.#analyses, templates, clock);
    const checks = new GateChecks(shared, freezes, guards, rehearsals);
    const looking = new GateChecks(shared, freezes, guards, new TemplateChecks(client, templates));
    const known = { index: new RunIndex(this.runs), lost: new Lost(this.fleet, clock, settings.graceTime) };
    this.#receivers = new Receivers(parts, () => this.wakes.receiversChanged());
    const notifications = (this.#notifications = new NotificationController(shared, this.#receivers, post, this.queues.notifications));
    this.#controllers = {
      releases: new ReleaseController(shared, sightings, known, checks, this.queues.releases),
      runs: new RunController(shared, sightings, gates, this.queues.runs),
      environments: new EnvironmentController(shared, this.#receivers, this.queues.environments, this.#stop.signal),
      approvals: new ApprovalController(shared, this.approvals, plans, this.queues.approvals),
      freezes: new FreezeWindowController({ home: client, clock, windows: this.freezes }, this.queues.freezes),
      previews: new PreviewController(
        { ...shared, ...known, previews: this.previews, checks: looking, freezes },
        sightings,
        this.queues.previews,
      ),
      notifications,
    };
    this.wakes = new Wakes(this, (run) => notifications.concerns(run));
    this.fleet.onChange(() => this.wakes.fleetChanged());
  }

  /** Starts working. Events of objects come through the operator, which tells `wakes`. */
  start(): void {
    const { signal } = this.#stop;
    const work = (name: Worked): Promise<void> => {
      const [queue, controller] = [this.queues[name], this.#controllers[name]];
      return queue.run(
        patiently(
          queue,
          (key) => controller.reconcile(key, signal),
          () => this.#copyOf(name).relist(),
        ),
        signal,
      );
    };
    this.#work = Promise.all(WORKED.map(work));
  }

  /** The copy of what is worked on. */
  #copyOf(name: Worked): ListWatchReflector<unknown> {
    return name === "notifications" ? this.runs : this[name];
  }

  /** Why it cannot work yet, or undefined. */
  notReady(): string | undefined {
    const caches = {
      servicereleases: this.releases,
      environments: this.environments,
      releaseruns: this.runs,
      releaseapprovals: this.approvals,
      freezewindows: this.freezes,
      releasepreviews: this.previews,
      registrations: this.fleet,
    };
    const waiting = Object.entries(caches).filter(([, cache]) => !cache.synced);
    if (waiting.length === 0) return undefined;
    return waiting.map(([name, { failure }]) => `${name} not read yet${failure === undefined ? "" : `: ${failure.message}`}`).join("; ");
  }

  /** Ends all work; what was in flight goes on from what is stored at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#work;
    await this.#notifications.close();
    const { releases, environments, runs, approvals, freezes, previews, fleet } = this;
    await Promise.all([releases, environments, runs, approvals, freezes, previews, fleet].map((one) => one.stop()));
    await this.#analyses.stop();
    await this.#receivers.stop();
  }
}
