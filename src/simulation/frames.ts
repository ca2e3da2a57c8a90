import type { KubeObject, KubeRequest, WatchFrame } from "#kube/ports.ts";
import { jsonOf, objectOf, withMeta } from "./objects.ts";
import { fieldSelector, labelSelector, type Selects } from "./selectors.ts";
import type { Change } from "./storage.ts";

/** What a watch shows but for its opening. */
export type Frame = Exclude<WatchFrame, { readonly type: "OPENED" }>;

/** What is asked of a collection: everything, or one namespace, and what selectors select. undefined for selectors that are none. */
export function question(request: KubeRequest, namespace: string | undefined): Selects | undefined {
  const [labels, fields] = [labelSelector(request.query?.["labelSelector"]), fieldSelector(request.query?.["fieldSelector"])];
  if (labels === undefined || fields === undefined) return undefined;
  return (object) => (namespace === undefined || object.metadata.namespace === namespace) && labels(object) && fields(object);
}

/** What a watch shows of a change: an object that comes to be selected is added, and one that is so no more is deleted. */
export function frameOf({ before, after, version }: Change, selects: Selects): Frame | undefined {
  const was = before !== undefined && selects(before);
  if (after !== undefined && selects(after)) return { type: was ? "MODIFIED" : "ADDED", object: after };
  if (before === undefined || !was) return undefined;
  const last = lastOf(before, version);
  return last === undefined ? undefined : { type: "DELETED", object: last };
}

/** What is shown of an object that is gone: its last state, with the version of its end. */
export function lastOf(before: KubeObject, version: number): KubeObject | undefined {
  return objectOf(withMeta(jsonOf(before), "resourceVersion", `${version}`));
}
