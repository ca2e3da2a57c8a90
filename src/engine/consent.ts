/** Who asks to release. */
export interface Requester {
  readonly namespace: string;
  readonly service: string;
  readonly environment: string;
}

/** The annotation on an Application or AppProject whose owner consents: a list of `<namespace>/<service>.<environment>`. */
export const AUTHORIZED = "conductor.dev/authorized";

/** The entry that consents to `who`. */
export function consentFor(who: Requester): string {
  return `${who.namespace}/${who.service}.${who.environment}`;
}

/**
 * Whether an annotation consents to `who`. On an AppProject, which speaks for all of its Applications, `*` may
 * stand for the service; on an Application it may not.
 */
export function consents(annotation: string | undefined, who: Requester, on: "Application" | "AppProject"): boolean {
  if (annotation === undefined) return false;
  const entries = annotation.split(",").map((entry) => entry.trim());
  return entries.includes(consentFor(who)) || (on === "AppProject" && entries.includes(`${who.namespace}/*.${who.environment}`));
}

/** Whether a registration allows releases from `namespace`. */
export function allows(allowed: "*" | readonly string[], namespace: string): boolean {
  return allowed === "*" || allowed.includes(namespace);
}
