import type { Clock, Reflector } from "#kube/ports.ts";
import type { WorkQueue } from "#kube/queue.ts";

/** How long the event of our own write may take, in milliseconds, before the collection is listed anew: it may be lost. */
export const PATIENCE = 10_000;

/** What we wrote and must see before we decide again: read your own writes. */
export class Echoes {
  readonly #reflector: Reflector<unknown>;
  readonly #queue: WorkQueue;
  readonly #clock: Clock;
  readonly #expected = new Map<string, { readonly resourceVersion: string; readonly since: number }>();

  constructor(reflector: Reflector<unknown>, queue: WorkQueue, clock: Clock) {
    this.#reflector = reflector;
    this.#queue = queue;
    this.#clock = clock;
  }

  /** `key` is not worked on before the reflector shows `resourceVersion` of it, or something newer. */
  expect(key: string, resourceVersion: string): undefined {
    this.#expected.set(key, { resourceVersion, since: this.#clock.now() });
    this.#queue.addAfter(key, PATIENCE);
  }

  /** Whether what was expected is there; its arrival wakes who waits for it. */
  arrived(key: string): boolean {
    const expected = this.#expected.get(key);
    if (expected === undefined) return true;
    if (this.#reflector.caughtUp(key, expected.resourceVersion)) {
      this.#expected.delete(key);
      return true;
    }
    const left = expected.since + PATIENCE - this.#clock.now();
    if (left <= 0) {
      this.#reflector.relist();
      this.#expected.set(key, { ...expected, since: this.#clock.now() });
    }
    this.#queue.addAfter(key, left <= 0 ? PATIENCE : left);
    return false;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }
}
