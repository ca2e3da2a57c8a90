import type { KubeObject } from "./ports.ts";

/** The door between parsed JSON and our types: what an API server sent is looked at here, and trusted afterwards. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `value` has the one thing that all Kubernetes objects share. A bookmark's metadata has no name. */
export function isKubeObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value["metadata"]);
}

/** `value` if it is a string, else "". */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** `namespace/name`, or the name alone for what has no namespace. */
export function keyOf(object: KubeObject): string {
  return object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name;
}
