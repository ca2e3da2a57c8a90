import { collection } from "#kube/paths.ts";
import type { Clock, Fence, KubeObject, Log, Random, Transport } from "#kube/ports.ts";
import { ListWatchReflector } from "#kube/reflector.ts";
import type { Instance } from "./instance.ts";
import { Instances } from "./instances.ts";
import { membership, type ClusterEntry, type Membership } from "./membership.ts";
import { argoLabel, conductorLabel, inCluster, parseRegistration, type Connected, type Registration } from "./registration.ts";

export type { Applications } from "./leases.ts";
export type { Instance } from "./instance.ts";
export type { ClusterEntry } from "./membership.ts";
export type { Reachability } from "./reachability.ts";
export type { Connected } from "./registration.ts";
export { order } from "./membership.ts";
export type { Validity } from "./validity.ts";

/** The registered clusters, and the connections to those that hold Applications. */
export interface Fleet<T> {
  /** Whether all registrations were read once. */
  readonly synced: boolean;
  /** Why registrations cannot be read now; those known stay. */
  readonly failure: Error | undefined;
  /** By name, refused ones included. */
  clusters(): readonly ClusterEntry[];
  cluster(name: string): ClusterEntry | undefined;
  /** "in-cluster" always exists. */
  instance(name: string): Instance<T> | undefined;
  /** Calls `listener` when membership, labels, a credential or the reachability of any changed; returns how to stop that. */
  onChange(listener: () => void): () => void;
  stop(): Promise<void>;
}

export interface FleetParts<T> {
  /** The management cluster. It stays open when the fleet stops. */
  readonly home: Transport;
  /** Where the registrations are. */
  readonly namespace: string;
  /** What is kept of an Application. */
  readonly project: (object: KubeObject) => T;
  /** Opens a connection; connect.ts has the one for production. */
  readonly connect: (registration: Connected) => Transport;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function startFleet<T>(parts: FleetParts<T>): Fleet<T> {
  return new RegisteredFleet(parts);
}

/** The least time between two readings of all registrations, in milliseconds: one takes a few of them for a thousand. */
const pause = 100;

const kinds = [`${argoLabel}=cluster`, `${conductorLabel} in (cluster,kubeconfig)`];

class RegisteredFleet<T> implements Fleet<T> {
  readonly #parts: FleetParts<T>;
  readonly #sources: readonly ListWatchReflector<Registration>[];
  readonly #instances: Instances<T>;
  readonly #listeners = new Set<() => void>();
  #membership: Membership = { clusters: [], connected: new Map() };
  #byName: ReadonlyMap<string, ClusterEntry> = new Map();
  #synced = false;
  #reading = false;
  #telling = false;
  #readAt = -Infinity;
  readonly #stop = new AbortController();

  constructor(parts: FleetParts<T>) {
    this.#parts = parts;
    const { home, namespace, clock, random, log } = parts;
    const path = collection({ group: "", version: "v1", plural: "secrets" }, namespace);
    this.#instances = new Instances(parts, () => this.#tellSoon());
    this.#sources = kinds.map((labelSelector) => {
      const source = new ListWatchReflector({
        transport: home,
        path,
        labelSelector,
        project: parseRegistration,
        clock,
        random,
        log,
      });
      source.onChange(() => this.#readSoon());
      source.onState(() => this.#readSoon());
      return source;
    });
  }

  get synced(): boolean {
    return this.#synced;
  }

  get failure(): Error | undefined {
    return this.#sources.find(({ failure }) => failure !== undefined)?.failure;
  }

  clusters(): readonly ClusterEntry[] {
    return this.#membership.clusters;
  }

  cluster(name: string): ClusterEntry | undefined {
    return this.#byName.get(name);
  }

  instance(name: string): Instance<T> | undefined {
    const exists = name === inCluster || this.#membership.connected.has(name);
    return exists ? this.#instances.get(name) : undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#sources.map((source) => source.stop()));
    await this.#instances.stop();
  }

  /** A list, or somebody's `kubectl apply`, brings a thousand changes: they are read as one, or as few. */
  #readSoon(): void {
    if (this.#reading) return;
    this.#reading = true;
    void this.#pause().then(() => {
      this.#reading = false;
      if (this.#stop.signal.aborted || !this.#sources.every(({ synced }) => synced)) return;
      this.#readAt = this.#parts.clock.now();
      this.#read();
    });
  }

  async #pause(): Promise<void> {
    const { clock } = this.#parts;
    const left = this.#readAt + pause - clock.now();
    if (left > 0) await clock.sleep(left, this.#stop.signal);
  }

  #read(): void {
    // A Secret with the labels of two kinds comes twice.
    const registrations = new Map(this.#sources.flatMap((source) => source.list()).map((found) => [found.secret, found]));
    const next = membership([...registrations.values()]);
    const changed = !this.#synced || JSON.stringify(next.clusters) !== JSON.stringify(this.#membership.clusters);
    this.#membership = next;
    this.#byName = new Map(next.clusters.toReversed().map((entry) => [entry.name, entry]));
    this.#synced = true;
    const reconnected = this.#instances.reconcile(next.connected);
    if (changed || reconnected) this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      if (this.#stop.signal.aborted) return;
      for (const listener of this.#listeners) {
        try {
          listener();
        } catch (error) {
          this.#parts.log.error("a listener of the fleet failed", { error });
        }
      }
    });
  }
}
