import type { Application } from "./application.ts";
import { entry } from "./fields.ts";
import { FIELD_MANAGER } from "./ownership.ts";

/**
 * Who wrote what can be steered, as the API server keeps it in managedFields: a manager by the group of the field.
 * Lists are written as a whole, so that several sources are one field; "" is whoever wrote anything last.
 */
export type Writers = Readonly<Record<string, string>>;

const GROUPS: readonly string[] = [
  "targetRevision",
  "helm.valueFiles",
  "helm.ignoreMissingValueFiles",
  "helm.parameters",
  "kustomize.images",
  "plugin.env",
];
const SOURCES = "sources";

/** Writes status all the time, and a spec only to put it into its own form. */
const CONTROLLER = "argocd-application-controller";

/** The last writers besides Argo CD's controller and us. */
export function writersOf({ metadata }: Application): Writers {
  const writers: Record<string, string> = {};
  const entries = (metadata.managedFields ?? []).toSorted((a, b) => compare(a.time ?? "", b.time ?? ""));
  for (const { manager = "", fieldsV1 } of entries) {
    if (manager === "" || manager === CONTROLLER || manager === FIELD_MANAGER) continue;
    if (!manager.startsWith("argocd-")) writers[""] = manager;
    const spec = child(fieldsV1, "spec");
    if (child(spec, SOURCES) !== undefined) writers[SOURCES] = manager;
    for (const group of GROUPS) if (ofGroup(child(spec, "source"), group) !== undefined) writers[group] = manager;
  }
  return writers;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function ofGroup(source: unknown, group: string): unknown {
  return group.split(".").reduce<unknown>(child, source);
}

/** What is kept of a field below; one without fields below it is owned as a whole. */
function child(fields: unknown, name: string): unknown {
  if (typeof fields !== "object" || fields === null) return undefined;
  if (Object.keys(fields).length === 0) return fields;
  return new Map<string, unknown>(Object.entries(fields)).get(`f:${name}`);
}

/** Who wrote the first of `fields` that anybody wrote, else who wrote last at all; with what is known of that name. */
export function writerOf(writers: Writers, multi: boolean, fields: readonly string[]): string | undefined {
  const groups = multi ? [SOURCES] : fields.map((field) => entry(field).group);
  const found = [...groups, ""].find((group) => writers[group] !== undefined);
  const manager = found === undefined ? undefined : writers[found];
  return manager === undefined ? undefined : described(manager);
}

/** The names under which the usual programs write (client-go takes the program's, kubectl adds the command). */
const KNOWN: Readonly<Record<string, string>> = {
  "argocd-applicationset-controller": "the ApplicationSet controller",
  "argocd-controller": "Argo CD syncing a parent Application",
  "argocd-server": "somebody through the UI or CLI of Argo CD",
  argocd: "somebody with argocd --core",
  "argocd-image-updater": "Argo CD Image Updater",
  "kustomize-controller": "Flux",
  helm: "a release of helm",
};

function described(manager: string): string {
  const known = KNOWN[manager] ?? (/^kubectl(?:-|$)/.test(manager) ? "somebody with kubectl" : undefined);
  return known === undefined ? manager : `${manager}: ${known}`;
}
