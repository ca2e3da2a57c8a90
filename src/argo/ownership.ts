import type { Owner } from "#engine/observation.ts";
import type { Application } from "./application.ts";

/**
 * Who would write over what we write. An ApplicationSet is the controller among the owner references; a parent
 * Application leaves its name in Argo CD's tracking annotation (resource_tracking.md).
 */
export function ownerOf(app: Application): Owner {
  const set = app.metadata.ownerReferences?.find(({ kind }) => kind === "ApplicationSet");
  if (set !== undefined) return { kind: "ApplicationSet", name: set.name };
  const parent = parentOf(app);
  return parent === undefined ? { kind: "Nobody" } : { kind: "Application", name: parent.name };
}

/**
 * The Application that applies this one: `<name>:<group>/<kind>:<namespace>/<name>`, where one outside of Argo CD's
 * own namespace begins with its namespace and `_`. An annotation that speaks of another object was copied from there,
 * and Argo CD does not look at it either (state.go, isSelfReferencedObj).
 */
export function parentOf({ metadata, status }: Application): { readonly namespace: string; readonly name: string } | undefined {
  const id = /^(?:([^_:]+)_)?([^_:]+):argoproj\.io\/Application:[^/]*\/([^/]+)$/.exec(metadata.annotations?.[TRACKING] ?? "");
  const [, namespace = status?.controllerNamespace ?? metadata.namespace, name, tracked] = id ?? [];
  return name === undefined || tracked !== metadata.name ? undefined : { namespace, name };
}

const TRACKING = "argocd.argoproj.io/tracking-id";

/** How our own writes are named in managedFields. */
export const FIELD_MANAGER = "release-conductor";

/** How the owner of an Application gives consent, in words that fit who owns it. */
export function consentRemedy(owner: Owner, annotation: string): string {
  switch (owner.kind) {
    case "ApplicationSet":
      return `put ${annotation} into spec.template.metadata.annotations of ApplicationSet ${owner.name}, which generates it`;
    case "Application":
      return `put ${annotation} into its manifest in git, which Application ${owner.name} applies`;
    case "Nobody":
      return `annotate it: ${annotation}`;
  }
}
