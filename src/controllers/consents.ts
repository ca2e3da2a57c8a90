import { APP_PROJECTS } from "#argo/application.ts";
import { consentRemedy } from "#argo/ownership.ts";
import type { Projected } from "#argo/read.ts";
import { AUTHORIZED, consentFor, consents, type Requester } from "#engine/consent.ts";
import type { Instance } from "#fleet/fleet.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { KubeObject } from "#kube/ports.ts";

/**
 * Why an Application may not be steered by `who`, with the remedy; undefined when its own annotation or its
 * AppProject's consents. Rejects with KubeFailure when the AppProject cannot be asked for now.
 */
export async function refusalOf(
  who: Requester,
  instance: Instance<Projected>,
  application: { readonly namespace: string; readonly name: string },
  app: Projected,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (app.fault !== undefined || consents(app.authorized, who, "Application")) return undefined;
  const project = await projectAnnotation(instance, app.controllerNamespace ?? application.namespace, app.project, signal);
  if (consents(project.annotation, who, "AppProject")) return undefined;
  const remedy = consentRemedy(app.rest.owner, `${AUTHORIZED}: ${consentFor(who)}`);
  return `Application ${application.namespace}/${application.name} on ${instance.name} has not consented to ${consentFor(who)}: ${remedy}${project.note}`;
}

/** Reading AppProjects is an optional right, and one that is missing consents to nothing. */
async function projectAnnotation(
  instance: Instance<Projected>,
  namespace: string,
  project: string,
  signal: AbortSignal,
): Promise<{ readonly annotation: string | undefined; readonly note: string }> {
  if (project === "") return { annotation: undefined, note: "" };
  try {
    const found = await instance.client.get<KubeObject>(object(APP_PROJECTS, namespace, project), signal);
    return {
      annotation: found.metadata.annotations?.[AUTHORIZED],
      note: `; or annotate AppProject ${project} for all of its Applications`,
    };
  } catch (error) {
    if (failed(error, "Forbidden"))
      return { annotation: undefined, note: ` (AppProject ${project} could not be asked: the right to get appprojects is missing)` };
    if (failed(error, "NotFound", "Unauthorized", "Invalid")) return { annotation: undefined, note: "" };
    throw error;
  }
}
