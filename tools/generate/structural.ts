import { z } from "zod";
import type { CelRule } from "#api/rules.ts";
import { bounded } from "./bounds.ts";
import type { Schema } from "./schema.ts";

/** What zod says that a structural schema says too, word for word. */
const KEPT = new Set([
  ...["type", "description", "default", "nullable", "enum", "format", "pattern", "required"],
  ...["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "minProperties", "maxProperties"],
  ...["x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations"],
]);

/** zod's JSON schema rewritten as a structural schema. Throws, with the path, what the API server would refuse or could not bound. */
export function structural(schema: z.ZodType, path: string): Schema {
  const json: unknown = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io: "input", // what a person may write: a field with a default may be left out
    reused: "inline",
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      // JSON schema says propertyNames, which a structural schema may not; CEL can.
      if (def.type === "record" && jsonSchema["override"] === undefined) {
        const rules = keyRules(z.toJSONSchema(def.keyType, { target: "openapi-3.0" }));
        const own = jsonSchema["x-kubernetes-validations"];
        if (rules.length > 0) jsonSchema["x-kubernetes-validations"] = [...(Array.isArray(own) ? own : []), ...rules];
      }
    },
  });
  const result = rewrite(json, path);
  bounded(result, path);
  return result;
}

function rewrite(json: unknown, path: string): Schema {
  const node = record(json, path);
  if (node["override"] !== undefined) {
    const { description, default: preset } = node;
    return {
      ...(typeof description === "string" && { description }),
      ...record(node["override"], path),
      ...(preset !== undefined && { default: preset }),
    };
  }
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === "properties") result[key] = mapValues(record(value, path), (child, name) => rewrite(child, `${path}.${name}`));
    else if (key === "items") result[key] = rewrite(value, `${path}[]`);
    else if (key === "additionalProperties") {
      // false is forbidden beside properties: the API server prunes or refuses unknown fields by itself.
      if (value !== false) result[key] = rewrite(value, `${path}{}`);
    } else if (KEPT.has(key)) result[key] = value;
    else if (key !== "$schema")
      throw new Error(`${path}: a structural schema cannot say ${key}; give the zod schema meta({override: …}) or another shape`);
  }
  // A rule in CEL has a message for people; the pattern would refuse the same value first, with the bare expression.
  if (result["x-kubernetes-validations"]) delete result["pattern"];
  if (result["type"] === "integer") integer(result);
  return result;
}

/** zod bounds an int by what a double holds exactly; the API server's word for a whole number is int64. */
function integer(node: Record<string, unknown>): void {
  if (node["minimum"] === Number.MIN_SAFE_INTEGER) delete node["minimum"];
  if (node["maximum"] === Number.MAX_SAFE_INTEGER) delete node["maximum"];
  node["format"] = "int64";
}

/** What a map asks of its keys, as rules on the map. */
function keyRules(key: z.core.JSONSchema.BaseSchema): CelRule[] {
  const rules: CelRule[] = [];
  if (key.maxLength !== undefined) {
    rules.push({ rule: `self.all(key, size(key) <= ${key.maxLength})`, message: `a key has at most ${key.maxLength} characters` });
  }
  const own: unknown = key["x-kubernetes-validations"];
  for (const { rule, message } of z.array(z.object({ rule: z.string(), message: z.string() })).parse(own ?? [])) {
    if (!rule.startsWith("self.matches(")) throw new Error(`the rule of a key must be one pattern, not ${rule}`);
    rules.push({ rule: `self.all(key, ${rule.replace("self", "key")})`, message });
  }
  return rules;
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${path}: expected a schema, found ${JSON.stringify(value)}`);
  return { ...value };
}

function mapValues<T>(from: Record<string, unknown>, change: (value: unknown, key: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value, key)]));
}
