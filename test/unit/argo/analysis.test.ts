import assert from "node:assert/strict";
import { test } from "node:test";
import { analysed } from "#argo/analysis.ts";

const metrics = [
  { name: "errors", interval: "{{args.window}}s", provider: {} },
  { name: "latency", initialDelay: "1m30s", provider: {} },
];
const args = [{ name: "window", value: "300" }];
const raw = (status?: object, spec: object = {}) => ({
  metadata: {
    name: "checkout.production-1-w1-g1",
    namespace: "team-a",
    ownerReferences: [{ apiVersion: "v1", kind: "R", name: "r", uid: "u" }],
  },
  spec: { metrics, args, ...spec },
  ...(status === undefined ? {} : { status }),
});
const result = (name: string, more: object) => ({ name, phase: "Running", count: 1, successful: 1, ...more });
const taken = (at: string, value: string, phase = "Successful") => ({ phase, value, startedAt: at, finishedAt: at });

test("one that Argo Rollouts has not looked at is Pending, and is waited for as long as its metrics pause", () => {
  const { owners, seen, ...rest } = analysed(raw());
  assert.deepEqual([owners, rest], [["u"], { name: "checkout.production-1-w1-g1", namespace: "team-a" }]);
  const { fingerprint: _, ...shown } = seen;
  assert.deepEqual(shown, {
    kind: "Present",
    phase: "Pending",
    message: "",
    patience: 310_000,
    metrics: 2,
    measured: 0,
    ending: false,
    measurements: [],
  });
});

test("what was measured last is kept, newest last, and one that never succeeded was not measured", () => {
  const many = [1, 2, 3, 4].map((n) => taken(`2026-11-23T10:0${n}:00Z`, `[${n}]`));
  const error = { phase: "Error", message: "429 Too Many Requests", finishedAt: "2026-11-23T10:05:00Z" };
  const results = [
    result("errors", { measurements: many }),
    result("latency", { successful: 0, error: 1, measurements: [error, { phase: "Running" }] }),
  ];
  const { seen } = analysed(raw({ phase: "Running", metricResults: results }));
  assert.equal(seen.measured, 1);
  assert.deepEqual(
    seen.measurements.map(({ metric, value, phase }) => [metric, value, phase]),
    [
      ["errors", "[1]", "Successful"],
      ["errors", "[2]", "Successful"],
      ["errors", "[3]", "Successful"],
      ["errors", "[4]", "Successful"],
      ["latency", "429 Too Many Requests", "Error"],
    ],
  );
});

test("why it failed is its own message, else that of the metric", () => {
  assert.equal(
    analysed(raw({ phase: "Failed", message: 'Metric "errors" assessed Failed' })).seen.message,
    'Metric "errors" assessed Failed',
  );
  const results = [result("latency", {}), result("errors", { phase: "Error", message: "no such host" })];
  assert.equal(analysed(raw({ phase: "Error", metricResults: results })).seen.message, "no such host");
});

test("each measurement makes another fingerprint, and nothing else does", () => {
  const of = (count: number, more: object = {}) =>
    analysed(raw({ phase: "Running", metricResults: [result("errors", { count })], ...more })).seen.fingerprint;
  assert.notEqual(of(1), of(2));
  assert.equal(of(1), of(1, { message: "anything" }));
});

test("one that cannot be read is an error, and opens nothing", () => {
  for (const broken of [{ metadata: { name: "a" } }, raw({ phase: 7 }), raw({ metricResults: "none" })])
    assert.deepEqual([analysed(broken).seen.phase, analysed(broken).seen.message], ["Error", "its AnalysisRun cannot be read"]);
  assert.equal(analysed(raw({ phase: "Paused" })).seen.phase, "Pending");
});
