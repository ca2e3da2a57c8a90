import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ACTION_RESULTS,
  ACTIONS,
  BLOCKERS,
  OUTCOMES,
  PREVIEW_PHASES,
  PREVIEW_REASONS,
  RELEASE_PHASES,
  RUN_KINDS,
  RUN_PHASES,
  STALLED_REASONS,
  TARGET_PHASES,
  TARGET_REASONS,
  WAITING_REASONS,
  WAVE_PHASES,
} from "#api/reasons.ts";
import { page, rows, section, words } from "./markdown.ts";

/** docs/release.md has a word for each that a status may show. */

const text = page("docs/release.md");
const known = words(text);

for (const [name, vocabulary] of Object.entries({
  TARGET_PHASES,
  TARGET_REASONS,
  RUN_PHASES,
  RUN_KINDS,
  WAVE_PHASES,
  OUTCOMES,
  RELEASE_PHASES,
  STALLED_REASONS,
  WAITING_REASONS,
  ACTIONS,
  ACTION_RESULTS,
  BLOCKERS,
  PREVIEW_PHASES,
  PREVIEW_REASONS,
})) {
  test(`docs/release.md names every one of ${name}`, () => {
    assert.deepEqual(
      vocabulary.filter((word) => !known.has(word) && !known.has(`result: ${word}`)),
      [],
    );
  });
}

const others = WAITING_REASONS.filter((one) => ![...TARGET_REASONS, ...STALLED_REASONS].some((reason) => reason === one));
const previewsOwn = PREVIEW_REASONS.filter((one) => !STALLED_REASONS.some((reason) => reason === one));
for (const [heading, listed] of [
  ["## Plan", STALLED_REASONS],
  ["## Previews", [...PREVIEW_PHASES, ...previewsOwn, ...BLOCKERS]],
  ["## Waves", WAVE_PHASES],
  ["## States", [...RUN_PHASES, ...OUTCOMES]],
  ["## Targets", [...TARGET_PHASES, ...TARGET_REASONS, ...others]],
] as const) {
  test(`docs/release.md lists under "${heading}" each word once, and none that is not`, () => {
    const found = rows(section(text, heading)).map(([word = ""]) => word.replaceAll("`", ""));
    assert.deepEqual(found.toSorted(), listed.toSorted());
  });
}

test("docs/release.md says of each action what it does, and gives a command for it", () => {
  const found = rows(section(text, "## What people do")).map(([word = ""]) => word.replaceAll("`", ""));
  for (const action of ACTIONS) {
    assert.ok(found.includes(action), action);
    assert.match(text, new RegExp(`^kubectl annotate servicerelease \\$RELEASE --overwrite conductor\\.dev/${action}=\\$RUN`, "m"));
  }
});
