import assert from "node:assert/strict";
import { test } from "node:test";
import { commitOf } from "#controllers/newrun.ts";
import { release } from "#test/build.ts";

const [A, B] = ["a".repeat(40), "b".repeat(40)];
const NOTE = "conductor.dev/commit";

for (const [what, revision, annotations, runs, commit] of [
  ["a revision that is a commit", A, {}, A, A],
  ["a revision of 64 hex digits, as git writes with SHA-256", "c".repeat(64), {}, "c".repeat(64), "c".repeat(64)],
  ["a tag", "v1", {}, "v1", undefined],
  ["a tag with a note of its commit", "v1", { [NOTE]: ` ${B.toUpperCase()}\n` }, "v1", B],
  ["a note, where the revision is a commit of another repository", A, { [NOTE]: B }, A, B],
  ["a note that is none: nobody guesses", A, { [NOTE]: "main" }, A, undefined],
  ["a run back to an earlier revision, of which the note does not speak", A, { [NOTE]: B }, "d".repeat(40), "d".repeat(40)],
  ["a run back to an earlier tag", "v2", { [NOTE]: B }, "v1", undefined],
] as const)
  test(`the commit that hears of ${what}`, () => assert.equal(commitOf(release({ revision }, undefined, annotations), runs), commit));
