import assert from "node:assert/strict";
import { test } from "node:test";
import type { WavePhase } from "#api/reasons.ts";
import type { GateState } from "#engine/gates/state.ts";
import { step } from "#engine/step.ts";
import type { Decision, RunState, Target, World } from "#engine/world.ts";
import { plannedWave, T0, target, waveState, world } from "#test/build.ts";
import { absent, analysis, analysisGate, approvalGate, approved, gateState, gatesSeen, pending, type SeenShape } from "#test/gates.ts";
import { inWave, later, ready, syncing } from "../targets.ts";

const phases = ({ state }: Pick<Decision, "state">): readonly WavePhase[] => state.waves.map(({ phase }) => phase);
const decided = ({ state }: Pick<Decision, "state">, wave: number): readonly GateState["phase"][] =>
  (state.waves[wave]?.gates ?? []).map(({ phase }) => phase);
const waiting = (one: string): Target => target(one, { need: "Patch" });
/** The next look, with what was decided on this one stored. */
const next = (before: World, { state, targets }: Decision, seen: SeenShape): World => ({
  ...before,
  state,
  targets,
  gates: gatesSeen(seen),
});

// Before a wave begins.

const gated = { waves: [plannedWave("canary"), plannedWave("rest", { gates: [approvalGate()] })] };
const verified = [ready("a"), inWave(1, waiting("b"))];

test("a wave with an approval does not begin when the one before is verified: people are asked", () => {
  const before = world(verified, { plan: gated });
  const first = step(before);
  assert.deepEqual([phases(first), first.turns, first.writes, first.asks], [["Verified", "Waiting"], true, [], []]);
  const second = step(next(before, first, {}));
  assert.deepEqual(
    [second.phase, phases(second), second.waitingOn, second.asks, second.writes],
    [
      "Waiting",
      ["Verified", "Waiting"],
      { reason: "Approval", message: "wave rest: people are about to be asked" },
      [{ kind: "Approval", wave: 1, gate: 0 }],
      [],
    ],
  );
});

test("an approval is stored, then its wave begins, then it writes", () => {
  const before = world(verified, { plan: gated, state: { waves: [waveState("Verified"), waveState("Waiting")] } });
  const told = step(next(before, step(before), { approvals: approved }));
  assert.deepEqual([told.turns, phases(told), decided(told, 1), told.writes], [true, ["Verified", "Waiting"], ["Passed"], []]);
  const begun = step(next(before, told, { approvals: approved }));
  assert.deepEqual([begun.turns, phases(begun), begun.writes], [true, ["Verified", "Progressing"], []]);
  const started = step(next(before, begun, { approvals: approved }));
  assert.deepEqual([started.turns, started.writes.map(({ cluster }) => cluster)], [true, ["b"]]);
});

test("an approval that is there before anybody has looked is stored first, too", () => {
  const before = world(verified, {
    plan: gated,
    state: { waves: [waveState("Verified"), waveState("Waiting")] },
    gates: gatesSeen({ approvals: approved }),
  });
  const told = step(before);
  assert.deepEqual([told.turns, phases(told), decided(told, 1)], [true, ["Verified", "Waiting"], ["Passed"]]);
});

test("an approval whose object is gone once it is stored still stands", () => {
  const state = { waves: [waveState("Verified"), waveState("Waiting", { gates: [gateState("Passed")] })] };
  const { state: after } = step(world(verified, { plan: gated, state, gates: gatesSeen({ approvals: absent }) }));
  assert.equal(after.waves[1]?.phase, "Progressing");
});

test("a wave waits for each of its approvals, tells the first that is missing, and looks again when that expires", () => {
  const plan = { waves: [plannedWave("all", { gates: [approvalGate(), approvalGate({ count: 2 }), analysisGate()] })] };
  const state = { waves: [waveState("Waiting")] };
  const approval = (_: number, gate: number): typeof pending | typeof approved => (gate === 0 ? approved : pending);
  const before = world([waiting("a")], { plan, state, gates: gatesSeen({ approval }) });
  const first = step(before);
  assert.deepEqual(decided(first, 0), ["Passed", "Waiting", "Pending"]);
  const second = step(next(before, first, { approval }));
  assert.deepEqual([phases(second), second.waitingOn?.nextCheck, second.nextLook], [["Waiting"], pending.expiresAt, pending.expiresAt]);
});

test("while a run is paused its approvals are taken, and no wave begins", () => {
  const state = { waves: [waveState("Verified"), waveState("Waiting")] };
  const before = world(verified, { plan: gated, state, orders: { paused: true }, gates: gatesSeen({ approvals: approved }) });
  const first = step(before);
  assert.deepEqual([first.turns, decided(first, 1)], [true, ["Passed"]]);
  const second = step(next(before, first, { approvals: approved }));
  assert.deepEqual([second.phase, second.waitingOn?.reason, phases(second)], ["Paused", "Paused", ["Verified", "Waiting"]]);
});

test("a run that waits for people or for another release is replaced by a newer wish, which has to pass the gates itself", () => {
  const state = { waves: [waveState("Verified"), waveState("Waiting")] };
  const { outcome } = step(world(verified, { plan: gated, state, superseded: true, gates: gatesSeen({ approvals: approved }) }));
  assert.equal(outcome, "Superseded");
});

// Other releases.

const dependent = { dependsOn: [{ name: "checkout.staging" }, { name: "billing.production" }] };
const dependencies = (...ready: readonly boolean[]): SeenShape => ({
  dependencies: ready.map((one, at) => ({
    name: dependent.dependsOn[at]?.name ?? "",
    ready: one,
    message: one ? "ready" : "it is Progressing",
  })),
});

for (const [what, seen, message] of [
  ["one is not ready", dependencies(true, false), "billing.production: it is Progressing"],
  ["nothing is known of one", dependencies(true), "billing.production: nothing is known of it yet"],
  ["nothing is known of any", {}, "checkout.staging: nothing is known of it yet"],
] as const) {
  test(`the first wave waits for the releases that it depends on: ${what}`, () => {
    const before = world([waiting("a")], { plan: dependent, state: { startedAt: undefined, waves: [waveState("Pending")] } });
    const first = step(before);
    assert.deepEqual([phases(first), first.turns], [["Waiting"], true]);
    const second = step(next(before, first, seen));
    assert.deepEqual([second.phase, second.waitingOn, second.writes], ["Waiting", { reason: "Dependency", message }, []]);
  });
}

test("the first wave begins, and that is stored before it writes, when all are ready that it depends on", () => {
  const before = world([waiting("a")], {
    plan: dependent,
    state: { waves: [waveState("Waiting")] },
    gates: gatesSeen(dependencies(true, true)),
  });
  const first = step(before);
  assert.deepEqual([phases(first), first.turns, first.writes], [["Progressing"], true, []]);
});

test("a later wave does not ask whether other releases are still ready", () => {
  const plan = { ...dependent, ...gated };
  const state = { waves: [waveState("Verified"), waveState("Waiting", { gates: [gateState("Passed")] })] };
  assert.deepEqual(phases(step(world(verified, { plan, state, gates: gatesSeen(dependencies(false, false)) }))), [
    "Verified",
    "Progressing",
  ]);
});

// Before a wave is verified.

const soak = 60;
const measured = { waves: [plannedWave("canary", { minSuccessSeconds: soak, gates: [analysisGate()] }), plannedWave("rest")] };
const soaked = (gate: GateState): Partial<RunState> => ({
  waves: [waveState("Soaking", { soaked: soak * 1000, countedAt: T0, gates: [gate] }), waveState("Pending")],
});
const both = [ready("a"), inWave(1, waiting("b"))];

test("an analysis is asked for when its wave soaks, and not before", () => {
  const before = world([syncing("a")], { plan: measured, state: { waves: [waveState("Progressing"), waveState("Pending")] } });
  const first = step(before);
  assert.deepEqual([decided(first, 0), first.asks], [["Pending"], []]);
  const arrived = step({ ...next(before, first, {}), targets: both });
  assert.deepEqual([phases(arrived), arrived.asks, arrived.nextLook], [["Soaking", "Pending"], [], T0]);
  const asked = step(next(before, arrived, {}));
  assert.deepEqual([decided(asked, 0), asked.asks], [["Waiting"], [{ kind: "Analysis", wave: 0, gate: 0 }]]);
});

test("a wave whose soak is over waits for its analysis, and says so", () => {
  const seen = { analyses: analysis("Running", { measured: 1 }) };
  const decision = step(world(both, { plan: measured, state: soaked(gateState("Waiting")), gates: gatesSeen(seen) }));
  assert.deepEqual(
    [phases(decision), decision.phase, decision.waitingOn, decision.turns],
    [
      ["Soaking", "Pending"],
      "Waiting",
      { reason: "Analysis", message: "wave canary: analysis error-rate: 1 of 2 metrics measured so far" },
      false,
    ],
  );
  assert.equal(decision.state.waves[0]?.soaked, soak * 1000, "what has soaked stays so");
});

test("a verdict of metrics is stored, then its wave is verified, then the next one writes", () => {
  const seen = { analyses: analysis("Successful") };
  const before = world(both, { plan: measured, state: soaked(gateState("Waiting")), gates: gatesSeen(seen) });
  const told = step(before);
  assert.deepEqual([told.turns, phases(told), decided(told, 0), told.writes], [true, ["Soaking", "Pending"], ["Passed"], []]);
  const wave = step(next(before, told, seen));
  assert.deepEqual([wave.turns, phases(wave), wave.writes], [true, ["Verified", "Progressing"], []]);
  assert.deepEqual(
    step(next(before, wave, seen)).writes.map(({ cluster }) => cluster),
    ["b"],
  );
});

test("evidence that is lost at the look at which metrics are decided ends the soak at once", () => {
  const seen = { analyses: analysis("Successful") };
  const before = world([syncing("a"), ...both.slice(1)], { plan: measured, state: soaked(gateState("Waiting")), gates: gatesSeen(seen) });
  const { turns, state } = step(before);
  assert.deepEqual(
    [turns, state.waves[0]?.phase, state.waves[0]?.soaked, state.waves[0]?.gates[0]?.phase],
    [true, "Progressing", 0, "Passed"],
  );
});

test("metrics that are good do not shorten the soak", () => {
  const state = {
    waves: [waveState("Soaking", { soaked: 30_000, countedAt: T0, gates: [gateState("Passed")] }), waveState("Pending")],
  };
  assert.deepEqual(phases(step(world(both, { plan: measured, state }))), ["Soaking", "Pending"]);
});

test("a wave without soak has its analysis all the same", () => {
  const plan = { waves: [plannedWave("canary", { gates: [analysisGate()] }), plannedWave("rest")] };
  const before = world(both, { plan });
  const first = step(before);
  assert.deepEqual([phases(first), first.nextLook], [["Soaking", "Pending"], T0]);
  assert.deepEqual(step(next(before, first, {})).asks, [{ kind: "Analysis", wave: 0, gate: 0 }]);
});

test("silence of an analysis is looked at when it has lasted too long", () => {
  const gate = gateState("Waiting", { fingerprint: "measured", progressAt: T0 - 5000 });
  const seen = { analyses: analysis("Running", { patience: 1000 }) };
  const { nextLook } = step(world(both, { plan: measured, state: soaked(gate), gates: gatesSeen(seen) }));
  assert.equal(nextLook, T0 - 5000 + 900_000 + 1000);
});

// In the background.

const background = { waves: [plannedWave("all", { minSuccessSeconds: soak, gates: [analysisGate({ background: true })] })] };

test("an analysis in the background is asked for once a target of its wave was begun", () => {
  const before = world([waiting("a")], { plan: background });
  const first = step(before);
  assert.deepEqual([first.targets[0]?.memo.started, decided(first, 0), first.asks], [true, ["Pending"], []]);
  const second = step(next(before, first, {}));
  assert.deepEqual([decided(second, 0), second.asks], [["Waiting"], [{ kind: "Analysis", wave: 0, gate: 0 }]]);
});

test("a wave of which nobody was begun has its analysis in the background all the same, and does not wait for ever", () => {
  const before = world([target("a", { phase: "Skipped", reason: "SkippedByPerson" })], { plan: background });
  const first = step(before);
  assert.deepEqual([phases(first), decided(first, 0), first.nextLook], [["Soaking"], ["Pending"], T0]);
  assert.deepEqual(step(next(before, first, {})).asks, [{ kind: "Analysis", wave: 0, gate: 0 }]);
});

for (const [what, seconds, ending, asks] of [
  ["goes on while its wave soaks", 20, false, []],
  ["is told to end with the soak", 60, false, [{ kind: "EndAnalysis", wave: 0, gate: 0 }]],
  ["is told so once", 60, true, []],
] as const) {
  test(`an analysis in the background ${what}`, () => {
    const state = { waves: [waveState("Soaking", { soaked: seconds * 1000, countedAt: T0, gates: [gateState("Waiting")] })] };
    const seen = { analyses: analysis("Running", { ending }) };
    const decision = step(world([ready("a")], { plan: background, state, gates: gatesSeen(seen) }));
    assert.deepEqual([decision.asks, phases(decision)], [asks, ["Soaking"]]);
  });
}

test("an analysis that was decided without it, as for its silence, is told to end", () => {
  const state = { waves: [waveState("Soaking", { gates: [gateState("Failed", { accepted: true })] })] };
  const ask = (phase: "Running" | "Failed"): Decision["asks"] =>
    step(world([ready("a")], { plan: background, state, gates: gatesSeen({ analyses: analysis(phase) }) })).asks;
  assert.deepEqual([ask("Running"), ask("Failed")], [[{ kind: "EndAnalysis", wave: 0, gate: 0 }], []]);
});

test("what people or metrics say of later waves is not asked, nor looked at", () => {
  const plan = { waves: [plannedWave("canary"), plannedWave("rest", { gates: [approvalGate(), analysisGate({ background: true })] })] };
  const seen = { approvals: approved, analyses: analysis("Failed") };
  const decision = step(later(world([syncing("a"), inWave(1, ready("b"))], { plan, gates: gatesSeen(seen) }), 1));
  assert.deepEqual([decision.state.waves[1]?.gates, decision.asks, decision.state.rollback], [[], [], undefined]);
});

test("people are asked once the releases before are ready: their time does not run out before", () => {
  const ask = (ready: boolean) => {
    const plan = { ...dependent, waves: [plannedWave("all", { gates: [approvalGate()] })] };
    const seen = gatesSeen({ ...dependencies(ready, ready), approvals: absent });
    return step(world([target("a", { need: "Patch" })], { plan, state: { waves: [waveState("Waiting")] }, gates: seen })).asks;
  };
  assert.deepEqual([ask(false), ask(true)], [[], [{ kind: "Approval", wave: 0, gate: 0 }]]);
});
