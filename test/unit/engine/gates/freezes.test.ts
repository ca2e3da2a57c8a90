import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "#api/rules.ts";
import type { Freeze } from "#engine/gates/seen.ts";
import { step } from "#engine/step.ts";
import type { Ask, Decision, Override, Target, World } from "#engine/world.ts";
import { plannedWave, T0, target, waveState, world, type WorldShape } from "#test/build.ts";
import { approved, expired, freeze, gatesSeen, pending, rejected, type SeenShape } from "#test/gates.ts";
import { inWave, later, ready, syncing } from "../targets.ts";

const waiting = (cluster: string): Target => target(cluster, { need: "Patch" });
const holidays = freeze("holidays");
const frozen = (targets: readonly Target[], seen: SeenShape = { frozen: [holidays] }, shape: WorldShape = {}): World =>
  world(targets, { ...shape, gates: gatesSeen(seen) });
const started = ({ targets }: Decision): readonly string[] => targets.filter(({ memo }) => memo.started).map(({ cluster }) => cluster);
const through = (one: Freeze): Override => ({ name: one.name, until: one.until, by: "ann", at: T0 });

test("a freeze starts nobody, says until when and for whom, asks people once for an override, and looks again at its end", () => {
  const decision = step(frozen([waiting("a"), waiting("b")]));
  assert.deepEqual(
    [started(decision), decision.writes, decision.waitingOn, decision.asks, decision.nextLook],
    [
      [],
      [],
      {
        reason: "Freeze",
        message: "FreezeWindow team-a/holidays (holidays) holds a, b until 2026-11-23 11:00 UTC",
        nextCheck: holidays.until,
      },
      [{ kind: "Override", freeze: holidays }],
      holidays.until,
    ],
  );
  assert.deepEqual(step(frozen([waiting("a")], { frozen: [holidays], overrides: pending })).asks, []);
});

test("of many that are held five are named", () => {
  const { waitingOn } = step(frozen(["a", "b", "c", "d", "e", "f", "g"].map(waiting)));
  assert.match(waitingOn?.message ?? "", /holds a, b, c, d, e and 2 more until/);
});

test("a freeze of some clusters holds these, and the others of their wave go on", () => {
  const seen = { freezes: (cluster: string) => (cluster === "a" ? [holidays] : []) };
  assert.deepEqual(started(step(frozen([waiting("a"), waiting("b"), waiting("c")], seen))), ["b", "c"]);
});

test("one that is held takes no place from those that are not", () => {
  const seen = { freezes: (cluster: string) => (cluster === "a" ? [holidays] : []) };
  const plan = { waves: [plannedWave("all", { maxConcurrency: 1 })] };
  assert.deepEqual(started(step(frozen([waiting("a"), waiting("b"), waiting("c")], seen, { plan }))), ["b"]);
});

test("what is in flight is finished in a freeze: its writes, its verdict and its soak go on", () => {
  const plan = { waves: [plannedWave("all", { minSuccessSeconds: 60 })] };
  const state = { waves: [waveState("Soaking", { soaked: 10_000, countedAt: T0 - 5000 })] };
  const flying = target("a", { started: true, need: "Patch" });
  assert.deepEqual(
    step(frozen([flying])).writes.map(({ cluster }) => cluster),
    ["a"],
  );
  const soaking = step(frozen([ready("a")], { frozen: [holidays] }, { plan, state }));
  assert.deepEqual([soaking.state.waves[0]?.soaked, soaking.asks], [15_000, []]);
  assert.equal(step(frozen([ready("a")])).outcome, "Succeeded");
});

test("while others are in flight the freeze is not what the run waits for", () => {
  assert.equal(step(frozen([syncing("a"), waiting("b")])).waitingOn?.reason, "Progressing");
});

test("a freeze holds every wave, and a verified wave is followed by one that is held", () => {
  const plan = { waves: [plannedWave("canary"), plannedWave("rest")] };
  const state = { waves: [waveState("Verified"), waveState("Progressing")] };
  const decision = step(frozen([ready("a"), inWave(1, waiting("b"))], { frozen: [holidays] }, { plan, state }));
  assert.deepEqual([started(decision), decision.waitingOn?.reason], [["a"], "Freeze"]);
});

for (const [kind, held] of [
  ["Forward", true],
  ["RetryFailed", true],
  ["CatchUp", true],
  ["Rollback", false],
] as const) {
  test(`a run of kind ${kind} is ${held ? "" : "not "}held by a freeze`, () => {
    const decision = step(frozen([waiting("a")], { frozen: [holidays] }, { plan: { kind } }));
    assert.deepEqual([started(decision), decision.asks.length], held ? [[], 1] : [["a"], 0]);
  });
}

test("what goes back is not held by a freeze, and nobody is asked", () => {
  const state = { rollback: { at: T0, message: "boom" }, waves: [waveState("Failed")] };
  const back = target("a", { goingBack: true, need: "Patch" });
  const decision = step(frozen([back, waiting("b")], { frozen: [holidays] }, { state }));
  assert.deepEqual([decision.writes.map(({ cluster, want }) => [cluster, want.direction]), decision.asks], [[["a", "Back"]], []]);
});

test("nobody is asked for one that is only to be read anew", () => {
  assert.deepEqual(step(frozen([target("a", { need: "Confirm" })])).asks, []);
});

// People let a run go through.

test("an override is stored before anybody is started because of it", () => {
  const before = frozen([waiting("a")], { frozen: [holidays], overrides: approved });
  const told = step(before);
  assert.deepEqual([told.turns, started(told), told.state.overrides], [true, [], [through(holidays)]]);
  const next = step({ ...before, state: told.state, targets: told.targets });
  assert.deepEqual([next.turns, started(next), next.writes.length], [true, ["a"], 1]);
});

test("an override stands though its object is gone, and though the freeze is seen again", () => {
  assert.deepEqual(started(step(frozen([waiting("a")], { frozen: [holidays] }, { state: { overrides: [through(holidays)] } }))), ["a"]);
});

for (const [what, overrides] of [
  ["rejected", rejected],
  ["not decided in time", expired],
] as const)
  test(`an override that is ${what} leaves the freeze as it is, and does not end the run`, () => {
    const decision = step(frozen([waiting("a")], { frozen: [holidays], overrides }));
    assert.deepEqual([started(decision), decision.asks, decision.outcome, decision.state.stop], [[], [], undefined, undefined]);
  });

test("each freeze that holds a target has to be overridden", () => {
  const audit = freeze("audit", { until: T0 + 1_800_000 });
  const state = { overrides: [through(holidays)] };
  const decision = step(frozen([waiting("a")], { frozen: [holidays, audit] }, { state }));
  assert.deepEqual([started(decision), decision.asks], [[], [{ kind: "Override", freeze: audit }]]);
  const both = { overrides: [through(holidays), through(audit)] };
  assert.deepEqual(started(step(frozen([waiting("a")], { frozen: [holidays, audit] }, { state: both }))), ["a"]);
});

test("a freeze that was made longer, or comes again, has to be overridden again", () => {
  const longer = { ...holidays, until: holidays.until + 1000 };
  const decision = step(frozen([waiting("a")], { frozen: [longer] }, { state: { overrides: [through(holidays)] } }));
  assert.deepEqual([started(decision), decision.asks], [[], [{ kind: "Override", freeze: longer }]]);
});

test("two freezes of different clusters are asked for each, and the first is told", () => {
  const audit = freeze("audit");
  const seen = { freezes: (cluster: string) => [cluster === "b" ? audit : holidays] };
  const decision = step(frozen([waiting("a"), waiting("b"), waiting("c")], seen));
  const asks: readonly Ask[] = [
    { kind: "Override", freeze: holidays },
    { kind: "Override", freeze: audit },
  ];
  assert.deepEqual(decision.asks, asks);
  assert.match(decision.waitingOn?.message ?? "", /holidays\) holds a, c until/);
});

test("a run that has gone through more freezes than its status has room for keeps those that have not ended", () => {
  const past = Array.from({ length: LIMITS.overrides - 1 }, (_, n) => through(freeze(`night-${n}`, { until: T0 - 1000 * (n + 1) })));
  const present = through(freeze("audit"));
  const state = { overrides: [...past, present] };
  const seen = { frozen: [holidays], overrides: approved };
  const { turns, state: after } = step(frozen([waiting("a")], seen, { state }));
  assert.deepEqual([turns, after.overrides], [true, [present, through(holidays)]]);
});

test("a freeze that has ended holds nobody", () => {
  assert.deepEqual(started(step(later(frozen([waiting("a")], { frozen: [] }), 3600))), ["a"]);
});

test("a paused run asks nobody to start, and its freeze is still what people may override", () => {
  const decision = step(frozen([waiting("a")], { frozen: [holidays] }, { orders: { paused: true } }));
  assert.deepEqual([started(decision), decision.waitingOn?.reason, decision.asks.length], [[], "Paused", 1]);
});
