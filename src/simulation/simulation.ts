import type { Conductor } from "#controllers/conductor.ts";
import type { Settings } from "#controllers/parts.ts";
import type { Connected } from "#fleet/fleet.ts";
import type { KubeObject, Log, Transport } from "#kube/ports.ts";
import { Unanswered, type Post } from "#notify/post.ts";
import { person, type Person } from "./actors.ts";
import { ApiServer } from "./apiserver.ts";
import { settled, SimulatedArgoCD } from "./argocd.ts";
import { well, type Behaviours } from "./behaviour.ts";
import { Calls, type Call } from "./calls.ts";
import { VirtualClock } from "./clock.ts";
import { Connection, NEAR } from "./connection.ts";
import { Desk } from "./desk.ts";
import { Faults } from "./faults.ts";
import { launch } from "./launch.ts";
import { installPolicies } from "./policies.ts";
import { Process } from "./process.ts";
import { chance, type Chance } from "./random.ts";
import { broken } from "./refusals.ts";
import { SimulatedRollouts, template } from "./rollouts.ts";
import {
  application,
  ARGO_NAMESPACE,
  environment,
  pathOf,
  REGISTRY,
  registration,
  RESOURCES,
  serverUrl,
  TEAM,
  type ApplicationSpec,
  type ClusterSpec,
  type Scenario,
} from "./scenario.ts";
import { Wishes } from "./wishes.ts";
import { Wire } from "./wire.ts";
import type { Write } from "./writes.ts";

export const CONDUCTOR = "release-conductor";
export const HOME = "management";
/** 2026-01-01, a Thursday. */
const START = Date.UTC(2026, 0, 1, 9);

const SETTINGS: Settings = { settleTime: 5000, contactTime: 10_000, graceTime: 600_000, allowAnalysis: new Map() };

const NOBODY: Post = { send: () => Promise.reject(new Unanswered("nobody is there", { unsent: true })) };

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * A whole fleet in memory and in virtual time: API servers, an Argo CD for each instance, and the conductor's own controllers over
 * connections that can be disturbed. The same scenario and the same calls give the same simulation, to the byte.
 */
export class Simulation {
  readonly clock: VirtualClock;
  readonly faults: Faults;
  /** The Argo Rollouts of the management cluster. */
  readonly rollouts: SimulatedRollouts;
  /** Everything that became durable, oldest first. */
  readonly writes: Write[] = [];
  /** What CI and people do to releases and environments. */
  readonly wishes: Wishes;
  readonly #scenario: Scenario;
  readonly #chance: Chance;
  readonly #calls = new Calls();
  readonly #servers = new Map<string, ApiServer>();
  readonly #byUrl = new Map<string, ApiServer>();
  readonly #argo = new Map<string, SimulatedArgoCD>();
  /** Whose Argo CD serves a cluster. */
  readonly #instances = new Map<string, string>();
  readonly #listeners = new Set<(write: Write) => void>();
  #process: Process | undefined;
  #conductor: Conductor | undefined;
  #lives = 0;

  /** Everything is deployed and at rest; the conductor starts as soon as time passes. */
  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#chance = chance(scenario.seed);
    const shuffled = scenario.shuffled === false ? undefined : this.#chance.split("order").next;
    this.clock = new VirtualClock(scenario.start ?? START, shuffled);
    this.faults = new Faults(this.clock, this.#calls);
    this.wishes = new Wishes(this.#server(HOME), scenario.clusters);
    for (const cluster of scenario.clusters) this.#deployAll(cluster);
    for (const one of scenario.environments ?? [{ name: "production" }]) {
      const body = environment(one, scenario.clusters);
      this.home.handle({ method: "POST", path: pathOf(RESOURCES.environments, TEAM), body }, "setup");
    }
    for (const [name, server] of this.#servers) this.#argo.set(name, this.#argoOf(name, server));
    for (const cluster of scenario.clusters) this.register(cluster);
    this.rollouts = new SimulatedRollouts(this.home, this.clock, scenario.analyses ?? {});
    this.#installGates();
    // Not yet: its first calls shall find the faults that are asked for after this.
    this.clock.after(0, () => this.start());
  }

  get home(): ApiServer {
    return this.#server(HOME);
  }

  get calls(): readonly Call[] {
    return this.#calls.all;
  }

  /** The conductor that lives, for what cannot be read from its objects. */
  get conductor(): Conductor | undefined {
    return this.#conductor;
  }

  /** The API server that holds the Applications of a cluster. */
  server(cluster: string): ApiServer {
    return this.#server(this.#instanceOf(cluster));
  }

  /** The Argo CD that serves a cluster. */
  argo(cluster: string): SimulatedArgoCD {
    const name = this.#instanceOf(cluster);
    const known = this.#argo.get(name) ?? this.#argoOf(name, this.#server(name));
    this.#argo.set(name, known);
    return known;
  }

  person(cluster: string, name = "checkout", who = "person"): Person {
    return person(this.server(cluster), name, who);
  }

  /** Adds a registration, or replaces it: with another token its connection is another one. */
  register(cluster: ClusterSpec, token?: string): void {
    const body = registration(cluster, token);
    const path = pathOf(RESOURCES.secrets, REGISTRY, `cluster-${cluster.name}`);
    const known = this.home.find(path);
    if (known === undefined) this.home.handle({ method: "POST", path: pathOf(RESOURCES.secrets, REGISTRY), body }, "setup");
    else this.home.handle({ method: "PATCH", path, contentType: "application/merge-patch+json", body }, "setup");
  }

  unregister(name: string): void {
    this.home.handle({ method: "DELETE", path: pathOf(RESOURCES.secrets, REGISTRY, `cluster-${name}`) }, "setup");
  }

  /** Applications of a cluster that was not there from the beginning; register it when it shall be known. */
  addCluster(cluster: ClusterSpec): void {
    this.#deployAll(cluster);
    this.argo(cluster.name);
  }

  /** Creates an Application, deployed as it is and at rest; one of that name that is there goes first. */
  deploy(cluster: string, spec: ApplicationSpec, who = "person"): void {
    const server = this.server(cluster);
    const { clock, behaviours } = this.#argoParts();
    const desk = new Desk({ server, clock, chance: this.#chance, behaviours });
    const path = pathOf(RESOURCES.applications, ARGO_NAMESPACE, spec.name);
    if (server.find(path) !== undefined) server.handle({ method: "DELETE", path }, who);
    const app = application(spec, cluster);
    const body = settled(app, clock.now(), (sources) => desk.behaviourOf(app, sources));
    server.handle({ method: "POST", path: pathOf(RESOURCES.applications, ARGO_NAMESPACE), body }, who);
  }

  /** Starts a conductor where none lives. */
  start(): void {
    if (this.#process?.alive === true) return;
    const process = (this.#process = new Process(this.clock));
    this.#lives += 1;
    const { settings, log = silent, post = NOBODY, fence = { open: () => true } } = this.#scenario;
    this.#conductor = launch({
      home: this.#wire(this.home, process),
      connect: (registered) => this.#connect(registered, process),
      namespace: REGISTRY,
      identity: `conductor-${this.#lives}`,
      fence,
      clock: process.clock,
      random: this.#chance.split(`conductor ${this.#lives}`).next,
      log: process.log(log),
      count: { write: () => undefined, outcome: () => undefined, notification: () => undefined },
      post: { send: (request, signal) => process.during(post.send(request, signal)) },
      settings: { ...SETTINGS, ...settings },
    });
  }

  /** Ends the conductor as SIGKILL does; another starts `restartAfter` milliseconds later, where that is given. */
  crash(restartAfter?: number): void {
    this.#process?.kill();
    this.#conductor = undefined;
    if (restartAfter !== undefined) this.clock.after(restartAfter, () => this.start());
  }

  /** How many conductors have lived. */
  get lives(): number {
    return this.#lives;
  }

  /** Lets time pass until `holds`, asked after every event, or for `horizon` milliseconds. Resolves with whether it holds. */
  runUntil(holds: () => boolean, horizon: number): Promise<boolean> {
    return this.clock.run(holds, this.clock.now() + horizon);
  }

  /** Lets `ms` milliseconds pass. */
  async settle(ms: number): Promise<void> {
    await this.clock.run(() => false, this.clock.now() + ms);
  }

  /** Calls `listener` with every write from now on, while nothing else happens: for whoever watches over what must always hold. */
  onWrite(listener: (write: Write) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  application(cluster: string, name = "checkout"): KubeObject | undefined {
    return this.server(cluster).find(pathOf(RESOURCES.applications, ARGO_NAMESPACE, name));
  }

  applications(cluster: string): readonly KubeObject[] {
    return this.server(cluster).all(RESOURCES.applications);
  }

  /** What the conductor has written, oldest first. */
  conductorWrites(resource: string = RESOURCES.applications): readonly Write[] {
    return this.writes.filter((write) => write.who === CONDUCTOR && write.resource === resource);
  }

  /** Everything that happened, as text: equal for equal simulations. */
  transcript(): string {
    const writes = this.writes.map(({ at, server, who, verb, resource, key, subresource, version, after }) =>
      JSON.stringify([at, server, who, verb, resource, key, subresource ?? "", version, after ?? null]),
    );
    return [...this.#calls.all.map((call) => JSON.stringify(call)), ...writes].join("\n");
  }

  #installGates(): void {
    const { analyses = {}, policies = true } = this.#scenario;
    if (policies) installPolicies(this.home);
    for (const [name, script] of Object.entries(analyses)) {
      const path =
        script.clusterScope === true ? pathOf(RESOURCES.clusterAnalysisTemplates, undefined) : pathOf(RESOURCES.analysisTemplates, TEAM);
      this.home.handle({ method: "POST", path, body: template(name, script) }, "setup");
    }
  }

  #deployAll(cluster: ClusterSpec): void {
    this.#instances.set(cluster.name, cluster.instance === "in-cluster" ? HOME : (cluster.instance ?? cluster.name));
    for (const spec of this.#scenario.applications?.(cluster) ?? [{ name: "checkout" }]) this.deploy(cluster.name, spec, "setup");
  }

  #argoParts(): { readonly clock: VirtualClock; readonly behaviours: Behaviours } {
    return { clock: this.clock, behaviours: this.#scenario.behaviours ?? (() => well) };
  }

  #argoOf(name: string, server: ApiServer): SimulatedArgoCD {
    return new SimulatedArgoCD({ ...this.#argoParts(), server, chance: this.#chance.split(`argocd ${name}`), ...this.#scenario.argo });
  }

  #instanceOf(cluster: string): string {
    return this.#instances.get(cluster) ?? cluster;
  }

  #server(name: string): ApiServer {
    const known = this.#servers.get(name);
    if (known !== undefined) return known;
    const server = new ApiServer(name, this.clock);
    this.#servers.set(name, server);
    this.#byUrl.set(serverUrl(name), server);
    server.onWrite((write) => {
      this.writes.push(write);
      for (const listener of this.#listeners) listener(write);
    });
    return server;
  }

  #connect({ server: url }: Connected, process: Process): Transport {
    const found = this.#byUrl.get(url);
    if (found === undefined) throw broken("noName", url);
    return this.#wire(found, process);
  }

  #wire(server: ApiServer, process: Process): Wire {
    const { clock, faults } = this;
    const latency = { ...NEAR, ...this.#scenario.latency };
    const random = this.#chance.split(`latency ${server.name} ${this.#lives}`).next;
    const connection = new Connection({ server, who: CONDUCTOR, clock, latency, random });
    return new Wire({ server, connection, process, faults, clock, crash: (restartAfter) => this.crash(restartAfter) });
  }
}
