import { parseAllDocuments } from "yaml";
import type { z } from "zod";
import { environment, type EnvironmentSpec } from "#api/environment.ts";
import { API_VERSION, label } from "#api/rules.ts";
import { objections, releaseSchema, specSchema } from "./schema.ts";
import { Wrong } from "./wrong.ts";

/** An Environment as a person wrote it, with the defaults that an API server would put in. */
export interface Manifest {
  readonly name: string;
  /** Where it says so itself. */
  readonly namespace?: string;
  readonly spec: EnvironmentSpec;
}

/** A ServiceRelease as a person wrote it; its spec is held to its schema by the API server. */
export interface ReleaseManifest {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>> & { readonly service: string; readonly environment: string; readonly revision: string };
}

type Fields = Readonly<Record<string, unknown>>;

/** The Environment in the text of `file`; the one called `wanted` if there are several. Throws Wrong. */
export function environmentIn(text: string, file: string, wanted: string | undefined): Manifest {
  const all = environmentDocuments(text, file);
  const names = all.map(nameOf);
  const chosen = wanted === undefined ? all : all.filter((one) => nameOf(one) === wanted);
  const [first, second] = chosen;
  if (first === undefined) throw new Wrong(`${file} holds no Environment ${wanted}: there is ${names.join(", ")}`);
  if (second !== undefined)
    throw new Wrong(`${file} holds ${chosen.length} Environments: choose one of ${names.join(", ")} with --environment`);
  return checked(first, file);
}

/** All Environments in the text of `file`. Throws Wrong where there is none, or one is not valid. */
export function environmentsIn(text: string, file: string): readonly Manifest[] {
  return environmentDocuments(text, file).map((document) => checked(document, file));
}

function environmentDocuments(text: string, file: string): readonly Fields[] {
  const documents = parsed(text, file);
  const all = documents.filter((one) => one["kind"] === "Environment");
  if (all.length > 0) return all;
  const found = documents.map((one) => (typeof one["kind"] === "string" ? one["kind"] : "something without a kind"));
  throw new Wrong(
    `${file} holds no Environment (${found.length === 0 ? "it is empty" : `found: ${found.join(", ")}`}): give a manifest of kind Environment, apiVersion ${API_VERSION}`,
  );
}

/** The ServiceRelease in the text of `file`; the one called `wanted` if there are several. Throws Wrong. */
export function releaseIn(text: string, file: string, wanted: string | undefined): ReleaseManifest {
  const all = parsed(text, file)
    .filter((one) => one["kind"] === "ServiceRelease")
    .map((one) => releaseOf(one, file));
  const names = all.map(({ name }) => name);
  const [first, second] = wanted === undefined ? all : all.filter(({ name }) => name === wanted);
  if (first === undefined) {
    const found = names.length === 0 ? "none" : names.join(", ");
    throw new Wrong(`${file} holds no ServiceRelease${wanted === undefined ? "" : ` ${wanted}`}: there is ${found}`);
  }
  if (second !== undefined) throw new Wrong(`${file} holds ${all.length} ServiceReleases: name one of ${names.join(", ")}`);
  return first;
}

/** What the text of `file` declares: at least one of either. Throws Wrong. */
export function declaredIn(
  text: string,
  file: string,
): { readonly releases: readonly ReleaseManifest[]; readonly environments: readonly Manifest[] } {
  const documents = parsed(text, file);
  const of = (kind: string): readonly Fields[] => documents.filter((one) => one["kind"] === kind);
  const [releases, environments] = [of("ServiceRelease"), of("Environment")];
  if (releases.length + environments.length === 0)
    throw new Wrong(`${file} holds no ServiceRelease and no Environment: give a manifest of either, apiVersion ${API_VERSION}`);
  return { releases: releases.map((one) => releaseOf(one, file)), environments: environments.map((one) => checked(one, file)) };
}

function releaseOf(document: Fields, file: string): ReleaseManifest {
  if (document["apiVersion"] !== API_VERSION)
    throw new Wrong(`${file}: apiVersion is ${String(document["apiVersion"])}: write apiVersion: ${API_VERSION}`);
  const spec = isFields(document["spec"]) ? document["spec"] : {};
  const metadata = isFields(document["metadata"]) ? document["metadata"] : {};
  const said = objections(releaseSchema(), spec, "spec");
  if (said.length > 0) throw new Wrong(said.map((line) => `${file}: ${line}`).join("\n"));
  const { service, environment, revision } = spec;
  const field = (name: string, value: unknown): string => {
    if (typeof value === "string" && value !== "") return value;
    throw new Wrong(`${file}: spec.${name} is missing: a ServiceRelease says service, environment and revision`);
  };
  return {
    name: nameOf(document),
    namespace: typeof metadata["namespace"] === "string" ? metadata["namespace"] : undefined,
    annotations: strings(metadata["annotations"]),
    labels: strings(metadata["labels"]),
    spec: {
      ...spec,
      service: field("service", service),
      environment: field("environment", environment),
      revision: field("revision", revision),
    },
  };
}

function strings(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(isFields(value) ? value : {}).map(([name, one]) => [name, String(one)]));
}

function parsed(text: string, file: string): readonly Fields[] {
  const documents = parseAllDocuments(text);
  // What parses to nothing at all is no list.
  const list = Array.isArray(documents) ? documents : [];
  const error = list.flatMap(({ errors }) => errors)[0];
  if (error !== undefined) throw new Wrong(`${file} is no YAML: ${error.message.split("\n", 1)[0]?.replace(/:$/, "")}`);
  return list.map((document): unknown => document.toJS()).filter(isFields);
}

function nameOf({ metadata }: Fields): string {
  return isFields(metadata) && typeof metadata["name"] === "string" ? metadata["name"] : "one without a name";
}

function checked(document: Fields, file: string): Manifest {
  if (document["apiVersion"] !== API_VERSION)
    throw new Wrong(`${file}: apiVersion is ${String(document["apiVersion"])}: write apiVersion: ${API_VERSION}`);
  const metadata = isFields(document["metadata"]) ? document["metadata"] : {};
  if (metadata["name"] === undefined) throw new Wrong(`${file}: metadata.name is missing: give the Environment a name`);
  const name = label("metadata.name").safeParse(metadata["name"]);
  if (!name.success) throw new Wrong(`${file}: ${sentence(name.error.issues[0], [])}`);
  const spec = environment.shape.spec.safeParse(document["spec"]);
  const said = [
    ...(spec.success ? [] : spec.error.issues.map((issue) => sentence(issue, ["spec", ...issue.path]))),
    ...objections(specSchema(), document["spec"], "spec"),
  ];
  if (said.length > 0 || !spec.success) throw new Wrong([...new Set(said)].map((line) => `${file}: ${line}`).join("\n"));
  const { namespace } = metadata;
  return { name: name.data, ...(typeof namespace === "string" ? { namespace } : {}), spec: spec.data };
}

type Issue = z.core.$ZodIssue;

/** One line of what is wrong; our own messages begin with the field already. */
function sentence(issue: Issue | undefined, path: readonly PropertyKey[]): string {
  if (issue === undefined) return "it is not valid";
  const at = path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`)).join("");
  return at === "" ? saidOf(issue) : `${at}: ${saidOf(issue)}`;
}

function saidOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_union":
      // All branches of our unions say the same.
      return issue.errors.flat()[0]?.message ?? issue.message;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "invalid_type":
      return issue.message.endsWith("received undefined")
        ? "is missing"
        : issue.message.replace(/^Invalid input: expected/, "must be of type");
    case "too_small":
      return issue.origin === "array" && issue.minimum === 1 ? "must not be empty" : issue.message;
    default:
      return issue.message;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
