import type { Schema } from "#tools/generate/schema.ts";

/**
 * What an API server does with a structural schema, as far as ours go: defaults are left aside, and of CEL it
 * knows the two forms that the generator makes of a pattern, and the one of a share. Returns the first path that is refused.
 */
export function refusedAt(schema: Schema, value: unknown, path = "spec"): string | undefined {
  if (!isOfType(schema, value)) return `${path}: not of type ${schema.type}`;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return `${path}: not in the enum`;
  if (typeof value === "number" && !within(value, schema.minimum, schema.maximum)) return `${path}: out of range`;
  if (typeof value === "string" && !within(value.length, schema.minLength, schema.maxLength)) return `${path}: length`;
  if (!patternsHold(schema, value)) return `${path}: pattern`;
  if (Array.isArray(value)) return ofList(schema, value, path);
  if (isObject(value)) return ofObject(schema, value, path);
  return undefined;
}

function ofList(schema: Schema, value: readonly unknown[], path: string): string | undefined {
  if (!within(value.length, schema.minItems, schema.maxItems)) return `${path}: number of items`;
  if (schema["x-kubernetes-list-type"] === "set" && new Set(value).size < value.length) return `${path}: duplicate`;
  for (const [index, item] of value.entries()) {
    const refused = refusedAt(schema.items ?? {}, item, `${path}[${index}]`);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function ofObject(schema: Schema, value: Readonly<Record<string, unknown>>, path: string): string | undefined {
  if (!within(Object.keys(value).length, schema.minProperties, schema.maxProperties)) return `${path}: number of properties`;
  for (const name of schema.required ?? []) if (value[name] === undefined) return `${path}.${name}: required`;
  for (const [name, child] of Object.entries(value)) {
    const of = schema.properties?.[name] ?? schema.additionalProperties;
    const refused = of === undefined ? `${path}.${name}: unknown` : refusedAt(of, child, `${path}.${name}`);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function patternsHold(schema: Schema, value: unknown): boolean {
  return (schema["x-kubernetes-validations"] ?? []).every(({ rule }) => {
    const [, least, part] = /^type\(self\) == int \? self >= (\d+) && self <= 1000000 : self\.matches\(r'(.*)'\)$/s.exec(rule) ?? [];
    if (part !== undefined)
      return typeof value === "number" ? Number.isInteger(value) && value >= Number(least) : new RegExp(part).test(String(value));
    const [, all, pattern] = /^(self\.all\(key, key|self)\.matches\(r?'(.*)'\)+$/s.exec(rule) ?? [];
    if (pattern === undefined) return true;
    const texts = all === "self" ? [value] : Object.keys(isObject(value) ? value : {});
    return texts.every((text) => typeof text === "string" && new RegExp(pattern).test(text));
  });
}

function isOfType({ type }: Schema, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    default:
      return type === undefined || typeof value === type;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function within(value: number, least = -Infinity, most = Infinity): boolean {
  return value >= least && value <= most;
}
