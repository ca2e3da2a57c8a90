import { label } from "#api/rules.ts";
import type { Manifest } from "../manifest.ts";
import { some } from "../words.ts";
import { Wrong } from "../wrong.ts";

/** A cluster that somebody asks for; with labels, where a person has said them. */
export interface Asked {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string> | undefined;
}

/** Reads NAME or NAME=label=value,label=value. Throws Wrong. */
export function askedFor(text: string): Asked {
  const [name = "", ...rest] = text.split("=");
  const valid = label("--cluster").safeParse(name);
  if (!valid.success)
    throw new Wrong(`--cluster ${JSON.stringify(text)}: write NAME, or NAME=label=value,label=value for one that is selected`);
  if (rest.length === 0) return { name, labels: undefined };
  const pairs = rest.join("=").split(",");
  const labels = pairs.map((pair) => {
    const [key = "", value] = pair.split("=");
    if (key === "" || value === undefined) throw new Wrong(`--cluster ${text}: ${JSON.stringify(pair)} is no label: write label=value`);
    return [key, value] as const;
  });
  return { name, labels: new Map(labels) };
}

export interface Shown {
  readonly clusters: readonly string[];
  /** Whether these are all that the Environment has. */
  readonly complete: boolean;
  readonly notes: readonly string[];
}

/** The clusters of a service's last plan in an Environment. */
export interface Planned {
  readonly run: string;
  readonly clusters: readonly string[];
}

/**
 * The clusters of each Environment that are shown: those that it names, or those of `asked` that it names or selects. A cluster without
 * labels counts as selected where no Environment names it: nothing here knows better. Of one that selects, those of the last plan are shown
 * where that is known, by name. Throws Wrong for one that no Environment covers.
 */
export function clustersOf(
  manifests: readonly Manifest[],
  asked: readonly Asked[],
  planned: ReadonlyMap<string, Planned> = new Map(),
): readonly Shown[] {
  const shown = manifests.map((manifest) => {
    const named = manifest.spec.clusters.flatMap(({ name }) => (name === undefined ? [] : [name]));
    const chosen = asked.filter((one) => covers(manifest, one, manifests));
    return { named: [...new Set(named)], chosen: [...new Set(chosen.map(({ name }) => name))], selects: selects(manifest) };
  });
  for (const one of asked) if (!shown.some(({ chosen }) => chosen.includes(one.name))) throw new Wrong(stranger(one, manifests));
  return shown.map(({ named, chosen, selects: isSelecting }, index) => {
    if (asked.length > 0) return { clusters: chosen, complete: false, notes: [] };
    const name = manifests[index]?.name ?? "";
    const plan = planned.get(name);
    if (isSelecting && plan !== undefined)
      return {
        clusters: plan.clusters,
        complete: true,
        notes: [`${name} selects clusters by label: these are those of the plan ${plan.run}`],
      };
    if (named.length === 0)
      throw new Wrong(
        `${name} selects its clusters by label, and which these are is not known here: name those to show with --cluster NAME`,
      );
    const more = `${name} selects more clusters by label, which are not known here: name those to show with --cluster NAME`;
    return { clusters: named, complete: !isSelecting, notes: isSelecting ? [more] : [] };
  });
}

function selects({ spec }: Manifest): boolean {
  return spec.clusters.some(({ selector }) => selector !== undefined);
}

function names({ spec }: Manifest, cluster: string): boolean {
  return spec.clusters.some(({ name }) => name === cluster);
}

function covers(manifest: Manifest, { name, labels }: Asked, all: readonly Manifest[]): boolean {
  if (names(manifest, name)) return true;
  if (labels === undefined) return selects(manifest) && !all.some((other) => names(other, name));
  return manifest.spec.clusters.some(
    ({ selector }) =>
      selector !== undefined && Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels.get(key) === value),
  );
}

function stranger({ name, labels }: Asked, manifests: readonly Manifest[]): string {
  const known = [...new Set(manifests.flatMap(({ spec }) => spec.clusters.flatMap((entry) => entry.name ?? [])))];
  const where = manifests.map((one) => one.name).join(", ");
  if (labels !== undefined) return `--cluster ${name}: ${where} neither names it nor selects it by the labels that you gave it`;
  return `--cluster ${name}: it is no cluster of ${where}; there is ${some(known, 12)}`;
}
