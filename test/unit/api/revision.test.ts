import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseRevision, REVISION, REVISION_KINDS, type RevisionKind } from "#api/revision.ts";

const COMMIT = "4af8de61b2c05c9e3d7f8a1e6b0d94c2f5a71e38";
const DIGEST = `sha256:${"0a".repeat(32)}`;

const ACCEPTED: Readonly<Record<RevisionKind, readonly string[]>> = {
  Commit: [COMMIT],
  Tag: ["v1.4.2", "1.4", "release/2026-11-23", "20261123", "checkout-v3+build.7", "v1.4.2-rc.1", "1.x.y"],
  ChartVersion: ["1.4.2", "v1.4.2", "0.0.1", "1.4.2-rc.1", "1.4.2+build.7", "1.4.2-alpha-b.3+exp.sha-1"],
  Digest: [DIGEST],
};

const REFUSED: Readonly<Record<RevisionKind, readonly (readonly [revision: string, why: string])[]>> = {
  Commit: [
    ["4af8de6", "it is a short hash; write all 40 hex digits (git rev-parse 4af8de6)"],
    [COMMIT.slice(1), "it is a short hash"],
    [`${COMMIT}0`, "write the 40 hex digits of one commit"],
    [COMMIT.toUpperCase(), "write the 40 hex digits of one commit"],
    ["HEAD", "a branch, a tag or HEAD would move"],
    ["main", "a branch, a tag or HEAD would move"],
    ["v1.4.2", "a branch, a tag or HEAD would move"],
    [DIGEST, "write the 40 hex digits of one commit"],
  ],
  Tag: [
    [COMMIT, "it is a commit; write a tag, or set revision: Commit on the Environment"],
    [DIGEST, "it is a digest; write a tag, or set revision: Digest on the Environment"],
    ["4af8de6", "it looks like a short hash; write a tag"],
    ["main", "it looks like a branch, which would move; write a tag with a digit in it, such as v1.4.2"],
    ["HEAD", "it looks like a branch"],
    ["refs/tags/v1", "write the tag's name without refs/tags/"],
    ["v1..2", "git allows no such name"],
    ["v1:2", "git allows no such name"],
    ["^1.2", "git allows no such name"],
    ["1.2.", "git allows no such name"],
    ["1.x", "it is a range, which would move; write one tag such as v1.4.2"],
    ["v2.X", "it is a range"],
    ["1.2.x", "it is a range"],
  ],
  ChartVersion: [
    ["1.4", "write one exact version such as 1.4.2; a range (1.4, 1.x, ^1.4) would move"],
    ["1.x", "a range"],
    ["^1.4.2", "a range"],
    [">=1.0.0", "a range"],
    ["1.4.2 || 2.0.0", "a range"],
    ["01.4.2", "write one exact version"],
    ["1.4.2-", "write one exact version"],
    ["latest", "write one exact version"],
    [COMMIT, "write one exact version"],
  ],
  Digest: [
    ["sha256:abc", "write sha256: and 64 hex digits"],
    [DIGEST.toUpperCase(), "write sha256: and 64 hex digits"],
    [DIGEST.slice("sha256:".length), "write sha256: and 64 hex digits"],
    ["v1.4.2", "write sha256: and 64 hex digits"],
  ],
};

for (const kind of REVISION_KINDS) {
  for (const revision of ACCEPTED[kind]) {
    test(`${revision} is a ${kind}`, () => assert.equal(refuseRevision(kind, revision), undefined));
    test(`${revision} passes the API server, which does not know the kind`, () => {
      assert.match(revision, REVISION.pattern);
      assert.ok(revision.length <= REVISION.max);
    });
  }
  for (const [revision, why] of REFUSED[kind]) {
    test(`${revision} is no ${kind}: ${why}`, () => {
      const said = refuseRevision(kind, revision) ?? "accepted";
      assert.ok(said.startsWith(`revision "${revision}" is not a `) && said.includes(why), said);
    });
  }
}

for (const revision of [
  "",
  "^1.2",
  "~1.2",
  "1.2.*",
  ">=1",
  "a b",
  "-v1",
  "v1.",
  "/v1",
  "v1/",
  "v1\n",
  "v1@{1}",
  "main^",
  "a\\b",
  "{{revision}}",
]) {
  test(`the API server refuses ${JSON.stringify(revision)} for every kind`, () => assert.doesNotMatch(revision, REVISION.pattern));
}
