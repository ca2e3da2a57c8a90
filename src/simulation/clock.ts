import type { Clock, Random } from "#kube/ports.ts";
import { Timers, type Timer } from "./timers.ts";

/**
 * Time that passes only when nothing is left to do at the present moment. Everything in a simulation waits for promises
 * and for this clock, and for nothing else: Node runs all promise work before the next setImmediate, so that one turn of
 * it is the sure sign that the moment is over.
 */
export class VirtualClock implements Clock {
  readonly #timers = new Timers();
  readonly #random: Random | undefined;
  #now: number;
  #made = 0;

  /** With `random` timers of one moment fire in an order drawn from it; else in the order in which they were set. */
  constructor(start: number, random?: Random) {
    this.#now = start;
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        resolve();
      };
      const cancel = this.after(ms, () => {
        signal.removeEventListener("abort", wake);
        resolve();
      });
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  /** Calls `action` in `ms` milliseconds; returns how to prevent that. */
  after(ms: number, action: () => void): () => void {
    const due = this.#now + Math.max(0, ms);
    const timer: Timer = { due, tie: this.#random?.() ?? 0, order: this.#made, action };
    this.#made += 1;
    this.#timers.add(timer);
    return () => this.#timers.cancel(timer);
  }

  /**
   * Lets time pass until `holds`, which is asked after every event, or until `end`, milliseconds since the epoch. Resolves
   * with whether it holds.
   */
  async run(holds: () => boolean, end: number): Promise<boolean> {
    await turn();
    for (;;) {
      if (holds()) return true;
      const timer = this.#timers.first;
      if (timer === undefined || timer.due > end) break;
      this.#timers.take();
      this.#now = timer.due;
      const { action } = timer;
      timer.action = undefined;
      action?.();
      await turn();
    }
    this.#now = Math.max(this.#now, end);
    return holds();
  }
}

/** Lets everything run that waits for promises only. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
