import assert from "node:assert/strict";
import { test } from "node:test";
import { admitted } from "#engine/admitted.ts";
import type { WriteKind } from "#engine/world.ts";
import { application, R1, R2, R3, RUN, tracks, want } from "#test/build.ts";

const old = application();
const ours = old.tracking(R2);
const cases = [
  ["Patch", "over the values that were decided on", old, "Patch"],
  ["Patch", "that was made already", ours, "Done"],
  ["Patch", "over values that somebody wrote since", old.tracking(R3), "Changed"],
  ["Patch", "of a source that cannot be told", old.from({ repoURL: "a" }, { repoURL: "b" }), "Changed"],
  ["PatchAndSync", "over the values that were decided on", old, "PatchAndSync"],
  ["PatchAndSync", "while an operation runs", old.syncing({ revision: R1 }), "Changed"],
  ["PatchAndSync", "whose answer was lost, and whose operation runs", ours.syncing({ run: RUN, revision: R2 }), "Done"],
  ["PatchAndSync", "whose answer was lost, and whose operation has ended", ours.ended("Succeeded", { run: RUN, revision: R2 }), "Done"],
  ["PatchAndSync", "of values that somebody wrote without a sync", ours, "Sync"],
  ["Sync", "of the values that are there", ours, "Sync"],
  ["Sync", "that was made already", ours.ended("Failed", { run: RUN, revision: R2 }), "Done"],
  ["Sync", "that Argo CD began by itself", ours.synced().syncing({ revision: R2 }), "Done"],
  ["Sync", "while somebody's operation runs", ours.syncing({ automated: false, revision: R3 }), "Changed"],
  ["Sync", "of values that are not there any more", old, "Changed"],
  ["Refresh", "of the values that are there", ours, "Refresh"],
  ["Refresh", "of values that are not there any more", old, "Changed"],
  ["Terminate", "of an older run's operation", old.syncing({ run: "an-older-run" }), "Terminate"],
  ["Terminate", "of our own operation", old.syncing({ run: RUN }), "Changed"],
  ["Terminate", "of somebody's operation", old.syncing({ automated: false }), "Changed"],
  ["Terminate", "of what has ended", old.ended("Failed", { run: "an-older-run" }), "Changed"],
] as const;

for (const [kind, what, app, becomes] of cases) {
  test(`a ${kind} ${what} becomes: ${becomes}`, () => {
    const over: WriteKind[] = ["Sync", "Refresh"];
    const write = { cluster: "eu", kind, want: want(), over: [tracks(over.includes(kind) ? R2 : R1)] };
    assert.equal(admitted(write, app.observed({ targetRevision: R2 })), becomes);
  });
}
