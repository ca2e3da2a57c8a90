import { KubeFailure } from "./errors.ts";

/** What an API server calls a kind; `group` is "" for the core group. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** The path of a collection, of one namespace or of all. Throws KubeFailure "Invalid" for a name that is none. */
export function collection({ group, version, plural }: Resource, namespace?: string): string {
  const root = group === "" ? `/api/${segment(version)}` : `/apis/${segment(group)}/${segment(version)}`;
  return `${root}${namespace === undefined ? "" : `/namespaces/${segment(namespace)}`}/${segment(plural)}`;
}

/** The path of one object, or of its subresource. Throws KubeFailure "Invalid" for a name that is none. */
export function object(resource: Resource, namespace: string | undefined, name: string, subresource?: string): string {
  const path = `${collection(resource, namespace)}/${segment(name)}`;
  return subresource === undefined ? path : `${path}/${segment(subresource)}`;
}

/** "" and ".." are valid nowhere, and would make another path of this one on its way through proxies. */
function segment(name: string): string {
  if (name === "" || name === "." || name === "..") throw new KubeFailure("Invalid", `"${name}" is not a name`);
  return encodeURIComponent(name);
}
