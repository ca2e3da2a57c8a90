import type { PlannedWave } from "#api/releaserun.ts";
import { hasFailed, isLost, isVerdict } from "./memo.ts";
import type { RunState, Target, WaveState, World } from "./world.ts";

/** How far one wave has come: it is complete, then it soaks, then Argo CD is heard once more, then it is verified. */

/** Soak is counted in steps of at most this many milliseconds: a process that slept, or a clock that was set, adds no more. */
const LONGEST_STEP = 30_000;

export interface Progress {
  readonly state: WaveState;
  /** Targets whose Argo CD must be heard once more. */
  readonly silent: readonly Target[];
}

/** Where a wave stands. `complete` is of its targets now. */
export function advance(wave: PlannedWave, state: WaveState, targets: readonly Target[], complete: Completeness, now: number): Progress {
  // What has failed or was left out needs no soak.
  const soak = targets.some(({ memo }) => memo.phase === "Ready") ? wave.minSuccessSeconds * 1000 : 0;
  switch (complete) {
    case "No":
      return { state: { ...state, phase: "Progressing", soaked: 0, countedAt: undefined }, silent: [] };
    case "Unseen":
      return { state: { ...state, countedAt: undefined }, silent: [] };
    case "Yes": {
      const soaked = Math.min(soak, state.soaked + counted(state.countedAt, now));
      const soaking: WaveState = { ...state, phase: "Soaking", soaked, countedAt: now };
      if (soaked < soak) return { state: soaking, silent: [] };
      const silent = soak === 0 ? [] : targets.filter(({ memo }) => memo.phase === "Ready" && !memo.heardAgain);
      if (silent.length > 0) return { state: soaking, silent };
      return { state: { ...soaking, phase: "Verified", verifiedAt: now, countedAt: undefined }, silent: [] };
    }
  }
}

function counted(since: number | undefined, now: number): number {
  return since === undefined ? 0 : Math.min(LONGEST_STEP, Math.max(0, now - since));
}

/** Unseen: nothing speaks against it, and not all have been seen since the process began or a watch broke. */
export type Completeness = "Yes" | "Unseen" | "No";

/** Whether all that can be had of a wave's targets is there: verified, taken out, failed within what is allowed, or left out. */
export function completeness(
  wave: PlannedWave,
  targets: readonly Target[],
  { now, contactTime }: Pick<World, "now" | "contactTime">,
): Completeness {
  let unseen = false;
  let leftOut = 0;
  for (const { memo } of targets) {
    if (memo.phase === "Ready") unseen ||= memo.evidenceSince === undefined;
    else if (isVerdict(memo)) continue;
    else if (isLeftOut(memo, now, contactTime)) leftOut += 1;
    else return "No";
  }
  // A wave of which nobody could be reached has shown nothing.
  if (leftOut > wave.maxUnreachable || (leftOut > 0 && leftOut === targets.length)) return "No";
  return unseen ? "Unseen" : "Yes";
}

/** Not touched, and its cluster has not answered for long enough to go on without it. */
export function isLeftOut(memo: Target["memo"], now: number, contactTime: number): boolean {
  return isLost(memo) && !memo.started && !memo.written && memo.lostSince !== undefined && now - memo.lostSince >= contactTime;
}

/** Whether a target's turn has come, or it was brought along before and must stay as it is. */
export function isActive({ waves }: Pick<RunState, "waves">, wave: number, memo: Target["memo"]): boolean {
  const phase = waves[wave]?.phase;
  if (phase === "Progressing" || phase === "Soaking") return true;
  return memo.goingBack || memo.started || memo.written || memo.wasReady;
}

/** How many of a wave's targets count as failed. */
export function failures(targets: readonly Target[]): number {
  return targets.reduce((sum, { memo }) => sum + (hasFailed(memo) ? 1 : 0), 0);
}

/** Where the wave at `index` of a run stands. */
export function waveProgress(world: World, index: number): Progress {
  const { plan, state, targets, now } = world;
  const [wave, before] = [plan.waves[index], state.waves[index]];
  // Every wave of the plan has a state, and one of them is not verified: else the run had ended.
  if (wave === undefined || before === undefined) return { state: NO_WAVE, silent: [] };
  const own = targets.filter((target) => target.wave === index);
  const complete = completeness(wave, own, world);
  const last = index === plan.waves.length - 1;
  return advance(wave, before, own, last ? worse(complete, restOf(targets, index)) : complete, now);
}

const NO_WAVE: WaveState = {
  phase: "Progressing",
  startedAt: undefined,
  verifiedAt: undefined,
  soaked: 0,
  countedAt: undefined,
  gates: [],
};

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
