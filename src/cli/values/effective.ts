import { fill, type Variables } from "#engine/template.ts";
import type { Manifest } from "../manifest.ts";
import { some } from "../words.ts";
import type { Parameter } from "./assign.ts";
import { fileIn, labelOf, type Chart } from "./chart.ts";
import { lookUp, type Found } from "./lookup.ts";
import { coalesced, over } from "./merge.ts";
import { ambiguity, buildEnv, parametersOf, withParameters } from "./parameters.ts";
import type { Repository } from "./repository.ts";
import { mapOf, type MapTree } from "./tree.ts";

/** A line of the lookup order, for one cluster. */
export interface FileFound {
  /** As the Environment has it, with all but the cluster put in. */
  readonly template: string;
  /** As it is for the cluster. */
  readonly file: string;
  readonly found: Found;
  /** Those that exist, as valueFiles would name them. */
  readonly paths: readonly string[];
}

/** What takes effect in a cluster. */
export interface ClusterValues {
  readonly cluster: string;
  readonly files: readonly FileFound[];
  /** Why Argo CD would render nothing; then there are no values. */
  readonly refusals: readonly string[];
  /** What the values are without, as it cannot be known here. */
  readonly without: readonly string[];
  readonly values: MapTree | undefined;
}

export interface EnvironmentValues {
  readonly name: string;
  readonly repository: Repository;
  readonly parameters: readonly string[];
  readonly ignoreMissing: boolean;
  readonly clusters: readonly ClusterValues[];
  readonly notes: readonly string[];
}

/** What the values of an Environment follow from. */
export interface Question {
  readonly manifest: Manifest;
  readonly repository: Repository;
  readonly chart: Chart;
  readonly clusters: readonly string[];
  /** Whether these are all clusters that the Environment has. */
  readonly complete: boolean;
  readonly notes: readonly string[];
  readonly service: string;
  readonly namespace: string | undefined;
  readonly revision: string | undefined;
}

/** Looks up, reads and merges. Throws Wrong where a file is not YAML. */
export function effectiveValues(question: Question): EnvironmentValues {
  const { manifest, repository, chart } = question;
  const helm = manifest.spec.application.helm;
  const ignoreMissing = helm?.ignoreMissingValueFiles === true;
  const merge = merging(question);
  const clusters = question.clusters.map((cluster) => clusterValues(question, cluster, ignoreMissing, merge));
  return {
    name: manifest.name,
    repository,
    parameters: Object.keys(helm?.parameters ?? {}).toSorted(),
    ignoreMissing,
    clusters,
    notes: [...question.notes, ...chart.notes, ...ambiguity(manifest), ...unknowns(question), ...strays(question, clusters)],
  };
}

function variablesOf({ manifest, service, namespace, revision }: Question): Variables {
  return {
    service,
    environment: manifest.name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(revision === undefined ? {} : { revision }),
  };
}

/** Files and parameters over each other and over the chart's own values; or why helm would refuse that. */
type Merge = (paths: readonly string[], parameters: readonly Parameter[]) => MapTree | string;

function merging({ repository, chart }: Question): Merge {
  const files = new Map<string, MapTree>();
  const results = new Map<string, MapTree | string>();
  const read = (path: string): MapTree => {
    const known = files.get(path) ?? fileIn(repository, path) ?? mapOf([], path);
    files.set(path, known);
    return known;
  };
  return (paths, parameters) => {
    // Most clusters of a fleet have the same.
    const key = JSON.stringify([paths, parameters]);
    const known = results.get(key);
    if (known !== undefined) return known;
    const given = paths.reduce((below, path) => over(below, read(path)), mapOf([], ""));
    const set = withParameters(given, parameters);
    const result = typeof set === "string" ? set : coalesced(set, chart.values ?? mapOf([], "values.yaml"), chart.subcharts);
    results.set(key, result);
    return result;
  };
}

function clusterValues(question: Question, cluster: string, ignoreMissing: boolean, merge: Merge): ClusterValues {
  const { manifest, repository } = question;
  const variables = { ...variablesOf(question), cluster };
  const env = buildEnv(manifest, variables);
  const templates = manifest.spec.application.helm?.valueFiles ?? [];
  const files = templates.map((template) => fill(template, variables));
  const found = lookUp(files, repository, env, ignoreMissing);
  const rows = templates.map((template, index): FileFound => {
    const one = found[index] ?? { state: "Missing" };
    const paths = one.state === "Exists" ? one.paths.map((path) => labelOf(repository, path)) : [];
    return { template: fill(template, variablesOf(question)), file: files[index] ?? template, found: one, paths };
  });
  const refusals = rows.flatMap(({ template, found: one }) => (one.state === "Refused" ? [`${template}: ${one.why}`] : []));
  const unseen = rows.flatMap(({ template, found: one }) => (one.state === "NotSeen" ? [`${template}: ${one.why}`] : []));
  const { parameters, without } = parametersOf(manifest, variables, env);
  const set = merge(
    found.flatMap((one) => (one.state === "Exists" ? one.paths : [])),
    parameters,
  );
  const all = typeof set === "string" ? [...refusals, set] : refusals;
  const values = typeof set === "string" || all.length > 0 ? undefined : set;
  return { cluster, files: rows, refusals: all, without: [...unseen, ...without], values };
}

function unknowns({ manifest }: Question): readonly string[] {
  if (manifest.spec.application.helm?.valueFiles !== undefined) return [];
  return ["it sets no helm.valueFiles: the Application's own list takes effect, and is not known here"];
}

/** Files that only the name of a cluster keeps from taking effect: a slip, or a cluster that is gone. */
function strays(question: Question, clusters: readonly ClusterValues[]): readonly string[] {
  const { repository, manifest, complete } = question;
  if (!complete) return [];
  const taken = new Set(clusters.flatMap(({ files }) => files.flatMap(({ paths }) => paths)));
  // values-{{cluster}}.yaml alone would find those of all environments, too.
  const own = (manifest.spec.application.helm?.valueFiles ?? []).filter((one) => /environment|\//.test(one));
  const templates = own.map((one) => fill(one, variablesOf(question)));
  const found = templates.flatMap((template) => {
    const [before = "", after, ...more] = template.split(/\{\{ *cluster *\}\}/);
    if (after === undefined || more.length > 0 || /[*?[$:{]/.test(before + after) || after.includes("/")) return [];
    const globbed = lookUp([`${before}*${after}`], repository, new Map(), true);
    return globbed.flatMap((one) => (one.state === "Exists" ? one.paths.map((path) => labelOf(repository, path)) : []));
  });
  const stray = [...new Set(found)].filter((path) => !taken.has(path));
  return stray.length === 0 ? [] : [`no cluster shown here takes ${some(stray)}`];
}
