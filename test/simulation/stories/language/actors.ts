import type { Action } from "#api/reasons.ts";
import { applicationSet, Reverter } from "#simulation/actors.ts";
import type { JsonObject } from "#simulation/json.ts";
import { type ClusterSpec, commit } from "#simulation/scenario.ts";
import type { Simulation } from "#simulation/simulation.ts";
import type { Journal } from "./journal.ts";
import type { Setting } from "./setting.ts";
import { fields, seconds, short } from "./words.ts";

/** What all who act need of their world. */
export interface Stage {
  readonly simulation: Simulation;
  readonly journal: Journal;
  /** The newest run of checkout. */
  readonly run: string;
  readonly clusters: string[];
  readonly setting: Setting;
  readonly troubles: Map<string, { readonly revision: string; readonly message: string }>;
}

const RELEASE = "checkout.production";

export class CI {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Releases a revision; `more` is of the ServiceRelease's spec. */
  releases(revision: string, more: JsonObject & { readonly service?: string; readonly environment?: string } = {}): void {
    const { service = "checkout", environment = "production", ...spec } = more;
    const how = Object.keys(spec).length === 0 ? "" : ` with ${fields(spec)}`;
    this.#stage.journal.note(`CI releases ${short(commit(revision))} of ${service} to ${environment}${how}`);
    this.#stage.simulation.wishes.apply(`${service}.${environment}`, commit(revision), spec, this.#stage.setting.author);
  }
}

export class Person {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  pauses(): void {
    this.asks("pause");
  }

  resumes(): void {
    this.asks("resume");
  }

  aborts(): void {
    this.asks("abort");
  }

  skips(cluster: string): void {
    this.asks("skip", cluster);
  }

  retries(): void {
    this.asks("retry");
  }

  retriesWhatFailed(): void {
    this.asks("retry-failed");
  }

  rollsBackTo(revision: string): void {
    this.asks("rollback-to", commit(revision));
  }

  confirms(run = this.#stage.run): void {
    this.asks("confirm", undefined, run);
  }

  /** Annotates the release: conductor.dev/<action>: <run>[/<argument>]. */
  asks(action: Action, argument?: string, run = this.#stage.run): void {
    const value = argument === undefined ? run : `${run}/${argument}`;
    this.#stage.journal.note(`a person annotates ${RELEASE}: conductor.dev/${action}: ${value}`);
    this.#stage.simulation.wishes.annotate(RELEASE, { [`conductor.dev/${action}`]: value });
  }

  /** Annotates the newest run itself: conductor.dev/<action>: <run>/<argument>. */
  asksTheRun(action: Action, argument: string): void {
    const { run, journal, simulation } = this.#stage;
    journal.note(`a person annotates ${run}: conductor.dev/${action}: ${run}/${argument}`);
    simulation.wishes.annotateRun(run, { [`conductor.dev/${action}`]: `${run}/${argument}` });
  }

  /** Says yes to the newest question. */
  approves(who: string): void {
    this.#stage.journal.note(`${who} approves`);
    this.#stage.simulation.wishes.decide(this.#question(), who);
  }

  rejects(who: string, reason: string): void {
    this.#stage.journal.note(`${who} rejects: ${reason}`);
    this.#stage.simulation.wishes.decide(this.#question(), who, reason);
  }

  #question(): string {
    const newest = this.#stage.simulation.wishes.questions().at(-1);
    if (newest === undefined) throw new Error("nobody is asked anything");
    return newest;
  }

  /** Makes a FreezeWindow that holds from now on, for so many seconds. */
  freezes(reason: string, time: number): void {
    const { journal, simulation } = this.#stage;
    const now = simulation.clock.now();
    journal.note(`a person makes FreezeWindow freeze, for ${seconds(time * 1000)}: ${reason}`);
    const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
    simulation.wishes.freeze("freeze", { reason, from: iso(now - 1000), to: iso(now + time * 1000) });
  }

  /** Changes the spec of the release. */
  sets(spec: JsonObject): void {
    this.#stage.journal.note(`a person sets ${fields(spec)} in the spec of ${RELEASE}`);
    this.#stage.simulation.wishes.patch(RELEASE, { spec });
  }

  editsEnvironment(spec: JsonObject): void {
    this.#stage.journal.note(`a person sets ${fields(spec)} in Environment production`);
    this.#stage.simulation.wishes.editEnvironment("production", { spec });
  }

  /** Writes another revision into an Application, past the conductor. */
  changes(cluster: string, revision: string): void {
    this.#stage.journal.note(`a person sets checkout on ${cluster} to ${short(commit(revision))} by hand`);
    this.#stage.simulation.person(cluster).setRevision(commit(revision));
  }

  /** As `argocd app sync` does it. */
  syncs(cluster: string, revision: string, more: JsonObject = {}): void {
    this.#stage.journal.note(
      `a person syncs checkout on ${cluster} to ${short(commit(revision))} by hand${Object.keys(more).length === 0 ? "" : `, with ${fields(more)}`}`,
    );
    this.#stage.simulation.person(cluster).sync(commit(revision), more);
  }

  /** Annotates an Application; null takes an annotation away. */
  annotates(cluster: string, key: string, value: string | null): void {
    const what = value === null ? `takes the annotation ${key} off` : `puts the annotation ${key}: ${value} on`;
    this.#stage.journal.note(`a person ${what} checkout on ${cluster}`);
    this.#stage.simulation.person(cluster).annotate({ [key]: value });
  }

  creates(cluster: string, revision: string): void {
    this.#stage.journal.note(`a person creates the Application checkout on ${cluster}, at ${short(commit(revision))}`);
    this.#stage.simulation.deploy(cluster, { name: "checkout", revision: commit(revision) });
  }

  deletes(cluster: string): void {
    this.#stage.journal.note(`a person deletes the Application checkout on ${cluster}`);
    this.#stage.simulation.person(cluster).delete();
  }
}

/** Who runs the clusters. */
export class Platform {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  unregisters(...clusters: readonly string[]): void {
    for (const cluster of clusters) {
      this.#stage.journal.note("the platform team unregisters {}", { cluster });
      this.#stage.simulation.unregister(cluster);
    }
  }

  registers(cluster: ClusterSpec): void {
    this.#stage.journal.note("the platform team registers {} again", { cluster: cluster.name });
    this.#stage.simulation.register(cluster);
  }

  /** A new cluster, with an Application that runs a revision. */
  adds(cluster: ClusterSpec, revision: string): void {
    this.#stage.journal.note(`the platform team adds a cluster, {}, where checkout is at ${short(commit(revision))}`, {
      cluster: cluster.name,
    });
    this.#stage.clusters.push(cluster.name);
    this.#stage.simulation.addCluster(cluster);
    this.#stage.simulation.deploy(cluster.name, { name: "checkout", revision: commit(revision) }, "setup");
    this.#stage.simulation.register(cluster);
  }

  /** Something in a cluster keeps a revision from being applied, until it is repaired. */
  breaks(cluster: string, revision: string, message: string): void {
    this.#stage.journal.note(`something is broken on ${cluster}: ${message}`);
    this.#stage.troubles.set(cluster, { revision, message });
  }

  repairs(cluster: string): void {
    this.#stage.journal.note(`the platform team repairs ${cluster}`);
    this.#stage.troubles.delete(cluster);
  }

  closesWindow(cluster: string): void {
    this.#stage.journal.note(`a sync window closes on ${cluster}`);
    this.#stage.simulation.argo(cluster).setWindow("argocd/checkout", "closed");
  }

  /** An ApplicationSet owns the Application of a cluster, and puts its source back to what it is now three seconds after each change. */
  letsAnApplicationSetRevert(cluster: string, revision: string): void {
    const { simulation, journal } = this.#stage;
    const server = simulation.server(cluster);
    const ownedBy = applicationSet(server, "services");
    simulation.deploy(cluster, { name: "checkout", revision: commit(revision), ownedBy }, "setup");
    new Reverter({ server, clock: simulation.clock, application: "checkout", after: 3000 });
    journal.note(`ApplicationSet services owns checkout on ${cluster}, and its template says ${short(commit(revision))}`);
  }

  opensWindow(cluster: string): void {
    this.#stage.journal.note(`the sync window opens on ${cluster}`);
    this.#stage.simulation.argo(cluster).setWindow("argocd/checkout", "open");
  }
}
