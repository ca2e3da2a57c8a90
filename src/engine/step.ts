import type { Outcome, RunPhase } from "#api/reasons.ts";
import { sinceStart, startWave, writesOf, type Starts } from "./budget.ts";
import { failure, onFailure, stopped, withVerdict } from "./failure.ts";
import { asksOf, awaitedAnalysis, current, entry, freezeOf, gateTimes, hasEntry, judgeGates } from "./gates/gates.ts";
import { hasNewVerdict } from "./gates/state.ts";
import { end, hold, leftAsItIs, type Draft } from "./hold.ts";
import { hasFailed, isInFlight, isLost, moved } from "./memo.ts";
import { takeBack } from "./rollback.ts";
import { count, failuresIn, nameSome, nextLook, waitingFor } from "./summary.ts";
import { waveProgress, type Progress } from "./wave.ts";
import type { Decision, RunState, Target, WaitingOn, WaveState, World } from "./world.ts";

/**
 * Looks at a whole run and says what to do now. Pure: the same World gives the same Decision, so a crash loses nothing. One wave
 * at a time is started; each needs the verdict of the one before, as it was stored.
 */
export function step(asked: World): Decision {
  // What people took out is out, whatever becomes of the run; what goes back is not held up by a pause.
  const paused = asked.orders.paused && !asked.plan.undoes;
  const targets = withoutSkipped(asked);
  const seen = { ...asked, orders: { ...asked.orders, paused }, targets };
  const world = { ...seen, state: judgeGates(seen) };
  const decision = decide(world, asked.state);
  const asks = decision.outcome === undefined ? asksOf(world, decision.state) : [];
  return { ...decision, asks, turns: decision.turns || targets !== asked.targets };
}

function decide(world: World, before: RunState): Draft {
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
  if (state.startedAt === undefined) return hold(world, { ...state, startedAt: world.now, waves: begun(world, 0) }, "Planned", true);

  // 4. Has a gate decided, have too many failed?
  if (hasNewVerdict(before, state)) return withVerdict(world, before);
  const failed = failure(world);
  if (failed !== undefined) return onFailure(world, failed);
  if (state.stop !== undefined) return stopped(world, state.stop);

  // 5. May the wave begin, and how far has it come?
  const index = current(state);
  if (state.waves[index]?.phase === "Waiting") return enter(world, index);
  const progress = waveProgress(world, index);
  const isDone = progress.state.phase === "Verified";
  const analysis = isDone ? awaitedAnalysis(world, index) : undefined;
  if (isDone && analysis === undefined) return verified(world, index, progress);

  // 6. Start who may be started, and write.
  return proceed(world, index, isDone ? stillSoaking(world, progress) : progress, analysis);
}

/** Its soak is over, and metrics have still to be heard. */
function stillSoaking({ now }: World, { state, silent }: Progress): Progress {
  return { state: { ...state, phase: "Soaking", verifiedAt: undefined, countedAt: now }, silent };
}

function withoutSkipped({ targets, orders, now }: World): readonly Target[] {
  const isOut = ({ cluster, memo }: Target): boolean => orders.skipped.has(cluster) && memo.phase !== "Skipped" && !memo.goingBack;
  if (orders.skipped.size === 0 || !targets.some(isOut)) return targets;
  const finding = { phase: "Skipped", reason: "SkippedByPerson", message: "a person took it out of this run" } as const;
  return targets.map((target) =>
    isOut(target) ? { ...target, memo: { ...moved(target.memo, finding, now), need: undefined, lookAt: undefined } } : target,
  );
}

/**
 * Queue lets a run end, unless it waits for people, whose answer the newer wish is, for another release, or has changed nothing
 * yet.
 */
function isReplaced({ superseded, plan, state, targets }: World): boolean {
  if (!superseded) return false;
  if (plan.supersede === "Replace" || plan.kind === "CatchUp" || state.stop !== undefined) return true;
  if (state.startedAt === undefined || state.waves[current(state)]?.phase === "Waiting") return true;
  return !targets.some(({ memo }) => memo.started || memo.written);
}

/** The wave at `index` has its turn: it begins, unless something must open before. */
function begun({ state, plan, now }: World, index: number): readonly WaveState[] {
  const isOpen = !hasEntry(plan, index);
  return state.waves.map((wave, at) => (at !== index ? wave : isOpen ? progressing(wave, now) : { ...wave, phase: "Waiting" }));
}

function progressing(wave: WaveState, now: number): WaveState {
  return { ...wave, phase: "Progressing", startedAt: now };
}

/** A wave begins once all that must open before it has opened, and that is stored. */
function enter(world: World, index: number): Draft {
  const { state, now, plan, orders, targets } = world;
  const waitingOn = orders.paused ? PAUSED : entry(world, index);
  if (waitingOn !== undefined)
    return {
      ...hold(world, state, orders.paused ? "Paused" : "Waiting", false),
      waitingOn,
      message: waitingOn.message,
      writes: writesOf(targets),
    };
  const waves = state.waves.map((wave, at) => (at === index ? progressing(wave, now) : wave));
  return { ...hold(world, { ...state, waves }, "Progressing", true), message: `wave ${plan.waves[index]?.name ?? ""} begins` };
}

/** The verdict on a wave is stored with the beginning of the next; what that one writes comes after. */
function verified(world: World, index: number, { state: wave }: Progress): Draft {
  const { state, plan, orders } = world;
  const waves = state.waves.map((one, at) => (at === index ? wave : one));
  const after = { ...world, state: { ...state, waves } };
  if (index === plan.waves.length - 1) return end(after, ...success(after));
  if (orders.paused) return { ...hold(world, state, "Paused", false), waitingOn: PAUSED };
  const begins = { ...state, waves: begun(after, index + 1) };
  return { ...hold(world, begins, "Progressing", true), message: `wave ${plan.waves[index + 1]?.name ?? ""} begins` };
}

function success({ targets, plan, state }: World): readonly [Outcome, string] {
  const shut = state.waves.flatMap(({ gates }) => gates.filter(({ phase }) => phase === "Failed"));
  const failed = targets.filter(({ memo }) => hasFailed(memo));
  const out = targets.filter(({ memo }) => memo.phase !== "Ready" && !hasFailed(memo));
  if (failed.length > 0) return [plan.undoes ? "RollbackIncomplete" : "Failed", failuresIn(targets)];
  if (shut.length > 0) return ["Failed", shut.map(({ message }) => message).join("; ")];
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

const NOBODY: Omit<Starts, "targets"> = { started: 0, busy: undefined, frozen: undefined };

const PAUSED: WaitingOn = {
  reason: "Paused",
  message: "paused: what is in flight is finished, and no target is started until somebody resumes it",
};

function proceed(world: World, index: number, progress: Progress, analysis: WaitingOn | undefined): Draft {
  const { plan, state, orders, now, contactTime } = world;
  const wave = plan.waves[index];
  const watched = withVigil(world.targets, progress.silent, now);
  const starts: Starts =
    orders.paused || wave === undefined
      ? { ...NOBODY, targets: watched }
      : startWave(wave, index, watched, world.room, (cluster) => freezeOf(world, cluster));
  const targets = sinceStart(watched, starts.targets, now);
  const soakLeft = (wave?.minSuccessSeconds ?? 0) * 1000 - progress.state.soaked;
  const soaking = progress.state.phase === "Soaking" && soakLeft > 0;
  const own = targets.filter((target) => target.wave <= index);
  const phase = phaseOf(own, orders.paused, soaking);
  const patience = own.flatMap(({ memo }) => (isLost(memo) && memo.lostSince !== undefined ? [memo.lostSince + contactTime] : []));
  const begins = progress.state.phase === "Soaking" && state.waves[index]?.phase !== "Soaking" && (wave?.gates ?? []).length > 0;
  const waitingOn = orders.paused ? PAUSED : (analysis ?? awaited(own, starts, soaking, wave?.name ?? "", now + soakLeft, progress.silent));
  const times = [
    ...(waitingOn?.nextCheck === undefined ? [] : [waitingOn.nextCheck]),
    ...patience.filter((at) => at > now),
    ...(soaking && progress.state.countedAt !== undefined ? [now + soakLeft] : []),
    // What begins with the soak.
    ...(begins ? [now] : []),
    ...gateTimes(world),
  ];
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
  { busy, frozen }: Starts,
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
  if (soaking)
    return { reason: "Soak", message: `wave ${wave} soaks until ${new Date(until).toISOString().slice(11, 19)} UTC`, nextCheck: until };
  if (frozen !== undefined && !own.some(({ memo }) => isInFlight(memo))) return frozen;
  return waitingFor(own, busy, "Targets");
}

function phaseOf(targets: readonly Target[], paused: boolean, soaking: boolean): RunPhase {
  if (paused) return "Paused";
  if (soaking) return "Waiting";
  const moving = targets.some(({ memo }) => memo.need !== undefined || ["Pending", "Patched", "Syncing", "Arrived"].includes(memo.phase));
  return moving ? "Progressing" : "Waiting";
}
