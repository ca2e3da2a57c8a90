import { collection } from "#kube/paths.ts";
import type { Clock, KubeObject, Log, Random, Transport } from "#kube/ports.ts";
import { ListWatchReflector } from "#kube/reflector.ts";
import type { Reachability } from "./reachability.ts";

/** A lease on the one watch of the Applications in a namespace of an instance. */
export interface Applications<T> {
  /** Whether the watch is connected and streaming now. */
  readonly live: boolean;
  /** Whether they were all listed once. */
  readonly synced: boolean;
  readonly failure: Error | undefined;
  get(name: string): T | undefined;
  /** Whether what `get` shows is at least as new as `resourceVersion`, or the Application is known to be gone since. */
  caughtUp(name: string, resourceVersion: string): boolean;
  /** Calls `listener` with the name of each Application that changed or went; returns how to stop that. */
  onChange(listener: (name: string) => void): () => void;
  /** Calls `listener` when `live`, `synced` or `failure` may have changed; returns how to stop that. */
  onState(listener: () => void): () => void;
  /** Ends the lease and its listeners; the last one ends the watch some seconds later. */
  release(): void;
}

export interface LeaseParts<T> {
  readonly transport: Transport;
  readonly project: (object: KubeObject) => T;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called when a watch breaks or recovers. */
  readonly changed: () => void;
}

interface Shared<T> {
  readonly reflector: ListWatchReflector<T>;
  users: number;
}

const applications = { group: "argoproj.io", version: "v1alpha1", plural: "applications" };

/** How long a watch outlives its last user, in milliseconds: the next wave or run often begins right then. */
const grace = 10_000;

/** The watches of one instance: one per namespace, for as long as somebody looks. */
export class Leases<T> {
  readonly #parts: LeaseParts<T>;
  readonly #shared = new Map<string, Shared<T>>();
  readonly #stop = new AbortController();

  constructor(parts: LeaseParts<T>) {
    this.#parts = parts;
  }

  /** Whether nobody looks. */
  get idle(): boolean {
    return this.#shared.size === 0;
  }

  /** Whether any watch streams. */
  get live(): boolean {
    return [...this.#shared.values()].some(({ reflector }) => reflector.live);
  }

  /** Why Applications cannot be seen, if so. */
  get unreachable(): Extract<Reachability, { readonly state: "Unreachable" }> | undefined {
    for (const { reflector } of this.#shared.values()) {
      const { failure, failures, failingSince } = reflector;
      if (failure === undefined) continue;
      // A stream that broke once is reopened within a second: that is no news.
      if (failure.retryable && failures < 2 && reflector.synced) continue;
      const { kind, message } = failure;
      return {
        state: "Unreachable",
        since: failingSince ?? this.#parts.clock.now(),
        message: kind === "NotFound" ? `it has no Applications: is Argo CD installed there? (${message})` : message,
        kind,
      };
    }
    return undefined;
  }

  take(namespace: string): Applications<T> {
    const shared = this.#share(namespace);
    shared.users += 1;
    return new Lease(shared.reflector, namespace, () => {
      shared.users -= 1;
      if (shared.users === 0) void this.#expire(namespace, shared);
    });
  }

  /** The connection is another one: broken watches try at once, and those of another server start from nothing. */
  reconnect(sameServer: boolean): void {
    for (const { reflector } of this.#shared.values()) {
      if (sameServer) reflector.retryNow();
      else reflector.restart();
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#shared.values()].map(({ reflector }) => reflector.stop()));
    this.#shared.clear();
  }

  #share(namespace: string): Shared<T> {
    const known = this.#shared.get(namespace);
    if (known !== undefined) return known;
    const { changed, ...parts } = this.#parts;
    const reflector = new ListWatchReflector({
      ...parts,
      path: collection(applications, namespace),
    });
    reflector.onState(changed);
    const shared = { reflector, users: 0 };
    this.#shared.set(namespace, shared);
    return shared;
  }

  async #expire(namespace: string, shared: Shared<T>): Promise<void> {
    await this.#parts.clock.sleep(grace, this.#stop.signal);
    if (shared.users > 0 || this.#shared.get(namespace) !== shared) return;
    this.#shared.delete(namespace);
    await shared.reflector.stop();
    this.#parts.changed();
  }
}

class Lease<T> implements Applications<T> {
  readonly #reflector: ListWatchReflector<T>;
  readonly #prefix: string;
  readonly #end: () => void;
  readonly #listening = new Set<() => void>();
  #released = false;

  constructor(reflector: ListWatchReflector<T>, namespace: string, end: () => void) {
    this.#reflector = reflector;
    this.#prefix = `${namespace}/`;
    this.#end = end;
  }

  get live(): boolean {
    return !this.#released && this.#reflector.live;
  }

  get synced(): boolean {
    return this.#reflector.synced;
  }

  get failure(): Error | undefined {
    return this.#reflector.failure;
  }

  get(name: string): T | undefined {
    return this.#reflector.get(this.#prefix + name);
  }

  caughtUp(name: string, resourceVersion: string): boolean {
    return this.#reflector.caughtUp(this.#prefix + name, resourceVersion);
  }

  onChange(listener: (name: string) => void): () => void {
    return this.#listen(() => this.#reflector.onChange((key) => listener(key.slice(this.#prefix.length))));
  }

  onState(listener: () => void): () => void {
    return this.#listen(() => this.#reflector.onState(listener));
  }

  #listen(begin: () => () => void): () => void {
    if (this.#released) return () => undefined;
    const end = begin();
    this.#listening.add(end);
    return () => {
      this.#listening.delete(end);
      end();
    };
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const end of this.#listening) end();
    this.#end();
  }
}
