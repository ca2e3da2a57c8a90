/** Stand-ins for time, logs and an API server: what the tests of kube and fleet run on. */
import { setImmediate } from "node:timers/promises";
import { KubeFailure } from "#kube/errors.ts";
import type { Clock, KubeObject, KubeRequest, KubeResponse, Log, Transport, WatchFrame } from "#kube/ports.ts";

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await setImmediate();
}

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #sleepers = new Set<{ readonly due: number; readonly wake: () => void }>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const sleeper = { due: this.#now + Math.max(0, ms), wake: () => wake() };
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  get sleepers(): number {
    return this.#sleepers.size;
  }

  /** Passes `ms` milliseconds, waking sleepers in their order and letting each do what it does. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const next = [...this.#sleepers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.due);
      next.wake();
    }
    this.#now = end;
    await settle();
  }
}

export class FakeLog implements Log {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] = [];
  debug = (message: string, fields?: unknown): void => void this.lines.push({ level: "debug", message, fields });
  info = (message: string, fields?: unknown): void => void this.lines.push({ level: "info", message, fields });
  warn = (message: string, fields?: unknown): void => void this.lines.push({ level: "warn", message, fields });
  error = (message: string, fields?: unknown): void => void this.lines.push({ level: "error", message, fields });
}

/** Answers requests from a list of answers, and remembers what was asked. */
export class FakeTransport implements Transport {
  readonly asked: KubeRequest[] = [];
  readonly answers: (KubeFailure | object)[] = [];
  closed = false;

  async request(request: KubeRequest): Promise<KubeResponse> {
    this.asked.push(request);
    const answer = this.answers.shift() ?? {};
    if (answer instanceof KubeFailure) throw answer;
    return { status: 200, body: answer };
  }

  async *watch(_request: KubeRequest, signal: AbortSignal): AsyncGenerator<WatchFrame, void, undefined> {
    yield { type: "OPENED" };
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    throw new KubeFailure("Aborted", "the call was given up");
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

interface Watcher {
  readonly wanted: (object: KubeObject) => boolean;
  readonly frames: WatchFrame[];
  wake: () => void;
  end: KubeFailure | "closed" | undefined;
}

/** One collection of an API server: list in pages, watch from a resourceVersion, and whatever can go wrong. */
export class FakeServer implements Transport {
  readonly requests: KubeRequest[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: { readonly version: number; readonly frame: Exclude<WatchFrame, { readonly type: "OPENED" }> }[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #failures: KubeFailure[] = [];
  #version = 100;
  #forgotten = 0;
  closed = false;

  get watches(): number {
    return this.#watchers.size;
  }

  get version(): string {
    return `${this.#version}`;
  }

  /** Creates or changes an object. Returns its resourceVersion. */
  put(name: string, more: Readonly<Record<string, unknown>> = {}, meta: Readonly<Record<string, unknown>> = {}): string {
    const type = this.#objects.has(name) ? "MODIFIED" : "ADDED";
    this.#version += 1;
    const object = { ...more, metadata: { ...meta, name, namespace: "argocd", resourceVersion: this.version } };
    this.#objects.set(name, object);
    this.#tell({ type, object });
    return this.version;
  }

  remove(name: string): void {
    const object = this.#objects.get(name);
    if (object === undefined || !this.#objects.delete(name)) return;
    this.#version += 1;
    this.#tell({ type: "DELETED", object: { ...object, metadata: { ...object.metadata, resourceVersion: this.version } } });
  }

  bookmark(): void {
    this.#tell({ type: "BOOKMARK", object: { metadata: { name: "", resourceVersion: this.version } } });
  }

  /** The next `times` requests or watches fail. */
  fail(failure: KubeFailure, times = 1): void {
    for (let n = 0; n < times; n += 1) this.#failures.push(failure);
  }

  healed(): void {
    this.#failures.length = 0;
  }

  /** Ends all watches, in good order or not. */
  cut(end: KubeFailure | "closed" = "closed"): void {
    for (const watcher of this.#watchers) {
      this.#watchers.delete(watcher);
      watcher.end = end;
      watcher.wake();
    }
  }

  /** Forgets all history: a watch from before is answered 410. */
  forget(): void {
    this.#forgotten = this.#version;
    this.#history.length = 0;
  }

  async request(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    this.requests.push(request);
    if (signal.aborted) throw new KubeFailure("Aborted", "the call was given up");
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    const from = Number(request.query?.["continue"] ?? 0);
    const limit = Number(request.query?.["limit"] ?? 500);
    const selector = request.query?.["labelSelector"];
    const all = [...this.#objects.values()].filter((object) => selects(selector, object));
    const more = from + limit < all.length ? { continue: `${from + limit}` } : {};
    return { status: 200, body: { metadata: { resourceVersion: this.version, ...more }, items: all.slice(from, from + limit) } };
  }

  async *watch(request: KubeRequest, signal: AbortSignal): AsyncGenerator<WatchFrame, void, undefined> {
    this.requests.push({ ...request, query: { ...request.query, watch: "true" } });
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    const from = Number(request.query?.["resourceVersion"]);
    if (from < this.#forgotten) throw new KubeFailure("Expired", "too old resource version");
    const selector = request.query?.["labelSelector"];
    const wanted = (object: KubeObject): boolean => selects(selector, object);
    const watcher: Watcher = {
      wanted,
      frames: this.#history.filter(({ version, frame }) => version > from && wanted(frame.object)).map(({ frame }) => frame),
      wake: () => undefined,
      end: undefined,
    };
    this.#watchers.add(watcher);
    const onAbort = (): void => watcher.wake();
    signal.addEventListener("abort", onAbort);
    try {
      yield { type: "OPENED" };
      for (;;) {
        const frame = watcher.frames.shift();
        if (signal.aborted) throw new KubeFailure("Aborted", "the call was given up");
        if (frame !== undefined) yield frame;
        else if (watcher.end === "closed") return;
        else if (watcher.end !== undefined) throw watcher.end;
        else await new Promise<void>((resolve) => (watcher.wake = resolve));
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #tell(frame: Exclude<WatchFrame, { readonly type: "OPENED" }>): void {
    if (frame.type !== "BOOKMARK") this.#history.push({ version: this.#version, frame });
    for (const watcher of this.#watchers) {
      if (frame.type === "BOOKMARK" || watcher.wanted(frame.object)) watcher.frames.push(frame);
      watcher.wake();
    }
  }
}

/** Equality and membership of one label; more is not asked here. */
function selects(selector: string | undefined, { metadata: { labels = {} } }: KubeObject): boolean {
  if (selector === undefined) return true;
  const [, key = "", list = ""] = /^(\S+?)(?:=| in \()([^)]*)\)?$/.exec(selector) ?? [];
  return list.split(",").includes(labels[key] ?? "");
}

/** Jitter that is none: the longest wait there is. */
export const noJitter = (): number => 0.999999;
export const openFence = { open: () => true };
export const unreachable = new KubeFailure("Unreachable", "connection refused by 127.0.0.1:6443");
