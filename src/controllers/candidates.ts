import { desired } from "#argo/fields.ts";
import { observe, type Projected } from "#argo/read.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Intent } from "#engine/next.ts";
import type { Seen } from "#engine/observation.ts";
import type { Candidate } from "#engine/plan.ts";
import { fill, type Variables } from "#engine/template.ts";
import type { Instance } from "#fleet/fleet.ts";
import { failed } from "#kube/errors.ts";
import { refusalOf } from "./consents.ts";
import { refused, type Coverage, type Refusal } from "./coverage.ts";
import { riskOf, type Writes } from "./owners.ts";
import type { Parts } from "./parts.ts";
import { repetitionOf } from "./promotions.ts";
import type { Place, Sightings } from "./sightings.ts";

/** Where a run goes, before anybody has looked there. */
export interface Destination extends Place {
  readonly cluster: string;
  readonly variables: Variables;
}

/** A name of a namespaced object: RFC 1123 subdomain. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** The Applications of `clusters`, with what their fields are filled with. */
export function destinations(
  release: ServiceRelease,
  { environment }: Coverage,
  clusters: readonly string[],
  revision: string,
  fleet: Parts["fleet"],
): readonly Destination[] | Refusal {
  const { namespace } = release.metadata;
  const { application } = environment.spec;
  const places = clusters.map((cluster): Destination => {
    const variables = { service: release.spec.service, environment: environment.metadata.name, cluster, namespace, revision };
    const named = { namespace: fill(application.namespace, variables), name: fill(application.name, variables) };
    return { cluster, variables, application: named, instance: fleet.cluster(cluster)?.instance ?? cluster };
  });
  const misnamed = places.find((place) => !SUBDOMAIN.test(place.application.name) || !SUBDOMAIN.test(place.application.namespace));
  if (misnamed === undefined) return places;
  return refused(
    "InvalidName",
    `"${misnamed.application.namespace}/${misnamed.application.name}" is no name of an Application: correct application.name or application.namespace of the Environment`,
  );
}

/** Looks at every destination, and asks those that answer whether they consent. */
export async function candidates(
  release: ServiceRelease,
  { environment }: Coverage,
  places: readonly Destination[],
  values: Intent["values"],
  {
    parts,
    sightings,
    takenBy,
    repeats,
  }: {
    readonly parts: Parts;
    readonly sightings: Sightings;
    readonly takenBy: (place: Place) => string | undefined;
    /** Whether a Rollout may repeat its canary: the run goes back, and is not to skip steps. */
    readonly repeats: boolean;
  },
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const who = { namespace: release.metadata.namespace, service: release.spec.service, environment: release.spec.environment };
  const { application } = environment.spec;
  return Promise.all(
    places.map(async (place): Promise<Candidate> => {
      const wanted = values?.get(place.cluster) ?? desired(application, place.variables);
      const looked = sightings.look(place);
      const base = {
        cluster: place.cluster,
        instance: place.instance,
        application: place.application,
        desired: wanted,
        takenBy: takenBy(place),
      };
      if (looked.kind !== "Present") return { ...base, seen: looked, refusal: undefined };
      const instance = parts.fleet.instance(place.instance);
      const seen: Seen = { kind: "Present", observation: observe(looked.application, application.source, wanted) };
      if (instance === undefined)
        return { ...base, seen: { kind: "Unreachable", message: `${place.instance} is not registered` }, refusal: undefined };
      try {
        const refusal = await refusalOf(who, instance, place.application, looked.application, signal);
        const writes = { source: application.source, fields: Object.keys(wanted) };
        const warning =
          refusal === undefined ? await warningOf(instance, place, looked.application, writes, { repeats }, signal) : undefined;
        return { ...base, seen, refusal, ...(warning === undefined ? {} : { warning }) };
      } catch (error) {
        if (failed(error)) return { ...base, seen: { kind: "Unreachable", message: error.message }, refusal: undefined };
        throw error;
      }
    }),
  );
}

/** What may go wrong there, in a sentence. */
async function warningOf(
  instance: Instance<Projected>,
  place: Place,
  app: Projected,
  writes: Writes,
  { repeats }: { readonly repeats: boolean },
  signal: AbortSignal,
): Promise<string | undefined> {
  const risk = await riskOf(instance, place, app, writes, signal);
  const repetition = repeats ? await repetitionOf(instance, app, signal) : undefined;
  return risk !== undefined && repetition !== undefined ? `${risk}. ${repetition}` : (risk ?? repetition);
}
