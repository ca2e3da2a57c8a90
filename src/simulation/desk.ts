import type { ApiServer } from "./apiserver.ts";
import { isSkipped } from "./application.ts";
import type { Behaviour, Behaviours } from "./behaviour.ts";
import type { VirtualClock } from "./clock.ts";
import type { Live } from "./comparison.ts";
import { at, textAt, type JsonObject } from "./json.ts";
import { jsonOf } from "./objects.ts";
import type { Chance } from "./random.ts";

export const ARGO_CD = "argocd-application-controller";

/** One Application, as its controller remembers it. */
export interface Tracked {
  readonly key: string;
  readonly path: string;
  readonly uid: string;
  live: Live;
  comparing: boolean;
  /** To be looked at once more when the comparison has ended. */
  again: Level | undefined;
  operating: boolean;
  cancelResync: () => void;
}

/** How thorough a look is: what live state brings about does not move reconciledAt, and is the shallowest. */
export type Level = 1 | 2 | 3;

export interface DeskParts {
  readonly server: ApiServer;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly behaviours: Behaviours;
}

/** What a controller works with: it reads, writes and waits for as long as it runs. */
export class Desk {
  readonly #parts: DeskParts;
  /** Timers of a controller that was stopped do nothing. */
  #life = 0;
  #silent = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  get silent(): boolean {
    return this.#silent;
  }

  set silent(silent: boolean) {
    this.#silent = silent;
    this.#life += 1;
  }

  get now(): number {
    return this.#parts.clock.now();
  }

  behaviourOf(app: JsonObject, sources: readonly JsonObject[]): Behaviour {
    const { server, behaviours } = this.#parts;
    const application = textAt(app, "metadata", "name") ?? "";
    const cluster = textAt(app, "spec", "destination", "name") ?? server.name;
    const revision = textAt(sources[0], "targetRevision") ?? "HEAD";
    return behaviours({ cluster, instance: server.name, application }, revision, sources);
  }

  /** The Application as it is now; undefined when it is gone, or not to be looked at. */
  read({ path, uid }: Tracked): JsonObject | undefined {
    const app = this.#parts.server.find(path);
    return app === undefined || app.metadata.uid !== uid || isSkipped(jsonOf(app)) ? undefined : jsonOf(app);
  }

  write({ path, uid }: Tracked, change: (app: JsonObject) => JsonObject | undefined): void {
    this.#parts.server.modify(ARGO_CD, path, (app) => (at(app, "metadata", "uid") === uid ? change(app) : undefined));
  }

  /** `ms`, or up to half as much more. */
  about(ms: number): number {
    return ms + this.#parts.chance.below(Math.floor(ms / 2) + 1);
  }

  after(ms: number, action: () => void): void {
    const life = this.#life;
    this.#parts.clock.after(ms, () => {
      if (life === this.#life && !this.#silent) action();
    });
  }
}
