import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlannedGate } from "#api/releaserun.ts";
import type { OnFailure } from "#api/strategy.ts";
import type { GateState } from "#engine/gates/state.ts";
import { step } from "#engine/step.ts";
import type { Decision, World } from "#engine/world.ts";
import { plannedWave, T0, target, waveState, world, type WorldShape } from "#test/build.ts";
import { absent, analysis, analysisGate, approvalGate, expired, gateState, gatesSeen, rejected, type SeenShape } from "#test/gates.ts";
import { failed, inWave, ready } from "../targets.ts";

/** What becomes of a run whose gate says no. */

interface Story {
  readonly onFailure: OnFailure;
  readonly gates: readonly PlannedGate[];
  readonly decided?: readonly GateState[];
  readonly seen?: SeenShape;
  readonly more?: WorldShape;
}

const targets = [ready("a"), inWave(1, target("b", { need: "Patch" }))];

/** A run that waits for the approvals of its second wave, or for the analysis of its first. */
function waits({ onFailure, gates, decided = gates.map(() => gateState("Waiting")), seen = {}, more = {} }: Story): World {
  const isEntry = gates.some(({ approval }) => approval !== undefined);
  const plan = {
    onFailure,
    waves: [plannedWave("canary", isEntry ? {} : { gates: [...gates] }), plannedWave("rest", isEntry ? { gates: [...gates] } : {})],
  };
  const waves = isEntry
    ? [waveState("Verified"), waveState("Waiting", { gates: decided })]
    : [waveState("Soaking", { countedAt: T0, gates: decided }), waveState("Pending")];
  return world(targets, { plan, gates: gatesSeen(seen), ...more, state: { waves, ...more.state } });
}

/** The decisions until nothing comes of looking again, each stored before the next. */
function course(first: World): readonly Decision[] {
  const decisions: Decision[] = [];
  let now = first;
  for (let looks = 0; looks < 9; looks += 1) {
    const decision = step(now);
    decisions.push(decision);
    assert.deepEqual(
      decision.writes.filter(({ want }) => want.direction === "Forward"),
      [],
    );
    if (decision.outcome !== undefined || !decision.turns) return decisions;
    now = { ...now, state: decision.state, targets: decision.targets };
  }
  return assert.fail("it does not come to rest");
}
const told = (decisions: readonly Decision[]): readonly (readonly [string, boolean])[] =>
  decisions.map(({ phase, turns }) => [phase, turns]);

const noes = [
  ["rejected", approvalGate(), { approvals: rejected }, "wave rest: rejected by bob: not today"],
  ["not decided in time", approvalGate(), { approvals: expired }, "wave rest: it was not approved until 2026-11-23 10:00 UTC"],
] as const;

for (const [what, gate, seen, message] of noes) {
  for (const onFailure of ["Pause", "Continue"] as const)
    test(`${what}, with onFailure: ${onFailure}, a run ends: people have answered already`, () => {
      const decisions = course(waits({ onFailure, gates: [gate], seen }));
      assert.deepEqual(told(decisions), [
        ["Progressing", true],
        ["Failed", true],
      ]);
      assert.equal(decisions.at(-1)?.message, `${message}; left as they are: a`);
    });

  test(`${what}, with onFailure: RollBack, a run is taken back, and its wave that never began has failed`, () => {
    const [first, second] = course(waits({ onFailure: "RollBack", gates: [gate], seen }));
    assert.deepEqual([first?.turns, first?.state.rollback], [true, undefined]);
    assert.deepEqual(
      [second?.state.rollback, second?.turns, second?.state.waves.map(({ phase }) => phase)],
      [{ at: T0, message }, true, ["Verified", "Failed"]],
    );
  });
}

test("who resumes a run that had stopped does not overrule those who have rejected it", () => {
  const stop = { at: T0 - 1000, message: "wave canary: 1 of 1 target failed" };
  const more = { state: { stop }, orders: { resumed: true } };
  const story = waits({ onFailure: "Pause", gates: [approvalGate()], decided: [gateState("Failed", { message: "rejected" })], more });
  const { outcome, message } = step({ ...story, targets: [failed("a"), ...targets.slice(1)] });
  assert.deepEqual([outcome, message], ["Failed", "wave rest: rejected; left as they are: a"]);
});

test("failed metrics, with onFailure: RollBack, are stored, and then the run is taken back", () => {
  const seen = { analyses: analysis("Failed", { message: "errors: 0.2" }) };
  const [first, second, third] = course(waits({ onFailure: "RollBack", gates: [analysisGate()], seen }));
  assert.deepEqual([first?.turns, first?.state.rollback], [true, undefined]);
  const message = "wave canary: analysis error-rate failed: errors: 0.2";
  assert.deepEqual([second?.halts, second?.state.rollback, second?.writes], [true, { at: T0, message }, []]);
  assert.equal(third?.phase, "RollingBack");
});

test("failed metrics, with onFailure: Pause, stop the run until a person goes on in spite of them; then it has not succeeded", () => {
  const before = waits({ onFailure: "Pause", gates: [analysisGate()], seen: { analyses: analysis("Failed") } });
  const decisions = course(before);
  assert.deepEqual(told(decisions), [
    ["Progressing", true],
    ["Paused", true],
    ["Paused", false],
  ]);
  const last = decisions.at(-1);
  assert.equal(
    last?.waitingOn?.message,
    "wave canary: analysis error-rate failed. A person decides: resume goes on in spite of it, abort or a newer wish ends it",
  );
  const resumed = step({ ...before, state: last?.state ?? before.state, orders: { ...before.orders, resumed: true } });
  assert.deepEqual(
    [resumed.turns, resumed.state.stop, resumed.state.waves[0]?.gates.map(({ phase, accepted }) => [phase, accepted])],
    [true, undefined, [["Failed", true]]],
  );
  const verified = step({ ...before, state: resumed.state });
  assert.deepEqual(
    verified.state.waves.map(({ phase }) => phase),
    ["Verified", "Progressing"],
  );
});

test("a run that went on in spite of failed metrics ends as Failed, and says why", () => {
  const gates = [analysisGate()];
  const decided = [gateState("Failed", { accepted: true, message: "errors: 0.2" })];
  const plan = { waves: [plannedWave("all", { gates })] };
  const { outcome, message } = step(world([ready("a")], { plan, state: { waves: [waveState("Soaking", { gates: decided })] } }));
  assert.deepEqual([outcome, message], ["Failed", "errors: 0.2"]);
});

test("failed metrics, with onFailure: Continue, are gone on in spite of", () => {
  const before = waits({ onFailure: "Continue", gates: [analysisGate()], seen: { analyses: analysis("Failed") } });
  const first = step(before);
  const second = step({ ...before, state: first.state });
  assert.deepEqual([second.turns, second.state.waves[0]?.gates.map(({ accepted }) => accepted)], [true, [true]]);
});

for (const onFailure of ["RollBack", "Pause", "Continue"] as const) {
  test(`metrics that say neither, with onFailure: ${onFailure}, stop the run: a person decides`, () => {
    const decisions = course(waits({ onFailure, gates: [analysisGate()], seen: { analyses: analysis("Inconclusive") } }));
    const last = decisions.at(-1);
    assert.deepEqual(
      [last?.phase, last?.state.rollback, last?.state.stop],
      ["Paused", undefined, { at: T0, message: "wave canary: analysis error-rate is inconclusive" }],
    );
  });

  test(`what a person goes on in spite of though it says neither is no failure, with onFailure: ${onFailure}`, () => {
    const decided = [gateState("Inconclusive", { accepted: true })];
    const plan = { onFailure, waves: [plannedWave("all", { gates: [analysisGate()] })] };
    assert.equal(step(world([ready("a")], { plan, state: { waves: [waveState("Soaking", { gates: decided })] } })).outcome, "Succeeded");
  });
}

test("onFailure: Continue goes on without targets that fail, and not in spite of metrics that say neither", () => {
  const decided = [gateState("Inconclusive", { message: "unclear" })];
  const before = waits({ onFailure: "Continue", gates: [analysisGate()], decided, seen: { analyses: absent } });
  const decisions = course({ ...before, targets: [ready("a"), failed("c"), ...targets.slice(1)] });
  const last = decisions.at(-1);
  assert.deepEqual([last?.phase, last?.state.accepted, last?.state.stop?.message], ["Paused", 1, "wave canary: unclear"]);
});

test("a run that waits for a person because metrics say neither waits on when another target fails", () => {
  const stop = { at: T0 - 1000, message: "wave canary: unclear" };
  const decided = [gateState("Inconclusive", { message: "unclear" })];
  const before = waits({ onFailure: "Continue", gates: [analysisGate()], decided, more: { state: { stop } } });
  const decisions = course({ ...before, targets: [ready("a"), failed("c"), ...targets.slice(1)] });
  assert.deepEqual([decisions.at(-1)?.phase, decisions.at(-1)?.state.stop], ["Paused", stop]);
});

test("failed metrics take a run back that had stopped because others said neither", () => {
  const gates = [analysisGate(), analysisGate({ templateName: "latency" })];
  const stop = { at: T0 - 1000, message: "unclear" };
  const before = waits({
    onFailure: "RollBack",
    gates,
    decided: [gateState("Inconclusive"), gateState("Waiting")],
    seen: { analyses: analysis("Failed") },
    more: { state: { stop } },
  });
  assert.match(course(before)[1]?.state.rollback?.message ?? "", /analysis latency failed/);
});

test("whoever resumes a run that had stopped has to know what its gates said since", () => {
  const stop = { at: T0 - 1000, message: "wave canary: c failed" };
  const seen = { analyses: analysis("Failed") };
  const before = waits({ onFailure: "Pause", gates: [analysisGate()], seen, more: { state: { stop }, orders: { resumed: true } } });
  const { state } = step({ ...before, targets: [ready("a"), failed("c"), ...targets.slice(1)] });
  assert.deepEqual(state.stop, { at: T0, message: "wave canary: c failed; wave canary: analysis error-rate failed" });
});

test("what a gate passes is no news to whoever resumes a run that had stopped", () => {
  const stop = { at: T0 - 1000, message: "unclear" };
  const gates = [analysisGate(), analysisGate()];
  const decided = [gateState("Inconclusive"), gateState("Waiting")];
  const before = waits({ onFailure: "Pause", gates, decided, seen: { analyses: analysis("Successful") }, more: { state: { stop } } });
  const decision = step(before);
  assert.deepEqual([decision.turns, decision.state.stop], [true, stop]);
});

test("once a run is taken back nobody is asked, and its analyses are told to end", () => {
  const waves = [plannedWave("all", { gates: [approvalGate(), analysisGate({ background: true })] })];
  const state = {
    rollback: { at: T0, message: "c failed" },
    waves: [waveState("Failed", { gates: [gateState("Passed"), gateState("Waiting")] })],
  };
  const asks = (seen: SeenShape): Decision["asks"] =>
    step(world([ready("a", { goingBack: true, phase: "Syncing" })], { plan: { waves }, state, gates: gatesSeen(seen) })).asks;
  assert.deepEqual(asks({ analyses: analysis("Running") }), [{ kind: "EndAnalysis", wave: 0, gate: 1 }]);
  assert.deepEqual(
    [asks({}), asks({ analyses: analysis("Running", { ending: true }) }), asks({ analyses: analysis("Failed") })],
    [[], [], []],
  );
});
