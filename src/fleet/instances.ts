import { KubeFailure } from "#kube/errors.ts";
import type { Transport } from "#kube/ports.ts";
import { LiveInstance, type InstanceParts } from "./instance.ts";
import { inCluster, type Connected } from "./registration.ts";

export interface InstancesParts<T> extends Omit<InstanceParts<T>, "changed"> {
  /** The management cluster. */
  readonly home: Transport;
  /** Opens a connection. */
  readonly connect: (registration: Connected) => Transport;
}

/** Requests at once to the management cluster's own Argo CD. */
const homeMaxInFlight = 50;

/** All instances by name. One outlives its registration for as long as somebody looks at its Applications. */
export class Instances<T> {
  readonly #parts: InstancesParts<T>;
  readonly #changed: () => void;
  readonly #instances = new Map<string, LiveInstance<T>>();
  /** What the connection of each was made of: an equal one is kept. */
  readonly #recipes = new Map<string, string>();

  /** `changed` is called when the reachability of any became another one. */
  constructor(parts: InstancesParts<T>, changed: () => void) {
    this.#parts = parts;
    this.#changed = changed;
    const home = withoutClose(parts.home);
    this.#provide(inCluster).connect(home, { server: inCluster, maxInFlight: homeMaxInFlight });
  }

  get(name: string): LiveInstance<T> | undefined {
    return this.#instances.get(name);
  }

  /** Brings connections in line with registrations. Returns whether any changed. */
  reconcile(connected: ReadonlyMap<string, Connected>): boolean {
    const gone = this.#disconnect(connected);
    const made = [...connected.values()].filter((registration) => this.#connect(registration));
    return gone || made.length > 0;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.stop()));
  }

  #disconnect(connected: ReadonlyMap<string, Connected>): boolean {
    let gone = false;
    for (const [name, instance] of this.#instances) {
      if (name === inCluster || connected.has(name)) continue;
      if (this.#recipes.delete(name)) {
        instance.disconnect();
        gone = true;
      }
      if (!instance.idle) continue;
      this.#instances.delete(name);
      void instance.stop();
    }
    return gone;
  }

  #connect(registration: Connected): boolean {
    const { name, secret, maxInFlight } = registration;
    const credential = registration.credential.open();
    const recipe = JSON.stringify([secret, credential]);
    const instance = this.#provide(name);
    instance.limit(maxInFlight);
    if (this.#recipes.get(name) === recipe) return false;
    this.#recipes.set(name, recipe);
    // Behind the same URL, another CA means that the cluster was made anew.
    const server = `${credential.server} ${credential.ca}`;
    instance.connect(this.#open(registration), { server, secret, maxInFlight });
    return true;
  }

  #open(registration: Connected): Transport {
    try {
      return this.#parts.connect(registration);
    } catch (error) {
      if (error instanceof KubeFailure) return broken(error);
      return broken(new KubeFailure("Invalid", "its connection cannot be made"));
    }
  }

  #provide(name: string): LiveInstance<T> {
    const known = this.#instances.get(name);
    if (known !== undefined) return known;
    const { project, fence, clock, random, log } = this.#parts;
    const parts = { project, fence, clock, random, log, changed: this.#changed };
    const instance = new LiveInstance(name, parts);
    this.#instances.set(name, instance);
    return instance;
  }
}

/** The management cluster's connection belongs to whoever opened it. */
function withoutClose(home: Transport): Transport {
  return {
    request: (request, signal) => home.request(request, signal),
    watch: (request, signal) => home.watch(request, signal),
  };
}

/** A registration whose connection cannot be made fails by itself, and holds up nobody. */
function broken(failure: KubeFailure): Transport {
  return {
    request: () => Promise.reject(failure),
    watch: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }) }),
  };
}
