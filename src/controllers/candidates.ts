import type { Environment } from "#api/environment.ts";
import type { StalledReason } from "#api/reasons.ts";
import { refuseRevision } from "#api/revision.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { desired } from "#argo/fields.ts";
import { observe } from "#argo/read.ts";
import { allows } from "#engine/consent.ts";
import { members } from "#engine/members.ts";
import type { Seen } from "#engine/observation.ts";
import type { Candidate, Objection } from "#engine/plan.ts";
import { fill, type Variables } from "#engine/template.ts";
import { failed } from "#kube/errors.ts";
import { refusalOf } from "./consents.ts";
import type { Parts } from "./parts.ts";
import type { Place, Sightings } from "./sightings.ts";

/** Where a release goes, before anybody has looked there. */
export interface Destination extends Place {
  readonly cluster: string;
  readonly variables: Variables;
}

export type Destinations =
  | { readonly kind: "Refused"; readonly reason: StalledReason; readonly message: string; readonly objections: readonly Objection[] }
  | { readonly kind: "Destinations"; readonly environment: Environment; readonly destinations: readonly Destination[] };

/** A name of a namespaced object: RFC 1123 subdomain. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** The Applications that a release speaks of, or what is wrong with what it or its environment says. */
export function destinations(release: ServiceRelease, environment: Environment | undefined, fleet: Parts["fleet"]): Destinations {
  const { namespace } = release.metadata;
  const { service, revision } = release.spec;
  if (environment === undefined)
    return refused(
      "EnvironmentNotFound",
      `there is no Environment ${release.spec.environment} in namespace ${namespace}: create it, or name another`,
    );
  const { spec } = environment;
  const wrongKind = refuseRevision(spec.revision, revision);
  if (wrongKind !== undefined)
    return refused("RevisionNotOfKind", `${wrongKind} (Environment ${environment.metadata.name} takes revision: ${spec.revision})`);

  const covered = members(spec.clusters, fleet.clusters());
  const names = release.spec.clusters === undefined ? [...covered.clusters, ...covered.unknown] : release.spec.clusters;
  const chosen = inOrder(names, [...covered.clusters, ...covered.unknown]);
  if (chosen.length === 0)
    return refused("NoClusters", `Environment ${environment.metadata.name} covers no cluster: no registration matches its selectors`);

  const objections = chosen.flatMap((name) => objection(name, release, environment, covered, fleet));
  const [first] = objections;
  if (first !== undefined) return { kind: "Refused", reason: first.reason, message: summary(objections), objections };

  const places = chosen.map((cluster): Destination => {
    const variables = { service, environment: environment.metadata.name, cluster, namespace, revision };
    const application = { namespace: fill(spec.application.namespace, variables), name: fill(spec.application.name, variables) };
    return { cluster, variables, application, instance: fleet.cluster(cluster)?.instance ?? cluster };
  });
  const misnamed = places.find(({ application }) => !SUBDOMAIN.test(application.name) || !SUBDOMAIN.test(application.namespace));
  if (misnamed !== undefined)
    return refused(
      "InvalidName",
      `"${misnamed.application.namespace}/${misnamed.application.name}" is no name of an Application: correct application.name or application.namespace of the Environment`,
    );
  return { kind: "Destinations", environment, destinations: places };
}

/** One sentence for all objections. */
export function summary(objections: readonly Objection[]): string {
  const [first] = objections;
  if (first === undefined) return "";
  return `${first.cluster}: ${first.message}${objections.length > 1 ? ` (and ${objections.length - 1} more)` : ""}`;
}

function refused(reason: StalledReason, message: string): Destinations {
  return { kind: "Refused", reason, message, objections: [] };
}

/** The environment's order, which a release that narrows it does not change. */
function inOrder(names: readonly string[], order: readonly string[]): readonly string[] {
  const wanted = new Set(names);
  return [...order.filter((name) => wanted.has(name)), ...names.filter((name) => !order.includes(name))];
}

function objection(
  name: string,
  release: ServiceRelease,
  environment: Environment,
  covered: { readonly clusters: readonly string[]; readonly unknown: readonly string[] },
  fleet: Parts["fleet"],
): Objection[] {
  const { namespace } = release.metadata;
  const entry = fleet.cluster(name);
  if (covered.unknown.includes(name) || (entry === undefined && covered.clusters.includes(name)))
    return [
      {
        cluster: name,
        reason: "ClusterUnknown",
        message: `Environment ${environment.metadata.name} names it, and no registration does: register it, or take it out of the Environment`,
      },
    ];
  if (!covered.clusters.includes(name) || entry === undefined)
    return [
      {
        cluster: name,
        reason: "ClusterUnknown",
        message: `it is not among the clusters of Environment ${environment.metadata.name}: correct spec.clusters`,
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

/** Looks at every destination, and asks those that answer whether they consent. */
export async function candidates(
  release: ServiceRelease,
  environment: Environment,
  places: readonly Destination[],
  parts: Parts,
  sightings: Sightings,
  takenBy: (place: Place) => string | undefined,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const who = { namespace: release.metadata.namespace, service: release.spec.service, environment: release.spec.environment };
  return Promise.all(
    places.map(async (place): Promise<Candidate> => {
      const values = desired(environment.spec.application, place.variables);
      const looked = sightings.look(place);
      const base = {
        cluster: place.cluster,
        instance: place.instance,
        application: place.application,
        desired: values,
        takenBy: takenBy(place),
      };
      if (looked.kind !== "Present") return { ...base, seen: looked, refusal: undefined };
      const instance = parts.fleet.instance(place.instance);
      const seen: Seen = { kind: "Present", observation: observe(looked.application, environment.spec.application.source, values) };
      if (instance === undefined)
        return { ...base, seen: { kind: "Unreachable", message: `${place.instance} is not registered` }, refusal: undefined };
      try {
        return { ...base, seen, refusal: await refusalOf(who, instance, place.application, looked.application, signal) };
      } catch (error) {
        if (failed(error)) return { ...base, seen: { kind: "Unreachable", message: error.message }, refusal: undefined };
        throw error;
      }
    }),
  );
}
