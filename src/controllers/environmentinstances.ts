import { stamp } from "#api/conditions.ts";
import type { Environment, InstanceStatus } from "#api/environment.ts";
import { LIMITS } from "#api/rules.ts";
import { order, type ClusterEntry, type Validity } from "#fleet/fleet.ts";
import type { Facts } from "./instancefacts.ts";

/** A credential that ends sooner than this is told of, in milliseconds. */
export const SOON = 7 * 24 * 3_600_000;

/** An instance that serves clusters of an Environment, and what is known of it now. */
export interface Serving {
  readonly name: string;
  /** In the order of the Environment. */
  readonly clusters: readonly string[];
  readonly isUnreachable: boolean;
  /** The registration whose credential leads there; undefined for the management cluster. */
  readonly entry: ClusterEntry | undefined;
  /** Undefined until it has answered. */
  readonly facts: Facts | undefined;
}

export interface Expiry {
  readonly reason: "Expired" | "Expiring";
  readonly message: string;
}

/**
 * What an Environment says of its instances, those with a problem first. What is not known yet is what was known before: a conductor
 * that starts anew takes nothing back.
 */
export function instancesOf(environment: Environment, serving: readonly Serving[], now: number): InstanceStatus[] {
  const before = new Map((environment.status?.instances ?? []).map((one) => [one.name, one]));
  let names = LIMITS.clusters;
  return serving
    .map((one) => ({ one, said: statusOf(one, before.get(one.name)) }))
    .toSorted((a, b) => gravity(a.one, a.said, now) - gravity(b.one, b.said, now) || order(a.one.name, b.one.name))
    .slice(0, LIMITS.instances)
    .map(({ one: { name, clusters }, said }) => {
      if (clusters.length === 1 && clusters[0] === name) return said;
      const serves = clusters.slice(0, names).toSorted(order);
      names -= serves.length;
      return { ...said, serves };
    });
}

/** What is to be said of credentials that have ended or soon will; undefined when there is none. */
export function expiring(serving: readonly Serving[], now: number): Expiry | undefined {
  const soon = serving
    .flatMap(({ name, entry }) => {
      const end = entry?.validity?.expiresAt;
      return end === undefined || end - now >= SOON ? [] : [{ name, end, secret: entry?.secret ?? "" }];
    })
    .toSorted((a, b) => a.end - b.end || order(a.name, b.name));
  const [first] = soon;
  if (first === undefined) return undefined;
  const isOver = first.end <= now;
  const others = soon.length === 1 ? "" : ` (and ${soon.length - 1} more)`;
  return {
    reason: isOver ? "Expired" : "Expiring",
    message: `${first.name}: its credential ${isOver ? "expired" : "expires"} at ${stamp(first.end)}: renew it in Secret "${first.secret}"${others}`,
  };
}

function statusOf({ name, clusters, entry, facts }: Serving, before: InstanceStatus | undefined): InstanceStatus {
  const { argocdVersion, missingRights } = facts ?? before ?? {};
  const credential = credentialOf(entry?.validity);
  return {
    name,
    clusters: clusters.length,
    ...(argocdVersion === undefined ? {} : { argocdVersion }),
    ...(credential === undefined ? {} : { credential }),
    ...(missingRights === undefined ? {} : { missingRights: [...missingRights] }),
  };
}

function credentialOf(validity: Validity | undefined): InstanceStatus["credential"] {
  if (validity === undefined) return undefined;
  const { since, expiresAt } = validity;
  return {
    ...(since === undefined ? {} : { since: stamp(since) }),
    ...(expiresAt === undefined ? {} : { expiresAt: stamp(expiresAt) }),
  };
}

/** 0 for what keeps releases from going there, 1 for what soon will or may matter, 2 for what is as it should be. */
function gravity({ isUnreachable, entry }: Serving, { missingRights = [] }: InstanceStatus, now: number): number {
  const left = (entry?.validity?.expiresAt ?? Infinity) - now;
  if (isUnreachable || left <= 0 || missingRights.includes("Applications")) return 0;
  return left < SOON || missingRights.length > 0 ? 1 : 2;
}
