import type { Outcome, RunPhase } from "#api/reasons.ts";
import { startWave, writesOf, type Starts } from "./budget.ts";
import { hasFailed, isLost, isVerdict, moved } from "./memo.ts";
import { takeBack } from "./rollback.ts";
import { count, failuresIn, nameSome, nextLook, waitingFor } from "./summary.ts";
import { advance, completeness, failures, type Completeness, type Progress } from "./wave.ts";
import {
  isQuestion,
  type Decision,
  type RunState,
  type Target,
  type Verdict,
  type WaitingOn,
  type WaveState,
  type World,
} from "./world.ts";

/**
 * Looks at a whole run and says what to do now. Pure: the same World gives the same Decision, so a crash loses nothing. One wave
 * at a time is started; each needs the verdict of the one before, as it was stored.
 */
export function step(asked: World): Decision {
  // What people took out is out, whatever becomes of the run; what goes back is not held up by a pause.
  const paused = asked.orders.paused && !asked.plan.undoes;
  const targets = withoutSkipped(asked);
  const decision = decide({ ...asked, orders: { ...asked.orders, paused }, targets });
  return targets === asked.targets ? decision : { ...decision, turns: true };
}

function decide(world: World): Decision {
  const { state, orders } = world;

  // 1. Has it been decided that it goes back? Nothing holds that up.
  if (state.rollback !== undefined) return takeBack(world, state.rollback);

  // 2. Has somebody ended it?
  if (orders.aborted)
    return end(
      world,
      "Aborted",
      orders.backTo === undefined
        ? `ended by a person; ${leftAsItIs(world.targets)}`
        : `ended by a person, who goes back to ${orders.backTo}`,
    );
  if (isReplaced(world)) return end(world, "Superseded", "a newer wish took over");

  // 3. Has it begun?
  if (state.startedAt === undefined)
    return hold(world, { ...state, startedAt: world.now, waves: begun(state.waves, 0, world.now) }, "Planned", true);

  // 4. Have too many failed?
  const verdict = failure(world);
  if (verdict !== undefined) return onFailure(world, verdict);
  if (state.stop !== undefined) return stopped(world, state.stop);

  // 5. How far has the wave come?
  const index = state.waves.findIndex(({ phase }) => phase !== "Verified");
  const progress = waveProgress(world, index);
  if (progress.state.phase === "Verified") return verified(world, index, progress);

  // 6. Start who may be started, and write.
  return proceed(world, index, progress);
}

function withoutSkipped({ targets, orders, now }: World): readonly Target[] {
  const isOut = ({ cluster, memo }: Target): boolean => orders.skipped.has(cluster) && memo.phase !== "Skipped" && !memo.goingBack;
  if (orders.skipped.size === 0 || !targets.some(isOut)) return targets;
  const finding = { phase: "Skipped", reason: "SkippedByPerson", message: "a person took it out of this run" } as const;
  return targets.map((target) =>
    isOut(target) ? { ...target, memo: { ...moved(target.memo, finding, now), need: undefined, lookAt: undefined } } : target,
  );
}

/** Queue lets a run end, unless it waits for a person to judge its failures: the newer wish is that judgement. */
function isReplaced({ superseded, plan, state }: World): boolean {
  return (
    superseded && (plan.supersede === "Replace" || plan.kind === "CatchUp" || state.stop !== undefined || state.startedAt === undefined)
  );
}

function begun(waves: readonly WaveState[], index: number, now: number): readonly WaveState[] {
  return waves.map((wave, at) => (at === index ? { ...wave, phase: "Progressing", startedAt: now } : wave));
}

/** Why the run has failed: more targets of a wave than may, and more than a person has accepted. */
function failure({ plan, state, targets, now }: World): Verdict | undefined {
  const total = failures(targets);
  if (total === 0 || total <= state.accepted) return undefined;
  for (const [index, { name, maxFailures }] of plan.waves.entries()) {
    if (state.waves[index]?.phase === "Pending") continue;
    const own = targets.filter((target) => target.wave === index);
    if (failures(own) > maxFailures) return { at: now, message: `wave ${name}: ${failuresIn(own)}` };
  }
  return undefined;
}

function onFailure(world: World, verdict: Verdict): Decision {
  const { plan, state, orders, targets } = world;
  const waves = state.waves.map((wave) =>
    wave.phase === "Progressing" || wave.phase === "Soaking" ? { ...wave, phase: "Failed" as const } : wave,
  );
  switch (plan.onFailure) {
    case "RollBack":
      return { ...hold(world, { ...state, waves, rollback: verdict }, "RollingBack", true), halts: true, message: verdict.message };
    case "Pause":
      if (state.stop === undefined) return { ...hold(world, { ...state, stop: verdict }, "Paused", true), message: verdict.message };
      return orders.resumed
        ? hold(world, { ...state, stop: undefined, accepted: failures(targets) }, "Progressing", true)
        : stopped(world, state.stop);
    case "Continue":
      return hold(world, { ...state, accepted: failures(targets) }, "Progressing", true);
  }
}

/** What is in flight is followed to its end; nothing is started. */
function stopped(world: World, stop: Verdict): Decision {
  const { state, orders } = world;
  // A failed target that was skipped is no failure any more.
  if (orders.resumed || failure(world) === undefined)
    return hold(world, { ...state, stop: undefined, accepted: failures(world.targets) }, "Progressing", true);
  const how = "resume goes on without those that failed, skip takes them out, abort or a newer wish ends it";
  const waitingOn: WaitingOn = { reason: "Failures", message: `${stop.message}. A person decides: ${how}` };
  const writes = writesOf(world.targets.filter(({ memo }) => memo.written || (memo.need !== undefined && isQuestion(memo.need))));
  return { ...hold(world, { ...state, waves: withoutSoak(world) }, "Paused", false), waitingOn, writes, message: stop.message };
}

/** No soak is counted while a run has stopped, and what breaks it does. */
function withoutSoak(world: World): readonly WaveState[] {
  const { waves } = world.state;
  const index = waves.findIndex(({ phase }) => phase !== "Verified");
  const { state } = waveProgress(world, index);
  return waves.map((wave, at) => (at !== index ? wave : state.phase === "Progressing" ? state : { ...wave, countedAt: undefined }));
}

function waveProgress(world: World, index: number): Progress {
  const { plan, state, targets, now } = world;
  const [wave, before] = [plan.waves[index], state.waves[index]];
  // Every wave of the plan has a state, and one of them is not verified: else the run had ended.
  if (wave === undefined || before === undefined) return { state: NO_WAVE, silent: [] };
  const own = targets.filter((target) => target.wave === index);
  const complete = completeness(wave, own, world);
  const last = index === plan.waves.length - 1;
  return advance(wave, before, own, last ? worse(complete, restOf(targets, index)) : complete, now);
}

const NO_WAVE: WaveState = { phase: "Progressing", startedAt: undefined, verifiedAt: undefined, soaked: 0, countedAt: undefined };

/** The targets of earlier waves: who was verified must still be when the run ends, who was left out is caught up later. */
function restOf(targets: readonly Target[], index: number): Completeness {
  let unseen = false;
  for (const { wave, memo } of targets) {
    if (wave >= index || isVerdict(memo) || (!memo.started && !memo.written && !memo.wasReady && memo.phase !== "Ready")) continue;
    if (memo.phase !== "Ready") return "No";
    unseen ||= memo.evidenceSince === undefined;
  }
  return unseen ? "Unseen" : "Yes";
}

function worse(a: Completeness, b: Completeness): Completeness {
  if (a === "No" || b === "No") return "No";
  return a === "Unseen" || b === "Unseen" ? "Unseen" : "Yes";
}

/** The verdict on a wave is stored with the beginning of the next; what that one writes comes after. */
function verified(world: World, index: number, { state: wave }: Progress): Decision {
  const { state, now, plan, orders } = world;
  const waves = state.waves.map((one, at) => (at === index ? wave : one));
  if (index === plan.waves.length - 1) return end({ ...world, state: { ...state, waves } }, ...success(world));
  if (orders.paused) return { ...hold(world, state, "Paused", false), waitingOn: PAUSED };
  const begins = { ...state, waves: begun(waves, index + 1, now) };
  return { ...hold(world, begins, "Progressing", true), message: `wave ${plan.waves[index + 1]?.name ?? ""} begins` };
}

function success({ targets, plan }: World): readonly [Outcome, string] {
  const failed = targets.filter(({ memo }) => hasFailed(memo));
  const out = targets.filter(({ memo }) => memo.phase !== "Ready" && !hasFailed(memo));
  if (failed.length > 0) return [plan.undoes ? "RollbackIncomplete" : "Failed", failuresIn(targets)];
  if (out.length === 0)
    return plan.undoes
      ? ["RolledBack", `every target is back at ${plan.revision ?? "what was verified before"}`]
      : ["Succeeded", "every target is verified"];
  const lost = out.filter(({ memo }) => memo.phase !== "Skipped");
  const gone = out.filter(({ memo }) => memo.reason === "ClusterGone");
  const skipped = out.filter(({ memo }) => memo.reason === "SkippedByPerson");
  const parts = [
    `${targets.length - out.length} of ${targets.length} targets are verified`,
    ...(skipped.length > 0 ? [`skipped: ${nameSome(skipped)}`] : []),
    ...(gone.length > 0 ? [`gone: ${nameSome(gone)}`] : []),
    ...(lost.length > 0 ? [`left out because they do not answer, and caught up when they return: ${nameSome(lost)}`] : []),
  ];
  return [plan.undoes && lost.length > 0 ? "RollbackIncomplete" : plan.undoes ? "RolledBack" : "SucceededWithSkips", parts.join("; ")];
}

const PAUSED: WaitingOn = {
  reason: "Paused",
  message: "paused: what is in flight is finished, and no target is started until somebody resumes it",
};

function proceed(world: World, index: number, progress: Progress): Decision {
  const { plan, state, orders, now, contactTime } = world;
  const wave = plan.waves[index];
  const watched = withVigil(world.targets, progress.silent, now);
  const starts: Starts =
    orders.paused || wave === undefined ? { targets: watched, started: 0, busy: undefined } : startWave(wave, index, watched, world.room);
  const { targets } = starts;
  const soakLeft = (wave?.minSuccessSeconds ?? 0) * 1000 - progress.state.soaked;
  const soaking = progress.state.phase === "Soaking" && soakLeft > 0;
  const own = targets.filter((target) => target.wave <= index);
  const phase = phaseOf(own, orders.paused, soaking);
  const patience = own.flatMap(({ memo }) => (isLost(memo) && memo.lostSince !== undefined ? [memo.lostSince + contactTime] : []));
  const times = [...patience.filter((at) => at > now), ...(soaking && progress.state.countedAt !== undefined ? [now + soakLeft] : [])];
  const waitingOn = orders.paused ? PAUSED : awaited(own, starts.busy, soaking, wave?.name ?? "", now + soakLeft, progress.silent);
  return {
    phase,
    outcome: undefined,
    message: waitingOn?.message ?? "in flight",
    state: { ...state, waves: state.waves.map((one, at) => (at === index ? progress.state : one)) },
    targets,
    turns: starts.started > 0,
    halts: false,
    counts: count(targets),
    waitingOn,
    writes: writesOf(targets),
    nextLook: nextLook(targets, times),
  };
}

function withVigil(targets: readonly Target[], silent: readonly Target[], now: number): readonly Target[] {
  if (!silent.some(({ memo }) => memo.vigilSince === undefined)) return targets;
  const names = new Set(silent.map(({ cluster }) => cluster));
  return targets.map((target) =>
    names.has(target.cluster) && target.memo.vigilSince === undefined
      ? { ...target, memo: { ...target.memo, vigilSince: now, lookAt: now } }
      : target,
  );
}

function awaited(
  own: readonly Target[],
  busy: string | undefined,
  soaking: boolean,
  wave: string,
  until: number,
  silent: readonly Target[],
): WaitingOn | undefined {
  const [quiet] = silent;
  if (quiet !== undefined)
    return {
      reason: "AwaitingHeartbeat",
      message: `${quiet.cluster}: waiting for Argo CD to look once more before wave ${wave} is verified`,
    };
  if (soaking) return { reason: "Soak", message: `wave ${wave} soaks until ${new Date(until).toISOString().slice(11, 19)} UTC` };
  return waitingFor(own, busy, "Targets");
}

function phaseOf(targets: readonly Target[], paused: boolean, soaking: boolean): RunPhase {
  if (paused) return "Paused";
  if (soaking) return "Waiting";
  const moving = targets.some(({ memo }) => memo.need !== undefined || ["Pending", "Patched", "Syncing", "Arrived"].includes(memo.phase));
  return moving ? "Progressing" : "Waiting";
}

/** Nothing is written now. */
function hold(world: World, state: RunState, phase: RunPhase, turns: boolean): Decision {
  const { targets } = world;
  return {
    phase,
    outcome: undefined,
    message: "in flight",
    state,
    targets,
    turns,
    halts: false,
    counts: count(targets),
    waitingOn: waitingFor(
      targets.filter(({ wave }) => state.waves[wave]?.phase !== "Pending"),
      undefined,
      "Targets",
    ),
    writes: [],
    nextLook: nextLook(targets, []),
  };
}

function end(world: World, outcome: Outcome, message: string): Decision {
  const held = hold(world, world.state, "Progressing", true);
  return { ...held, phase: outcome, outcome, message, halts: true, waitingOn: undefined, nextLook: undefined };
}

function leftAsItIs(targets: readonly Target[]): string {
  const touched = targets.filter(({ memo }) => memo.started || memo.written);
  return touched.length === 0 ? "nothing had been changed" : `left as they are: ${nameSome(touched)}`;
}
