import type { KubeObject } from "#kube/ports.ts";
import { sourcesOf } from "#simulation/application.ts";
import { ARGO_CD } from "#simulation/desk.ts";
import { at, isObject, listAt, textAt, type JsonObject } from "#simulation/json.ts";
import { jsonOf } from "#simulation/objects.ts";
import { BLOCKED } from "#simulation/operation.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import type { Write } from "#simulation/writes.ts";
import type { Journal } from "./journal.ts";
import { short } from "./words.ts";

/** What is written to Applications, in words. People's own changes are told by who makes them do it. */
export function tellApplication(journal: Journal, { who, before, after }: Write, several: boolean): void {
  if (before === undefined || after === undefined) return;
  const [old, app] = [jsonOf(before), jsonOf(after)];
  const place = { cluster: clusterOf(app) };
  const service = after.metadata.name.replace(`-${place.cluster}`, "");
  const moved = revisionOf(app) === revisionOf(old) ? undefined : `${short(revisionOf(old))} → ${short(revisionOf(app))}`;
  if (who === CONDUCTOR) {
    const syncs = app["operation"] !== undefined && old["operation"] === undefined;
    if (moved !== undefined) journal.note(`the conductor patches ${service} on {}: ${moved}${syncs ? ", and starts the sync" : ""}`, place);
    else if (syncs) journal.note(`the conductor starts a sync of ${service} on {} to ${short(revisionOf(app))}`, place);
    else if (isEnding(app) && !isEnding(old)) journal.note(`the conductor ends the sync that runs on {}`, place);
  } else if (who === ARGO_CD) tellArgo(journal, old, app, several ? `${service} at ` : "", place.cluster);
  else if (who === "argocd-applicationset-controller" && moved !== undefined)
    journal.note(`the ApplicationSet on {} writes over ${service}: ${moved}`, place);
}

export function clusterOf(app: JsonObject): string {
  return textAt(app, "spec", "destination", "name") ?? "";
}

export function revisionOf(app: JsonObject): string {
  return textAt(sourcesOf(app)[0], "targetRevision") ?? "";
}

/** How an Application is, in the words of its Argo CD. */
export function verdictOf(app: KubeObject | undefined): string {
  if (app === undefined) return "gone";
  const status = at(jsonOf(app), "status");
  const message = textAt(status, "health", "message");
  return `${textAt(status, "sync", "status") ?? ""} and ${textAt(status, "health", "status") ?? ""}${message === undefined ? "" : `: ${message}`}`;
}

function isEnding(app: JsonObject): boolean {
  return textAt(app, "status", "operationState", "phase") === "Terminating";
}

function tellArgo(journal: Journal, old: JsonObject, app: JsonObject, of: string, cluster: string): void {
  const [last, was] = [at(app, "status", "operationState"), at(old, "status", "operationState")];
  const phase = textAt(last, "phase");
  const failed = (phase === "Failed" || phase === "Error") && app["operation"] === undefined && old["operation"] !== undefined;
  if (failed) return journal.note(`Argo CD of {}: the sync of ${of}${triedBy(app)} has failed: ${textAt(last, "message")}`, { cluster });
  if (Number(at(last, "retryCount") ?? 0) > Number(at(was, "retryCount") ?? 0))
    return journal.note(`Argo CD of {}: ${of}${triedBy(app)}: ${textAt(last, "message")}`, { cluster });
  const opinion = opinionOf(app);
  if (opinion !== opinionOf(old)) journal.note(`Argo CD of {}: ${of}${opinion}`, { cluster, state: `${cluster}/${of}` });
}

function triedBy(app: JsonObject): string {
  return short(textAt(app, "status", "operationState", "operation", "sync", "revision") ?? revisionOf(app));
}

function opinionOf(app: JsonObject): string {
  const error = listAt(app, "status", "conditions")
    .filter(isObject)
    .find((one) => textAt(one, "type") !== "SyncError");
  if (error !== undefined) return `${short(revisionOf(app))} has a ${textAt(error, "type")}: ${textAt(error, "message")}`;
  const last = at(app, "status", "operationState");
  if (app["operation"] !== undefined && textAt(last, "phase") === "Running")
    return textAt(last, "message") === BLOCKED ? `${triedBy(app)} waits for a sync window` : `${triedBy(app)} is being synced`;
  const compared = textAt(app, "status", "sync", "revision") ?? "";
  const [sync, health] = [textAt(app, "status", "sync", "status"), textAt(app, "status", "health", "status")];
  const message = textAt(app, "status", "health", "message");
  return `${short(compared)} is ${sync} and ${health}${message === undefined ? "" : `: ${message}`}`;
}
