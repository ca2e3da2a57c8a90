import assert from "node:assert/strict";
import { test } from "node:test";
import { releasePreview, type ReleasePreview } from "#api/releasepreview.ts";
import { draftOf } from "#controllers/previews/draft.ts";
import { seenPreview } from "#controllers/previews/seenpreview.ts";
import { previewStatus, type Verdict } from "#controllers/previews/verdict.ts";
import type { KubeObject } from "#kube/ports.ts";
import { production, R1, R3, release, T0 } from "#test/build.ts";

const raw = (more: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: "conductor.dev/v1alpha1",
  kind: "ReleasePreview",
  metadata: { name: "asked", namespace: "team-a", uid: "uid-asked", resourceVersion: "1", generation: 1, ...metadata },
  spec: { release: { service: "checkout", environment: "production", revision: R3 } },
  ...more,
});
const preview = (more: object = {}, metadata: object = {}): ReleasePreview => releasePreview.parse(raw(more, metadata));

test("of a decided preview only its metadata is kept, however large its plan; of one that cannot be read, too", () => {
  const plan = { targets: Array.from({ length: 1000 }, (_, index) => ({ cluster: `c${index}` })) };
  const { metadata } = preview();
  assert.deepEqual(seenPreview(raw({ status: { phase: "Planned", plan } })), { metadata, undecided: undefined, turnedAway: false });
  assert.deepEqual(seenPreview(raw({ status: { phase: "Refused", reason: "TooManyPreviews" } })), {
    metadata,
    undecided: undefined,
    turnedAway: true,
  });
  assert.deepEqual(seenPreview(raw({ spec: {} })), { metadata, undecided: undefined, turnedAway: true });
  const pending = raw({ status: { phase: "Pending", message: "looking at eu" } });
  assert.deepEqual(seenPreview(pending), { metadata, undecided: releasePreview.parse(pending), turnedAway: false });
});

const none = { get: () => undefined };

test("a release that is not there is as it would be created: by nobody who is known, with a uid that nobody else has", () => {
  const { existing, release: drafted, environment, author } = draftOf(preview(), none, none);
  assert.deepEqual([existing, environment, author], [undefined, undefined, undefined]);
  assert.deepEqual(
    [drafted.metadata.name, drafted.metadata.namespace, drafted.metadata.uid],
    ["checkout.production", "team-a", "uid-asked"],
  );
  assert.deepEqual(drafted.spec, { service: "checkout", environment: "production", revision: R3, paused: false });
});

test("one that is there keeps its identity, its pause and its annotations, and wishes what is proposed", () => {
  const found = release({ revision: R1, clusters: ["eu"], paused: true }, undefined, { "conductor.dev/confirm": "checkout.production-1" });
  const asked = preview({}, { annotations: { "conductor.dev/author": "alice" } });
  const { existing, release: drafted, author } = draftOf(asked, { get: () => found }, none);
  assert.deepEqual([existing, author], [found, "alice"]);
  assert.deepEqual(drafted, {
    ...found,
    metadata: { ...found.metadata, annotations: { "conductor.dev/confirm": "checkout.production-1", "conductor.dev/author": "alice" } },
    spec: { service: "checkout", environment: "production", revision: R3, paused: true },
  });
});

test("one that is being deleted is none", () => {
  const found = release();
  const going = { ...found, metadata: { ...found.metadata, deletionTimestamp: "2026-11-23T10:00:00Z" } };
  assert.equal(draftOf(preview(), { get: () => going }, none).existing, undefined);
});

test("a proposed Environment takes the place of the one that is there, under its name", () => {
  const there = production();
  const proposed = production({ clusters: [{ name: "sa" }] }).spec;
  const spec = { ...preview().spec, environment: proposed };
  assert.deepEqual(draftOf(preview(), none, { get: () => there }).environment, there);
  assert.deepEqual(draftOf(preview({ spec }), none, { get: () => there }).environment, { ...there, spec: proposed });
  assert.deepEqual(draftOf(preview({ spec }), none, none).environment?.metadata.name, "production");
});

test("a status lists at most fifty clusters, each once, and a condition turns only when it does", () => {
  const objections = Array.from({ length: 60 }, (_, index) => ({
    cluster: `c${Math.floor(index / 2) + (index >= 2 ? index : 0)}`,
    reason: "Missing" as const,
    message: "x".repeat(2000),
  }));
  const verdict: Verdict = { kind: "Refused", reason: "Missing", message: "c0: gone", objections };
  const before = previewStatus(preview(), { kind: "Pending", message: "looking at c0" }, T0);
  const status = previewStatus(preview({ status: before }), verdict, T0 + 60_000);
  assert.equal(status.clusters?.length, 50);
  assert.equal(new Set(status.clusters?.map(({ name }) => name)).size, 50);
  assert.equal(status.clusters?.[0]?.message.length, 1024);
  const { clusters: _clusters, ...rest } = status;
  assert.deepEqual(rest, {
    observedGeneration: 1,
    phase: "Refused",
    reason: "Missing",
    message: "c0: gone",
    conditions: [{ ...before.conditions?.[0], reason: "Missing", message: "c0: gone" }],
  });
});
