import { differences, type Difference, type Member } from "./differences.ts";
import type { Chart } from "./chart.ts";
import type { ClusterValues, EnvironmentValues, FileFound } from "./effective.ts";
import type { Part } from "./parts.ts";
import { concealed } from "./secrets.ts";
import { leaves, pathText, plain, type Leaf, shortened, type MapTree, type Plain, type Scalar } from "./tree.ts";

/** What `-o json` and `-o yaml` print, and what the text is made from. */
export interface ValuesDocument {
  readonly version: 1;
  readonly service: string;
  readonly revision: string | null;
  readonly chart: string;
  /** "Masked" where what looks like a secret is shown as ***. */
  readonly secrets: "Masked" | "Shown";
  readonly environments: readonly EnvironmentDocument[];
  /** Between environments; of those in which clusters differ the value is left out, and `varies` is true. */
  readonly differences?: readonly DifferenceDocument[];
}

export interface EnvironmentDocument {
  readonly name: string;
  /** The working tree, or a commit. */
  readonly readFrom: string;
  readonly ignoreMissingValueFiles: boolean;
  readonly parameters: readonly string[];
  readonly clusters: readonly ClusterDocument[];
  readonly differences?: readonly DifferenceDocument[];
  readonly notes: readonly string[];
}

export interface ClusterDocument {
  readonly name: string;
  /** In the order in which they are put over each other: the chart's own values.yaml, then valueFiles. */
  readonly files?: readonly FileDocument[];
  readonly refusals: readonly string[];
  readonly without: readonly string[];
  /** Null where Argo CD would render nothing. */
  readonly values?: Plain;
  /** By path, the file or parameter that a value is from. */
  readonly origins?: Readonly<Record<string, string>>;
}

export interface FileDocument {
  /** As the Environment has it, with all but the cluster put in; null for the chart's own. */
  readonly template: string | null;
  readonly file: string;
  readonly state: "Exists" | "Missing" | "Refused" | "NotSeen";
  readonly why: string | null;
  /** What it is: several for a glob, none where another entry has it already. */
  readonly paths: readonly string[];
}

export interface DifferenceDocument {
  readonly path: string;
  readonly groups: readonly GroupDocument[];
}

export interface GroupDocument {
  readonly value: Exclude<Scalar, bigint>;
  /** Whether there is no such value; null may be one. */
  readonly unset: boolean;
  /** Whether the clusters of these environments differ among themselves. */
  readonly varies: boolean;
  /** Clusters; or environments. */
  readonly in: readonly string[];
}

export interface Wanted {
  readonly parts: ReadonlySet<Part>;
  readonly showSecrets: boolean;
}

/** A value that is compared as it is, and shown as it may be. */
interface Compared {
  readonly identity: string;
  readonly shown: Exclude<Scalar, bigint>;
  readonly varies: boolean;
}

export function documentOf(
  { service, revision, chart }: { readonly service: string; readonly revision: string | undefined; readonly chart: string },
  environments: readonly (EnvironmentValues & { readonly own: Chart })[],
  wanted: Wanted,
): ValuesDocument {
  const withDiff = wanted.parts.has("diff");
  const comparison = new Comparison(wanted);
  const compared = environments.map(({ clusters }) => (withDiff ? clusters.flatMap((one) => comparison.memberOf(one)) : []));
  return {
    version: 1,
    service,
    revision: revision ?? null,
    chart,
    secrets: wanted.showSecrets ? "Shown" : "Masked",
    environments: environments.map((environment, index) => ({
      name: environment.name,
      readFrom: environment.repository.what,
      ignoreMissingValueFiles: environment.ignoreMissing,
      parameters: environment.parameters,
      clusters: environment.clusters.map((one) => clusterOf(one, environment.own, wanted)),
      ...(withDiff ? { differences: differences(compared[index] ?? [], ({ identity }) => identity).map(differenceOf) } : {}),
      notes: environment.notes,
    })),
    ...(withDiff && environments.length > 1 ? { differences: between(environments, compared) } : {}),
  };
}

function clusterOf(
  { cluster, files, refusals, without, values }: ClusterValues,
  chart: Chart,
  { parts, showSecrets }: Wanted,
): ClusterDocument {
  const shown = values === undefined || showSecrets ? values : concealed(values);
  return {
    name: cluster,
    ...(parts.has("files") ? { files: [ofChart(chart), ...files.map(fileOf)] } : {}),
    refusals,
    without,
    ...(parts.has("merged") ? { values: shown === undefined ? null : plain(shown), origins: originsOf(shown) } : {}),
  };
}

function ofChart({ values }: Chart): FileDocument {
  const state = values === undefined ? "Missing" : "Exists";
  return { template: null, file: "values.yaml", state, why: null, paths: values === undefined ? [] : ["values.yaml"] };
}

function fileOf({ template, file, found, paths }: FileFound): FileDocument {
  return { template, file, state: found.state, why: "why" in found ? found.why : null, paths };
}

function originsOf(values: MapTree | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(values === undefined ? [] : leaves(values).map(({ steps, from }) => [pathText(steps), from]));
}

/** Clusters with the same values share what is compared. */
class Comparison {
  readonly #known = new Map<MapTree, ReadonlyMap<string, Compared>>();
  readonly #showSecrets: boolean;

  constructor({ showSecrets }: Wanted) {
    this.#showSecrets = showSecrets;
  }

  memberOf({ cluster, values }: ClusterValues): readonly Member<Compared>[] {
    if (values === undefined) return [];
    const compared = this.#known.get(values) ?? this.#compared(values);
    this.#known.set(values, compared);
    return [{ name: cluster, values: compared }];
  }

  #compared(values: MapTree): ReadonlyMap<string, Compared> {
    // Concealing changes no path.
    const shown = this.#showSecrets ? [] : leaves(concealed(values));
    return new Map(
      leaves(values).map((leaf, index) => {
        const { value } = shown[index] ?? leaf;
        return [pathText(leaf.steps), { identity: identityOf(leaf), shown: shortened(value), varies: false }];
      }),
    );
  }
}

function identityOf({ value, empty }: Leaf): string {
  return `${empty ? "empty" : typeof value} ${String(value)}`;
}

function differenceOf({ path, groups }: Difference<Compared>): DifferenceDocument {
  return {
    path,
    groups: groups.map(({ value, members }) => ({
      value: value?.shown ?? null,
      unset: value === undefined,
      varies: value?.varies ?? false,
      in: members,
    })),
  };
}

/** An environment in which all clusters have the same value has that; another has values that vary. */
function between(
  environments: readonly EnvironmentValues[],
  compared: readonly (readonly Member<Compared>[])[],
): readonly DifferenceDocument[] {
  const members = environments.flatMap(({ name }, index): readonly Member<Compared>[] => {
    const clusters = compared[index] ?? [];
    const [first] = clusters;
    if (first === undefined) return [];
    const varying = differences(clusters, ({ identity }) => identity).map(({ path }) => path);
    const values = new Map(first.values);
    for (const path of varying) values.set(path, { identity: `varies in ${name}`, shown: null, varies: true });
    return [{ name, values }];
  });
  return differences(members, ({ identity }) => identity).map(differenceOf);
}
