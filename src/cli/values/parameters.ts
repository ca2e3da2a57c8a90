import { desired, entry } from "#argo/fields.ts";
import { fill, type Variables } from "#engine/template.ts";
import type { Manifest } from "../manifest.ts";
import { assigned, type Parameter } from "./assign.ts";
import { expanded } from "./buildenv.ts";
import { mapOf, plain, type MapTree } from "./tree.ts";

/** The parameters for a cluster, in the order of their names; and those that cannot be known. */
export function parametersOf(
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

/** helm reads all of --set before all of --set-string. */
export function withParameters(values: MapTree, parameters: readonly Parameter[]): MapTree | string {
  let tree = values;
  for (const parameter of [...parameters.filter((one) => !one.forceString), ...parameters.filter((one) => one.forceString)]) {
    const next = assigned(tree, parameter);
    if (typeof next === "string") return `parameter ${parameter.name}: helm refuses it: ${next}`;
    tree = next;
  }
  return tree;
}

/** What is known of Argo CD's build environment: a commit is what Argo CD resolves it to. */
export function buildEnv({ spec }: Manifest, variables: Variables): ReadonlyMap<string, string> {
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
export function ambiguity(manifest: Manifest): readonly string[] {
  const { parameters } = parametersOf(manifest, ANY, new Map());
  const forward = withParameters(mapOf([], ""), parameters);
  const backward = withParameters(mapOf([], ""), parameters.toReversed());
  const same =
    typeof forward === "string" || typeof backward === "string" || JSON.stringify(plain(forward)) === JSON.stringify(plain(backward));
  return same ? [] : ["two helm.parameters set the same value, and Argo CD passes them in no fixed order: take one out"];
}
