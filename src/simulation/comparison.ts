import { stamp } from "#api/conditions.ts";
import {
  isAutomated,
  isMultiSource,
  prunes,
  requested,
  revisionFields,
  revisionsOf,
  sourceFields,
  sourcesIn,
  sourcesOf,
} from "./application.ts";
import { healthOf, type Behaviour } from "./behaviour.ts";
import { at, frozen, listAt, objectAt, put, same, textAt, type Json, type JsonObject } from "./json.ts";

/** What runs: the sources of the last sync that applied anything, with their revisions. */
export interface Live {
  readonly sources: readonly JsonObject[];
  readonly since: number;
  readonly unpruned: boolean;
  /** Somebody has changed by hand what was applied. */
  readonly drifted: boolean;
}

export interface Compared {
  readonly sync: JsonObject;
  readonly health: JsonObject;
  readonly resources: readonly Json[] | undefined;
  readonly conditions: readonly JsonObject[];
  /** What the sources resolve to. */
  readonly revisions: readonly string[];
}

type Of = (sources: readonly JsonObject[]) => Behaviour;

/** What Argo CD finds when it looks at `app` (controller/state.go); undefined when it keeps to itself what it finds. */
export function compare(app: JsonObject, live: Live, behaviourOf: Of, now: number): Compared | undefined {
  const sources = sourcesOf(app);
  const behaviour = behaviourOf(sources);
  const running = healthOf(behaviourOf(live.sources), now - live.since);
  const status = objectAt(app, "status");
  const comparedTo = { ...sourceFields(app), destination: at(app, "spec", "destination") ?? null };
  const fault = behaviour.comparison;
  switch (fault?.kind) {
    case "Swallowed":
      return undefined;
    case "Error": {
      // Trap A: the requested revision shows as if it had been found, and health is of what runs.
      const sync = {
        status: "Unknown",
        comparedTo,
        ...(isMultiSource(app) ? { revisions: [] } : revisionFields(app, sources.map(requested))),
      };
      return { sync, health: running, resources: undefined, conditions: [condition("ComparisonError", fault.message, now)], revisions: [] };
    }
    case "InvalidSpec": {
      const conditions = [condition("InvalidSpecError", fault.message, now)];
      // Trap C: revision and comparedTo stay.
      const sync = put(objectAt(status, "sync"), "status", "Unknown");
      return { sync, health: { status: "Unknown" }, resources: undefined, conditions, revisions: [] };
    }
    case undefined: {
      const revisions = resolve(sources, behaviourOf);
      const isLive = same(rendered(sources, behaviourOf), rendered(live.sources, behaviourOf));
      const synced = isLive && !live.unpruned && !live.drifted;
      const sync = { status: synced ? "Synced" : "OutOfSync", comparedTo, ...revisionFields(app, revisions) };
      return { sync, health: running, resources: resources(isLive && !live.drifted, live), conditions: [], revisions };
    }
  }
}

/** What each source asks for, resolved. */
export function resolve(sources: readonly JsonObject[], behaviourOf: Of): readonly string[] {
  return sources.map((source) => behaviourOf([source]).resolvesTo ?? requested(source));
}

/** Sources whose manifests are the same are rendered the same. */
function rendered(sources: readonly JsonObject[], behaviourOf: Of): Json {
  return sources.map((source) => {
    const { rendersAs, resolvesTo } = behaviourOf([source]);
    return put(source, "targetRevision", rendersAs ?? resolvesTo ?? requested(source));
  });
}

function resources(isLive: boolean, { unpruned }: Live): readonly Json[] {
  const own = {
    group: "apps",
    kind: "Deployment",
    namespace: "default",
    name: "service",
    status: isLive ? "Synced" : "OutOfSync",
    version: "v1",
  };
  const old = { kind: "ConfigMap", namespace: "default", name: "old", status: "OutOfSync", requiresPruning: true, version: "v1" };
  return unpruned ? [own, old] : [own];
}

function condition(type: string, message: string, now: number): JsonObject {
  return { type, message, lastTransitionTime: stamp(now) };
}

/** `app` with what was found; `reconciledAt` moves where it was a look of its own and no reaction to live state. */
export function withFindings(app: JsonObject, found: Compared, conditions: readonly JsonObject[], full: boolean, now: number): JsonObject {
  const before = objectAt(app, "status");
  const old = listAt(before, "conditions");
  const kept = conditions.map((one) => old.find((it) => at(it, "type") === one["type"] && at(it, "message") === one["message"]) ?? one);
  const health = textAt(before, "health", "status") === found.health["status"] ? at(before, "health", "lastTransitionTime") : stamp(now);
  const status: JsonObject = {
    ...before,
    sync: found.sync,
    health: { ...found.health, ...(health === undefined ? {} : { lastTransitionTime: health }) },
    conditions: kept.length > 0 ? kept : undefined,
    resources: found.resources ?? before["resources"],
    ...(full ? { reconciledAt: stamp(now) } : {}),
  };
  return put(app, "status", frozen(status));
}

/** The operation that auto-sync starts (appcontroller.go autoSync), the condition that says why it does not, or neither. */
export function autoSync(
  app: JsonObject,
  found: Compared,
  now: number,
): { readonly operation?: JsonObject; readonly condition?: JsonObject } {
  if (!isAutomated(app) || found.sync["status"] !== "OutOfSync" || app["operation"] !== undefined) return {};
  if (at(app, "metadata", "deletionTimestamp") !== undefined) return {};
  // Without pruning, what only waits to be pruned is nothing to do.
  if (!prunes(app) && (found.resources ?? []).every((one) => at(one, "status") === "Synced" || at(one, "requiresPruning") === true))
    return {};
  const last = at(app, "status", "operationState");
  if (last !== undefined && wasAttempted(app, last, found.revisions)) {
    const heals = at(app, "spec", "syncPolicy", "automated", "selfHeal") === true;
    if (textAt(last, "phase") === "Succeeded") return heals ? { operation: operationOf(app, found) } : {};
    const message = `Failed last sync attempt to ${JSON.stringify(found.revisions)}: ${textAt(last, "message") ?? ""}`;
    return { condition: condition("SyncError", message, now) };
  }
  return { operation: operationOf(app, found) };
}

function operationOf(app: JsonObject, found: Compared): JsonObject {
  const retry = at(app, "spec", "syncPolicy", "retry") ?? { limit: 5 };
  const sync = { ...revisionFields(app, found.revisions), prune: prunes(app), ...options(app) };
  return { initiatedBy: { automated: true }, retry, sync };
}

function options(app: JsonObject): JsonObject {
  const syncOptions = at(app, "spec", "syncPolicy", "syncOptions");
  return syncOptions === undefined ? {} : { syncOptions };
}

/** Whether these revisions and sources were tried; an operation that ended without a result counts as every attempt (argo-cd#29636). */
function wasAttempted(app: JsonObject, last: Json, revisions: readonly string[]): boolean {
  const result = at(last, "syncResult");
  const phase = textAt(last, "phase") ?? "";
  if (result === undefined || result === null) return ["Succeeded", "Failed", "Error"].includes(phase);
  const tried = revisionsOf({ sync: result });
  if (!same([...tried], [...revisions])) return false;
  const bare = (sources: readonly JsonObject[]): Json => sources.map((source) => put(source, "targetRevision", undefined));
  return same(bare(sourcesIn(objectAt(result))), bare(sourcesOf(app)));
}
