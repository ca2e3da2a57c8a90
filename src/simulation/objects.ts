import { stamp } from "#api/conditions.ts";
import type { KubeObject } from "#kube/ports.ts";
import { carried, frozen, isObject, objectAt, put, same, type Json, type JsonObject } from "./json.ts";
import type { Kind } from "./kinds.ts";

/** What an API server itself keeps of an object: its metadata. */

/** The JSON of an object that was stored. */
export function jsonOf(object: KubeObject): JsonObject {
  // Only what carried() made is ever stored: JSON, and frozen.
  return object as unknown as JsonObject;
}

/** JSON with a name in its metadata, as an object; undefined for any other. */
export function objectOf(json: Json): KubeObject | undefined {
  if (!isObject(json) || typeof objectAt(json, "metadata")["name"] !== "string") return undefined;
  // Of an object only the name is certain: whoever reads more of it parses it.
  return json as unknown as KubeObject;
}

export interface Author {
  readonly manager: string;
  readonly now: number;
}

/** A new object as it is stored but for its version. */
export function created(json: JsonObject, uid: string, kind: Kind, { manager, now }: Author): JsonObject {
  const metadata = carried({
    ...objectAt(json, "metadata"),
    uid,
    resourceVersion: undefined,
    deletionTimestamp: undefined,
    creationTimestamp: stamp(now),
    ...(kind.generations ? { generation: 1 } : {}),
    managedFields: [{ manager, operation: "Update", time: stamp(now) }],
  });
  const { apiVersion, kind: name } = kind;
  return Object.freeze({ ...json, apiVersion, kind: name, metadata });
}

/** `next` as it replaces `before`, but for its version; `before` itself where nothing changes. What servers own is as it was. */
export function changed(before: JsonObject, next: JsonObject, kind: Kind, { manager, now }: Author): JsonObject {
  const old = objectAt(before, "metadata");
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, generation, managedFields } = old;
  const owned = { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, generation, managedFields };
  const kept: Record<string, Json> = {};
  const metadata: JsonObject = { ...objectAt(next, "metadata"), ...owned };
  for (const key of Object.keys(metadata)) if (metadata[key] !== undefined) kept[key] = metadata[key];
  const { apiVersion, kind: name_ } = before;
  const whole: JsonObject = { ...next, apiVersion, kind: name_, metadata: same(kept, old) ? old : kept };
  if (same(whole, before)) return before;
  const moved = kind.generations && differs(before, whole, kind);
  const managers = Array.isArray(managedFields) ? managedFields.filter((one: Json) => objectAt(one)["manager"] !== manager) : [];
  const entry = { manager, operation: "Update", time: stamp(now) };
  const after = { ...kept, ...(moved ? { generation: Number(generation ?? 0) + 1 } : {}), managedFields: [...managers, entry] };
  return put(whole, "metadata", frozen(after));
}

/** Whether what `kind` has a generation of is another. */
function differs(before: JsonObject, after: JsonObject, kind: Kind): boolean {
  for (const key of Object.keys(after)) if (counts(key, kind) && !same(before[key], after[key])) return true;
  return Object.keys(before).some((key) => counts(key, kind) && after[key] === undefined && before[key] !== undefined);
}

/** Whether generation moves with a field: of kinds without a status subresource, with all but metadata. */
function counts(key: string, kind: Kind): boolean {
  return key !== "metadata" && !(key === "status" && kind.statusSubresource);
}

/** `json` with another field in its metadata. */
export function withMeta(json: JsonObject, key: string, value: Json | undefined): JsonObject {
  return put(json, "metadata", put(objectAt(json, "metadata"), key, value));
}
