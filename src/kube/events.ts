import type { KubeClient } from "./client.ts";
import { KubeFailure } from "./errors.ts";
import { collection, object, type Resource } from "./paths.ts";
import type { Clock, Log, Random } from "./ports.ts";
import { TokenBuckets } from "./tokenbuckets.ts";

/** The object that an event is about. */
export interface Involved {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

export interface EventParts {
  readonly client: KubeClient;
  /** Who reports: a qualified name such as conductor.dev/release-conductor, and this process of it. */
  readonly controller: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ends all writing. */
  readonly signal: AbortSignal;
}

const events: Resource = { group: "events.k8s.io", version: "v1", plural: "events" };
/** Equal events within this time are one series, in milliseconds. */
const window = 10 * 60_000;
/** Validation of events.k8s.io/v1 refuses longer notes and reasons, in bytes and characters. */
const longestNote = 1024;
const longestReason = 128;
/** What may wait to be written, and how many series are remembered: an API server in trouble must not fill our memory. */
const longestQueue = 1000;
const mostSeries = 4096;

interface Series {
  readonly path: string;
  readonly last: number;
  readonly count: number;
}

/**
 * Writes Kubernetes Events (events.k8s.io/v1) one behind another. Equal ones within ten minutes become a series; an object
 * that reports without end is slowed to one a minute after 25. Events are a courtesy: failing to write one fails nobody.
 */
export class EventRecorder {
  readonly #parts: EventParts;
  readonly #series = new Map<string, Series>();
  readonly #buckets: TokenBuckets;
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(parts: EventParts) {
    this.#parts = parts;
    this.#buckets = new TokenBuckets(parts.clock, { burst: 25, refill: 60_000, keys: mostSeries });
  }

  /** Returns at once and never throws. `note` is for people; it is cut to 1024 bytes. */
  record(involved: Involved, type: "Normal" | "Warning", reason: string, note: string): void {
    const dropped = {
      kind: involved.kind,
      name: involved.name,
      namespace: involved.namespace,
      reason,
    };
    if (this.#queued >= longestQueue) return this.#parts.log.warn("an event was dropped: too many wait", dropped);
    if (!this.#buckets.take(involved.uid)) return this.#parts.log.debug("an event was dropped: too many of one object", dropped);
    const at = this.#parts.clock.now();
    this.#queued += 1;
    this.#tail = this.#tail.then(async () => {
      try {
        await this.#write(involved, type, reason.slice(0, longestReason), cut(note), at);
      } catch (error) {
        if (!this.#parts.signal.aborted) this.#parts.log.warn("an event could not be written", { ...dropped, error });
      } finally {
        this.#queued -= 1;
      }
    });
  }

  /** Resolves when all that was recorded before is written or lost. */
  flush(): Promise<void> {
    return this.#tail;
  }

  async #write(involved: Involved, type: string, reason: string, note: string, at: number): Promise<void> {
    const key = JSON.stringify([involved.uid, type, reason, note]);
    const known = this.#series.get(key);
    if (known !== undefined && at - known.last < window && (await this.#repeat(known, at))) {
      return this.#remember(key, { ...known, last: at, count: known.count + 1 });
    }
    const name = this.#nameFor(involved, at);
    const path = object(events, involved.namespace, name);
    await this.#parts.client.create(
      collection(events, involved.namespace),
      this.#event(involved, name, type, reason, note, at),
      this.#parts.signal,
    );
    this.#remember(key, { path, last: at, count: 1 });
  }

  /** Whether the event was still there to be counted: API servers forget events after an hour. */
  async #repeat({ path, count }: Series, at: number): Promise<boolean> {
    const series = { count: count + 1, lastObservedTime: micro(at) };
    try {
      await this.#parts.client.mergePatch(path, { series }, this.#parts.signal);
      return true;
    } catch (error) {
      if (error instanceof KubeFailure && error.kind === "NotFound") return false;
      throw error;
    }
  }

  #event(involved: Involved, name: string, type: string, reason: string, note: string, at: number): object {
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name, namespace: involved.namespace },
      eventTime: micro(at),
      reportingController: this.#parts.controller,
      reportingInstance: this.#parts.instance.slice(0, 128),
      action: reason,
      reason,
      regarding: { ...involved },
      note,
      type,
    };
  }

  #nameFor({ name }: Involved, at: number): string {
    const unique = Math.floor(this.#parts.random() * 36 ** 6)
      .toString(36)
      .padStart(6, "0");
    return `${name.slice(0, 220)}.${at.toString(16)}${unique}`;
  }

  #remember(key: string, series: Series): void {
    this.#series.delete(key);
    this.#series.set(key, series);
    const [oldest] = this.#series.keys();
    if (this.#series.size > mostSeries && oldest !== undefined) this.#series.delete(oldest);
  }
}

/** MicroTime as the API server writes it. */
function micro(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

/** `note` within 1024 bytes of UTF-8, never half a character. */
function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= longestNote) return note;
  return `${bytes
    .subarray(0, longestNote - 6)
    .toString("utf8")
    .replace(/\uFFFD+$/, "")}…`;
}
