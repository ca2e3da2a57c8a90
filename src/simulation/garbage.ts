import type { VirtualClock } from "./clock.ts";
import { failed } from "#kube/errors.ts";
import type { KubeRequest, KubeResponse } from "#kube/ports.ts";
import type { Write } from "./writes.ts";

/** How long Kubernetes takes to notice that an owner is gone, in milliseconds. */
const NOTICE = 50;

interface Dependent {
  readonly path: string;
  readonly uid: string | undefined;
  readonly owners: ReadonlySet<string>;
}

/** Deletes what is owned by nobody any more, some time after its last owner went. */
export class GarbageCollector {
  readonly #server: { handle(request: KubeRequest, who: string): KubeResponse };
  readonly #clock: VirtualClock;
  readonly #living = new Set<string>();
  readonly #dependents = new Map<string, Dependent>();

  constructor(server: { handle(request: KubeRequest, who: string): KubeResponse }, clock: VirtualClock) {
    this.#server = server;
    this.#clock = clock;
  }

  /** Takes in one change, whatever it is. */
  note({ resource, key, before, after }: Write): void {
    const id = `${resource} ${key}`;
    if (before === undefined && after?.metadata.uid !== undefined) this.#living.add(after.metadata.uid);
    if (after === undefined) {
      this.#dependents.delete(id);
      if (before?.metadata.uid !== undefined) this.#orphan(before.metadata.uid);
      return;
    }
    const owners = after.metadata.ownerReferences ?? [];
    if (owners.length === 0) return void this.#dependents.delete(id);
    const dependent = { path: pathOf(resource, key), uid: after.metadata.uid, owners: new Set(owners.map(({ uid }) => uid)) };
    this.#dependents.set(id, dependent);
    // Owners of other clusters' objects are looked for here as well, and not found.
    if (before === undefined) this.#collectLater(dependent);
  }

  #orphan(uid: string): void {
    this.#living.delete(uid);
    for (const dependent of this.#dependents.values()) if (dependent.owners.has(uid)) this.#collectLater(dependent);
  }

  #collectLater({ path, uid, owners }: Dependent): void {
    if ([...owners].some((owner) => this.#living.has(owner))) return;
    this.#clock.after(NOTICE, () => {
      try {
        this.#server.handle({ method: "DELETE", path, body: { preconditions: { uid } } }, "garbage-collector");
      } catch (error) {
        if (!failed(error, "NotFound", "Conflict")) throw error;
      }
    });
  }
}

function pathOf(resource: string, key: string): string {
  const [group = "", version = "", plural = ""] = resource.split("/");
  const [namespace = "", name = ""] = key.split("/");
  return `${group === "" ? "/api" : `/apis/${group}`}/${version}/namespaces/${namespace}/${plural}/${name}`;
}
