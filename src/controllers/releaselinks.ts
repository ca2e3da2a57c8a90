import type { ReleaseRun } from "#api/releaserun.ts";
import { LINK_ANNOTATIONS, linkOf, type ReleaseLink } from "#argo/links.ts";
import type { Settings } from "./parts.ts";

type Where = Pick<Settings, "releaseUrl">;

/** What leads from the Applications that a run writes to its release, where it is said where people find that. */
export function linkTo({ metadata, spec }: ReleaseRun, { releaseUrl }: Where): { readonly link?: ReleaseLink } {
  if (releaseUrl === undefined) return {};
  const { service, environment, release } = spec;
  return { link: linkOf(releaseUrl, { namespace: metadata.namespace, release: release.name, run: metadata.name, service, environment }) };
}

/** The annotations that are written for it. */
export function linkedBy({ releaseUrl }: Where): { readonly annotations?: readonly string[] } {
  return releaseUrl === undefined ? {} : { annotations: LINK_ANNOTATIONS };
}
