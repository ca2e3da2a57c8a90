import assert from "node:assert/strict";
import { test } from "node:test";
import { story, type Look } from "#test/build.ts";

/** A test that tells what is thought of one target, look by look. */
export function tells(name: string, looks: readonly Look[], more: Parameters<typeof story>[1] = {}): void {
  test(name, () => {
    const { thoughts, expected } = story(looks, more);
    assert.deepEqual(thoughts, expected);
  });
}
