import type { Clock, Log, WatchFrame } from "#kube/ports.ts";
import type { VirtualClock } from "./clock.ts";
import type { Stream } from "./stream.ts";

/**
 * One life of a process: time, promises and streams that end with it. What a dead process waits for never comes, so that
 * none of its code runs again, as after SIGKILL. What it had sent by then is under way all the same.
 */
export class Process {
  readonly #clock: VirtualClock;
  readonly #timers = new Set<() => void>();
  readonly #streams = new Set<Stream>();
  #alive = true;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get clock(): Clock {
    return { now: () => this.#clock.now(), sleep: (ms, signal) => this.#sleep(ms, signal) };
  }

  /** `work` for as long as the process lives. */
  during<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => (this.#alive ? resolve(value) : undefined),
        (error: unknown) => (this.#alive ? reject(error) : undefined),
      );
    });
  }

  reading(stream: Stream): AsyncIterableIterator<WatchFrame, undefined, undefined> {
    this.#streams.add(stream);
    const reader = {
      next: () => this.during(stream.next()),
      return: () => {
        this.#streams.delete(stream);
        return stream.return();
      },
      [Symbol.asyncIterator]: () => reader,
    };
    return reader;
  }

  log(log: Log): Log {
    const level = (write: Log["info"]): Log["info"] => {
      return (message, fields) => (this.#alive ? write(message, fields) : undefined);
    };
    return {
      debug: level((message, fields) => log.debug(message, fields)),
      info: level((message, fields) => log.info(message, fields)),
      warn: level((message, fields) => log.warn(message, fields)),
      error: level((message, fields) => log.error(message, fields)),
    };
  }

  kill(): void {
    this.#alive = false;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    for (const stream of this.#streams) void stream.return();
    this.#streams.clear();
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#alive) return new Promise(() => undefined);
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => {
        this.#timers.delete(cancel);
        signal.removeEventListener("abort", wake);
        resolve();
      });
      const wake = (): void => {
        cancel();
        this.#timers.delete(cancel);
        if (this.#alive) resolve();
      };
      this.#timers.add(cancel);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
