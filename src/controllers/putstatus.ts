import type { Environment } from "#api/environment.ts";
import type { FreezeWindow } from "#api/freezewindow.ts";
import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { ReleasePreview } from "#api/releasepreview.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { KubeClient } from "#kube/client.ts";
import { KubeFailure } from "#kube/errors.ts";
import { object, type Resource } from "#kube/paths.ts";

/**
 * Replaces the whole status, if the object is still what was read: else KubeFailure "Conflict". Replaces, because a merge
 * patch would drop every null, which says that a field is absent. Resolves with the new resourceVersion.
 */
export async function putStatus<T extends ServiceRelease | Environment | ReleaseRun | ReleaseApproval | FreezeWindow | ReleasePreview>(
  home: KubeClient,
  resource: Resource,
  { apiVersion, kind, metadata, spec }: T,
  status: NonNullable<T["status"]>,
  signal: AbortSignal,
): Promise<string> {
  const { namespace, name, resourceVersion } = metadata;
  const body = { apiVersion, kind, metadata: { namespace, name, resourceVersion }, spec, status };
  const answer = await home.request({ method: "PUT", path: object(resource, namespace, name, "status"), body }, signal);
  const version = (answer.body as { metadata?: { resourceVersion?: unknown } } | undefined)?.metadata?.resourceVersion;
  if (typeof version !== "string") throw new KubeFailure("ServerError", "the API server answered a write without a resourceVersion");
  return version;
}
