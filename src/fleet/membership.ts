import { inCluster, type Connected, type Registration, type Served } from "./registration.ts";
import type { Validity } from "./validity.ts";

/** A registered cluster, usable or not. */
export interface ClusterEntry {
  /** The cluster's name; the Secret's where no valid one could be read. */
  readonly name: string;
  /** The Secret's name. */
  readonly secret: string;
  /** The Secret's labels: what selectors of Environments look at. */
  readonly labels: Readonly<Record<string, string>>;
  /** The Argo CD instance that holds its Applications: a registration's name, or "in-cluster". */
  readonly instance: string;
  /** Whose ServiceReleases may go there. */
  readonly allowedNamespaces: "*" | readonly string[];
  /** Why it cannot be used: a sentence with the remedy. */
  readonly refusal: string | undefined;
  /** The API server's URL, where the registration tells. */
  readonly server: string | undefined;
  /** Of its credential; undefined where it has none of its own. */
  readonly validity: Validity | undefined;
}

/** What all registrations together mean. */
export interface Membership {
  /** By name, refused ones included. */
  readonly clusters: readonly ClusterEntry[];
  /** The instances that have a connection of their own, by name. */
  readonly connected: ReadonlyMap<string, Connected>;
}

/** Judges registrations against one another: names are unique, and who is served is served by somebody connected. Pure. */
export function membership(registrations: readonly Registration[]): Membership {
  const sorted = registrations.toSorted((a, b) => order(a.name, b.name) || order(a.secret, b.secret));
  const byName = new Map<string, Registration[]>();
  for (const registration of sorted) {
    if (registration.type === "refused" && !registration.named) continue;
    byName.set(registration.name, [...(byName.get(registration.name) ?? []), registration]);
  }
  const clusters = sorted.map((registration) => entry(registration, refusalOf(registration, byName)));
  const connected = new Map<string, Connected>();
  for (const [name, [first, ...others]] of byName) {
    if (first?.type === "connected" && others.length === 0) connected.set(name, first);
  }
  return { clusters, connected };
}

function refusalOf(registration: Registration, byName: ReadonlyMap<string, readonly Registration[]>): string | undefined {
  const rivals = (byName.get(registration.name) ?? []).filter(({ secret }) => secret !== registration.secret);
  const known = registration.type !== "refused" || registration.named;
  if (known && rivals.length > 0) {
    return `the name is also given by ${rivals.map(({ secret }) => `Secret "${secret}"`).join(" and ")}: rename or remove all but one`;
  }
  switch (registration.type) {
    case "refused":
      return registration.refusal;
    case "connected":
      return undefined;
    case "served":
      return refusalOfHub(registration, byName);
  }
}

function refusalOfHub({ by }: Served, byName: ReadonlyMap<string, readonly Registration[]>): string | undefined {
  if (by === inCluster) return undefined;
  const [hub, ...others] = byName.get(by) ?? [];
  if (hub === undefined) return `conductor.dev/argocd names "${by}", which is not registered: register it, or correct the annotation`;
  if (others.length > 0) return `conductor.dev/argocd names "${by}", which is registered more than once: leave one Secret of that name`;
  switch (hub.type) {
    case "connected":
      return undefined;
    case "served":
      return `conductor.dev/argocd names "${by}", which has no Argo CD of its own: name "${hub.by}", which serves it`;
    case "refused":
      return `conductor.dev/argocd names "${by}", which is refused itself: ${hub.refusal}`;
  }
}

function entry(registration: Registration, refusal: string | undefined): ClusterEntry {
  const { name, secret, labels } = registration;
  const common = { name, secret, labels, refusal };
  switch (registration.type) {
    case "refused":
      return { ...common, instance: name, allowedNamespaces: [], server: undefined, validity: undefined };
    case "connected":
      return {
        ...common,
        instance: name,
        allowedNamespaces: registration.allowedNamespaces,
        server: registration.server,
        validity: registration.validity,
      };
    case "served":
      return {
        ...common,
        instance: registration.by,
        allowedNamespaces: registration.allowedNamespaces,
        server: registration.server,
        validity: undefined,
      };
  }
}

/** By code unit, which is the same everywhere: a locale's order is not. */
export function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
