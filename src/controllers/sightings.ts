import { observe, type Projected } from "#argo/read.ts";
import type { FieldValues, RunSpec } from "#api/releaserun.ts";
import { isBlocked } from "#engine/evidence.ts";
import type { Rollout, Seen } from "#engine/observation.ts";
import type { Applications, Fleet, Instance } from "#fleet/fleet.ts";
import type { Clock } from "#kube/ports.ts";
import { Canaries } from "./canaries.ts";
import { Projects } from "./projects.ts";

/** Where one Application is. */
export interface Place {
  readonly instance: string;
  readonly application: { readonly namespace: string; readonly name: string };
}

interface Glance {
  /** Nothing older than this resourceVersion. */
  readonly atLeast?: string | undefined;
  /** Whether it is in flight: only then are its Rollouts asked how far they are. */
  readonly closely?: boolean;
}

interface Attached {
  readonly instance: Instance<Projected>;
  readonly lease: Applications<Projected>;
  readonly since: number;
  readonly stops: readonly (() => void)[];
}

interface Watched {
  /** Those who look at any Application there. */
  readonly followers: Set<() => void>;
  attached: Attached | undefined;
}

/**
 * What is seen of Applications anywhere: one watch for each Argo CD instance and namespace in use, shared by all
 * who look there, and word to those who look at an Application when it changed.
 */
export class Sightings {
  readonly #fleet: Fleet<Projected>;
  readonly #clock: Clock;
  /** Milliseconds after which an API server that has not answered is called unreachable. */
  readonly #contactTime: number;
  readonly #projects: Projects;
  readonly #canaries: Canaries;
  readonly #watched = new Map<string, Watched>();
  readonly #interested = new Map<string, Set<() => void>>();

  constructor(fleet: Fleet<Projected>, clock: Clock, contactTime: number, signal: AbortSignal) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#contactTime = contactTime;
    this.#projects = new Projects((place) => this.#tell(appKey(place)), signal);
    this.#canaries = new Canaries((place) => this.#tell(appKey(place)), signal);
  }

  /** Watches `place` until the returned function is called; `changed` is called whenever it may look different. */
  follow(place: Place, changed: () => void): () => void {
    const watch = watchKey(place);
    const app = appKey(place);
    const follower = (): void => changed();
    this.#retain(watch, place, follower);
    const listeners = this.#interested.get(app) ?? new Set();
    this.#interested.set(app, listeners.add(follower));
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      listeners.delete(follower);
      if (listeners.size === 0 && this.#interested.get(app) === listeners) this.#interested.delete(app);
      this.#release(watch, follower);
    };
  }

  /** What is known of `place` now, as one run looks at it. */
  see(place: Place, selector: RunSpec["source"], wanted: FieldValues, { atLeast, closely = false }: Glance = {}): Seen {
    const found = this.look(place, atLeast);
    if (found.kind !== "Present") return found;
    const { application } = found;
    const asked = { window: this.#window(place, application), rollouts: closely ? this.#rollouts(place, application) : undefined };
    return { kind: "Present", observation: observe(application, selector, wanted, asked) };
  }

  #rollouts(place: Place, app: Projected): readonly Rollout[] | undefined {
    const instance = app.rollouts.length === 0 ? undefined : this.#fleet.instance(place.instance);
    return instance === undefined ? undefined : this.#canaries.rollouts(instance, place, app, this.#clock.now());
  }

  /** Why sync windows let nothing start, asked only of what waits to be synced. */
  #window(place: Place, app: Projected): string | undefined {
    const { now, last } = app.operations;
    const waits = now === undefined ? app.rest.sync === "OutOfSync" && app.rest.automated : isBlocked(last);
    const instance = waits ? this.#fleet.instance(place.instance) : undefined;
    return instance === undefined ? undefined : this.#projects.window(instance, place, app, true, this.#clock.now()).closed?.message;
  }

  look(place: Place, atLeast?: string): Exclude<Seen, { kind: "Present" }> | { readonly kind: "Present"; readonly application: Projected } {
    const instance = this.#fleet.instance(place.instance);
    if (!this.#fleet.synced) return { kind: "Unasked" };
    if (instance === undefined) {
      if (this.#fleet.cluster(place.instance) === undefined)
        return { kind: "Unreachable", message: `${place.instance} is not registered any more`, gone: true };
      return { kind: "Unreachable", message: `the registration of ${place.instance} cannot be used` };
    }
    const { lease, since } = this.#attach(place, instance) ?? {};
    if (lease?.synced === true && lease.live) {
      if (atLeast !== undefined && !lease.caughtUp(place.application.name, atLeast)) return { kind: "Behind" };
      const application = lease.get(place.application.name);
      return application === undefined ? { kind: "Absent" } : { kind: "Present", application };
    }
    const { reachability } = instance;
    if (reachability.state === "Unreachable") return { kind: "Unreachable", message: reachability.message };
    if (since !== undefined && lease?.synced === false && this.#clock.now() - since >= this.#contactTime)
      return {
        kind: "Unreachable",
        message: lease.failure?.message ?? `${place.instance} has not answered for ${this.#contactTime / 1000} s`,
      };
    return { kind: "Unasked" };
  }

  /** A registration that was removed and made anew is another instance: the watch moves over to it. */
  #attach(place: Place, instance: Instance<Projected>): Attached | undefined {
    const key = watchKey(place);
    const watched = this.#watched.get(key);
    if (watched === undefined || watched.attached?.instance === instance) return watched?.attached;
    this.#detach(watched);
    const lease = instance.applications(place.application.namespace);
    const stops = [
      lease.onChange((name) => this.#tell(`${key}/${name}`)),
      // Whether it can be seen at all: a watch that opens or breaks changes the look of everything behind it.
      lease.onState(() => {
        for (const changed of watched.followers) changed();
      }),
    ];
    watched.attached = { instance, lease, since: this.#clock.now(), stops };
    return watched.attached;
  }

  #detach({ attached }: Watched): void {
    for (const stop of attached?.stops ?? []) stop();
    attached?.lease.release();
  }

  #retain(key: string, place: Place, follower: () => void): void {
    const watched = this.#watched.get(key) ?? { followers: new Set(), attached: undefined };
    watched.followers.add(follower);
    this.#watched.set(key, watched);
    const instance = this.#fleet.instance(place.instance);
    if (instance !== undefined) this.#attach(place, instance);
  }

  #release(key: string, follower: () => void): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    watched.followers.delete(follower);
    if (watched.followers.size > 0) return;
    this.#detach(watched);
    this.#watched.delete(key);
  }

  #tell(app: string): void {
    for (const changed of this.#interested.get(app) ?? []) changed();
  }
}

function watchKey({ instance, application }: Place): string {
  return `${instance}/${application.namespace}`;
}

function appKey(place: Place): string {
  return `${watchKey(place)}/${place.application.name}`;
}
