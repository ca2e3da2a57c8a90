import type { EnvironmentSpec } from "#api/environment.ts";
import { LIMITS } from "#api/rules.ts";
import type { ClusterSpec } from "#simulation/scenario.ts";
import { Wrong } from "./wrong.ts";

/** The clusters that a simulation has, and how they came about. */
export interface InventedFleet {
  readonly clusters: readonly ClusterSpec[];
  /** What the Environment says of clusters, with those that it does not name and must. */
  readonly entries: EnvironmentSpec["clusters"];
  /** The names of those that nobody has named. */
  readonly invented: readonly string[];
  /** What a person should know of it, a sentence each. */
  readonly notes: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/**
 * The clusters that an Environment names, and as many more as make `size`. An Environment that selects gets its labels on all that are
 * not named; the labels that waves select go round: each wave's selector, and none of them, has its share of the clusters.
 */
export function fleetOf(spec: EnvironmentSpec, size: number | undefined): InventedFleet {
  const selectors = spec.clusters.flatMap(({ selector }) => (selector === undefined ? [] : [selector.matchLabels ?? {}]));
  const inWaves = spec.strategy.waves.flatMap(({ clusters }) => clusters?.names ?? []);
  const direct = [...new Set(spec.clusters.flatMap(({ name }) => (name === undefined ? [] : [name])))];
  // Those that a wave names are found by label, where the Environment selects.
  const known = selectors.length === 0 ? direct : [...new Set([...direct, ...inWaves])];
  const total = sizeOf(size, known.length, selectors.length > 0);
  const invented = inventions(total - known.length, new Set([...known, ...inWaves]));

  const [named, chosen] = [new Set(direct), new Set(inWaves)];
  const shares = sharesOf(selectors, spec);
  let turn = 0;
  const clusters = [...known, ...invented].map((name): ClusterSpec => {
    if (chosen.has(name)) return { name, labels: named.has(name) ? {} : (selectors[0] ?? {}) };
    const share = shares[turn % shares.length];
    turn += 1;
    return { name, labels: share ?? {} };
  });
  const entries = selectors.length > 0 ? spec.clusters : [...spec.clusters, ...invented.map((name) => ({ name }))];
  return { clusters, entries, invented, notes: notesOf(clusters, invented, selectors.length > 0) };
}

function sizeOf(size: number | undefined, known: number, selects: boolean): number {
  if (size === undefined && known === 0)
    throw new Wrong("the Environment selects its clusters by label and names none: say with --clusters how many there shall be");
  const total = size ?? known;
  if (total < known)
    throw new Wrong(
      `--clusters ${total} is fewer than the ${known} clusters that the Environment names: give ${known} or more, or leave it out`,
    );
  if (total > LIMITS.clusters)
    throw new Wrong(`--clusters ${total}: an Environment ${selects ? "covers" : "names"} at most ${LIMITS.clusters} clusters`);
  return total;
}

function inventions(count: number, taken: ReadonlySet<string>): readonly string[] {
  const names: string[] = [];
  const width = Math.max(3, `${count + taken.size}`.length);
  for (let number = 1; names.length < count; number += 1) {
    const name = `cluster-${`${number}`.padStart(width, "0")}`;
    if (!taken.has(name)) names.push(name);
  }
  return names;
}

/** Every set of labels that a cluster may have: one selector of the Environment, and of the waves' selectors one or none. */
function sharesOf(selectors: readonly Labels[], { strategy }: EnvironmentSpec): readonly Labels[] {
  const ofWaves = strategy.waves.flatMap(({ clusters }) => (clusters?.selector === undefined ? [] : [clusters.selector.matchLabels ?? {}]));
  const takesOthers = strategy.waves.some(({ clusters }) => clusters?.selector === undefined && clusters?.names === undefined);
  const ways: readonly Labels[] = ofWaves.length === 0 || takesOthers ? [...ofWaves, {}] : ofWaves;
  const bases: readonly Labels[] = selectors.length === 0 ? [{}] : selectors;
  const both = ways.flatMap((way) => bases.filter((base) => agree(base, way)).map((base) => ({ ...base, ...way })));
  return both.length === 0 ? bases : both;
}

function agree(a: Labels, b: Labels): boolean {
  return Object.entries(b).every(([key, value]) => a[key] === undefined || a[key] === value);
}

function notesOf(clusters: readonly ClusterSpec[], invented: readonly string[], selects: boolean): readonly string[] {
  const [first, last] = [invented[0], invented.at(-1)];
  const how = selects ? "with the labels that it selects" : "as if the Environment named them too";
  const range = first === last ? `${first} is` : `${first} to ${last} are`;
  const labels = labelsOf(clusters);
  return [...(first === undefined ? [] : [`${range} invented, ${how}`]), ...(labels.length === 0 ? [] : [`labels: ${labels.join(", ")}`])];
}

function labelsOf(clusters: readonly ClusterSpec[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { labels = {} } of clusters)
    for (const [key, value] of Object.entries(labels)) counts.set(`${key}=${value}`, (counts.get(`${key}=${value}`) ?? 0) + 1);
  return [...counts].map(([label, count]) => `${label} on ${count === clusters.length ? "all" : count}`);
}
