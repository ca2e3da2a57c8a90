import { backoff, type Backoff } from "./backoff.ts";
import { KubeFailure } from "./errors.ts";
import type { Clock, Log, Random } from "./ports.ts";

export interface QueueParts {
  /** For the log. */
  readonly name: string;
  /** How many keys are worked on at once. */
  readonly workers: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly backoff?: Backoff;
}

/** Why a wait ends; without a reason `abort` makes an exception with a stack, each time. */
const PLANNED_ANEW = "planned anew";

/**
 * Keys to work on: each waits once however often it is added, in the order of arrival, and never runs twice at the same
 * time. A worker looks at the state of the world, not at what was added, so that merging loses nothing.
 */
export class WorkQueue {
  readonly #parts: QueueParts;
  readonly #ready = new Set<string>();
  readonly #running = new Set<string>();
  /** Added while it was running: runs once more. */
  readonly #again = new Set<string>();
  readonly #later = new Map<string, { readonly due: number; readonly cancel: AbortController }>();
  readonly #failures = new Map<string, number>();
  #pump: () => void = () => undefined;
  #ended = false;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** Keys waiting now, and keys being worked on. */
  get depth(): { readonly ready: number; readonly later: number; readonly running: number } {
    return {
      ready: this.#ready.size + this.#again.size,
      later: this.#later.size,
      running: this.#running.size,
    };
  }

  /** Runs `key` as soon as a worker is free; what was planned for later happens now. */
  add(key: string): void {
    if (this.#ended) return;
    this.#later.get(key)?.cancel.abort(PLANNED_ANEW);
    this.#later.delete(key);
    if (this.#running.has(key)) this.#again.add(key);
    else this.#ready.add(key);
    this.#pump();
  }

  /** Runs `key` in `ms` milliseconds, unless it is planned for sooner. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) return this.add(key);
    if (this.#ended) return;
    const { clock } = this.#parts;
    const due = clock.now() + ms;
    const planned = this.#later.get(key);
    if (planned !== undefined && planned.due <= due) return;
    planned?.cancel.abort(PLANNED_ANEW);
    const cancel = new AbortController();
    this.#later.set(key, { due, cancel });
    void clock.sleep(ms, cancel.signal).then(() => {
      if (!cancel.signal.aborted) this.add(key);
    });
  }

  /** Runs `key` again after a failure: 200 ms to 5 min, longer each time, and no sooner than the server asked for. */
  retry(key: string, error: unknown): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const floor = error instanceof KubeFailure ? error.retryAfter : undefined;
    this.addAfter(key, Math.max(1, backoff(failures, this.#parts.backoff ?? { base: 200, cap: 300_000 }, this.#parts.random, floor)));
  }

  /** Counts the failures of `key` from zero again. A run that ends well does so by itself. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /**
   * Hands keys to `worker` until `signal` aborts; resolves when the running ones have ended. A worker that throws is
   * logged and its key retried. Call it once.
   */
  async run(worker: (key: string, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    const pump = (): void => {
      if (signal.aborted && this.#running.size === 0) return resolve();
      for (const key of this.#ready) {
        if (signal.aborted || this.#running.size >= this.#parts.workers) return;
        this.#ready.delete(key);
        this.#running.add(key);
        void this.#work(key, worker, signal).then(() => {
          this.#running.delete(key);
          if (this.#again.delete(key)) this.#ready.add(key);
          pump();
        });
      }
    };
    // Later, and once: a worker never runs inside the call that adds, and what is added together is merged.
    let scheduled = false;
    this.#pump = () => {
      if (scheduled) return;
      scheduled = true;
      queueMicrotask(() => {
        scheduled = false;
        pump();
      });
    };
    signal.addEventListener("abort", pump, { once: true });
    pump();
    await drained;
    this.#ended = true;
    for (const { cancel } of this.#later.values()) cancel.abort();
    this.#later.clear();
  }

  async #work(key: string, worker: (key: string, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const before = this.#failures.get(key);
    try {
      await worker(key, signal);
      if (this.#failures.get(key) === before) this.forget(key);
    } catch (error) {
      if (signal.aborted) return;
      this.#parts.log.error("a worker failed", { queue: this.#parts.name, key, error });
      this.retry(key, error);
    }
  }
}
