import type { Clock } from "./ports.ts";

/** A signal that aborts with its caller's signal, or when the time is over. `end` it in every case. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer = new AbortController();
  readonly #follow = new AbortController();
  #passed = false;

  constructor(clock: Clock, ms: number, caller: AbortSignal) {
    this.signal = this.#controller.signal;
    if (caller.aborted) this.#controller.abort();
    caller.addEventListener("abort", () => this.#controller.abort(), {
      once: true,
      signal: this.#follow.signal,
    });
    void clock.sleep(ms, this.#timer.signal).then(() => {
      if (this.#timer.signal.aborted) return;
      this.#passed = true;
      this.#controller.abort();
    });
  }

  /** Whether it was the time that ended it. */
  get passed(): boolean {
    return this.#passed;
  }

  /** Stops the time, not the caller's signal: a watch has a deadline to open, and none to end. */
  lift(): void {
    this.#timer.abort();
  }

  end(): void {
    this.#timer.abort();
    this.#follow.abort();
  }
}
