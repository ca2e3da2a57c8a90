import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeAnalysis, silentAt, type Course } from "#engine/gates/analyses.ts";
import type { AnalysisSeen, Measurement } from "#engine/gates/seen.ts";
import { newGate, type GateState } from "#engine/gates/state.ts";
import { T0 } from "#test/build.ts";
import { absent, analysis, analysisGate, gateState } from "#test/gates.ts";

const DUE: Course = { due: true, progressDeadline: 900_000 };
const watched = gateState("Waiting", { fingerprint: "measured", progressAt: T0 - 60_000 });
const judged = (seen: AnalysisSeen, gate: GateState = watched, now = T0, course = DUE): GateState =>
  judgeAnalysis(gate, analysisGate(), seen, course, now);

for (const [what, seen, phase, message] of [
  ["that is not there yet", absent, "Waiting", "its AnalysisRun is about to be made"],
  ["that Argo Rollouts has not begun with", analysis("Pending", { measured: 0 }), "Waiting", "0 of 2 metrics measured so far"],
  ["that goes on", analysis("Running", { measured: 1 }), "Waiting", "1 of 2 metrics measured so far"],
  ["that was told to end", analysis("Running", { ending: true }), "Waiting", "it was told to end"],
  ["that succeeds", analysis("Successful"), "Passed", "2 metrics within bounds"],
  ["that succeeds on one metric", analysis("Successful", { metrics: 1, measured: 1 }), "Passed", "1 metric within bounds"],
  [
    "that ends without having measured all",
    analysis("Successful", { measured: 1 }),
    "Inconclusive",
    "it ended, and 1 of 2 metrics was never measured",
  ],
  [
    "that ends without having measured anything",
    analysis("Successful", { ending: true, measured: 0 }),
    "Inconclusive",
    "it ended, and 2 of 2 metrics was never measured",
  ],
  ["that fails", analysis("Failed", { message: "errors: 0.2" }), "Failed", "analysis error-rate failed: errors: 0.2"],
  ["that cannot be made", analysis("Error", { message: "no provider" }), "Failed", "analysis error-rate could not be made: no provider"],
  ["that says neither", analysis("Inconclusive"), "Inconclusive", "analysis error-rate is inconclusive"],
] as const satisfies readonly (readonly [string, AnalysisSeen, GateState["phase"], string])[]) {
  test(`an analysis ${what} is ${phase}`, () => {
    const after = judged(seen);
    assert.deepEqual([after.phase, after.message], [phase, message]);
  });
}

test("an analysis whose time has not come is not asked for, whatever is there", () => {
  const course = { ...DUE, due: false };
  for (const seen of [absent, analysis("Successful"), analysis("Failed")]) {
    const gate = newGate(T0);
    assert.equal(judged(seen, gate, T0 + 1, course), gate);
  }
});

test("an analysis that has begun is followed though its wave soaks no more", () => {
  assert.equal(judged(analysis("Failed"), watched, T0, { ...DUE, due: false }).phase, "Failed");
});

test("a stored verdict of metrics stands, whatever becomes of its object", () => {
  for (const phase of ["Passed", "Failed", "Inconclusive"] as const) {
    const gate = gateState(phase);
    for (const seen of [absent, analysis("Successful"), analysis("Failed"), analysis("Inconclusive")])
      assert.equal(judged(seen, gate, T0 + 9_000_000), gate);
  }
});

test("what was measured is kept for people", () => {
  const measurements: readonly Measurement[] = [{ metric: "errors", value: "0.01", phase: "Successful", at: "2026-11-23T10:00:00Z" }];
  assert.deepEqual(judged(analysis("Running", { measurements })).measurements, measurements);
});

// Silence.

test("silence opens nothing, and has failed after the progress deadline and the pauses that the metrics make", () => {
  const seen = analysis("Running", { patience: 300_000 });
  const end = silentAt(watched, seen.patience, DUE);
  assert.equal(end, T0 - 60_000 + 1_200_000);
  assert.equal(judged(seen, watched, end - 1).phase, "Waiting");
  const { phase, message } = judged(seen, watched, end);
  assert.deepEqual(
    [phase, message],
    ["Failed", "nothing was measured for 1200 s: is Argo Rollouts' controller running in the management cluster?"],
  );
});

test("each measurement is progress", () => {
  const after = judged(analysis("Running", { fingerprint: "measured again" }), watched, T0 + 800_000);
  assert.deepEqual([after.phase, after.progressAt], ["Waiting", T0 + 800_000]);
});

test("an AnalysisRun that cannot be made is waited for from when it was asked for, and not from when the wave began", () => {
  const asked = judged(absent, newGate(T0 - 9_000_000), T0);
  assert.deepEqual([asked.phase, asked.progressAt], ["Waiting", T0]);
  const again = judged(absent, asked, T0 + 899_999);
  assert.deepEqual([again.phase, again.progressAt], ["Waiting", T0]);
  assert.equal(judged(absent, again, T0 + 900_000).phase, "Failed");
});

test("an AnalysisRun that somebody deletes is no success: it is made again, and its silence goes on", () => {
  const after = judged(absent);
  assert.deepEqual([after.phase, after.progressAt], ["Waiting", watched.progressAt]);
});

test("a process that has not seen an analysis yet measures its silence anew", () => {
  const restored = gateState("Waiting", { progressAt: T0 });
  const after = judged(analysis("Running"), restored, T0 + 1000);
  assert.deepEqual([after.fingerprint, after.progressAt], ["measured", T0 + 1000]);
});

test("a gate that is not about metrics is left as it is", () => {
  assert.equal(judgeAnalysis(watched, {}, analysis("Failed"), DUE, T0), watched);
});
