import { at, isObject, listAt, objectAt, put, textAt, type Json, type JsonObject } from "./json.ts";

/** An Application as Argo CD reads it: what it needs of pkg/apis/application/v1alpha1/types.go. */

export const REFRESH = "argocd.argoproj.io/refresh";

/** The sources of a spec, of an operation or of a comparison: if `sources` is there, `source` is ignored. */
export function sourcesIn(spec: JsonObject): readonly JsonObject[] {
  const several = listAt(spec, "sources").filter(isObject);
  if (several.length > 0) return several;
  return isObject(spec["source"]) ? [spec["source"]] : [];
}

export function sourcesOf(app: JsonObject): readonly JsonObject[] {
  return sourcesIn(objectAt(app, "spec"));
}

export function isMultiSource(app: JsonObject): boolean {
  return listAt(app, "spec", "sources").length > 0;
}

/** `source` or `sources`, as the spec has them. */
export function sourceFields(app: JsonObject): JsonObject {
  const { source = null, sources = null } = objectAt(app, "spec");
  return isMultiSource(app) ? { sources } : { source };
}

/** `revision` or `revisions`, as an Application with these sources has them. */
export function revisionFields(app: JsonObject, revisions: readonly string[]): JsonObject {
  return isMultiSource(app) ? { revisions } : { revision: revisions[0] ?? "" };
}

export function requested(source: JsonObject): string {
  return textAt(source, "targetRevision") ?? "HEAD";
}

/** `sources` at other revisions than they ask for. */
export function atRevisions(sources: readonly JsonObject[], revisions: readonly (string | undefined)[]): readonly JsonObject[] {
  return sources.map((source, index) => put(source, "targetRevision", revisions[index] || requested(source)));
}

export function isAutomated(app: JsonObject): boolean {
  const automated = at(app, "spec", "syncPolicy", "automated");
  return isObject(automated) && automated["enabled"] !== false;
}

export function prunes(app: JsonObject): boolean {
  return at(app, "spec", "syncPolicy", "automated", "prune") === true;
}

export function isSkipped(app: JsonObject): boolean {
  return at(app, "metadata", "annotations", "argocd.argoproj.io/skip-reconcile") === "true";
}

export function isRefreshAsked(app: JsonObject): boolean {
  return at(app, "metadata", "annotations", REFRESH) !== undefined;
}

/** What an operation asks to sync to, one for each source; empty where it leaves that to the spec. */
export function revisionsOf(operation: Json | undefined): readonly string[] {
  const several = listAt(operation, "sync", "revisions").filter((one): one is string => typeof one === "string");
  const one = textAt(operation, "sync", "revision");
  return several.length > 0 ? several : one === undefined || one === "" ? [] : [one];
}

/** Milliseconds of a Go duration of one unit, such as 5s or 3m. */
export function durationOf(text: string | undefined, otherwise: number): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h)$/.exec(text ?? "") ?? [];
  if (amount === undefined) return otherwise;
  return Number(amount) * (unit === "ms" ? 1 : unit === "s" ? 1000 : unit === "m" ? 60_000 : 3_600_000);
}
