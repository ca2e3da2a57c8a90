import assert from "node:assert/strict";
import { test } from "node:test";
import { condition, cut, settle, stamp } from "#api/conditions.ts";
import { LIMITS } from "#api/rules.ts";

const ready = (status: boolean, message = "m") => ({ Ready: { status, reason: "R", message } });

test("a condition is what Kubernetes calls one", () => {
  const [first] = settle([], ready(true), 3, 0);
  assert.deepEqual(first, {
    type: "Ready",
    status: "True",
    reason: "R",
    message: "m",
    observedGeneration: 3,
    lastTransitionTime: "1970-01-01T00:00:00Z",
  });
  assert.ok(condition.safeParse(first).success);
});

test("the transition time stays while the status does, whatever else changes", () => {
  const before = settle([], ready(true), 1, 0);
  assert.deepEqual(settle(before, ready(true, "other"), 2, 60_000)[0], { ...before[0], message: "other", observedGeneration: 2 });
});

test("the transition time moves with the status", () => {
  assert.equal(settle(settle([], ready(true), 1, 0), ready(false), 1, 60_000)[0]?.lastTransitionTime, "1970-01-01T00:01:00Z");
});

test("a condition that is not wanted any more goes", () => assert.deepEqual(settle(settle([], ready(true), 1, 0), {}, 1, 0), []));

test("a long message is cut to fit", () => {
  assert.equal(cut("abc", 3), "abc");
  assert.equal(cut("abcd", 3), "ab…");
  assert.equal(settle([], ready(true, "x".repeat(5000)), 1, 0)[0]?.message.length, LIMITS.message);
});

test("a stamp is RFC 3339 in whole seconds", () => assert.equal(stamp(Date.UTC(2026, 10, 23, 1, 2, 3, 999)), "2026-11-23T01:02:03Z"));
