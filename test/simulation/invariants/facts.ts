import { isRefreshAsked, isSkipped, requested, revisionsOf, sourcesIn, sourcesOf } from "#simulation/application.ts";
import { at, isObject, listAt, objectAt, textAt, type JsonObject } from "#simulation/json.ts";
import { jsonOf } from "#simulation/objects.ts";
import type { KubeObject } from "#kube/ports.ts";

/** What one version of an Application says, read anew from docs/evidence.md: what checks an engine does not ask the engine. */
export interface Facts {
  readonly revision: string;
  readonly source: string;
  /** The releases that it consents to. */
  readonly consents: readonly string[];
  readonly operation: JsonObject | undefined;
  readonly refreshing: boolean;
  readonly reconciledAt: string | undefined;
  /** An operation that has failed: when it had begun, and to what. */
  readonly failed: { readonly startedAt: string; readonly revision: string } | undefined;
  /** Which question of docs/evidence.md is answered with no; undefined when none is. */
  readonly missing: string | undefined;
}

const ERRORS = new Set(["ComparisonError", "InvalidSpecError", "UnknownError"]);

export function factsOf(app: KubeObject): Facts {
  const json = jsonOf(app);
  const [source] = sourcesOf(json);
  const revision = source === undefined ? "" : requested(source);
  const state = objectAt(json, "status", "operationState");
  const operation = at(json, "operation");
  const hasFailed = state["phase"] === "Failed" || state["phase"] === "Error";
  return {
    revision,
    source: JSON.stringify(sourcesOf(json)),
    consents: (app.metadata.annotations?.["conductor.dev/authorized"] ?? "").split(",").map((entry) => entry.trim()),
    operation: isObject(operation) ? operation : undefined,
    refreshing: isRefreshAsked(json),
    reconciledAt: textAt(json, "status", "reconciledAt"),
    failed: hasFailed
      ? {
          startedAt: textAt(state, "startedAt") ?? "",
          revision: revisionsOf(at(state, "operation"))[0] ?? textAt(state, "syncResult", "revision") ?? "",
        }
      : undefined,
    missing: missingIn(json, revision),
  };
}

/** The questions of docs/evidence.md that one version of an Application answers by itself. */
function missingIn(app: JsonObject, revision: string): string | undefined {
  const status = objectAt(app, "status");
  if (isSkipped(app)) return "Argo CD does not look at it";
  const error = listAt(status, "conditions").find((one) => ERRORS.has(textAt(one, "type") ?? ""));
  if (error !== undefined) return `condition ${textAt(error, "type")}`;
  if (at(app, "operation") !== undefined) return "an operation is there";
  const [compared] = sourcesIn(objectAt(status, "sync", "comparedTo"));
  if (compared === undefined || JSON.stringify(compared) !== JSON.stringify(sourcesOf(app)[0])) return "Argo CD has not compared it";
  if (textAt(status, "sync", "revision") !== revision) return "its revision resolved to another";
  if (textAt(status, "sync", "status") !== "Synced") return `sync status ${textAt(status, "sync", "status")}`;
  const finished = textAt(status, "operationState", "finishedAt");
  if (finished !== undefined && !(Date.parse(textAt(status, "reconciledAt") ?? "") >= Date.parse(finished)))
    return "its status is older than its operation";
  if (textAt(status, "health", "status") !== "Healthy") return `health ${textAt(status, "health", "status")}`;
  return undefined;
}
