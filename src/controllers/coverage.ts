import type { Environment } from "#api/environment.ts";
import type { StalledReason } from "#api/reasons.ts";
import { refuseRevision } from "#api/revision.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Strategy } from "#api/strategy.ts";
import { allows } from "#engine/consent.ts";
import { members, type Member } from "#engine/members.ts";
import type { Objection } from "#engine/plan.ts";
import { notOverridable, resolved } from "#engine/strategy.ts";
import type { Parts } from "./parts.ts";

/** What a release covers: its environment's clusters, and how it goes through them. */
export interface Coverage {
  readonly kind: "Coverage";
  readonly environment: Environment;
  /** As it is for this release. */
  readonly strategy: Strategy;
  /** All of the environment's clusters, in its order. */
  readonly members: readonly Member[];
  /** Those that the release covers, in the same order. */
  readonly clusters: readonly string[];
  /** What speaks against some of them, by their registrations. */
  readonly objections: readonly Objection[];
}

export interface Refusal {
  readonly kind: "Refused";
  readonly reason: StalledReason;
  readonly message: string;
  readonly objections: readonly Objection[];
}

export function refused(reason: StalledReason, message: string, objections: readonly Objection[] = []): Refusal {
  return { kind: "Refused", reason, message, objections };
}

/** What a release covers now, or what is wrong with what it or its environment says. */
export function coverage(release: ServiceRelease, environment: Environment | undefined, fleet: Parts["fleet"]): Coverage | Refusal {
  const { namespace } = release.metadata;
  const { revision, strategy: overrides } = release.spec;
  if (environment === undefined)
    return refused(
      "EnvironmentNotFound",
      `there is no Environment ${release.spec.environment} in namespace ${namespace}: create it, or name another`,
    );
  const { spec, metadata } = environment;
  const wrongKind = refuseRevision(spec.revision, revision);
  if (wrongKind !== undefined)
    return refused("RevisionNotOfKind", `${wrongKind} (Environment ${metadata.name} takes revision: ${spec.revision})`);
  const forbidden = notOverridable(spec.strategy, overrides);
  if (forbidden !== undefined) return refused("NotOverridable", forbidden);

  const covered = members(spec.clusters, fleet.clusters());
  const order = [...covered.clusters, ...covered.unknown];
  const sets = { covered: new Set(covered.clusters), unknown: new Set(covered.unknown) };
  const names = release.spec.clusters === undefined ? order : inOrder(release.spec.clusters, order);
  if (names.length === 0)
    return refused("NoClusters", `Environment ${metadata.name} covers no cluster: no registration matches its selectors`);
  return {
    kind: "Coverage",
    environment,
    strategy: resolved(spec.strategy, overrides),
    members: order.map((name) => ({ name, labels: fleet.cluster(name)?.labels ?? {} })),
    clusters: names,
    objections: names.flatMap((name) => objection(name, namespace, metadata.name, sets, fleet)),
  };
}

/** The environment's order, which a release that narrows it does not change. */
function inOrder(names: readonly string[], order: readonly string[]): readonly string[] {
  const wanted = new Set(names);
  const known = new Set(order);
  return [...order.filter((name) => wanted.has(name)), ...names.filter((name) => !known.has(name))];
}

function objection(
  name: string,
  namespace: string,
  environment: string,
  { covered, unknown }: { readonly covered: ReadonlySet<string>; readonly unknown: ReadonlySet<string> },
  fleet: Parts["fleet"],
): Objection[] {
  const entry = fleet.cluster(name);
  if (unknown.has(name) || (entry === undefined && covered.has(name)))
    return [
      {
        cluster: name,
        reason: "ClusterUnknown",
        message: `Environment ${environment} names it, and no registration does: register it, or take it out of the Environment`,
      },
    ];
  if (!covered.has(name) || entry === undefined)
    return [
      {
        cluster: name,
        reason: "ClusterUnknown",
        message: `it is not among the clusters of Environment ${environment}: correct spec.clusters`,
      },
    ];
  if (entry.refusal !== undefined) return [{ cluster: name, reason: "ClusterRefused", message: entry.refusal }];
  if (!allows(entry.allowedNamespaces, namespace))
    return [{ cluster: name, reason: "NotAuthorized", message: lockedOut(namespace, entry.secret) }];
  return [];
}

/** Why a registration takes no releases from `namespace`, with the remedy. */
export function lockedOut(namespace: string, secret: string): string {
  return `its registration takes no releases from namespace ${namespace}: add ${namespace} to the annotation conductor.dev/allowed-namespaces of Secret ${secret}`;
}

/** One sentence for all objections. */
export function summary(objections: readonly Objection[]): string {
  const [first] = objections;
  if (first === undefined) return "";
  return `${first.cluster}: ${first.message}${objections.length > 1 ? ` (and ${objections.length - 1} more)` : ""}`;
}
