import { desired, entry } from "#argo/fields.ts";
import { fill, type Variables } from "#engine/template.ts";
import type { Manifest } from "../manifest.ts";
import { some } from "../words.ts";
import { assigned, type Parameter } from "./assign.ts";
import { expanded } from "./buildenv.ts";
import { fileIn, labelOf, type Chart } from "./chart.ts";
import { lookUp, type Found } from "./lookup.ts";
import { coalesced, over } from "./merge.ts";
import type { Repository } from "./repository.ts";
import { mapOf, plain, type MapTree } from "./tree.ts";

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
  const parsed = new Map<string, MapTree>();
  const read = (path: string): MapTree => {
    const known = parsed.get(path) ?? fileIn(repository, path) ?? mapOf([], path);
    parsed.set(path, known);
    return known;
  };
  const ignoreMissing = helm?.ignoreMissingValueFiles === true;
  const clusters = question.clusters.map((cluster) => clusterValues(question, cluster, ignoreMissing, read));
  return {
    name: manifest.name,
    repository,
    parameters: Object.keys(helm?.parameters ?? {}).toSorted(),
    ignoreMissing,
    clusters,
    notes: [...question.notes, ...chart.notes, ...ambiguity(question), ...unknowns(question), ...strays(question, clusters)],
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

function clusterValues(question: Question, cluster: string, ignoreMissing: boolean, read: (path: string) => MapTree): ClusterValues {
  const { manifest, repository, chart } = question;
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
  const own = chart.values ?? mapOf([], "values.yaml");
  const given = found
    .flatMap((one) => (one.state === "Exists" ? one.paths : []))
    .reduce((below, path) => over(below, read(path)), mapOf([], ""));
  const set = withParameters(given, parameters);
  const all = typeof set === "string" ? [...refusals, set] : refusals;
  const values = typeof set === "string" || all.length > 0 ? undefined : coalesced(set, own, chart.subcharts);
  return { cluster, files: rows, refusals: all, without: [...unseen, ...without], values };
}

/** helm reads all of --set before all of --set-string. */
function withParameters(values: MapTree, parameters: readonly Parameter[]): MapTree | string {
  let tree = values;
  for (const parameter of [...parameters.filter((one) => !one.forceString), ...parameters.filter((one) => one.forceString)]) {
    const next = assigned(tree, parameter);
    if (typeof next === "string") return `parameter ${parameter.name}: helm refuses it: ${next}`;
    tree = next;
  }
  return tree;
}

function parametersOf(
  { spec }: Manifest,
  variables: Variables,
  env: ReadonlyMap<string, string>,
): { readonly parameters: readonly Parameter[]; readonly without: readonly string[] } {
  const parameters: Parameter[] = [];
  const without: string[] = [];
  const wanted = Object.entries(desired(spec.application, variables)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [field, value] of wanted) {
    const { group, name } = entry(field);
    if (group !== "helm.parameters" || typeof value !== "object" || value === null || !("value" in value)) continue;
    const text = expanded(value.value, env);
    const open = /\{\{ *(namespace|revision) *\}\}/.exec(value.value)?.[1];
    if ("unknown" in text) without.push(`parameter ${name}: $${text.unknown} is known to Argo CD alone`);
    else if (open !== undefined) without.push(`parameter ${name}: {{${open}}} is not known here: give --${open}`);
    else parameters.push({ name, value: text.text, forceString: value.forceString === true });
  }
  return { parameters, without };
}

/** What is known of Argo CD's build environment: a commit is what Argo CD resolves it to. */
function buildEnv({ spec }: Manifest, variables: Variables): ReadonlyMap<string, string> {
  const { targetRevision } = spec.application;
  const target = targetRevision === undefined ? undefined : fill(targetRevision, variables);
  if (target === undefined || target.includes("{{")) return new Map();
  const commit = /^[0-9a-f]{40}$/.test(target);
  return new Map([
    ["ARGOCD_APP_SOURCE_TARGET_REVISION", target],
    ...(commit ? [["ARGOCD_APP_REVISION", target] as const] : []),
    ...(commit ? [["ARGOCD_APP_REVISION_SHORT", target.slice(0, 7)] as const] : []),
    ...(commit ? [["ARGOCD_APP_REVISION_SHORT_8", target.slice(0, 8)] as const] : []),
  ]);
}

/** Something for each variable: which value it is does not matter. */
const ANY: Variables = { service: "x", environment: "x", cluster: "x", namespace: "x", revision: "x" };

/** Argo CD hands parameters to helm in no order: where it matters, nobody can say what comes of it. */
function ambiguity({ manifest }: Question): readonly string[] {
  const { parameters } = parametersOf(manifest, ANY, new Map());
  const forward = withParameters(mapOf([], ""), parameters);
  const backward = withParameters(mapOf([], ""), parameters.toReversed());
  const same =
    typeof forward === "string" || typeof backward === "string" || JSON.stringify(plain(forward)) === JSON.stringify(plain(backward));
  return same ? [] : ["two helm.parameters set the same value, and Argo CD passes them in no fixed order: take one out"];
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
