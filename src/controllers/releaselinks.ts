import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { LINK_ANNOTATIONS, linkOf, type ReleaseLink } from "#argo/links.ts";
import type { Settings } from "./parts.ts";

type Where = Pick<Settings, "releaseUrl">;

/** What leads from the Applications that a run writes to its release, where it is said where people find that. */
export function linkTo({ metadata, spec }: ReleaseRun, { releaseUrl }: Where): { readonly link?: ReleaseLink } {
  if (releaseUrl === undefined) return {};
  const { service, environment, release } = spec;
  return { link: linkOf(releaseUrl, { namespace: metadata.namespace, release: release.name, run: metadata.name, service, environment }) };
}

/** Where people see a release whose newest run is `run`. */
export function urlOf(
  { metadata, spec: { service, environment } }: ServiceRelease,
  run: string | undefined,
  { releaseUrl }: Where,
): { readonly url?: string } {
  if (releaseUrl === undefined || run === undefined) return {};
  return { url: linkOf(releaseUrl, { namespace: metadata.namespace, release: metadata.name, run, service, environment }).url };
}

/** The annotations that are written for it. */
export function linkedBy({ releaseUrl }: Where): { readonly annotations?: readonly string[] } {
  return releaseUrl === undefined ? {} : { annotations: LINK_ANNOTATIONS };
}
