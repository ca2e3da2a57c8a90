import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backoff } from "#kube/backoff.ts";

const limits = { base: 200, cap: 30_000 };

test("waits double up to the cap", () => {
  const waits = [0, 1, 2, 3, 7, 8, 1000].map((attempt) => backoff(attempt, limits, () => 1));
  assert.deepEqual(waits, [200, 400, 800, 1600, 25_600, 30_000, 30_000]);
});

test("jitter is full: any wait from nothing to the ceiling", () => {
  assert.deepEqual(
    [0, 0.5, 1].map((jitter) => backoff(2, limits, () => jitter)),
    [0, 400, 800],
  );
});

test("Retry-After is a floor with jitter on top, and never more than five minutes", () => {
  assert.equal(
    backoff(0, limits, () => 0, 3000),
    3000,
  );
  assert.equal(
    backoff(0, limits, () => 0.5, 3000),
    3100,
  );
  assert.equal(
    backoff(0, limits, () => 0, 86_400_000),
    300_000,
  );
});

test("a wait is never negative, endless or below what was asked for", () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(300_000), (attempt, jitter, floor) => {
      const wait = backoff(attempt, limits, () => jitter, floor);
      assert.ok(wait >= floor && wait <= floor + limits.cap);
    }),
  );
});
