import { APPLICATION_SETS, APPLICATIONS } from "#argo/application.ts";
import { pick, type SourceSelector } from "#argo/fields.ts";
import { riskOfParent, riskOfSet, type Steered } from "#argo/owners.ts";
import type { Projected } from "#argo/read.ts";
import type { Instance } from "#fleet/fleet.ts";
import { failed } from "#kube/errors.ts";
import { object, type Resource } from "#kube/paths.ts";
import type { KubeObject } from "#kube/ports.ts";
import type { Place } from "./sightings.ts";

/** What a release would write to an Application. */
export interface Writes {
  readonly source: SourceSelector;
  /** Keys as a run shows them: targetRevision, helm.parameters[image.tag]. */
  readonly fields: readonly string[];
}

/**
 * Why the owner of an Application would write over what a release writes there, with the remedy; undefined when nobody
 * owns it, or its owner lets it stand. Rejects with KubeFailure when the owner cannot be asked for now.
 */
export async function riskOf(
  instance: Instance<Projected>,
  place: Place,
  app: Projected,
  { source, fields }: Writes,
  signal: AbortSignal,
): Promise<string | undefined> {
  const picked = app.fault === undefined ? pick(app.sources, source) : undefined;
  if (picked === undefined || "fault" in picked || fields.length === 0) return undefined;
  const { namespace } = place.application;
  const steered: Steered = {
    application: place.application,
    fields,
    index: app.multi ? picked.index : undefined,
    source: picked.source,
    annotated: app.authorized !== undefined,
  };
  const { owner } = app.rest;
  switch (owner.kind) {
    case "Nobody":
      return undefined;
    case "ApplicationSet": {
      // What an owner reference names is in the same namespace, or gone.
      const raw = await ask(instance, APPLICATION_SETS, namespace, owner.name, signal);
      return typeof raw === "object" ? riskOfSet(raw, owner.name, steered)?.message : silent(raw, `ApplicationSet ${owner.name}`);
    }
    case "Application": {
      const parent = app.parent ?? { namespace, name: owner.name };
      const raw = await ask(instance, APPLICATIONS, parent.namespace, parent.name, signal);
      const name = `${parent.namespace}/${parent.name}`;
      return typeof raw === "object" ? riskOfParent(raw, name, steered)?.message : silent(raw, `Application ${name}`);
    }
  }
}

/** The owner, the right that is missing to ask for it, or undefined when there is none. */
async function ask(
  instance: Instance<Projected>,
  resource: Resource,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | string | undefined> {
  try {
    return await instance.client.get<KubeObject>(object(resource, namespace, name), signal);
  } catch (error) {
    if (failed(error, "NotFound")) return undefined;
    if (failed(error, "Forbidden"))
      return `the optional right to get ${resource.plural} in namespace ${namespace} of ${instance.name} is missing`;
    throw error;
  }
}

function silent(missing: string | undefined, owner: string): string | undefined {
  if (missing === undefined) return undefined;
  return `${owner} owns this Application, and could not be asked whether it lets a release's values stand: ${missing}`;
}
