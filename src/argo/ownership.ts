import type { Owner } from "#engine/observation.ts";
import type { Application } from "./application.ts";

/**
 * Who would write over what we write. An ApplicationSet is the controller among the owner references; a parent
 * Application leaves its name in Argo CD's tracking annotation (resource_tracking.md), `<app>:<group>/<kind>:…`.
 */
export function ownerOf({ metadata }: Application): Owner {
  const set = metadata.ownerReferences?.find(({ kind }) => kind === "ApplicationSet");
  if (set !== undefined) return { kind: "ApplicationSet", name: set.name };
  const parent = metadata.annotations?.["argocd.argoproj.io/tracking-id"]?.split(":", 1)[0];
  return parent ? { kind: "Application", name: parent } : { kind: "Nobody" };
}

/** Who wrote last besides Argo CD's own controller, which writes status all the time. */
export function managerOf({ metadata }: Application): string | undefined {
  const managers = (metadata.managedFields ?? []).map(({ manager }) => manager ?? "");
  return managers.findLast((manager) => manager !== "" && manager !== "argocd-application-controller" && manager !== FIELD_MANAGER);
}

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
