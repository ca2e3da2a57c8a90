import { KubeFailure } from "./errors.ts";
import type { Clock } from "./ports.ts";

/** A signal that aborts with its caller's, or when nothing was heard for `idle` milliseconds. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #idle: number;
  readonly #stream = new AbortController();
  readonly #ended = new AbortController();
  #heardAt: number;
  #bitten = false;

  constructor(clock: Clock, idle: number, caller: AbortSignal) {
    this.#clock = clock;
    this.#idle = idle;
    this.#heardAt = clock.now();
    if (caller.aborted) this.#stream.abort();
    caller.addEventListener("abort", () => this.#stream.abort(), {
      once: true,
      signal: this.#ended.signal,
    });
    void this.#guard();
  }

  get signal(): AbortSignal {
    return this.#stream.signal;
  }

  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  /** Throws Unreachable if it was the silence that ended the stream. */
  check(): void {
    if (this.#bitten) throw new KubeFailure("Unreachable", `the watch was silent for ${this.#idle / 1000} s`);
  }

  end(): void {
    this.#ended.abort();
    this.#stream.abort();
  }

  /** One timer per watch, not one per frame. */
  async #guard(): Promise<void> {
    for (let left = this.#idle; left > 0; left = this.#heardAt + this.#idle - this.#clock.now()) {
      await this.#clock.sleep(left, this.#ended.signal);
      if (this.#ended.signal.aborted) return;
    }
    this.#bitten = true;
    this.#stream.abort();
  }
}
