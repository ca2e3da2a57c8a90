/** A fleet in memory: what controllers see of clusters, and what they send there. */
import { project, type Projected } from "#argo/read.ts";
import type { Applications, ClusterEntry, Fleet, Instance, Reachability } from "#fleet/fleet.ts";
import { KubeClient } from "#kube/client.ts";
import { KubeFailure } from "#kube/errors.ts";
import type { Clock, KubeObject, KubeRequest, KubeResponse } from "#kube/ports.ts";
import { T0, type ApplicationBuilder } from "#test/build.ts";

/** Time that a test sets, in milliseconds since the epoch. */
export class HandClock implements Clock {
  time = T0;
  now = (): number => this.time;
  sleep = async (ms: number): Promise<void> => void (this.time += ms);
}

export class FakeInstance implements Instance<Projected> {
  readonly name: string;
  readonly client: KubeClient;
  readonly asked: KubeRequest[] = [];
  readonly idle = false;
  /** What comes of each request, by method. A failure is thrown; without an entry, GET finds the Application. */
  readonly answers: Partial<Record<string, (request: KubeRequest) => unknown>> = {};
  reachability: Reachability = { state: "Reachable" };
  connection = 1;
  maxInFlight = 50;
  app: ApplicationBuilder | undefined;
  live = true;
  synced = true;
  failure: Error | undefined = undefined;
  /** How far the watch has come; undefined for as far as there is. */
  behind: string | undefined;
  leases = 0;
  readonly #listeners = new Set<(name: string) => void>();
  readonly #states = new Set<() => void>();

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.client = new KubeClient(
      { request: (request) => this.#answer(request), watch: () => unwatched() },
      { open: () => true },
      clock,
      () => 0,
    );
  }

  show(app: ApplicationBuilder | undefined): void {
    this.app = app;
    for (const listener of this.#listeners) listener("checkout");
  }

  becomes(state: Partial<Pick<FakeInstance, "live" | "synced" | "reachability" | "failure">>): void {
    Object.assign(this, state);
    for (const listener of this.#states) listener();
  }

  applications(): Applications<Projected> {
    this.leases += 1;
    const lease: Omit<Applications<Projected>, "live" | "synced" | "failure"> = {
      get: (name) => (name === "checkout" && this.app !== undefined ? project(this.app.raw) : undefined),
      caughtUp: (_, version) => this.behind === undefined || this.behind !== version,
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
      onState: (listener) => {
        this.#states.add(listener);
        return () => void this.#states.delete(listener);
      },
      release: () => void (this.leases -= 1),
    };
    const state = (key: "live" | "synced" | "failure") => ({ enumerable: true, get: () => this[key] });
    return Object.defineProperties(lease, {
      live: state("live"),
      synced: state("synced"),
      failure: state("failure"),
    }) as Applications<Projected>;
  }

  async #answer(request: KubeRequest): Promise<KubeResponse> {
    this.asked.push(request);
    const answer = this.answers[request.method];
    const body = answer === undefined ? this.#found(request) : answer(request);
    if (body instanceof KubeFailure) throw body;
    return { status: 200, body };
  }

  #found({ method, path }: KubeRequest): KubeObject | KubeFailure {
    if (this.app === undefined || path.includes("appprojects")) return new KubeFailure("NotFound", "not found");
    const { raw } = this.app;
    return method === "GET" ? raw : { ...raw, metadata: { ...raw.metadata, resourceVersion: "9999" } };
  }
}

async function* unwatched(): AsyncGenerator<never, void, undefined> {}

export class FakeFleet implements Fleet<Projected> {
  readonly synced = true;
  readonly failure = undefined;
  readonly instances = new Map<string, FakeInstance>();
  readonly entries: ClusterEntry[] = [];

  constructor(clock: Clock, ...names: string[]) {
    for (const name of names) {
      this.instances.set(name, new FakeInstance(name, clock));
      this.entries.push({
        name,
        labels: {},
        instance: name,
        allowedNamespaces: ["team-a"],
        secret: `cluster-${name}`,
        refusal: undefined,
        server: undefined,
        validity: undefined,
      });
    }
  }

  at(name: string): FakeInstance {
    const found = this.instances.get(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  clusters = (): readonly ClusterEntry[] => this.entries;
  cluster = (name: string): ClusterEntry | undefined => this.entries.find((one) => one.name === name);
  instance = (name: string): FakeInstance | undefined => this.instances.get(name);
  onChange = (): (() => void) => () => undefined;
  stop = async (): Promise<void> => undefined;
}
