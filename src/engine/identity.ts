import type { ServiceRelease } from "#api/servicerelease.ts";

/**
 * What makes one wish the same as another: its revision and clusters, in any order. Two wishes of one
 * ServiceRelease have the same identity exactly when this is equal.
 */
export function wish(spec: Pick<ServiceRelease["spec"], "revision" | "clusters">): string {
  return JSON.stringify([spec.revision, spec.clusters === undefined ? "all" : spec.clusters.toSorted()]);
}
