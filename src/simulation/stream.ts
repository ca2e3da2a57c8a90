import { KubeFailure } from "#kube/errors.ts";
import type { WatchFrame } from "#kube/ports.ts";

/** One watch as its client reads it: frames wait here until they are asked for. */
export class Stream implements AsyncIterableIterator<WatchFrame, undefined, undefined> {
  readonly #frames: WatchFrame[] = [];
  readonly #signal: AbortSignal;
  readonly #ended: () => void;
  #waiting:
    | { readonly resolve: (result: IteratorResult<WatchFrame, undefined>) => void; readonly reject: (error: KubeFailure) => void }
    | undefined;
  #end: KubeFailure | "closed" | undefined;
  readonly #abort = (): void => this.#finish(new KubeFailure("Aborted", "the call was given up"), true);

  /** `ended` is called once: when the stream is over for whichever reason. */
  constructor(signal: AbortSignal, ended: () => void) {
    this.#signal = signal;
    this.#ended = ended;
    if (signal.aborted) this.#end = new KubeFailure("Aborted", "the call was given up");
    else signal.addEventListener("abort", this.#abort, { once: true });
  }

  get over(): boolean {
    return this.#end !== undefined;
  }

  push(frame: WatchFrame): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting;
    if (waiting === undefined) return void this.#frames.push(frame);
    this.#waiting = undefined;
    waiting.resolve({ done: false, value: frame });
  }

  /** Ends it after what has been pushed: in good order, or with a failure. */
  end(failure?: KubeFailure): void {
    this.#finish(failure ?? "closed", false);
  }

  next(): Promise<IteratorResult<WatchFrame, undefined>> {
    const frame = this.#frames.shift();
    if (frame !== undefined) return Promise.resolve({ done: false, value: frame });
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
    this.#end = "closed";
    return end === "closed" ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(end);
  }

  return(): Promise<IteratorResult<WatchFrame, undefined>> {
    this.#finish("closed", true);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: KubeFailure | "closed", atOnce: boolean): void {
    if (atOnce) this.#frames.length = 0;
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#signal.removeEventListener("abort", this.#abort);
    this.#ended();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    this.#end = "closed";
    if (end === "closed") waiting.resolve({ done: true, value: undefined });
    else waiting.reject(end);
  }
}
