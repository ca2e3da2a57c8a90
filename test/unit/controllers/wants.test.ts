import assert from "node:assert/strict";
import { test } from "node:test";
import { wantsOf } from "#controllers/wants.ts";
import type { Contact } from "#engine/memo.ts";
import type { RunTarget } from "#api/releaserun.ts";
import { BACK, R1, R2, R3, run, RUN, tracks, want, wantBack } from "#test/build.ts";

const times = { settleTime: 5000, graceTime: 300_000 };
function wants(target: Partial<RunTarget> = {}, contact?: Contact, without: readonly (keyof RunTarget)[] = []) {
  const one = run({ values: [tracks(R2), tracks(R1), tracks(R3)], targets: [{ cluster: "eu", ...target }] });
  const [spec = assert.fail()] = one.spec.targets;
  const kept = Object.fromEntries(Object.entries(spec).filter(([key]) => !without.some((name) => name === key)));
  return wantsOf(one, kept as RunTarget, contact, times); // only optional fields are left out
}

test("forward over what the plan saw, and back to the baseline over what this run wrote", () => {
  assert.deepEqual(wants(), { forward: want({ tag: RUN }), back: wantBack({ tag: BACK }) });
});

test("where the plan could not ask, what was met is what there is to go back to", () => {
  const unasked = ["live", "baseline", "healthy", "lastOperation"] as const;
  assert.deepEqual(wants({}, undefined, unasked), {
    forward: want({ over: [], healthyBefore: false, lastOperation: undefined }),
    back: undefined,
  });
  const met = { live: tracks(R3), lastOperation: "2026-11-22T10:00:00Z", baseline: tracks(R1) };
  // It was Synced and Healthy then: else there would be nothing to go back to.
  assert.deepEqual(wants({}, met, unasked), {
    forward: want({ over: [], healthyBefore: true, lastOperation: met.lastOperation }),
    back: wantBack({ untouched: undefined }),
  });
});

test("what was verified once is where it goes back to, whatever was met", () => {
  const met = { live: tracks(R3), lastOperation: undefined, baseline: tracks(R3) };
  assert.deepEqual(wants({}, met, ["live"]).back?.desired, tracks(R1));
});

test("what an earlier run had left there is written over on the way back, and is no untouched value", () => {
  assert.deepEqual(wants({ live: 2, ours: true }).back, wantBack({ over: [tracks(R2), tracks(R3)], untouched: undefined }));
  assert.deepEqual(wants({ live: 2 }).back, wantBack({ untouched: tracks(R3) }));
});

for (const [what, spec, forward, back] of [
  ["a release runs the canary of its Rollouts, and may repeat it on the way back", {}, "Run", "GoBack"],
  ["a run that goes back may repeat it in its own direction", { kind: "Rollback" }, "GoBack", "GoBack"],
  ["a person's retry begins an aborted one again", { cause: { action: "retry", value: "r-1" } }, "Retry", "GoBack"],
  ["so does a retry of what failed", { kind: "RetryFailed", cause: { action: "retry-failed", value: "r-1" } }, "Retry", "GoBack"],
  ["what comes back by itself is no retry", { kind: "CatchUp", cause: { action: "catch-up" } }, "Run", "GoBack"],
] as const) {
  test(what, () => {
    const one = run(spec);
    const [target = assert.fail()] = one.spec.targets;
    const found = wantsOf(one, target, undefined, times);
    assert.deepEqual([found.forward.canary, found.back?.canary], [forward, back]);
  });
}

test("with promoteFull it is not repeated on any way back", () => {
  const one = run({ kind: "Rollback" });
  const spec = { ...one.spec, strategy: { ...one.spec.strategy, promoteFull: true } };
  const [target = assert.fail()] = spec.targets;
  const found = wantsOf({ ...one, spec }, target, undefined, times);
  assert.deepEqual([found.forward.canary, found.back?.canary], ["Promote", "Promote"]);
});
