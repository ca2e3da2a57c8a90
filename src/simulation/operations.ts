import { at, put, textAt, type JsonObject } from "./json.ts";
import type { Desk, Tracked } from "./desk.ts";
import { attemptOf, begun, BLOCKED, ended, lengthOf, liveAfter, outcomeOf, retryIn, retrying, type Attempt } from "./operation.ts";

export interface OperationsParts {
  readonly desk: Desk;
  /** Milliseconds until an operation begins, and how often one that waits for a window looks at it. */
  readonly timings: { readonly begin: number; readonly window: number };
  readonly isBlocked: (one: Tracked) => boolean;
  /** Something new runs. */
  readonly applied: (one: Tracked, attempt: Attempt) => void;
  /** The slot is free again. */
  readonly ended: (one: Tracked, automated: boolean) => void;
}

/** Carries out the operations of Applications, one at a time for each. */
export class Operations {
  readonly #parts: OperationsParts;
  readonly #desk: Desk;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
    this.#desk = parts.desk;
  }

  /** Sees to the operation that an Application has. */
  attend(one: Tracked): void {
    if (one.operating) return;
    one.operating = true;
    this.#desk.after(this.#desk.about(this.#parts.timings.begin), () => this.#begin(one));
  }

  #begin(one: Tracked): void {
    const desk = this.#desk;
    const app = this.#inOperation(one);
    if (app === undefined) return;
    const blocked = this.#parts.isBlocked(one);
    const waits = textAt(app, "status", "operationState", "message") === BLOCKED;
    if (!blocked || !waits) desk.write(one, (now) => begun(now, blocked, desk.now));
    if (blocked) return desk.after(this.#parts.timings.window, () => this.#begin(one));
    desk.after(desk.about(lengthOf(this.#attempt(app))), () => this.#finish(one, app));
  }

  #finish(one: Tracked, begin: JsonObject): void {
    const desk = this.#desk;
    const app = this.#inOperation(one);
    if (app === undefined) return;
    const attempt = this.#attempt(begin);
    const outcome = outcomeOf(attempt);
    if (outcome.kind === "Hangs") return desk.after(1000, () => this.#finish(one, begin));
    if (outcome.applies) {
      one.live = liveAfter(app, attempt, desk.now);
      this.#parts.applied(one, attempt);
    }
    const wait = outcome.phase === "Succeeded" ? undefined : retryIn(app);
    if (wait !== undefined) {
      desk.write(one, (now) => retrying(now, outcome.message, wait, desk.now));
      return this.#retryLater(one, desk.now + wait);
    }
    this.#end(one, (now) => ended(now, outcome.phase, outcome.message, attempt.revisions, desk.now));
  }

  /** Waits for the next attempt, and for somebody who ends the operation. */
  #retryLater(one: Tracked, due: number): void {
    const left = due - this.#desk.now;
    if (left <= 0) return this.#begin(one);
    this.#desk.after(Math.min(left, 1000), () => {
      if (this.#inOperation(one) !== undefined) this.#retryLater(one, due);
    });
  }

  /** The Application while its operation goes on; ends what was terminated, and lets go of what is gone. */
  #inOperation(one: Tracked): JsonObject | undefined {
    const app = this.#desk.read(one);
    if (app?.["operation"] === undefined) {
      one.operating = false;
      return undefined;
    }
    if (textAt(app, "status", "operationState", "phase") !== "Terminating") return app;
    const { revisions } = this.#attempt(app);
    this.#end(one, (now) => put(ended(now, "Failed", "Operation terminated", revisions, this.#desk.now), "operation", undefined));
    return undefined;
  }

  #end(one: Tracked, change: (app: JsonObject) => JsonObject): void {
    const automated = at(this.#desk.read(one), "operation", "initiatedBy", "automated") === true;
    this.#desk.write(one, change);
    one.operating = false;
    this.#parts.ended(one, automated);
  }

  #attempt(app: JsonObject): Attempt {
    return attemptOf(app, (sources) => this.#desk.behaviourOf(app, sources));
  }
}
