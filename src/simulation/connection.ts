import { KubeFailure } from "#kube/errors.ts";
import type { KubeRequest, KubeResponse, Random, Transport, WatchFrame } from "#kube/ports.ts";
import type { ApiServer } from "./apiserver.ts";
import type { VirtualClock } from "./clock.ts";
import type { Frame } from "./frames.ts";
import { refusal } from "./refusals.ts";
import { Stream } from "./stream.ts";

/** How long things are under way, in milliseconds. */
export interface Latency {
  /** From the client to the server. */
  readonly request: number;
  /** Back to the client. */
  readonly answer: number;
  /** From a write to those who watch. */
  readonly watch: number;
  /** At most this much more, drawn each time. */
  readonly jitter: number;
}

export const NEAR: Latency = { request: 2, answer: 3, watch: 5, jitter: 0 };

/** Servers send a bookmark about once a minute, in milliseconds. */
const BOOKMARKS = 60_000;

/** What may happen between a server and its client. Absent members let everything pass. */
export interface Meddling {
  /** Called when the server has acted, whatever it answers, and before anybody else can notice. */
  readonly acted?: () => void;
  /** The version that a list shows, and that a watch does not go beyond; undefined for the newest. */
  readonly version?: () => number | undefined;
  /** Called in place of a frame's delivery. */
  readonly frame?: (frame: Frame, stream: Tampered) => void;
  /** Called when the watch is open. */
  readonly opened?: (stream: Tampered) => void;
}

/** A stream in the hands of a fault. */
export interface Tampered {
  /** Delivers a frame now. */
  pass(frame: WatchFrame): void;
  end(failure?: KubeFailure): void;
  readonly over: boolean;
}

export interface ConnectionParts {
  readonly server: ApiServer;
  /** As whom it writes. */
  readonly who: string;
  readonly clock: VirtualClock;
  readonly latency: Latency;
  readonly random: Random;
}

/** One client's way to one API server: everything takes its time. */
export class Connection implements Transport {
  readonly #parts: ConnectionParts;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  request(request: KubeRequest, signal: AbortSignal, meddling: Meddling = {}): Promise<KubeResponse> {
    const { server, who, clock, latency } = this.#parts;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(aborted());
      const abort = (): void => {
        cancel();
        reject(aborted());
      };
      const answer = (settle: () => void): void => {
        cancel = clock.after(this.#takes(latency.answer), () => {
          signal.removeEventListener("abort", abort);
          settle();
        });
      };
      let cancel = clock.after(this.#takes(latency.request), () => {
        try {
          const response = server.handle(request, who, meddling.version?.());
          answer(() => resolve(response));
        } catch (error) {
          answer(() => reject(error));
        }
        meddling.acted?.();
      });
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  watch(request: KubeRequest, signal: AbortSignal, meddling: Meddling = {}): Stream {
    const { server, clock, latency } = this.#parts;
    const ends: (() => void)[] = [];
    const stream = new Stream(signal, () => {
      for (const end of ends.splice(0)) end();
    });
    if (stream.over) return stream;
    const tampered: Tampered = {
      pass: (frame) => stream.push(frame),
      end: (failure) => stream.end(failure),
      get over() {
        return stream.over;
      },
    };
    const deliver = (frame: Frame): void => (meddling.frame === undefined ? stream.push(frame) : meddling.frame(frame, tampered));
    const open = (): void => {
      const line = new Line(clock, deliver);
      ends.push(() => line.close());
      try {
        ends.push(server.watch(request, (frame) => line.send(frame, this.#takes(latency.watch))));
      } catch (error) {
        return stream.end(error instanceof KubeFailure ? error : refusal(500, "the simulated API server has failed", request));
      }
      if (stream.over) return;
      stream.push({ type: "OPENED" });
      meddling.opened?.(tampered);
      ends.push(clock.after(Number(request.query?.["timeoutSeconds"] ?? 3600) * 1000, () => stream.end()));
      if (request.query?.["allowWatchBookmarks"] !== "true") return;
      const bookmark = (): void => {
        if (stream.over) return;
        line.send(
          { type: "BOOKMARK", object: { metadata: { name: "", resourceVersion: `${server.version}` } } },
          this.#takes(latency.watch),
        );
        ends[at] = clock.after(BOOKMARKS, bookmark);
      };
      const at = ends.length;
      ends.push(clock.after(BOOKMARKS, bookmark));
    };
    ends.push(clock.after(this.#takes(latency.request + latency.answer), open));
    return stream;
  }

  #takes(ms: number): number {
    const { latency, random } = this.#parts;
    return latency.jitter === 0 ? ms : ms + Math.floor(random() * (latency.jitter + 1));
  }
}

/** What is under way to one watch: however long each takes, frames arrive in the order in which they were sent. */
class Line {
  readonly #clock: VirtualClock;
  readonly #deliver: (frame: Frame) => void;
  readonly #frames: { readonly due: number; readonly frame: Frame }[] = [];
  #cancel: (() => void) | undefined;

  constructor(clock: VirtualClock, deliver: (frame: Frame) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  send(frame: Frame, ms: number): void {
    const due = Math.max(this.#frames.at(-1)?.due ?? 0, this.#clock.now() + ms);
    this.#frames.push({ due, frame });
    this.#wait();
  }

  close(): void {
    this.#cancel?.();
    this.#frames.length = 0;
  }

  #wait(): void {
    const [first] = this.#frames;
    if (this.#cancel !== undefined || first === undefined) return;
    this.#cancel = this.#clock.after(first.due - this.#clock.now(), () => {
      this.#cancel = undefined;
      const frame = this.#frames.shift()?.frame;
      this.#wait();
      if (frame !== undefined) this.#deliver(frame);
    });
  }
}

function aborted(): KubeFailure {
  return new KubeFailure("Aborted", "the call was given up");
}
