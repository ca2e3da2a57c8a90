import { isNull, mapOf, type MapTree, type Tree } from "./tree.ts";

/** Merges values as helm does (v3: pkg/cli/values for files, pkg/chartutil/coalesce.go for the chart's own values). */

/** One values file over another: maps go into each other, all else is replaced. A null stays, until the chart's values come in. */
export function over(below: MapTree, above: MapTree): MapTree {
  const entries = new Map(below.entries);
  for (const [key, value] of above.entries) {
    const old = entries.get(key);
    entries.set(key, old?.kind === "Map" && value.kind === "Map" ? over(old, value) : value);
  }
  return { ...below, entries };
}

/**
 * What was given over the chart's own values. Null takes out a key that the chart has a value for, and stays where it has none. Under the
 * name of a subchart a null stays: it is for the subchart's own values, which are not looked at here.
 */
export function coalesced(given: MapTree, chart: MapTree, subcharts: ReadonlySet<string>): MapTree {
  const entries = new Map(given.entries);
  for (const [key, own] of chart.entries) {
    const value = given.entries.get(key);
    if (value === undefined) entries.set(key, own);
    else if (isNull(value)) entries.delete(key);
    else if (value.kind === "Map" && own.kind === "Map") entries.set(key, within(value, own, subcharts.has(key)));
  }
  return mapOf(entries, given.from);
}

/** Below the top a null of the chart itself is no value that could be taken out. */
function within(given: MapTree, chart: MapTree, keepNulls: boolean): MapTree {
  const entries = new Map<string, Tree>(given.entries);
  for (const [key, own] of chart.entries) {
    const value = given.entries.get(key);
    if (value === undefined) entries.set(key, own);
    else if (isNull(value)) {
      if (!keepNulls && !isNull(own)) entries.delete(key);
    } else if (value.kind === "Map" && own.kind === "Map") entries.set(key, within(value, own, keepNulls));
  }
  return mapOf(entries, given.from);
}
