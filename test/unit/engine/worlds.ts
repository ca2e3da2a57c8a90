import { test } from "node:test";
import fc from "fast-check";
import { GATE_PHASES, TARGET_PHASES, TARGET_REASONS, WAVE_PHASES } from "#api/reasons.ts";
import type { PlannedGate, PlannedWave } from "#api/releaserun.ts";
import { UNGATED, type AnalysisSeen, type ApprovalSeen, type GatesSeen } from "#engine/gates/seen.ts";
import type { GateState } from "#engine/gates/state.ts";
import { judge } from "#engine/judge.ts";
import { isVerdict } from "#engine/memo.ts";
import type { Seen } from "#engine/observation.ts";
import { step } from "#engine/step.ts";
import { wantOf, type Decision, type Target, type WaveState, type World } from "#engine/world.ts";
import { application, memo, plannedWave, R1, R2, R3, RUN, T0, target, tracks, waveState, world } from "#test/build.ts";
import { absent, analysis, analysisGate, approvalGate, approved, expired, freeze, gateState, pending, rejected } from "#test/gates.ts";

/** Whatever the world looks like: worlds that may be, and many that may not. */

export const commit = fc.constantFrom(R1, R2, R3);
export const flag = fc.boolean();
const maybe = <T>(value: T) => fc.option(fc.constant(value), { nil: undefined });
export const anyMemo = fc
  .record({
    phase: fc.constantFrom(...TARGET_PHASES),
    reason: fc.constantFrom(...TARGET_REASONS),
    started: flag,
    written: flag,
    goingBack: flag,
    heard: flag,
    heardAgain: flag,
    wasReady: flag,
    confirmed: flag,
    need: fc.constantFrom("Patch", "PatchAndSync", "Sync", "Refresh", "Terminate", "Confirm", undefined),
    lostSince: fc.constantFrom(undefined, T0 - 1000, T0 - 400_000),
    evidenceSince: maybe(T0 - 60_000),
    vigilSince: maybe(T0 - 60_000),
    heartbeat: maybe("2026-11-23T09:55:01Z"),
    refused: maybe("forbidden"),
    contact: fc.option(
      commit.map((live) => ({ live: tracks(live), lastOperation: undefined, baseline: tracks(R1) })),
      { nil: undefined },
    ),
  })
  .map(memo)
  // What is back is RolledBack and never Ready, and a verdict needs nothing.
  .map((one) => (one.goingBack && one.phase === "Ready" ? { ...one, phase: "RolledBack" as const } : one))
  .map((one) => (isVerdict(one) ? { ...one, need: undefined } : one));
export const anySeen: fc.Arbitrary<Seen> = fc.oneof(
  fc.constantFrom<Seen>(
    { kind: "Unasked" },
    { kind: "Behind" },
    { kind: "Absent" },
    { kind: "Unreachable", message: "x" },
    { kind: "Unreachable", message: "x", gone: true },
  ),
  fc
    .record({
      spec: commit,
      compared: fc.option(fc.constantFrom("Synced", "OutOfSync", "Unknown")),
      health: fc.constantFrom("Healthy", "Degraded", "Progressing", "Suspended", "Missing", ""),
      operation: fc.option(fc.record({ run: fc.constantFrom(RUN, "another"), revision: commit })),
      ended: fc.option(fc.constantFrom("Succeeded", "Failed", "Error", "Running", "Terminating")),
      byHand: flag,
    })
    .map(({ spec, compared, health, operation, ended, byHand }): Seen => {
      let app = application().tracking(spec).health(health);
      if (compared !== null) app = app.compared(compared);
      if (ended !== null) app = app.ended(ended, { revision: spec, started: -1, finished: -1 });
      if (operation !== null) app = app.syncing(operation);
      if (byHand) app = app.byHand();
      return { kind: "Present", observation: app.observed(tracks(R2)) };
    }),
);
const anyTarget = fc
  .record({
    memory: anyMemo,
    seen: anySeen,
    over: fc.option(commit, { nil: undefined }),
    back: flag,
    ours: flag,
    wave: fc.nat(2),
    hub: flag,
    look: flag,
  })
  .map(({ memory, seen, over, back, ours, wave, hub, look }): Target => {
    // What cannot go back has a verdict when it is turned round.
    const can = back || isVerdict(memory) ? memory : { ...memory, goingBack: false };
    const one = target("x", can, {
      wave,
      ours,
      forward: { over: over === undefined ? [] : [tracks(over)] },
      ...(hub ? { instance: "hub" } : {}),
      ...(back ? {} : { back: null }),
    });
    return look ? { ...one, memo: judge(wantOf(one), seen, one.memo, T0, true) } : one;
  });
const anyGates: fc.Arbitrary<readonly PlannedGate[]> = fc.array(
  fc.constantFrom(approvalGate(), analysisGate(), analysisGate({ background: true })),
  { maxLength: 3 },
);
const anyWave = fc
  .record({
    maxConcurrency: fc.integer({ min: 1, max: 3 }),
    maxFailures: fc.nat(2),
    maxUnreachable: fc.nat(2),
    minSuccessSeconds: fc.constantFrom(0, 60),
    gates: anyGates,
  })
  .map(({ gates, ...numbers }) => plannedWave("w", { ...numbers, ...(gates.length === 0 ? {} : { gates: [...gates] }) }));
const anyGateState: fc.Arbitrary<GateState> = fc
  .record({
    phase: fc.constantFrom(...GATE_PHASES),
    accepted: flag,
    progressAt: fc.constantFrom(T0, T0 - 60_000, T0 - 2_000_000),
    fingerprint: fc.constantFrom("", "measured"),
  })
  .map(({ phase, accepted, ...more }) =>
    gateState(phase, { ...more, accepted: accepted && (phase === "Failed" || phase === "Inconclusive") }),
  );
/** As far as a run has come: what is verified, what is under way, what is still to come. */
const anyCourse = fc.record({
  current: fc.nat(2),
  phase: fc.constantFrom(...WAVE_PHASES.filter((phase) => phase !== "Pending" && phase !== "Verified")),
  soaked: fc.constantFrom(0, 30_000, 60_000),
  countedAt: fc.constantFrom(undefined, T0 - 9000, T0 + 9000),
  gates: fc.tuple(anyGateState, anyGateState, anyGateState),
  /** Whether this process has looked at its gates. */
  looked: flag,
});
type AnyCourse = typeof anyCourse extends fc.Arbitrary<infer One> ? One : never;

/** What is stored of gates follows from how far the wave has come: none begins before its approvals, none is verified before all. */
function statesOf(waves: readonly PlannedWave[], { current, phase, gates: states, looked, ...more }: AnyCourse): readonly WaveState[] {
  return waves.map(({ gates = [] }, index) => {
    if (index < current) return waveState("Verified", { gates: gates.map(() => gateState("Passed")) });
    if (index > current) return waveState("Pending");
    const own = gates.map(({ approval }, at): GateState => {
      const state = states[at] ?? gateState("Pending");
      // People say yes or no.
      const said = { ...state, phase: state.phase === "Inconclusive" ? ("Failed" as const) : state.phase, accepted: false };
      if (phase === "Waiting") return approval === undefined ? gateState("Pending") : said;
      return approval === undefined ? state : gateState("Passed");
    });
    const isNew = !looked && (phase === "Waiting" || gates.every(({ approval }) => approval === undefined));
    return waveState(phase, { ...more, gates: isNew ? [] : own });
  });
}

const anyApproval = fc.constantFrom<ApprovalSeen>(absent, pending, approved, rejected, expired);
const anyAnalysis: fc.Arbitrary<AnalysisSeen> = fc.oneof(
  fc.constant(absent),
  fc
    .record({
      phase: fc.constantFrom("Pending", "Running", "Successful", "Failed", "Error", "Inconclusive"),
      measured: fc.nat(2),
      ending: flag,
      fingerprint: fc.constantFrom("measured", "measured again"),
    })
    .map(({ phase, ...more }) => analysis(phase, more)),
);
const FREEZES = [freeze("holidays"), freeze("audit", { until: T0 + 60_000 }), freeze("holidays", { until: T0 + 120_000 })] as const;
const DEPENDENCIES = [{ name: "checkout.staging" }, { name: "billing.production" }] as const;
const three = <T>(one: fc.Arbitrary<T>) => fc.tuple(one, one, one);
const anyGatesSeen: fc.Arbitrary<GatesSeen> = fc
  .record({
    approvals: three(anyApproval),
    analyses: three(anyAnalysis),
    overrides: three(anyApproval),
    frozen: fc.dictionary(fc.constantFrom("c0", "c1", "c2", "c3"), fc.subarray([...FREEZES]), { maxKeys: 4 }),
    dependencies: fc.subarray([...DEPENDENCIES]),
    ready: fc.boolean(),
  })
  .map(({ approvals, analyses, overrides, frozen, dependencies, ready }) => ({
    approval: (wave, gate) => approvals[(wave + gate) % 3] ?? absent,
    analysis: (wave, gate) => analyses[(wave + gate) % 3] ?? absent,
    override: (one) => overrides[FREEZES.findIndex(({ name, until }) => name === one.name && until === one.until)] ?? absent,
    freezes: (cluster) => frozen[cluster] ?? [],
    dependencies: dependencies.map((one) => ({ ...one, ready, message: "m" })),
  }));

const unbegun = [0, 1, 2].map(() => waveState("Pending"));
const verdict = { at: T0 - 1000, message: "it broke" };
const anyWorld: fc.Arbitrary<World> = fc
  .record({
    targets: fc.array(anyTarget, { maxLength: 6 }),
    waves: fc.tuple(anyWave, anyWave, anyWave),
    course: fc.option(anyCourse, { freq: 9, nil: undefined }),
    rollback: maybe(verdict),
    stop: maybe(verdict),
    accepted: fc.nat(2),
    overrides: fc.subarray(FREEZES.map(({ name, until }) => ({ name, until, by: "ann", at: T0 - 1000 }))),
    gates: fc.oneof(fc.constant(UNGATED), anyGatesSeen),
    onFailure: fc.constantFrom("RollBack", "Pause", "Continue"),
    rollbackScope: fc.constantFrom("Run", "Target"),
    supersede: fc.constantFrom("Queue", "Replace"),
    kind: fc.constantFrom("Forward", "Rollback", "CatchUp", "RetryFailed"),
    undoes: flag,
    dependsOn: fc.subarray([...DEPENDENCIES]),
    orders: fc.record({
      paused: flag,
      aborted: flag,
      resumed: flag,
      skipped: fc.subarray(["c0", "c3", "c9"]).map((names) => new Set(names)),
    }),
    superseded: flag,
    room: fc.constantFrom(0, 1, Infinity),
  })
  .map(({ targets, waves, course, rollback, stop, accepted, overrides, gates, orders, superseded, room, ...plan }) =>
    world(
      targets.map((one, n) => ({ ...one, cluster: `c${n}` })),
      {
        plan: { ...plan, waves },
        state:
          course === undefined
            ? { startedAt: undefined, waves: unbegun }
            : { waves: statesOf(waves, course), rollback, stop, accepted, overrides },
        orders,
        superseded,
        room: (instance) => (instance === "hub" ? room : Infinity),
        gates,
      },
    ),
  );

/** What holds of every decision. */
export function always(name: string, holds: (world: World, decision: Decision) => void, numRuns = 300): void {
  test(`every decision: ${name}`, () =>
    fc.assert(
      fc.property(anyWorld, (world) => holds(world, step(world))),
      { numRuns },
    ));
}
