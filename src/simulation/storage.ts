import type { KubeObject } from "#kube/ports.ts";
import { keyOf } from "./locations.ts";

/** One change of a collection. */
export interface Change {
  readonly version: number;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** The objects of one resource, and all that has happened to them. */
export class Collection {
  readonly #objects = new Map<string, KubeObject>();
  readonly #changes: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  get size(): number {
    return this.#objects.size;
  }

  /** In no order. */
  values(): IterableIterator<KubeObject> {
    return this.#objects.values();
  }

  commit(key: string, change: Change): void {
    if (change.after === undefined) this.#objects.delete(key);
    else this.#objects.set(key, change.after);
    this.#changes.push(change);
    for (const listener of this.#listeners) listener(change);
  }

  /** What has happened after `version`, oldest first. */
  since(version: number): readonly Change[] {
    let from = this.#changes.length;
    while (from > 0 && (this.#changes[from - 1]?.version ?? 0) > version) from -= 1;
    return this.#changes.slice(from);
  }

  /** The objects by key as of `version`, in the order of an API server. */
  view(version: number): readonly KubeObject[] {
    const objects = new Map(this.#objects);
    for (const { before, after } of this.since(version).toReversed()) {
      if (before !== undefined) objects.set(keyOf(before), before);
      else if (after !== undefined) objects.delete(keyOf(after));
    }
    return [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** The version at which the collection was `changes` changes ago. */
  behind(changes: number): number {
    const missing = this.#changes[Math.max(0, this.#changes.length - changes)];
    return missing === undefined ? (this.#changes.at(-1)?.version ?? 0) : missing.version - 1;
  }

  /** Calls `listener` with every change; returns how to stop that. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
