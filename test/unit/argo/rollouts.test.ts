import assert from "node:assert/strict";
import { test } from "node:test";
import { analysisOf, canaryOf, repetition, steering } from "#argo/rollouts.ts";
import type { Canary } from "#engine/observation.ts";
import { analysisRun, rollout, type RolloutBuilder } from "#test/rollout.ts";

const inStep2: Canary = {
  step: 2,
  steps: 4,
  weight: 25,
  isStable: false,
  isPromoting: false,
  pause: { kind: "Step" },
  abort: undefined,
  analyses: [],
};
const AT = "2026-11-23T10:01:00Z";
const why =
  'Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric "error-rate" assessed Failed due to failed (1) > failureLimit (0)';
const found = { name: "checkout-7c4f-2-3", message: "", measured: 0, failing: undefined };

const steps = (...all: readonly object[]): RolloutBuilder =>
  rollout().but(({ spec }) => void (spec["strategy"] = { canary: { steps: all } }));
const blueGreen = rollout().but(({ spec }) => void (spec["strategy"] = { blueGreen: { activeService: "checkout" } }));

for (const [what, builder, expected] of [
  ["paused in step 2 of 4", rollout(), inStep2],
  ["on its way to step 3", rollout().at(2), { ...inStep2, step: 3, weight: 50, pause: undefined }],
  [
    "in a step before any weight was set",
    steps({ setCanaryScale: { replicas: 1 } }, { setWeight: 5 }).at(0),
    { ...inStep2, step: 1, steps: 2, weight: 0, pause: undefined },
  ],
  [
    "with traffic routing, whose weights are those of now",
    rollout().but((raw) => void (raw.status = { ...raw.status, canary: { weights: { canary: { weight: 20 }, stable: { weight: 80 } } } })),
    { ...inStep2, weight: 20 },
  ],
  [
    "paused for a time",
    steps({ setWeight: 25 }, { pause: { duration: "5m" } }),
    { ...inStep2, steps: 2, pause: { kind: "Timed", duration: "5m" } },
  ],
  [
    "paused for a number of seconds",
    steps({ setWeight: 25 }, { pause: { duration: 90 } }),
    { ...inStep2, steps: 2, pause: { kind: "Timed", duration: "90s" } },
  ],
  [
    "paused by a person",
    rollout()
      .at(2)
      .but(({ spec }) => void (spec["paused"] = true)),
    { ...inStep2, step: 3, weight: 50, pause: { kind: "ByHand" } },
  ],
  [
    "paused by an analysis that is inconclusive",
    rollout().at(3).paused("InconclusiveAnalysisRun").analysed("Inconclusive", 'Metric "error-rate" assessed Inconclusive'),
    {
      ...inStep2,
      step: 4,
      weight: 50,
      pause: { kind: "Inconclusive" },
      analyses: [{ ...found, phase: "Inconclusive", message: 'Metric "error-rate" assessed Inconclusive' }],
    },
  ],
  [
    "with an analysis that runs",
    rollout().at(3).analysed("Running"),
    { ...inStep2, step: 4, weight: 50, pause: undefined, analyses: [{ ...found, phase: "Running" }] },
  ],
  ["aborted", rollout().aborted(AT), { ...inStep2, step: 1, weight: 0, pause: undefined, abort: { at: AT, message: why } }],
  [
    "aborted, and the version dates nothing",
    rollout().aborted(undefined),
    { ...inStep2, step: 1, weight: 0, pause: undefined, abort: { at: "", message: why } },
  ],
  ["promoted", rollout().promoted(), { ...inStep2, step: 5, weight: 100, isStable: true, pause: undefined }],
  ["on its way to the end without steps", rollout().at(1).promoting(), { ...inStep2, isPromoting: true, pause: undefined }],
  [
    "blue-green, before it is promoted",
    blueGreen.paused("BlueGreenPause"),
    { ...inStep2, step: 1, steps: 0, weight: undefined, pause: { kind: "BlueGreen" } },
  ],
  [
    "without steps",
    rollout()
      .at(0)
      .but((raw) => void (raw.spec["strategy"] = { canary: {} })),
    { ...inStep2, step: 1, steps: 0, weight: 100, pause: undefined },
  ],
] as const satisfies readonly (readonly [string, RolloutBuilder, Canary])[]) {
  test(`a Rollout ${what} is read as that`, () => assert.deepEqual(canaryOf(builder.raw), expected));
}

const generation = (number: number): RolloutBuilder =>
  rollout().but((raw) => void (raw.metadata = { ...raw.metadata, generation: number }));
const workload = (seen: string): RolloutBuilder =>
  rollout().but((raw) => {
    raw.spec["workloadRef"] = { kind: "Deployment", name: "checkout" };
    raw.metadata = { ...raw.metadata, annotations: { "rollout.argoproj.io/workload-generation": "7" } };
    raw.status = { ...raw.status, workloadObservedGeneration: seen };
  });

for (const [what, raw, isTold] of [
  ["whose spec its controller has not seen", generation(5).raw, false],
  ["whose workload its controller has not seen", workload("6").raw, false],
  ["whose workload its controller has seen", workload("7").raw, true],
  [
    "of a version that writes a hash for the generation",
    rollout().but((raw) => void (raw.status = { ...raw.status, observedGeneration: "58b949649c" })).raw,
    true,
  ],
  ["without a status", rollout().but((raw) => void delete raw.status).raw, false],
  ["that is none", { spec: 7 }, false],
  ["that is nothing", undefined, false],
] as const) {
  test(`of a Rollout ${what} ${isTold ? "all" : "nothing"} is told`, () => assert.equal(canaryOf(raw) !== undefined, isTold));
}

test("an AnalysisRun tells its message, how often it has measured, and the value that failed", () => {
  assert.deepEqual(analysisOf(analysisRun("Failed", ["[0.01]", "[0.12]"], "it failed"), "a"), {
    name: "a",
    phase: "Failed",
    message: "it failed",
    measured: 2,
    failing: "error-rate [0.12]",
  });
  assert.deepEqual(analysisOf(analysisRun("Running", ["[0.01]"]), "a"), {
    name: "a",
    phase: "Running",
    message: "",
    measured: 1,
    failing: undefined,
  });
  assert.deepEqual([analysisOf({}, "a"), analysisOf(7, "a")], [undefined, undefined]);
});

const windowed = rollout()
  .promoted()
  .but(({ spec }) => void (spec["rollbackWindow"] = { revisions: 3 }));
for (const [what, raw, repeats] of [
  ["that was promoted", rollout().promoted().raw, true],
  ["whose rollbackWindow may cover it", windowed.raw, false],
  ["amid its canary", rollout().raw, false],
  ["without steps", blueGreen.promoted().raw, false],
  ["that is none", { spec: 7 }, false],
] as const) {
  test(`a Rollout ${what} ${repeats ? "repeats" : "is not said to repeat"} its canary on the way back`, () =>
    assert.equal(
      repetition(raw)?.startsWith("repeats the 4 steps of its canary on the way back: give it spec.rollbackWindow"),
      repeats ? true : undefined,
    ));
}

const guarded = { metadata: { resourceVersion: "812" } };
for (const [kind, what, builder, expected] of [
  ["PromoteFull", "amid its canary", rollout(), { ...guarded, status: { promoteFull: true } }],
  ["PromoteFull", "that skips its steps already", rollout().promoting(), undefined],
  ["PromoteFull", "that is stable", rollout().promoted(), undefined],
  ["PromoteFull", "that was aborted", rollout().aborted(AT), undefined],
  ["PromoteFull", "whose controller has not seen its spec", generation(5), undefined],
  ["RetryCanary", "that was aborted", rollout().aborted(AT), { ...guarded, status: { abort: false } }],
  ["RetryCanary", "amid its canary", rollout(), undefined],
] as const) {
  test(`${kind} of a Rollout ${what} is ${expected === undefined ? "nothing to write" : "one guarded patch of its status"}`, () =>
    assert.deepEqual(steering(builder.raw, kind), expected));
}
