import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnalysisSeen } from "#engine/gates/seen.ts";
import { isVerdict } from "#engine/memo.ts";
import { Coverage } from "#test/model/coverage.ts";
import { ENGINE, type Engine } from "#test/model/engine.ts";
import { walk, type Bounds, type Walk } from "#test/model/walk.ts";
import { smallWorld, type Shape } from "#test/model/worlds.ts";

const CALM = { faults: 0, troubles: 0, lates: 0, slows: 0, total: 0 };

/** What is found in a small world where, unless told, all goes well: an engine that is no good shows it there already. */
function walked(engine: Engine, shape: Partial<Shape> = {}, bounds: Partial<Bounds> = {}): Walk {
  return walk(engine, smallWorld({ name: "a small world", ...shape }), new Coverage(), { ...CALM, most: 20_000, ...bounds });
}

const rules = ({ broken }: Walk): readonly string[] => broken.map(({ rule }) => rule);

test("a sound engine breaks no rule in a world that is walked to its end, and every path of it ends", () => {
  const { states, transitions, violations, restless } = walked(ENGINE, { doomed: 1 }, { troubles: 1, slows: 1, total: 1 });
  assert.ok(states > 500 && transitions > states);
  assert.deepEqual([violations, restless], [0, []]);
});

test("a sound engine breaks no rule where people, metrics, a freeze and another release are waited for, and every path of it ends", () => {
  const gated = { approval: true, analysis: "soak", freeze: true, dependency: true } as const;
  const { states, violations, restless } = walked(ENGINE, { gated, faults: ["freeze"], soak: false }, { faults: 1, total: 1 });
  assert.ok(states > 500);
  assert.deepEqual([violations, restless], [0, []]);
});

test("the same world is walked the same way", () => {
  const [first, second] = [walked(ENGINE), walked(ENGINE)];
  assert.deepEqual([first.states, first.transitions], [second.states, second.transitions]);
});

const BROKEN: readonly (readonly [what: string, engine: Partial<Engine>, shape: Partial<Shape>, rule: string])[] = [
  [
    "does not store who is started",
    { step: (world) => ({ ...ENGINE.step(world), turns: world.state.startedAt === undefined }) },
    {},
    "1: started before it is stored",
  ],
  [
    "starts both targets of a wave at once",
    {
      step: (world) =>
        ENGINE.step({ ...world, plan: { ...world.plan, waves: world.plan.waves.map((wave) => ({ ...wave, maxConcurrency: 2 })) } }),
    },
    {},
    "1: more in flight than maxConcurrency",
  ],
  [
    "begins all waves at once",
    {
      step: (world) => {
        const decision = ENGINE.step(world);
        const waves = decision.state.waves.map((wave) => (wave.phase === "Pending" ? { ...wave, phase: "Progressing" as const } : wave));
        return { ...decision, state: { ...decision.state, waves } };
      },
    },
    {},
    "2: a wave begins before the ones before are verified",
  ],
  [
    "does not wait for the settle time",
    { judge: (want, seen, memo, now, active) => ENGINE.judge({ ...want, settleTime: 0 }, seen, memo, now, active) },
    {},
    "6: verified before the evidence has held for the settle time",
  ],
  [
    "takes Synced and Healthy for Ready",
    {
      judge: (want, seen, memo, now, active) => {
        const judged = ENGINE.judge(want, seen, memo, now, active);
        const isGood = seen.kind === "Present" && seen.observation.sync === "Synced" && seen.observation.health.status === "Healthy";
        return active && isGood && memo.started && !isVerdict(judged) ? { ...judged, phase: "Ready", reason: "Verified" } : judged;
      },
    },
    {},
    "6: verified without all evidence",
  ],
  [
    "takes silence for a sign of life",
    {
      judge: (want, seen, memo, now, active) => {
        const judged = ENGINE.judge(want, seen, memo, now, active);
        return judged.phase === "Ready" ? { ...judged, heardAgain: true } : judged;
      },
    },
    {},
    "7: silence is taken for a sign of life",
  ],
  [
    "soaks in no time",
    {
      step: (world) => {
        const waves = world.state.waves.map((wave) => (wave.phase === "Soaking" ? { ...wave, soaked: 10_000 } : wave));
        return ENGINE.step({ ...world, state: { ...world.state, waves } });
      },
    },
    {},
    "7: soak that nobody has seen",
  ],
  [
    "writes over whatever is there",
    { admitted: ({ kind }) => kind },
    { automated: false, faults: ["operation"] },
    "3: an operation in flight is written over",
  ],
  [
    "forgets that the run has failed",
    {
      step: (world) => {
        const decision = ENGINE.step(world);
        return world.state.rollback === undefined ? decision : { ...decision, state: { ...decision.state, rollback: undefined } };
      },
    },
    { doomed: 0 },
    "4: a failure verdict is taken back",
  ],
  [
    "begins a wave as soon as people have approved",
    {
      step: (world) => {
        const decision = ENGINE.step(world);
        const isWaiting = decision.state.waves.some(({ phase }) => phase === "Waiting") && decision.outcome === undefined;
        return isWaiting ? ENGINE.step({ ...world, state: decision.state, targets: decision.targets }) : decision;
      },
    },
    { gated: { approval: true } },
    "2: a wave begins before its approval is stored",
  ],
  [
    "takes metrics that say neither for good ones",
    {
      step: (world) =>
        ENGINE.step({ ...world, gates: { ...world.gates, analysis: (wave, gate) => good(world.gates.analysis(wave, gate)) } }),
    },
    { gated: { analysis: "soak" } },
    "2: a gate is decided that nobody has decided",
  ],
  [
    "looks at no freeze",
    { step: (world) => ENGINE.step({ ...world, gates: { ...world.gates, freezes: () => [] } }) },
    { gated: { freeze: true }, faults: ["freeze"] },
    "1: started in a freeze",
  ],
  [
    "does not wait for another release",
    { step: (world) => ENGINE.step({ ...world, plan: { ...world.plan, dependsOn: [] }, gates: { ...world.gates, dependencies: [] } }) },
    { gated: { dependency: true } },
    "2: it begins before the release that it depends on is ready",
  ],
];

function good(seen: AnalysisSeen): AnalysisSeen {
  return seen.kind === "Present" && seen.phase === "Inconclusive" ? { ...seen, phase: "Successful", measured: seen.metrics } : seen;
}

for (const [what, broken, shape, rule] of BROKEN)
  test(`an engine that ${what} is found out`, () => {
    const faults = shape.faults === undefined ? 0 : 1;
    const troubles = shape.gated?.analysis === undefined ? 0 : 1;
    const found = walked({ ...ENGINE, ...broken }, shape, { faults, troubles, total: Math.max(faults, troubles), until: rule });
    assert.ok(rules(found).includes(rule), `found instead: ${rules(found).join("; ") || "nothing"}`);
    const first = found.broken.find((one) => one.rule === rule);
    assert.ok(first !== undefined && found.story(first.state, first.label).some((line) => /^ *1\. /.test(line)));
  });

test("an engine that never ends a run is found out", () => {
  const never: Engine = {
    ...ENGINE,
    step: (world) => {
      const decision = ENGINE.step(world);
      return decision.outcome === undefined
        ? decision
        : { ...decision, outcome: undefined, phase: "Progressing", turns: false, halts: false };
    },
  };
  assert.ok(walked(never).restless.length > 0);
});
