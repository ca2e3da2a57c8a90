import type { EnvironmentSpec } from "#api/environment.ts";
import type { FieldValue, FieldValues, RunSpec } from "#api/releaserun.ts";
import { fill, type Variables } from "#engine/template.ts";
import type { Source } from "./application.ts";

/**
 * Field values and sources, both ways. The keys are those that a ReleaseRun shows: targetRevision,
 * helm.valueFiles, helm.ignoreMissingValueFiles, helm.parameters[NAME], kustomize.images[IMAGE], plugin.env[NAME].
 */

const ENTRY = /^(helm\.parameters|kustomize\.images|plugin\.env)\[(.*)\]$/s;

/** What an Environment's templates say that the source of one target shall hold. */
export function desired(application: EnvironmentSpec["application"], variables: Variables): FieldValues {
  const values: Record<string, FieldValue> = {};
  const { targetRevision, helm, kustomize, plugin } = application;
  if (targetRevision !== undefined) values["targetRevision"] = fill(targetRevision, variables);
  // A list entry that two names fill alike would be written twice: argo-cd#18151.
  if (helm?.valueFiles !== undefined) values["helm.valueFiles"] = [...new Set(helm.valueFiles.map((file) => fill(file, variables)))];
  if (helm?.ignoreMissingValueFiles !== undefined) values["helm.ignoreMissingValueFiles"] = helm.ignoreMissingValueFiles;
  for (const [name, value] of Object.entries(helm?.parameters ?? {})) {
    // As a string where a variable stands in it: helm would read the tag 1.10 as a number.
    values[`helm.parameters[${name}]`] = { value: fill(value, variables), ...(value.includes("{{") ? { forceString: true } : {}) };
  }
  for (const template of kustomize?.images ?? []) {
    const image = fill(template, variables);
    values[`kustomize.images[${imageName(image)}]`] = image;
  }
  for (const [name, value] of Object.entries(plugin?.env ?? {})) values[`plugin.env[${name}]`] = fill(value, variables);
  return values;
}

/** What a source holds in the fields of `wanted`; null for what is absent. */
export function held(source: Source, wanted: FieldValues): FieldValues {
  return Object.fromEntries(Object.keys(wanted).map((field) => [field, heldIn(source, field)]));
}

function heldIn(source: Source, field: string): FieldValue {
  const { group, name } = entry(field);
  switch (group) {
    case "targetRevision":
      return source.targetRevision ?? null;
    case "helm.valueFiles":
      return source.helm?.valueFiles ?? null;
    case "helm.ignoreMissingValueFiles":
      return source.helm?.ignoreMissingValueFiles ?? null;
    case "helm.parameters": {
      const found = source.helm?.parameters?.find((parameter) => parameter.name === name);
      if (found === undefined) return null;
      return { value: found.value, ...(found.forceString === true ? { forceString: true } : {}) };
    }
    case "kustomize.images":
      return source.kustomize?.images?.find((image) => imageName(image) === name) ?? null;
    case "plugin.env":
      return source.plugin?.env?.find((variable) => variable.name === name)?.value ?? null;
    default:
      return null;
  }
}

/** `helm.parameters[image.tag]` as its list and the name in it. */
export function entry(field: string): { readonly group: string; readonly name: string } {
  const [, group = field, name = ""] = ENTRY.exec(field) ?? [];
  return { group, name };
}

/** The image that a kustomize override is of: `[old=]new[:tag][@digest]` (kustomize's own rule for images). */
export function imageName(image: string): string {
  const [old = "", replacement] = image.split("=", 2);
  if (replacement !== undefined) return old;
  const plain = old.split("@", 1)[0] ?? "";
  const colon = plain.lastIndexOf(":");
  return colon > plain.lastIndexOf("/") ? plain.slice(0, colon) : plain;
}

export type SourceSelector = RunSpec["source"];

/** The source that a release steers: by name, by repository and path or chart, or the only one. */
export function pick(
  sources: readonly Source[],
  selector: SourceSelector,
): { readonly index: number; readonly source: Source } | { readonly fault: string } {
  const found = sources.flatMap((source, index) => (selector === undefined || matches(source, selector) ? [{ index, source }] : []));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const has = sources.map(describe).join("; ") || "none";
  if (selector === undefined)
    return { fault: `it has ${sources.length} sources: say which one in application.source of the Environment (${has})` };
  const which = `application.source ${JSON.stringify(selector)}`;
  if (first === undefined) return { fault: `it has no source that matches ${which}; its sources: ${has}` };
  return { fault: `${found.length} of its sources match ${which}; its sources: ${has}` };
}

function matches(source: Source, selector: NonNullable<SourceSelector>): boolean {
  return (["name", "repoURL", "path", "chart"] as const).every((key) => selector[key] === undefined || selector[key] === source[key]);
}

function describe({ name, repoURL, path, chart }: Source): string {
  return [name && `name ${name}`, `repoURL ${withoutCredentials(repoURL)}`, path && `path ${path}`, chart && `chart ${chart}`]
    .filter(Boolean)
    .join(", ");
}

/** `text` without the user and password that the URL of a repository in it may carry. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^/\s@]*@/g, "//");
}
