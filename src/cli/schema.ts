import { z } from "zod";
import { environment } from "#api/environment.ts";
import { serviceRelease } from "#api/servicerelease.ts";

/** As much of a JSON schema as is needed to find what zod does not look at: unknown fields, duplicates, rules in CEL. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message?: string }[];
}

type Fields = Readonly<Record<string, unknown>>;

const has = (self: Fields, ...names: readonly string[]): number => names.filter((name) => self[name] !== undefined).length;

/** The rules about several fields, by their CEL: an API server evaluates that, a command line has no such machine. */
const RULES: Readonly<Record<string, (self: unknown) => boolean>> = {
  "has(self.name) != has(self.selector)": of((self) => has(self, "name", "selector") === 1),
  "has(self.name) != has(self.repoURL)": of((self) => has(self, "name", "repoURL") === 1),
  "!has(self.name) || (!has(self.path) && !has(self.chart))": of((self) => has(self, "name") === 0 || has(self, "path", "chart") === 0),
  "!(has(self.path) && has(self.chart))": of((self) => has(self, "path", "chart") < 2),
  "has(self.targetRevision) || has(self.helm) || has(self.kustomize) || has(self.plugin)": of(
    (self) => has(self, "targetRevision", "helm", "kustomize", "plugin") > 0,
  ),
  "(has(self.names) ? 1 : 0) + (has(self.selector) ? 1 : 0) + (has(self.count) ? 1 : 0) == 1": of(
    (self) => has(self, "names", "selector", "count") === 1,
  ),
  "has(self.approval) != has(self.analysis)": of((self) => has(self, "approval", "analysis") === 1),
  "has(self.groups) || (!has(self.users) && !has(self.serviceAccounts)) || self.count <= (has(self.users) ? size(self.users) : 0) + (has(self.serviceAccounts) ? size(self.serviceAccounts) : 0)":
    of(({ groups, users, serviceAccounts, count = 1 }) => {
      if (groups !== undefined || (users === undefined && serviceAccounts === undefined)) return true;
      return Number(count) <= size(users) + size(serviceAccounts);
    }),
  "self.filter(w, !has(w.clusters)).all(w, w.name == self[size(self) - 1].name)": (self) =>
    Array.isArray(self) && self.every((wave, index) => !isFields(wave) || wave["clusters"] !== undefined || index === self.length - 1),
};

function of(holds: (self: Fields) => boolean): (self: unknown) => boolean {
  return (self) => !isFields(self) || holds(self);
}

function size(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

/** The schema of an Environment's spec. */
export function specSchema(): Node {
  // zod's own type of a JSON schema says less of our extensions than we have put there.
  return z.toJSONSchema(environment.shape.spec, { io: "input", unrepresentable: "any" }) as Node;
}

/** The schema of a ServiceRelease's spec. */
export function releaseSchema(): Node {
  return z.toJSONSchema(serviceRelease.shape.spec, { io: "input", unrepresentable: "any" }) as Node;
}

/** The rules of `node` that neither zod nor the table above knows: none, which a test holds. */
export function unknownRules(node: Node): readonly string[] {
  const own = (node["x-kubernetes-validations"] ?? []).map(({ rule }) => rule);
  const below = [...Object.values(node.properties ?? {}), ...(node.items === undefined ? [] : [node.items])];
  return [...own.filter((rule) => RULES[rule] === undefined && !rule.includes("self.matches(")), ...below.flatMap(unknownRules)];
}

/** Sentences about what a person has written and zod lets pass. */
export function objections(node: Node, value: unknown, path: string): readonly string[] {
  const broken = (node["x-kubernetes-validations"] ?? []).filter(({ rule }) => RULES[rule]?.(value) === false);
  const own = broken.map(({ message = "" }) => `${path}: ${message}`);
  if (Array.isArray(value)) {
    const { items = {} } = node;
    return [...own, ...repeated(node, value, path), ...value.flatMap((item, index) => objections(items, item, `${path}[${index}]`))];
  }
  if (!isFields(value)) return own;
  const below = Object.entries(value).flatMap(([name, member]) => {
    const known = node.properties?.[name];
    if (known !== undefined) return objections(known, member, `${path}.${name}`);
    return node.properties === undefined || typeof node.additionalProperties === "object"
      ? []
      : [unknown(name, Object.keys(node.properties), path)];
  });
  return [...own, ...below];
}

function unknown(name: string, known: readonly string[], path: string): string {
  const near = known.find((one) => distance(one.toLowerCase(), name.toLowerCase()) <= 2);
  return `${path}.${name} is no field: ${near === undefined ? `take it out; there are ${known.join(", ")}` : `did you mean ${near}?`}`;
}

/** Entries that a list of unlike ones has twice. */
function repeated(node: Node, value: readonly unknown[], path: string): readonly string[] {
  const keys = node["x-kubernetes-list-map-keys"];
  const isSet = node["x-kubernetes-list-type"] === "set";
  if (keys === undefined && !isSet) return [];
  const names = value.map((item) =>
    keys === undefined ? String(item) : keys.map((key) => (isFields(item) ? String(item[key]) : "")).join("/"),
  );
  const twice = names.filter((name, index) => names.indexOf(name) < index);
  return [...new Set(twice)].map((name) => `${path} has ${name} twice: each must be named once`);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [at, letter] of a.split("").entries()) {
    const next = [at + 1];
    for (const [index, other] of b.split("").entries())
      next.push(Math.min((next[index] ?? 0) + 1, (row[index + 1] ?? 0) + 1, (row[index] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
