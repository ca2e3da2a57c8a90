import type { ServiceRelease } from "#api/servicerelease.ts";

/**
 * What makes one wish the same as another: its revision, its clusters in any order, and what it overrides of the strategy.
 * Pausing is no new wish. Two wishes of one ServiceRelease have the same identity exactly when this is equal.
 */
export function wish(spec: Pick<ServiceRelease["spec"], "revision" | "clusters" | "strategy">): string {
  const overrides = Object.entries(spec.strategy ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const clusters = spec.clusters === undefined ? "all" : spec.clusters.toSorted();
  return JSON.stringify(overrides.length === 0 ? [spec.revision, clusters] : [spec.revision, clusters, overrides]);
}
