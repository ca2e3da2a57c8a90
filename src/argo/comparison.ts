import { isDigest, isDigestOrCommit, isExactVersion } from "#api/revision.ts";
import type { Source } from "./application.ts";

/** What Argo CD compared, and what it can have made of a revision. */

/** Field by field, not deep: Argo CD normalises a spec before it keeps a copy. */
export function sameSource(a: Source, b: Source | undefined): boolean {
  return b !== undefined && comparable(a) === comparable(b);
}

function comparable({ repoURL, path, chart, ref, targetRevision, helm, kustomize, plugin }: Source): string {
  return JSON.stringify([
    repoURL,
    path ?? "",
    chart ?? "",
    ref ?? "",
    targetRevision ?? "",
    helm?.valueFiles ?? [],
    helm?.ignoreMissingValueFiles ?? false,
    (helm?.parameters ?? []).map(({ name, value, forceString }) => [name, value, forceString ?? false]),
    kustomize?.images ?? [],
    (plugin?.env ?? []).map(({ name, value }) => [name, value]),
  ]);
}

/** The spec's revision where it can resolve to nothing but itself. */
export function pinned(source: Source | undefined): string | undefined {
  const revision = source?.targetRevision;
  if (source === undefined || revision === undefined) return undefined;
  return isFixed(source, revision) ? revision : undefined;
}

/** Of an OCI artifact every tag is resolved to a digest, one that looks like a commit too (util/oci/client.go). */
function isFixed({ repoURL, chart }: Source, revision: string): boolean {
  if (repoURL.startsWith("oci://")) return isDigest(revision);
  return chart === undefined ? isDigestOrCommit(revision) : isExactVersion(revision);
}
