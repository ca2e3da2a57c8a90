import type { PlannedGate } from "#api/releaserun.ts";
import { LIMITS } from "#api/rules.ts";
import { isWaitingForStart } from "../memo.ts";
import type { Ask, Override, RunState, WaitingOn, WaveState, World } from "../world.ts";
import { judgeAnalysis, silentAt } from "./analyses.ts";
import { iso, judgeApproval } from "./approvals.ts";
import type { AnalysisSeen, DependencySeen, Freeze } from "./seen.ts";
import { isOf, isOpen, newGate, type GateState } from "./state.ts";

/**
 * The gates of a run: approvals and other releases before a wave begins, analyses before it is verified, freezes before each
 * target. docs/gates.md says how they behave.
 */

/** What has been decided, with what the gates of the present wave say now. */
export function judgeGates(world: World): RunState {
  const { state } = world;
  const overrides = withOverrides(world);
  const index = current(state);
  const wave = state.waves[index];
  if (wave === undefined || state.startedAt === undefined || state.rollback !== undefined) return state;
  const gates = judgeWave(world, index, wave);
  if (overrides === state.overrides && gates === wave.gates) return state;
  return { ...state, overrides, waves: state.waves.map((one, at) => (at === index ? { ...one, gates } : one)) };
}

/** The wave that is under way; as many as there are when all are verified. */
export function current({ waves }: RunState): number {
  const index = waves.findIndex(({ phase }) => phase !== "Verified");
  return index < 0 ? waves.length : index;
}

function judgeWave(world: World, index: number, wave: WaveState): readonly GateState[] {
  const { now, gates: seen, plan } = world;
  const planned = plan.waves[index]?.gates ?? [];
  // People are asked once they are all that is missing: their time is not to run out before.
  const blocked = index === 0 && missingOf(world) !== undefined;
  const after = planned.map((gate, at): GateState => {
    const before = wave.gates[at] ?? newGate(now);
    if (gate.approval !== undefined) {
      const approval = seen.approval(index, at);
      return wave.phase !== "Waiting" || (blocked && approval.kind === "Absent") ? before : judgeApproval(before, gate, approval, now);
    }
    if (wave.phase === "Waiting") return before;
    return judgeAnalysis(before, gate, seen.analysis(index, at), course(world, index, wave, gate), now);
  });
  return after.length === wave.gates.length && after.every((gate, at) => gate === wave.gates[at]) ? wave.gates : after;
}

function course({ plan, targets }: World, index: number, { phase }: WaveState, { analysis }: PlannedGate) {
  const begun = targets.some(({ wave, memo }) => wave === index && (memo.started || memo.written || memo.phase === "Ready"));
  // Where nobody is begun, as when all were taken out, also what goes on in the background begins with the soak.
  return { due: phase === "Soaking" || (analysis?.background === true && begun), progressDeadline: plan.progressDeadline };
}

/** Whether something must open before the wave at `index` begins. */
export function hasEntry({ waves, dependsOn }: World["plan"], index: number): boolean {
  return (index === 0 && dependsOn.length > 0) || (waves[index]?.gates ?? []).some(({ approval }) => approval !== undefined);
}

/** What the wave at `index` waits for before it begins; undefined when it may. */
export function entry(world: World, index: number): WaitingOn | undefined {
  const { plan, state, gates: seen } = world;
  const missing = index === 0 ? missingOf(world) : undefined;
  if (missing !== undefined) return { reason: "Dependency", message: `${missing.name}: ${missing.message}` };
  const at = (plan.waves[index]?.gates ?? []).findIndex(({ approval }, gate) => approval !== undefined && !isOpenAt(state, index, gate));
  if (at < 0) return undefined;
  const approval = seen.approval(index, at);
  const message = `wave ${plan.waves[index]?.name ?? ""}: ${state.waves[index]?.gates[at]?.message ?? ""}`;
  return { reason: "Approval", message, ...(approval.kind === "Pending" ? { nextCheck: approval.expiresAt } : {}) };
}

/** The first release that is not ready. One of which nothing is known is not. */
function missingOf({ plan, gates: { dependencies } }: World): Omit<DependencySeen, "ready"> | undefined {
  const unknown = plan.dependsOn.find(({ name }) => !dependencies.some((one) => one.name === name));
  return dependencies.find(({ ready }) => !ready) ?? (unknown && { name: unknown.name, message: "nothing is known of it yet" });
}

/** The analysis that the wave at `index` waits for before it is verified; undefined when all have passed. */
export function awaitedAnalysis({ plan, state }: World, index: number): WaitingOn | undefined {
  const at = (plan.waves[index]?.gates ?? []).findIndex(({ analysis }, gate) => analysis !== undefined && !isOpenAt(state, index, gate));
  if (at < 0) return undefined;
  const name = plan.waves[index]?.gates?.[at]?.analysis?.templateName ?? "";
  return {
    reason: "Analysis",
    message: `wave ${plan.waves[index]?.name ?? ""}: analysis ${name}: ${state.waves[index]?.gates[at]?.message ?? ""}`,
  };
}

function isOpenAt({ waves }: RunState, wave: number, gate: number): boolean {
  const state = waves[wave]?.gates[gate];
  return state !== undefined && isOpen(state);
}

type Frozen = Pick<World, "state" | "gates" | "targets" | "plan">;

/** The freeze that holds a target which would be started forward; one that people have let the run go through does not. */
export function freezeOf({ plan, state, gates }: Frozen, cluster: string): Freeze | undefined {
  if (plan.kind === "Rollback") return undefined;
  return gates.freezes(cluster).find((freeze) => !state.overrides.some((one) => isOf(one, freeze)));
}

export function awaitedFreeze(freeze: Freeze, clusters: readonly string[]): WaitingOn {
  const more = clusters.length > 5 ? ` and ${clusters.length - 5} more` : "";
  return {
    reason: "Freeze",
    message: `FreezeWindow ${freeze.name} (${freeze.reason}) holds ${clusters.slice(0, 5).join(", ")}${more} until ${iso(freeze.until)}`,
    nextCheck: freeze.until,
  };
}

function withOverrides(world: World): readonly Override[] {
  const { state, gates, now } = world;
  const found: Override[] = [];
  for (const freeze of frozen(world)) {
    const seen = gates.override(freeze);
    if (seen.kind === "Approved") found.push({ name: freeze.name, until: freeze.until, by: seen.by.join(", "), at: now });
  }
  if (found.length === 0) return state.overrides;
  // There is room for so many in a status. What has ended needs none.
  const isFull = state.overrides.length + found.length > LIMITS.overrides;
  return [...state.overrides.filter(({ until }) => !isFull || until > now), ...found].slice(-LIMITS.overrides);
}

/** The freezes that hold somebody back now, each once. */
function frozen(world: Frozen): readonly Freeze[] {
  const found: Freeze[] = [];
  for (const { cluster, wave, memo } of world.targets) {
    const phase = world.state.waves[wave]?.phase;
    if (!isWaitingForStart(memo) || (phase !== "Progressing" && phase !== "Soaking")) continue;
    const freeze = freezeOf(world, cluster);
    if (freeze !== undefined && !found.some((one) => isOf(one, freeze))) found.push(freeze);
  }
  return found;
}

/** The objects that the gates need once `after` is stored, and the analyses that shall end. */
export function asksOf(world: World, after: RunState): readonly Ask[] {
  const { gates: seen, plan } = world;
  const index = current(after);
  const wave = after.waves[index];
  if (wave === undefined) return [];
  const asks: Ask[] = [];
  for (const [gate, planned] of (plan.waves[index]?.gates ?? []).entries()) {
    const state = wave.gates[gate];
    if (state === undefined || state.phase === "Pending") continue;
    const isAwaited = state.phase === "Waiting" && after.rollback === undefined;
    if (planned.approval !== undefined && isAwaited && seen.approval(index, gate).kind === "Absent")
      asks.push({ kind: "Approval", wave: index, gate });
    if (planned.analysis === undefined) continue;
    const analysis = seen.analysis(index, gate);
    // One that was decided without it, as for its silence, measures for nobody.
    const isDone = !isAwaited || (planned.analysis.background && hasSoaked(world, index, wave));
    if (analysis.kind === "Absent" && isAwaited) asks.push({ kind: "Analysis", wave: index, gate });
    if (isUnderWay(analysis) && isDone) asks.push({ kind: "EndAnalysis", wave: index, gate });
  }
  if (after.rollback !== undefined) return asks;
  for (const freeze of frozen({ ...world, state: after }))
    if (seen.override(freeze).kind === "Absent") asks.push({ kind: "Override", freeze });
  return asks;
}

/** Whether it goes on until it is told to end. */
function isUnderWay(analysis: AnalysisSeen): boolean {
  return analysis.kind === "Present" && !analysis.ending && (analysis.phase === "Pending" || analysis.phase === "Running");
}

/** Whether the soak of a wave is over, and only its gates hold it. */
function hasSoaked({ plan, targets }: World, index: number, { phase, soaked }: WaveState): boolean {
  const soaks = targets.some((target) => target.wave === index && target.memo.phase === "Ready");
  return phase === "Soaking" && soaked >= (soaks ? (plan.waves[index]?.minSuccessSeconds ?? 0) * 1000 : 0);
}

/** When gates have to be looked at again though nothing changes, milliseconds since the epoch. */
export function gateTimes(world: World): readonly number[] {
  const { gates: seen, plan, state } = world;
  const index = current(state);
  const wave = state.waves[index];
  if (wave === undefined) return [];
  const times: number[] = [];
  for (const [gate, planned] of (plan.waves[index]?.gates ?? []).entries()) {
    const before = wave.gates[gate];
    if (before?.phase !== "Waiting") continue;
    const approval = planned.approval === undefined ? undefined : seen.approval(index, gate);
    if (approval?.kind === "Pending") times.push(approval.expiresAt);
    if (planned.analysis === undefined) continue;
    const analysis = seen.analysis(index, gate);
    times.push(silentAt(before, analysis.kind === "Absent" ? 0 : analysis.patience, course(world, index, wave, planned)));
  }
  for (const { until } of frozen(world)) times.push(until);
  return times;
}
