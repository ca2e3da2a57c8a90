import { nodes, type Schema } from "./schema.ts";

/** How large a list, a map or a text may be decides what a CEL rule over it may cost: each must say so. */
export function bounded(schema: Schema, path: string): void {
  for (const [where, node] of nodes(schema, path)) {
    const missing = missingBound(node);
    if (missing !== undefined) throw new Error(`${where}: every ${node.type} needs ${missing}`);
  }
}

function missingBound(node: Schema): string | undefined {
  if (node["x-kubernetes-int-or-string"] === true) return node.maxLength === undefined ? "maxLength" : undefined;
  if (node.type === undefined) return "a type";
  if (node.type === "array") {
    if (node.items === undefined) return "items";
    return node.maxItems === undefined ? "maxItems" : undefined;
  }
  if (node.type === "string") return node.maxLength === undefined && node.enum === undefined ? "maxLength or enum" : undefined;
  if (node.type === "object" && node.additionalProperties) return node.maxProperties === undefined ? "maxProperties" : undefined;
  return undefined;
}
