import { backoff } from "#kube/backoff.ts";
import { KubeClient } from "#kube/client.ts";
import { fenced } from "#kube/fenced.ts";
import { LimitedTransport } from "#kube/limited.ts";
import type { Clock, Fence, KubeObject, Log, Random, Transport } from "#kube/ports.ts";
import { Leases, type Applications } from "./leases.ts";
import { Line } from "./line.ts";
import { Reach, type Reachability } from "./reachability.ts";

/** An Argo CD instance: the API server whose Applications steer one cluster or many. */
export interface Instance<T> {
  readonly name: string;
  readonly reachability: Reachability;
  /** Counts its connections: what was learned over one holds until there is another. */
  readonly connection: number;
  /** Whether nobody looks at its Applications. */
  readonly idle: boolean;
  /** How many requests, and how many targets in flight, it may have at once: conductor.dev/max-in-flight. */
  readonly maxInFlight: number;
  /** At most max-in-flight requests at once, first come first served; writes only while the fence is open. */
  readonly client: KubeClient;
  /** The first user starts the watch of `namespace`, and the last one's release ends it. */
  applications(namespace: string): Applications<T>;
}

export interface InstanceParts<T> {
  readonly project: (object: KubeObject) => T;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called when reachability became another one. */
  readonly changed: () => void;
}

/** Where a connection came from and leads to. */
interface Origin {
  readonly server: string;
  readonly secret?: string;
  readonly maxInFlight: number;
}

/** A cluster that cannot be reached is asked again this often, in milliseconds: it shall return quickly. */
const retry = { base: 1000, cap: 30_000 };

/** One instance for as long as anybody uses it; its connection comes, changes and goes underneath. */
export class LiveInstance<T> implements Instance<T> {
  readonly name: string;
  readonly client: KubeClient;
  readonly #parts: InstanceParts<T>;
  readonly #line = new Line();
  readonly #reach: Reach;
  readonly #wire: Transport;
  readonly #limited: LimitedTransport;
  readonly #leases: Leases<T>;
  readonly #stop = new AbortController();
  #server: string | undefined;
  #secret: string | undefined;
  #connected = false;
  #connections = 0;
  #probing = false;
  #hurry = new AbortController();
  #told = "Unknown";

  constructor(name: string, parts: InstanceParts<T>) {
    const { fence, clock, random, log, project } = parts;
    this.name = name;
    this.#parts = parts;
    this.#reach = new Reach(clock, () => this.#observe());
    this.#wire = this.#reach.observe(this.#line);
    // The fence is asked below the queue: whoever waited in it is asked when its turn comes.
    this.#limited = new LimitedTransport(fenced(this.#wire, fence), 1);
    this.client = new KubeClient(this.#limited, fence, clock, random);
    this.#leases = new Leases({
      transport: this.#limited,
      project,
      clock,
      random,
      log,
      changed: () => this.#observe(),
    });
  }

  get reachability(): Reachability {
    const found = this.#leases.unreachable ?? this.#reach.state;
    if (found.state !== "Unreachable" || found.kind !== "Unauthorized" || this.#secret === undefined) return found;
    return { ...found, message: `${found.message}: renew the credential in Secret "${this.#secret}"` };
  }

  get connection(): number {
    return this.#connections;
  }

  get maxInFlight(): number {
    return this.#limited.limit;
  }

  get idle(): boolean {
    return this.#leases.idle;
  }

  applications(namespace: string): Applications<T> {
    return this.#leases.take(namespace);
  }

  /**
   * Takes `transport` for everything from now on. `server` tells whether it leads where the last one led; `secret` is the
   * one that its credential came from.
   */
  connect(transport: Transport, { server, secret, maxInFlight }: Origin): void {
    const same = this.#server === server;
    this.#server = server;
    this.#secret = secret;
    this.#connected = true;
    this.#connections += 1;
    this.#limited.limit = maxInFlight;
    this.#line.replace(transport);
    this.#reach.forget();
    this.#leases.reconnect(same);
    this.#hurry.abort();
  }

  /** Another limit over the same connection. */
  limit(maxInFlight: number): void {
    this.#limited.limit = maxInFlight;
  }

  /** Ends the connection; whoever still looks sees why, and sees it again if it comes back. */
  disconnect(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#line.replace(undefined, `the registration of "${this.name}" was removed or refused`);
    this.#reach.forget();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#hurry.abort();
    await this.#leases.stop();
    this.disconnect();
  }

  #observe(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#reach.state.state === "Unreachable") {
      if (this.#leases.live) this.#hurry.abort();
      void this.#probe();
    }
    const now = this.reachability;
    const told = now.state === "Unreachable" ? `${now.kind} ${now.message}` : now.state;
    if (told === this.#told) return;
    this.#told = told;
    this.#parts.changed();
  }

  /** Asks until somebody answers: the one question that needs no right, and only while the last answer was none. */
  async #probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    const { clock, random } = this.#parts;
    for (let attempt = 0; this.#reach.state.state === "Unreachable"; attempt += 1) {
      this.#hurry = new AbortController();
      await clock.sleep(backoff(attempt, retry, random), this.#hurry.signal);
      if (this.#stop.signal.aborted || !this.#connected) break;
      // The outcome is what Reach made of it.
      await this.#wire.request({ method: "GET", path: "/version" }, this.#stop.signal).catch(() => undefined);
    }
    this.#probing = false;
  }
}
