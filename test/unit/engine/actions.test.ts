import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTIONS } from "#api/reasons.ts";
import { isOfRun, requestsOn } from "#engine/actions.ts";

for (const [annotations, expected] of [
  [{}, []],
  [{ "conductor.dev/pause": "run-1" }, [{ action: "pause", value: "run-1", run: "run-1", argument: "" }]],
  [{ "conductor.dev/skip": " run-1/eu \n" }, [{ action: "skip", value: "run-1/eu", run: "run-1", argument: "eu" }]],
  [
    { "conductor.dev/rollback-to": "run-1/release/2026-11" },
    [{ action: "rollback-to", value: "run-1/release/2026-11", run: "run-1", argument: "release/2026-11" }],
  ],
  [{ "conductor.dev/abort": "run-1/" }, [{ action: "abort", value: "run-1/", run: "run-1", argument: "" }]],
  [{ "conductor.dev/abort": "", "conductor.dev/pause": "  " }, []],
  [{ "conductor.dev/explode": "run-1", "argocd.argoproj.io/pause": "run-1", pause: "run-1" }, []],
] as const) {
  test(`the requests on ${JSON.stringify(annotations)}`, () => assert.deepEqual(requestsOn(annotations), expected));
}

test("requests come in one order, however the annotations stand", () => {
  const annotations = Object.fromEntries(ACTIONS.toReversed().map((action) => [`conductor.dev/${action}`, "run-1"]));
  assert.deepEqual(
    requestsOn(annotations).map(({ action }) => action),
    [...ACTIONS],
  );
});

test("a run in flight carries out pause, resume, abort and skip; the others make a run, or confirm", () => {
  assert.deepEqual(ACTIONS.filter(isOfRun), ["pause", "resume", "abort", "skip"]);
});
