import type { Environment } from "#api/environment.ts";
import type { ReleasePreview } from "#api/releasepreview.ts";
import { API_VERSION } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Reflector } from "#kube/ports.ts";
import { AUTHOR } from "../newrun.ts";

/** What a preview looks at, as if it were there. */
export interface Draft {
  /** The ServiceRelease as it is now; undefined where there is none. */
  readonly existing: ServiceRelease | undefined;
  /** As it would be. */
  readonly release: ServiceRelease;
  readonly environment: Environment | undefined;
  /** Who would release; undefined where the preview does not say. */
  readonly author: string | undefined;
}

/** Whom gates are checked for where that is not known: a person, who is nobody's approver. */
const SOMEBODY = "somebody";

/** What would be there if what `preview` proposes were applied. */
export function draftOf(
  { metadata, spec }: ReleasePreview,
  releases: Pick<Reflector<ServiceRelease>, "get">,
  environments: Pick<Reflector<Environment>, "get">,
): Draft {
  const { namespace } = metadata;
  const { service, environment: name } = spec.release;
  const found = releases.get(`${namespace}/${service}.${name}`);
  const existing = found?.metadata.deletionTimestamp === undefined ? found : undefined;
  const author = metadata.annotations[AUTHOR];
  const base = existing?.metadata ?? newborn(`${service}.${name}`, metadata);
  const release: ServiceRelease = {
    ...(existing ?? { apiVersion: API_VERSION, kind: "ServiceRelease" }),
    metadata: { ...base, annotations: { ...base.annotations, [AUTHOR]: author ?? SOMEBODY } },
    spec: { ...spec.release, paused: existing?.spec.paused ?? false },
  };
  const present = environments.get(`${namespace}/${name}`);
  if (spec.environment === undefined) return { existing, release, environment: present, author };
  const environment: Environment = {
    apiVersion: API_VERSION,
    kind: "Environment",
    metadata: present?.metadata ?? newborn(name, metadata),
    spec: spec.environment,
  };
  return { existing, release, environment, author };
}

/** Metadata of what is not there yet. Its uid is the preview's: nobody else has it. */
function newborn(name: string, { namespace, uid }: ReleasePreview["metadata"]): ServiceRelease["metadata"] {
  return { name, namespace, uid, resourceVersion: "", generation: 1, annotations: {}, labels: {}, ownerReferences: [] };
}
