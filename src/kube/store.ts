import type { KubeObject, Log } from "./ports.ts";
import { atLeast } from "./resourceversion.ts";
import { keyOf } from "./shape.ts";

/** What is kept of one object. `value` is undefined for one that could not be read. */
export interface Entry<T> {
  readonly key: string;
  readonly resourceVersion: string;
  readonly value: T | undefined;
}

/** The objects of one collection by key, and who wants to hear of changes. It knows nothing of lists and watches. */
export class Store<T> {
  readonly #project: (object: KubeObject) => T;
  readonly #log: Log;
  readonly #path: string;
  readonly #listeners = new Set<(key: string) => void>();
  #entries = new Map<string, Entry<T>>();
  #resourceVersion = "";

  constructor(project: (object: KubeObject) => T, log: Log, path: string) {
    this.#project = project;
    this.#log = log;
    this.#path = path;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  list(): readonly T[] {
    return [...this.#entries.values()].flatMap(({ value }) => (value === undefined ? [] : [value]));
  }

  /**
   * Whether everything up to `resourceVersion` has been seen here. Events of a collection arrive in their order, so
   * that what the whole copy has reached holds for each key, also for one that was deleted meanwhile.
   */
  caughtUp(key: string, resourceVersion: string): boolean {
    return atLeast(this.#resourceVersion, resourceVersion) || atLeast(this.#entries.get(key)?.resourceVersion ?? "", resourceVersion);
  }

  /** A projection that throws loses that one object, not the collection. */
  entry(object: KubeObject): Entry<T> {
    const key = keyOf(object);
    const resourceVersion = object.metadata.resourceVersion ?? "";
    try {
      return { key, resourceVersion, value: this.#project(object) };
    } catch (error) {
      this.#log.error("an object cannot be read", { path: this.#path, key, error });
      return { key, resourceVersion, value: undefined };
    }
  }

  /** Takes a whole list in place of what was there, then tells of what differs: no listener sees half of it. */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void {
    const before = this.#entries;
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
    this.#resourceVersion = resourceVersion;
    for (const { key, resourceVersion: now } of entries) if (before.get(key)?.resourceVersion !== now) this.#tell(key);
    for (const key of before.keys()) if (!this.#entries.has(key)) this.#tell(key);
  }

  put(object: KubeObject): void {
    const entry = this.entry(object);
    const known = this.#entries.get(entry.key);
    // Two events in the wrong order: what is older is no news.
    if (known !== undefined && known.resourceVersion !== entry.resourceVersion && atLeast(known.resourceVersion, entry.resourceVersion))
      return;
    this.#entries.set(entry.key, entry);
    this.advance(entry.resourceVersion);
    this.#tell(entry.key);
  }

  remove(object: KubeObject): void {
    const key = keyOf(object);
    this.#entries.delete(key);
    this.advance(object.metadata.resourceVersion);
    this.#tell(key);
  }

  advance(resourceVersion: string | undefined): void {
    if (resourceVersion) this.#resourceVersion = resourceVersion;
  }

  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(key: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(key);
      } catch (error) {
        this.#log.error("a listener of a watch failed", { path: this.#path, key, error });
      }
    }
  }
}
