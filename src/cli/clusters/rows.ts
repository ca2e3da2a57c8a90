import type { ClusterProblem, Environment, InstanceStatus, RightName } from "#api/environment.ts";
import { SOON } from "#controllers/environmentinstances.ts";
import { order } from "#fleet/fleet.ts";
import type { Mood } from "../look.ts";

/** One cluster, as the Environments that cover it speak of it. The document of `-o json` holds it as it is. */
export interface ClusterRow {
  readonly name: string;
  /** The registration whose Argo CD serves it, or in-cluster; null where it cannot be used. */
  readonly instance: string | null;
  readonly state: "Usable" | ClusterProblem;
  /** Why it cannot be used, or what soon will keep it from that. */
  readonly message: string;
  /** Since when it is in this state, where it is a problem. */
  readonly since: string | null;
  readonly argocdVersion: string | null;
  /** null where it is the conductor's own, or nothing is known of it. */
  readonly credential: { readonly since: string | null; readonly expiresAt: string | null } | null;
  /** null where they are not known. */
  readonly missingRights: readonly RightName[] | null;
  readonly environments: readonly { readonly namespace: string; readonly name: string }[];
}

export interface ClusterList {
  /** What matters first comes first. */
  readonly clusters: readonly ClusterRow[];
  /** Environments that nobody has looked at yet. */
  readonly unseen: readonly { readonly namespace: string; readonly name: string }[];
  /** Clusters that Environments cover and do not name: a status holds so many. */
  readonly hidden: number;
}

/** The clusters of all these Environments, each once for each of its states: what is locked to one namespace is open to another. */
export function clusterList(environments: readonly Environment[], now: number): ClusterList {
  const rows = new Map<string, ClusterRow>();
  const unseen: { namespace: string; name: string }[] = [];
  let hidden = 0;
  for (const { metadata, status } of environments) {
    const where = { namespace: metadata.namespace, name: metadata.name };
    if (status?.clusters === undefined) {
      unseen.push(where);
      continue;
    }
    const found = rowsOf(status.instances ?? [], status.problems ?? [], now);
    hidden += Math.max(0, status.clusters.covered - found.length);
    for (const row of found) {
      const key = JSON.stringify([row.name, row.instance, row.state, row.message]);
      const known = rows.get(key);
      rows.set(key, { ...(known ?? row), environments: [...(known?.environments ?? []), where] });
    }
  }
  const clusters = [...rows.values()].toSorted(
    (a, b) => RANKS.indexOf(moodOfCluster(a, now)) - RANKS.indexOf(moodOfCluster(b, now)) || order(a.name, b.name),
  );
  return { clusters, unseen, hidden };
}

const RANKS: readonly Mood[] = ["bad", "asks", "good"];

export function moodOfCluster({ state, message, credential }: ClusterRow, now: number): Mood {
  if (state !== "Usable" || isOver(credential?.expiresAt ?? null, now)) return "bad";
  return message === "" ? "good" : "asks";
}

type Bare = Omit<ClusterRow, "environments">;
type Problem = NonNullable<NonNullable<Environment["status"]>["problems"]>[number];

function rowsOf(
  instances: readonly InstanceStatus[],
  problems: readonly Problem[],
  now: number,
): readonly (Bare & Pick<ClusterRow, "environments">)[] {
  const served = new Map(instances.flatMap((one) => (one.serves ?? [one.name]).map((name) => [name, one] as const)));
  const rows = new Map<string, Bare>();
  for (const { cluster, problem, message, since } of problems)
    rows.set(cluster, { ...factsOf(served.get(cluster)), name: cluster, state: problem, message, since });
  for (const [name, instance] of served)
    if (!rows.has(name)) rows.set(name, { ...factsOf(instance), name, state: "Usable", message: warningOf(instance, now), since: null });
  return [...rows.values()].map((row) => ({ ...row, environments: [] }));
}

function factsOf(instance: InstanceStatus | undefined): Pick<ClusterRow, "instance" | "argocdVersion" | "credential" | "missingRights"> {
  const { credential } = instance ?? {};
  return {
    instance: instance?.name ?? null,
    argocdVersion: instance?.argocdVersion ?? null,
    credential: credential === undefined ? null : { since: credential.since ?? null, expiresAt: credential.expiresAt ?? null },
    missingRights: instance?.missingRights ?? null,
  };
}

function warningOf({ credential, missingRights = [] }: InstanceStatus, now: number): string {
  const end = credential?.expiresAt;
  const parts = [
    ...(end === undefined || Date.parse(end) - now >= SOON
      ? []
      : [`its credential ${isOver(end, now) ? "expired" : "expires"} at ${end}: renew it in its registration`]),
    ...(missingRights.length === 0
      ? []
      : [`the conductor has no right to ${missingRights.join(", ")}: conductor doctor says what gives it`]),
  ];
  return parts.join("; ");
}

function isOver(end: string | null, now: number): boolean {
  return end !== null && Date.parse(end) <= now;
}
