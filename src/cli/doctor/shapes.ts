import { z } from "zod";

/** What a kind can say: its fields by path, each with the words that it takes where those are few. */
export type Shape = ReadonlyMap<string, readonly string[] | undefined>;

type Node = Readonly<Record<string, unknown>>;

/** Of this command's own schema. */
export function ownShape({ spec, status }: { readonly spec: z.ZodType; readonly status: z.ZodType }): Shape {
  const json = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { target: "openapi-3.0", io: "input", reused: "inline" });
  const shape = new Map<string, readonly string[] | undefined>();
  walk(json(spec), "spec", shape);
  walk(json(status), "status", shape);
  return shape;
}

const served = z.object({
  components: z.object({ schemas: z.record(z.string(), z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() })) }),
});
const named = z.array(z.object({ group: z.string(), kind: z.string() }));

/** Of what an API server publishes at /openapi/v3 of a group. Undefined where it does not describe the kind. */
export function servedShape(openapi: unknown, group: string, kind: string): Shape | undefined {
  const { data } = served.safeParse(openapi);
  const found = Object.values(data?.components.schemas ?? {}).find((schema) =>
    (named.safeParse(schema["x-kubernetes-group-version-kind"]).data ?? []).some((one) => one.group === group && one.kind === kind),
  );
  if (found === undefined) return undefined;
  const shape = new Map<string, readonly string[] | undefined>();
  for (const part of ["spec", "status"]) walk(found.properties?.[part], part, shape);
  return shape;
}

/** What `one` can say and `other` cannot, as paths, and as `path=word` for a word that is not taken; the outermost fields only. */
export function beyond(one: Shape, other: Shape): readonly string[] {
  const found: string[] = [];
  for (const [path, words] of one) {
    if (found.some((missing) => path.startsWith(`${missing}.`) || path.startsWith(`${missing}[`))) continue;
    const theirs = other.get(path);
    if (!other.has(path)) found.push(path);
    else if (words !== undefined && theirs !== undefined)
      for (const word of words) if (!theirs.includes(word)) found.push(`${path}=${word}`);
  }
  return found;
}

function walk(json: unknown, path: string, shape: Map<string, readonly string[] | undefined>): void {
  if (typeof json !== "object" || json === null) return;
  const node: Node = { ...json };
  const words = node["enum"];
  shape.set(path, Array.isArray(words) ? words.map(String) : undefined);
  // What is rewritten for the CRD by hand is one value of several types.
  if (node["override"] !== undefined) return;
  for (const [name, child] of Object.entries(node["properties"] ?? {})) walk(child, `${path}.${name}`, shape);
  if (node["items"] !== undefined) walk(node["items"], `${path}[]`, shape);
  if (typeof node["additionalProperties"] === "object") walk(node["additionalProperties"], `${path}[*]`, shape);
}
