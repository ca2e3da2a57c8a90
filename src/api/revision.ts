/** What a revision may look like. A release pins one thing: whatever may move under it is refused. */
export const REVISION_KINDS = ["Commit", "Tag", "ChartVersion", "Digest"] as const;
export type RevisionKind = (typeof REVISION_KINDS)[number];

const COMMIT = /^[0-9a-f]{40}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Semantic Versioning 2.0.0, exact; Helm also takes a leading v. */
const CHART_VERSION =
  /^v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
/** A git ref name (git-check-ref-format) with a digit in it: release tags have one, branches such as main have none. */
const TAG = /^[0-9A-Za-z]([0-9A-Za-z._/+-]*[0-9A-Za-z+_-])?$/;

/** What the API server can refuse without knowing the Environment: nothing of any kind looks like this. */
export const REVISION = {
  max: 128,
  pattern: /^[0-9A-Za-z]([0-9A-Za-z._/+:-]*[0-9A-Za-z+_-])?$/,
  message:
    "revision must be one fixed thing: a commit of 40 hex digits, a tag, an exact chart version or a digest (sha256:…); ranges such as ^1.2 or 1.x and wildcards are not",
} as const;

/** Whether it looks like the short form of a commit; digits alone may be a tag such as 20261123. */
const SHORT = /^[0-9a-f]{4,39}$/;

/** Why `revision` is not of `kind`, as a sentence that says what to write; undefined when it is. */
export function refuseRevision(kind: RevisionKind, revision: string): string | undefined {
  const is = `revision "${revision}" is not ${KIND_NAMES[kind]}`;
  switch (kind) {
    case "Commit":
      if (COMMIT.test(revision)) return undefined;
      if (SHORT.test(revision)) return `${is}: it is a short hash; write all 40 hex digits (git rev-parse ${revision})`;
      return `${is}: write the 40 hex digits of one commit (git rev-parse ${revision}); a branch, a tag or HEAD would move`;
    case "Tag":
      if (COMMIT.test(revision)) return `${is}: it is a commit; write a tag, or set revision: Commit on the Environment`;
      if (DIGEST.test(revision)) return `${is}: it is a digest; write a tag, or set revision: Digest on the Environment`;
      if (SHORT.test(revision) && /[a-f]/.test(revision)) return `${is}: it looks like a short hash; write a tag`;
      if (revision.startsWith("refs/")) return `${is}: write the tag's name without refs/tags/`;
      if (revision === "HEAD" || !/[0-9]/.test(revision))
        return `${is}: it looks like a branch, which would move; write a tag with a digit in it, such as v1.4.2`;
      if (!TAG.test(revision) || revision.includes("..")) return `${is}: git allows no such name; write a tag such as v1.4.2`;
      if (RANGE.test(revision)) return `${is}: it is a range, which would move; write one tag such as v1.4.2`;
      return undefined;
    case "ChartVersion":
      if (CHART_VERSION.test(revision)) return undefined;
      return `${is}: write one exact version such as 1.4.2; a range (1.4, 1.x, ^1.4) would move`;
    case "Digest":
      if (DIGEST.test(revision)) return undefined;
      return `${is}: write sha256: and 64 hex digits`;
  }
}

/** 1.x, 1.2.*, v2.X: Argo CD takes these for semver ranges. */
const RANGE = /^v?[0-9]+(\.[0-9]+)*\.[xX]$/;

const KIND_NAMES: Readonly<Record<RevisionKind, string>> = {
  Commit: "a commit",
  Tag: "a tag",
  ChartVersion: "a chart version",
  Digest: "a digest",
};

/** Whether an OCI registry can resolve it to nothing but itself. */
export function isDigest(revision: string): boolean {
  return DIGEST.test(revision);
}

/** Whether git can resolve it to nothing but itself. */
export function isDigestOrCommit(revision: string): boolean {
  return COMMIT.test(revision) || DIGEST.test(revision);
}

/** Whether a chart repository can resolve it to nothing but itself. */
export function isExactVersion(revision: string): boolean {
  return CHART_VERSION.test(revision) || DIGEST.test(revision);
}
