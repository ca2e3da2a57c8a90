import { isObject, put, same, type Json, type JsonObject } from "./json.ts";

/** Why a patch cannot be applied. */
export class Misfit extends Error {
  override readonly name = "Misfit";
}

/** RFC 6902: add, remove, replace and test. The document is not changed, and shares what the patch leaves alone. Throws Misfit. */
export function jsonPatch(document: Json, operations: Json): Json {
  if (!Array.isArray(operations)) throw new Misfit("a JSON patch is a list of operations");
  return operations.reduce<Json>((value, operation: Json) => {
    if (!isObject(operation) || typeof operation["path"] !== "string")
      throw new Misfit("an operation of a JSON patch has an op and a path");
    const { op, path, value: given } = operation;
    const pointer = parse(path);
    switch (op) {
      case "add":
      case "replace":
      case "test":
        if (given === undefined) throw new Misfit(`${op} ${path} has no value`);
        return change(value, pointer, { op, value: given });
      case "remove":
        return change(value, pointer, { op });
      default:
        throw new Misfit(`${JSON.stringify(op)} is not an operation that is known here`);
    }
  }, document);
}

type Change = { readonly op: "add" | "replace" | "test"; readonly value: Json } | { readonly op: "remove" };

/** RFC 6901. */
function parse(path: string): readonly string[] {
  if (path === "") return [];
  if (!path.startsWith("/")) throw new Misfit(`${path} is no JSON pointer`);
  return path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function change(value: Json, [key, ...rest]: readonly string[], to: Change): Json {
  if (key === undefined) return replaced(value, to) ?? null;
  if (Array.isArray(value)) return changeList(value, key, rest, to);
  if (!isObject(value)) throw new Misfit(`there is nothing at ${key}`);
  const old = Object.hasOwn(value, key) ? value[key] : undefined;
  if (rest.length > 0) {
    if (old === undefined) throw new Misfit(`there is nothing at ${key}`);
    return put(value, key, change(old, rest, to));
  }
  if (old === undefined && to.op !== "add") throw new Misfit(`there is nothing at ${key}`);
  return put(value, key, replaced(old, to));
}

function changeList(list: readonly Json[], key: string, rest: readonly string[], to: Change): Json {
  const index = key === "-" ? list.length : /^(0|[1-9]\d*)$/.test(key) ? Number(key) : NaN;
  const adds = rest.length === 0 && to.op === "add";
  if (!(index < list.length || (adds && index === list.length))) throw new Misfit(`there is no item ${key}`);
  if (adds) return Object.freeze(list.toSpliced(index, 0, to.value));
  const old = list[index] ?? null;
  const value = rest.length > 0 ? change(old, rest, to) : replaced(old, to);
  return Object.freeze(value === undefined ? list.toSpliced(index, 1) : list.with(index, value));
}

function replaced(old: Json | undefined, to: Change): Json | undefined {
  if (to.op === "remove") return undefined;
  if (to.op === "test" && !same(old, to.value)) throw new Misfit("a test does not hold");
  return to.value;
}

/** RFC 7386: null takes away, lists are replaced, objects are merged. */
export function mergePatch(document: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const before: JsonObject = isObject(document) ? document : {};
  const after: Record<string, Json | undefined> = { ...before };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key];
    else if (value !== undefined) after[key] = mergePatch(before[key], value);
  }
  return Object.freeze(after);
}
