import { stamp } from "#api/conditions.ts";
import { atRevisions, durationOf, prunes, revisionFields, revisionsOf, sourceFields, sourcesOf } from "./application.ts";
import { takes, type Behaviour } from "./behaviour.ts";
import { resolve, type Live } from "./comparison.ts";
import { at, frozen, objectAt, put, textAt, type JsonObject } from "./json.ts";

/** The one slot for operations of an Application (controller/appcontroller.go processRequestedAppOperation). */

export const BLOCKED = "Sync operation blocked by sync window";

type Of = (sources: readonly JsonObject[]) => Behaviour;

/** What an operation is to apply. */
export interface Attempt {
  readonly sources: readonly JsonObject[];
  readonly revisions: readonly string[];
  readonly behaviour: Behaviour;
}

/** What the operation of `app` comes to: it names its revisions, or takes the spec's. */
export function attemptOf(app: JsonObject, behaviourOf: Of): Attempt {
  const asked = revisionsOf(app["operation"]);
  const sources = atRevisions(sourcesOf(app), asked);
  const revisions = asked.length > 0 ? asked : resolve(sources, behaviourOf);
  return { sources, revisions, behaviour: behaviourOf(sources) };
}

/** `app` with its operation begun, or waiting for a window. */
export function begun(app: JsonObject, blocked: boolean, now: number): JsonObject {
  const before = objectAt(app, "status", "operationState");
  const running = before["phase"] === "Running";
  const message = blocked ? BLOCKED : "waiting for completion of hook and resources";
  const state = running
    ? put(put(before, "message", message), "finishedAt", undefined)
    : { operation: app["operation"], phase: "Running", message, startedAt: stamp(now), retryCount: 0 };
  return put(app, "status", frozen({ ...objectAt(app, "status"), operationState: state }));
}

export type Outcome =
  | { readonly kind: "Hangs" }
  | { readonly kind: "Ended"; readonly phase: "Succeeded" | "Failed" | "Error"; readonly message: string; readonly applies: boolean };

export function outcomeOf({ behaviour }: Attempt): Outcome {
  const { comparison, sync } = behaviour;
  if (comparison !== undefined) {
    const message = `ComparisonError: ${"message" in comparison ? comparison.message : "the repository does not answer"}`;
    return { kind: "Ended", phase: "Error", message, applies: false };
  }
  switch (sync?.kind) {
    case undefined:
    case "Succeeds":
    case "NeedsPrune":
      return { kind: "Ended", phase: "Succeeded", message: "successfully synced (all tasks run)", applies: true };
    case "Fails":
      return { kind: "Ended", phase: "Failed", message: sync.message, applies: false };
    case "HookFails":
      return {
        kind: "Ended",
        phase: "Failed",
        message: `one or more synchronization tasks completed unsuccessfully, reason: ${sync.hook} hook failed`,
        applies: sync.hook === "PostSync",
      };
    case "Hangs":
      return sync;
  }
}

export function lengthOf({ behaviour }: Attempt): number {
  return takes(behaviour);
}

export function liveAfter(app: JsonObject, { sources, behaviour }: Attempt, now: number): Live {
  const pruned = at(app, "operation", "sync", "prune") === true || prunes(app);
  return { sources, since: now, unpruned: behaviour.sync?.kind === "NeedsPrune" && !pruned, drifted: false };
}

/** Milliseconds until a failed operation is tried again; undefined when it is not. */
export function retryIn(app: JsonObject): number | undefined {
  const retry = objectAt(app, "operation", "retry");
  const tried = Number(at(app, "status", "operationState", "retryCount") ?? 0);
  if (tried >= Number(retry["limit"] ?? 0)) return undefined;
  const factor = Number(at(retry, "backoff", "factor") ?? 2);
  const wait = durationOf(textAt(retry, "backoff", "duration"), 5000) * factor ** tried;
  return Math.min(wait, durationOf(textAt(retry, "backoff", "maxDuration"), 180_000));
}

/** `app` between two attempts: Running, with a finishedAt. */
export function retrying(app: JsonObject, message: string, wait: number, now: number): JsonObject {
  const before = objectAt(app, "status", "operationState");
  const attempt = Number(before["retryCount"] ?? 0) + 1;
  const said = `${message}. Retrying attempt #${attempt} at ${stamp(now + wait).slice(11, 19)}.`;
  const state = { ...before, phase: "Running", message: said, retryCount: attempt, finishedAt: stamp(now) };
  return put(app, "status", frozen({ ...objectAt(app, "status"), operationState: state }));
}

/** `app` after its operation: the result is written and the slot is free in one write. */
export function ended(
  app: JsonObject,
  phase: "Succeeded" | "Failed" | "Error",
  message: string,
  revisions: readonly string[],
  now: number,
): JsonObject {
  const before = objectAt(app, "status", "operationState");
  const tried = Number(before["retryCount"] ?? 0);
  const said = phase !== "Succeeded" && tried > 0 ? `${message} (retried ${tried} times).` : message;
  const syncResult = { ...revisionFields(app, revisions), ...sourceFields(app), resources: [] };
  const state = { ...before, phase, message: said, finishedAt: stamp(now), syncResult };
  const status = frozen({ ...objectAt(app, "status"), operationState: state });
  return put(put(app, "status", status), "operation", undefined);
}
