/** Values as JSON has them. What an API server stores is frozen, so that it can be shared by everyone who reads it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value` as it would arrive over the wire: a frozen copy without what JSON does not carry. */
export function carried(value: unknown): Json {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") return value;
  if (Array.isArray(value)) return Object.freeze(value.map(carried));
  if (typeof value !== "object") return null;
  // Indexed by its own keys: most of what a simulation does is copy, and entries would be arrays of their own.
  const from = value as Readonly<Record<string, unknown>>;
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(from)) {
    const member = from[key];
    if (member !== undefined) copy[key] = carried(member);
  }
  return Object.freeze(copy);
}

/** `value`, frozen; what is frozen already is taken as it is. For what the simulation makes: all that it freezes is frozen to the ground. */
export function frozen(value: Json | undefined): Json {
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (!isObject(value)) return Object.freeze(value.map(frozen));
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value)) if (value[key] !== undefined) copy[key] = frozen(value[key]);
  return Object.freeze(copy);
}

/** Whether two values are the same JSON. What is shared is not looked into. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return false;
    for (let index = 0; index < a.length; index += 1) if (!same(a[index], b[index])) return false;
    return true;
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) if (!Object.hasOwn(b, key) || !same(a[key], b[key])) return false;
  return true;
}

/** `object` with `key` as `value`; without it where that is undefined. */
export function put(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  if (value !== undefined) return Object.freeze({ ...object, [key]: value });
  const { [key]: _, ...rest } = object;
  return Object.freeze(rest);
}

/** The value at a path of keys. */
export function at(value: Json | undefined, ...keys: readonly string[]): Json | undefined {
  let found = value;
  for (const key of keys) {
    if (!isObject(found)) return undefined;
    found = found[key];
  }
  return found;
}

/** The object at a path of keys; an empty one where there is none. */
export function objectAt(value: Json | undefined, ...keys: readonly string[]): JsonObject {
  const found = at(value, ...keys);
  return isObject(found) ? found : {};
}

export function textAt(value: Json | undefined, ...keys: readonly string[]): string | undefined {
  const found = at(value, ...keys);
  return typeof found === "string" ? found : undefined;
}

export function listAt(value: Json | undefined, ...keys: readonly string[]): readonly Json[] {
  const found = at(value, ...keys);
  return Array.isArray(found) ? found : [];
}
