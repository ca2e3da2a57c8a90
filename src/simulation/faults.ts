import type { Call, Calls } from "./calls.ts";
import type { VirtualClock } from "./clock.ts";
import type { Tampered } from "./connection.ts";
import { broken, type Broken, type RefusalStatus } from "./refusals.ts";

/** What can befall one call. Times are in milliseconds. */
export type CallFault =
  /** The server answers so, and does nothing. */
  | { readonly kind: "Refused"; readonly status: RefusalStatus; readonly retryAfter?: number }
  /** It is done, and no answer comes within `after`. */
  | { readonly kind: "TimeoutAfterCommit"; readonly after: number }
  | { readonly kind: "ResetBeforeSend" }
  | { readonly kind: "ResetAfterCommit" }
  /** Everything takes this much longer. */
  | { readonly kind: "Slow"; readonly ms: number }
  /** The process dies before it has sent the call, or at the moment when the server has acted; another starts later. */
  | { readonly kind: "CrashBefore"; readonly restartAfter: number }
  | { readonly kind: "CrashAfter"; readonly restartAfter: number };

/** What can befall one watch. `event` counts its frames but for bookmarks, from 1. */
export type WatchFault =
  | { readonly kind: "Drop"; readonly event: number }
  | { readonly kind: "Duplicate"; readonly event: number }
  /** It comes after the next one. */
  | { readonly kind: "Swap"; readonly event: number }
  /** From this event on nothing is heard, and the stream stays open. */
  | { readonly kind: "Stall"; readonly event: number }
  | { readonly kind: "CloseAfter"; readonly ms: number }
  | { readonly kind: "ExpiredAtOpen" }
  | { readonly kind: "Expired"; readonly event: number }
  /** What is no event at all arrives in its place. */
  | { readonly kind: "Broken"; readonly event: number }
  /** Events are held back, and bookmarks go on, until the stream ends. */
  | { readonly kind: "BookmarksOnly" };

/** What can befall a server, as the conductor sees it. */
export type Outage =
  /** Nobody answers, or nobody who can be trusted; streams break. */
  | { readonly kind: "Down"; readonly how: Broken }
  /** Down and up again, each for `period` milliseconds. */
  | { readonly kind: "Flapping"; readonly period: number }
  | { readonly kind: "Slow"; readonly ms: number }
  | { readonly kind: "Refused"; readonly status: RefusalStatus; readonly retryAfter?: number };

/** A list and the watch after it show a past state. */
export interface Stale {
  /** How many changes of the collection are missing. */
  readonly changes: number;
  /** How long, from the list on. */
  readonly lasts: number;
}

/** A fault that was asked for. */
export interface Injected {
  /** How often it has happened. */
  readonly fired: number;
  end(): void;
}

/** An id, or whatever a call must be like. */
export type Which = string | ((call: Call) => boolean);

interface Armed<F> {
  readonly which: Which;
  readonly fault: F;
  left: number;
  fired: number;
}

interface Trouble {
  readonly server: string;
  readonly outage: Outage;
  readonly from: number;
  to: number;
  fired: number;
}

/** The faults between the conductor and its API servers: none but those that were asked for, and each says whether it happened. */
export class Faults {
  readonly #clock: VirtualClock;
  readonly #calls: Armed<CallFault>[] = [];
  readonly #watches: Armed<WatchFault>[] = [];
  readonly #stale: Armed<Stale>[] = [];
  readonly #troubles: Trouble[] = [];
  readonly #streams = new Map<string, Set<Tampered>>();
  /** The trace of a run without faults names what can be hit in another. */
  readonly calls: Calls;

  constructor(clock: VirtualClock, calls: Calls) {
    this.#clock = clock;
    this.calls = calls;
  }

  /** The next `times` calls that are `which`. */
  call(which: Which, fault: CallFault, times = 1): Injected {
    return arm(this.#calls, which, fault, times);
  }

  /** The next `times` watches that are `which` when they are opened. */
  watch(which: Which, fault: WatchFault, times = 1): Injected {
    return arm(this.#watches, which, fault, times);
  }

  /** The next `times` lists that are `which`, and the watches after them. */
  stale(which: Which, fault: Stale, times = 1): Injected {
    return arm(this.#stale, which, fault, times);
  }

  /** A server from now + `begin` until now + `end`. */
  outage(server: string, outage: Outage, begin: number, end: number): Injected {
    const now = this.#clock.now();
    const trouble: Trouble = { server, outage, from: now + begin, to: now + end, fired: 0 };
    this.#troubles.push(trouble);
    const breaking = (): void => {
      if (this.#clock.now() >= trouble.to) return;
      if (isDown(trouble, this.#clock.now())) this.breakStreams(server);
      if (outage.kind === "Flapping") this.#clock.after(outage.period, breaking);
    };
    if (outage.kind === "Down" || outage.kind === "Flapping") this.#clock.after(begin, breaking);
    return {
      get fired() {
        return trouble.fired;
      },
      end: () => void (trouble.to = this.#clock.now()),
    };
  }

  /** Breaks all streams of a server, as a proxy that restarts does. */
  breakStreams(server: string): void {
    for (const stream of this.#streams.get(server) ?? []) stream.end(broken("reset", server));
    this.#streams.delete(server);
  }

  opened(server: string, stream: Tampered): void {
    const open = this.#streams.get(server) ?? new Set();
    for (const one of open) if (one.over) open.delete(one);
    this.#streams.set(server, open.add(stream));
  }

  takeCall(call: Call): CallFault | undefined {
    return take(this.#calls, call);
  }

  takeWatch(call: Call): WatchFault | undefined {
    return take(this.#watches, call);
  }

  takeStale(call: Call): Stale | undefined {
    return take(this.#stale, call);
  }

  outageOf(server: string): Outage | undefined {
    const now = this.#clock.now();
    const found = this.#troubles.find((one) => one.server === server && now >= one.from && now < one.to && isDown(one, now));
    if (found !== undefined) found.fired += 1;
    return found?.outage;
  }
}

function isDown({ outage, from }: Trouble, now: number): boolean {
  return outage.kind !== "Flapping" || Math.floor((now - from) / outage.period) % 2 === 0;
}

function arm<F>(list: Armed<F>[], which: Which, fault: F, times: number): Injected {
  const armed: Armed<F> = { which, fault, left: times, fired: 0 };
  list.push(armed);
  return {
    get fired() {
      return armed.fired;
    },
    end: () => void (armed.left = 0),
  };
}

function take<F>(list: Armed<F>[], call: Call): F | undefined {
  const found = list.find(({ which, left }) => left > 0 && (typeof which === "string" ? which === call.id : which(call)));
  if (found === undefined) return undefined;
  found.left -= 1;
  found.fired += 1;
  return found.fault;
}
