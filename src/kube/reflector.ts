import { backoff, type Backoff } from "./backoff.ts";
import { failed, KubeFailure } from "./errors.ts";
import { listAll } from "./lister.ts";
import type { Clock, KubeObject, Log, Random, Reflector, Transport, WatchFrame } from "./ports.ts";
import { atLeast } from "./resourceversion.ts";
import { isRecord, text } from "./shape.ts";
import { Store } from "./store.ts";
import { Watchdog } from "./watchdog.ts";

export interface ReflectorParts<T> {
  readonly transport: Transport;
  /** The collection's path (paths.ts). */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** What is kept of an object; called once for each that arrives. */
  readonly project: (object: KubeObject) => T;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly backoff?: Backoff;
  /**
   * Milliseconds without any frame after which a watch counts as broken. Servers send a bookmark about once a minute,
   * so that 150 s, the default, means two of them were missed.
   */
  readonly idle?: number;
}

/**
 * listing → opening → watching → opening … for as long as all is well; any failure leads to waiting, and from there to
 * opening, or to listing when the server no longer knows the resourceVersion.
 */
type State = "listing" | "opening" | "watching" | "waiting" | "stopped";

/** How long a watch that the server ended in good order still counts as live while it is opened again, in milliseconds. */
const reopening = 5000;
/** A watch that ends sooner than this without a frame is a failure: else a server that closes at once is asked in a hot loop. */
const shortest = 1000;
/** A watch that lasted this long has worked: the next failure is a first one. */
const proven = 10_000;

/**
 * A local copy of one collection: a paged list, then a watch from there, resumed where it ended for as long as the
 * server remembers. It never gives up and never throws; `failure` says why it is not current.
 */
export class ListWatchReflector<T> implements Reflector<T> {
  readonly #parts: ReflectorParts<T>;
  readonly #store: Store<T>;
  readonly #stop = new AbortController();
  readonly #observers = new Set<() => void>();
  readonly #done: Promise<void>;
  #state: State = "listing";
  #resourceVersion: string | undefined;
  #failure: KubeFailure | undefined;
  #failures = 0;
  #expirations = 0; // of them, those in a row for which the server no longer knew our resourceVersion
  #failingSince: number | undefined;
  #synced = false;
  #lastContact: number | undefined;
  #closedAt: number | undefined;
  /** The list or watch at work, and the wait between two. */
  #attempt = new AbortController();
  #waiting = new AbortController();

  /** Starts at once. */
  constructor(parts: ReflectorParts<T>) {
    this.#parts = parts;
    this.#store = new Store(parts.project, parts.log, parts.path);
    this.#done = this.#run();
  }

  get synced(): boolean {
    return this.#synced;
  }

  get failure(): KubeFailure | undefined {
    return this.#failure;
  }

  /** How many attempts have failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** When it last was current, while it is not; milliseconds since the epoch. */
  get failingSince(): number | undefined {
    return this.#failingSince;
  }

  /** When the server last sent something; milliseconds since the epoch. */
  get lastContact(): number | undefined {
    return this.#lastContact;
  }

  /** Whether changes arrive as they happen: the watch is open. */
  get live(): boolean {
    if (this.#state === "watching") return true;
    return this.#state === "opening" && this.#closedAt !== undefined && this.#parts.clock.now() - this.#closedAt < reopening;
  }

  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  list(): readonly T[] {
    return this.#store.list();
  }

  caughtUp(key: string, resourceVersion: string): boolean {
    return this.#store.caughtUp(key, resourceVersion);
  }

  onChange(listener: (key: string) => void): () => void {
    return this.#store.onChange(listener);
  }

  /** Calls `observer` when `live`, `synced` or `failure` may have changed; returns how to stop that. */
  onState(observer: () => void): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** Ends a wait after a failure: there is reason to believe that it will work now. */
  retryNow(): void {
    this.#waiting.abort();
  }

  relist(): void {
    this.#resourceVersion = undefined;
    this.#attempt.abort();
    this.#waiting.abort();
  }

  /** Forgets everything and lists again: the path leads to another server now, whose resourceVersions mean other things. */
  restart(): void {
    this.#synced = false;
    this.#closedAt = undefined;
    this.#store.replace([], "");
    this.relist();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#attempt.abort();
    this.#waiting.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const attempt = (this.#attempt = new AbortController());
      try {
        if (this.#resourceVersion === undefined) await this.#list(attempt.signal);
        else if (this.#failures > 0) await this.#compare(attempt.signal, this.#resourceVersion);
        if (!attempt.signal.aborted) await this.#watch(attempt.signal);
      } catch (error) {
        // What was given up on purpose, by `stop` or `restart`, is no failure.
        if (!attempt.signal.aborted) await this.#recover(asFailure(error));
      }
    }
    this.#become("stopped");
  }

  async #list(attempt: AbortSignal): Promise<void> {
    this.#become("listing");
    const { transport, path } = this.#parts;
    const { items, resourceVersion } = await listAll(
      (page) => transport.request(page, attempt),
      path,
      this.#selectors(),
      (object) => this.#store.entry(object),
    );
    if (attempt.aborted) return;
    this.#resourceVersion = resourceVersion;
    this.#lastContact = this.#parts.clock.now();
    this.#synced = true;
    this.#store.replace(items, resourceVersion);
  }

  /**
   * A server that comes back from a backup has an earlier state than we have seen. A watch from the future says nothing
   * there, and once the server has caught up all between is missed (observed on 1.37): list again instead.
   */
  async #compare(attempt: AbortSignal, known: string): Promise<void> {
    this.#become("opening");
    const { transport, path } = this.#parts;
    const query = { ...this.#selectors(), limit: "1" };
    const { body } = await transport.request({ method: "GET", path, query }, attempt);
    if (!atLeast(listVersion(body), known)) {
      throw new KubeFailure("Expired", "the server has gone back to an earlier state");
    }
  }

  async #watch(attempt: AbortSignal): Promise<void> {
    this.#become("opening");
    const { transport, path, clock, random } = this.#parts;
    const query = {
      ...this.#selectors(),
      allowWatchBookmarks: "true",
      resourceVersion: this.#resourceVersion ?? "",
      // Ended by the server after 5 to 10 minutes, so that neither servers nor load balancers hold watches for ever.
      timeoutSeconds: `${Math.round(300 + random() * 300)}`,
    };
    const watchdog = new Watchdog(clock, this.#parts.idle ?? 150_000, attempt);
    const opened = clock.now();
    let frames = 0;
    try {
      for await (const frame of transport.watch({ method: "GET", path, query }, watchdog.signal)) {
        if (attempt.aborted) return;
        watchdog.heard();
        this.#lastContact = clock.now();
        if (this.#state !== "watching") this.#recovered();
        if (frame.type === "OPENED") continue;
        frames += 1;
        this.#failures = 0;
        this.#expirations = 0;
        this.#take(frame);
      }
      watchdog.check();
    } catch (error) {
      watchdog.check();
      throw error;
    } finally {
      if (clock.now() - opened >= proven) this.#failures = this.#expirations = 0;
      watchdog.end();
    }
    if (attempt.aborted) return;
    if (frames === 0 && clock.now() - opened < shortest) {
      throw new KubeFailure("Unreachable", "the server closed the watch as soon as it was open");
    }
    this.#closedAt = clock.now();
  }

  #take(frame: Exclude<WatchFrame, { readonly type: "OPENED" }>): void {
    this.#resourceVersion = frame.object.metadata.resourceVersion ?? this.#resourceVersion;
    if (frame.type === "BOOKMARK") this.#store.advance(frame.object.metadata.resourceVersion);
    else if (frame.type === "DELETED") this.#store.remove(frame.object);
    else this.#store.put(frame.object);
  }

  /** Forgets where the watch was if the server has, and waits; the first 410 in a row is listed again at once. */
  async #recover(failure: KubeFailure): Promise<void> {
    const { clock, random, log, path } = this.#parts;
    const expired = failed(failure, "Expired");
    this.#expirations = expired ? this.#expirations + 1 : 0;
    if (expired) this.#resourceVersion = undefined;
    this.#closedAt = undefined;
    this.#failure = failure;
    this.#failingSince ??= clock.now();
    this.#failures += 1;
    const wait =
      this.#expirations === 1
        ? 0
        : backoff(this.#failures - 1, this.#parts.backoff ?? { base: 200, cap: 30_000 }, random, failure.retryAfter);
    const facts = { path, kind: failure.kind, reason: failure.message, failures: this.#failures, wait };
    log[expired ? "debug" : "warn"]("watch interrupted", facts);
    this.#waiting = new AbortController();
    this.#become("waiting");
    if (wait > 0) await clock.sleep(wait, this.#waiting.signal);
  }

  #recovered(): void {
    if (this.#failure !== undefined) this.#parts.log.info("watch restored", { path: this.#parts.path });
    this.#failure = undefined;
    this.#failingSince = undefined;
    this.#closedAt = undefined;
    this.#become("watching");
  }

  #become(state: State): void {
    this.#state = state;
    for (const observer of this.#observers) {
      try {
        observer();
      } catch (error) {
        this.#parts.log.error("an observer of a watch failed", { path: this.#parts.path, error });
      }
    }
  }

  #selectors(): Readonly<Record<string, string>> {
    const { fieldSelector, labelSelector } = this.#parts;
    return {
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
  }
}

function listVersion(body: unknown): string {
  const metadata = isRecord(body) ? body["metadata"] : undefined;
  return isRecord(metadata) ? text(metadata["resourceVersion"]) : "";
}

function asFailure(error: unknown): KubeFailure {
  return error instanceof KubeFailure ? error : new KubeFailure("ServerError", `the watch failed: ${String(error)}`);
}
