import { API_VERSION } from "#api/rules.ts";
import k8sOperator from "@dot-i/k8s-operator";
import type { Reflector } from "#kube/ports.ts";
import type { EventSource } from "./base.ts";

const { ResourceEventType, ResourceMetaImpl } = k8sOperator;

/** One that could not be parsed has no more than a name. */
interface Described {
  readonly kind?: string;
  readonly metadata: { readonly name?: string; readonly resourceVersion?: string };
}

/** A reflector's changes in the words of the operator's base. */
export function eventsOf(reflector: Pick<Reflector<Described>, "get" | "onChange">, plural: string): EventSource {
  const known = new Map<string, Described>();
  return {
    subscribe: (onEvent) =>
      reflector.onChange((key) => {
        const now = reflector.get(key);
        const before = known.get(key);
        const type =
          now === undefined ? ResourceEventType.Deleted : before === undefined ? ResourceEventType.Added : ResourceEventType.Modified;
        if (now === undefined) known.delete(key);
        else known.set(key, now);
        // The base takes no event without a kind and a resourceVersion, not even of what is gone.
        const { kind = plural, metadata } = now ?? before ?? { metadata: {} };
        const [namespace = "", name = ""] = key.split("/");
        const object = { apiVersion: API_VERSION, kind, metadata: { namespace, name, resourceVersion: metadata.resourceVersion ?? "0" } };
        onEvent({ type, meta: ResourceMetaImpl.createWithPlural(plural, object), object });
      }),
  };
}
