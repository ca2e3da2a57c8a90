import { isRefreshAsked, REFRESH, sourcesIn, sourcesOf } from "./application.ts";
import { turns } from "./behaviour.ts";
import { autoSync, compare, withFindings } from "./comparison.ts";
import { ARGO_CD, Desk, type DeskParts, type Level, type Tracked } from "./desk.ts";
import { frozen, objectAt, put, same, textAt, type JsonObject } from "./json.ts";
import { keyOf } from "./locations.ts";
import { jsonOf } from "./objects.ts";
import { Operations } from "./operations.ts";
import type { Write } from "./writes.ts";

const RESOURCE = "argoproj.io/v1alpha1/applications";
/** What was deployed before the simulation began has long come to rest, in milliseconds. */
const LONG_AGO = 24 * 3_600_000;
/** Between a comparison's operation and its status, which are two writes. */
const BETWEEN = 5;

/** How long Argo CD takes, in milliseconds. Each but the jitter is drawn between itself and half as much more. */
export interface ArgoTimings {
  /** Until a change is noticed. */
  readonly notice: number;
  readonly compare: number;
  /** Until an operation begins. */
  readonly begin: number;
  readonly resync: number;
  readonly resyncJitter: number;
  /** How often an operation that waits for a window looks at it. */
  readonly window: number;
}

const DEFAULTS: ArgoTimings = { notice: 20, compare: 300, begin: 50, resync: 120_000, resyncJitter: 60_000, window: 10_000 };

export interface ArgoParts extends DeskParts {
  readonly timings?: Partial<ArgoTimings>;
  /** What becomes of a refresh that is asked for while Argo CD compares: up to 3.5.1 it is dropped (argo-cd#28306), the default. */
  readonly refreshWhileComparing?: "dropped" | "served";
}

/**
 * The application controller of one Argo CD, in virtual time (controller/appcontroller.go, controller/state.go). An Application that
 * it sees for the first time is taken to be deployed as it is. What an operation has applied runs until another one applies something else.
 */
export class SimulatedArgoCD {
  readonly #parts: ArgoParts;
  readonly #timings: ArgoTimings;
  readonly #desk: Desk;
  readonly #operations: Operations;
  readonly #tracked = new Map<string, Tracked>();
  readonly #closed = new Set<string>();
  readonly #dropping = new Map<string, number>();

  constructor(parts: ArgoParts) {
    this.#parts = parts;
    this.#timings = { ...DEFAULTS, ...parts.timings };
    this.#desk = new Desk(parts);
    this.#operations = new Operations({
      desk: this.#desk,
      timings: this.#timings,
      isBlocked: ({ key }) => this.#closed.has(key),
      applied: (one, { behaviour }) => {
        // Health goes on whether Argo CD runs or not.
        for (const turn of turns(behaviour)) parts.clock.after(turn, () => this.#lookSoon(one, 1));
      },
      ended: (one, automated) => this.#lookSoon(one, automated ? 2 : 3),
    });
    parts.server.onWrite((write) => this.#heard(write));
    for (const app of parts.server.all(RESOURCE)) this.#adopt(keyOf(app));
  }

  /** Whether the controller is stopped. When it starts again it looks at everything, and goes on with operations. */
  get silent(): boolean {
    return this.#desk.silent;
  }

  set silent(silent: boolean) {
    if (this.#desk.silent === silent) return;
    this.#desk.silent = silent;
    for (const one of this.#tracked.values()) {
      one.comparing = false;
      one.operating = false;
      one.again = undefined;
      if (!silent) this.#lookSoon(one, 2);
    }
  }

  /** Closes or opens the sync window of an Application, `namespace/name`. */
  setWindow(key: string, state: "closed" | "open"): void {
    if (state === "closed") this.#closed.add(key);
    else this.#closed.delete(key);
  }

  /** The next `times` requests for a refresh of an Application are taken off it and not served. */
  dropRefresh(key: string, times = 1): void {
    this.#dropping.set(key, times);
  }

  /** Somebody changes by hand what was applied: OutOfSync until the next sync, which comes by itself only with self-heal. */
  drift(key: string): void {
    const one = this.#tracked.get(key);
    if (one === undefined) return;
    one.live = { ...one.live, drifted: true };
    this.#lookSoon(one, 1);
  }

  /** What runs of an Application, as revisions of its sources. */
  deployed(key: string): readonly string[] {
    return (this.#tracked.get(key)?.live.sources ?? []).map((source) => textAt(source, "targetRevision") ?? "HEAD");
  }

  #heard({ resource, key, who, before, after }: Write): void {
    if (resource !== RESOURCE) return;
    if (after === undefined || before?.metadata.uid !== after.metadata.uid) {
      this.#tracked.get(key)?.cancelResync();
      this.#tracked.delete(key);
      if (after !== undefined) this.#adopt(key);
      return;
    }
    if (who === ARGO_CD) return;
    const one = this.#tracked.get(key);
    if (one !== undefined) this.#desk.after(this.#desk.about(this.#timings.notice), () => this.#notice(one));
  }

  #adopt(key: string): void {
    const [namespace = "", name = ""] = key.split("/");
    const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`;
    const app = this.#parts.server.find(path);
    if (app?.metadata.uid === undefined) return;
    const live = { sources: sourcesOf(jsonOf(app)), since: this.#desk.now - LONG_AGO, unpruned: false, drifted: false };
    const idle = { comparing: false, again: undefined, operating: false, cancelResync: () => undefined };
    const one: Tracked = { key, path, uid: app.metadata.uid, live, ...idle };
    this.#tracked.set(key, one);
    this.#resyncLater(one);
    this.#desk.after(this.#desk.about(this.#timings.notice), () => this.#notice(one));
  }

  /** Each Application has its own time. */
  #resyncLater(one: Tracked): void {
    const { resync, resyncJitter } = this.#timings;
    one.cancelResync = this.#parts.clock.after(resync + this.#parts.chance.below(resyncJitter + 1), () => {
      this.#resyncLater(one);
      this.#lookSoon(one, 2);
    });
  }

  /** Something has changed: is there anything to do? */
  #notice(one: Tracked): void {
    const app = this.#desk.read(one);
    if (app === undefined) return;
    if (app["operation"] !== undefined) this.#operations.attend(one);
    const moved = !same([...sourcesOf(app)], [...sourcesIn(objectAt(app, "status", "sync", "comparedTo"))]);
    if (isRefreshAsked(app) && this.#drops(one)) return this.#desk.write(one, withoutRefresh);
    if (moved || isRefreshAsked(app)) this.#look(one, 3);
  }

  #drops({ key }: Tracked): boolean {
    const left = this.#dropping.get(key) ?? 0;
    this.#dropping.set(key, left - 1);
    return left > 0;
  }

  #lookSoon(one: Tracked, level: Level): void {
    this.#desk.after(this.#desk.about(this.#timings.notice), () => {
      if (this.#desk.read(one)?.["operation"] !== undefined) this.#operations.attend(one);
      this.#look(one, level);
    });
  }

  /** Compares, in three steps: what is there, some time, what is said. The status speaks of what was there at the beginning. */
  #look(one: Tracked, level: Level): void {
    const app = this.#desk.read(one);
    if (app === undefined) return;
    if (one.comparing) {
      one.again = one.again === undefined || level > one.again ? level : one.again;
      return;
    }
    one.comparing = true;
    this.#desk.after(this.#desk.about(this.#timings.compare), () => {
      one.comparing = false;
      this.#report(one, app, level);
      const { again } = one;
      one.again = undefined;
      if (again === undefined) return;
      // A request that came in meanwhile has been taken off with the one that was served; a new spec is seen all the same.
      if (this.#parts.refreshWhileComparing !== "served" && again === 3) this.#desk.after(2 * BETWEEN, () => this.#notice(one));
      else this.#look(one, again);
    });
  }

  #report(one: Tracked, snapshot: JsonObject, level: Level): void {
    const desk = this.#desk;
    const found = compare(snapshot, one.live, (sources) => desk.behaviourOf(snapshot, sources), desk.now);
    if (found === undefined) return;
    const { operation, condition } = this.#closed.has(one.key) ? {} : autoSync(snapshot, found, desk.now);
    if (operation !== undefined) {
      // As SetAppOperation does it: an operation that somebody has begun meanwhile stays.
      desk.write(one, (app) => (app["operation"] === undefined ? withOperation(app, operation) : undefined));
      this.#operations.attend(one);
    }
    const conditions = condition === undefined ? found.conditions : [...found.conditions, condition];
    desk.after(BETWEEN, () => {
      desk.write(one, (app) => withFindings(withoutRefresh(app), found, conditions, level > 1, desk.now));
    });
  }
}

/** `app` with the status that it has when it was deployed as it is long ago: for one that is created with it. */
export function settled(app: JsonObject, now: number, behaviourOf: Parameters<typeof compare>[2]): JsonObject {
  const found = compare(app, { sources: sourcesOf(app), since: now - LONG_AGO, unpruned: false, drifted: false }, behaviourOf, now);
  return found === undefined ? app : withFindings(app, found, found.conditions, true, now);
}

function withOperation(app: JsonObject, operation: JsonObject): JsonObject {
  return put(put(app, "operation", frozen(operation)), "status", put(objectAt(app, "status"), "operationState", undefined));
}

function withoutRefresh(app: JsonObject): JsonObject {
  if (!isRefreshAsked(app)) return app;
  const metadata = objectAt(app, "metadata");
  return put(app, "metadata", put(metadata, "annotations", put(objectAt(metadata, "annotations"), REFRESH, undefined)));
}
