import type { PlannedWave } from "#api/releaserun.ts";
import { isInFlight, isWaitingForStart, type TargetMemo } from "./memo.ts";
import { replaceable } from "./judge.ts";
import { awaitedFreeze } from "./gates/gates.ts";
import type { Freeze } from "./gates/seen.ts";
import { isQuestion, wantOf, type Target, type TargetWrite, type WaitingOn, type World } from "./world.ts";

/** Who may be started now: no more in flight than the wave allows, and than each Argo CD instance does over all releases. */
export interface Starts {
  /** The targets, with those started marked so. */
  readonly targets: readonly Target[];
  readonly started: number;
  /** An instance that has no room for one that could be started; undefined when there was room for all. */
  readonly busy: string | undefined;
  /** The freeze that holds some that could be started, in words. */
  readonly frozen: WaitingOn | undefined;
}

type Freezing = (cluster: string) => Freeze | undefined;

/** Starts what the wave's concurrency allows, in the order of the plan. */
export function startWave(
  wave: PlannedWave,
  index: number,
  targets: readonly Target[],
  room: World["room"],
  freeze: Freezing = () => undefined,
): Starts {
  const inFlight = targets.reduce((sum, target) => sum + (target.wave === index && isInFlight(target.memo) ? 1 : 0), 0);
  const own = { eligible: (target: Target) => target.wave === index, slots: wave.maxConcurrency - inFlight, ordered: true };
  const held = new Map<string, { readonly freeze: Freeze; readonly clusters: string[] }>();
  const isHeld = ({ cluster }: Target): boolean => {
    const found = freeze(cluster);
    if (found === undefined) return false;
    const known = held.get(found.name);
    if (known === undefined) held.set(found.name, { freeze: found, clusters: [cluster] });
    else known.clusters.push(cluster);
    return true;
  };
  const starts = start(targets, { ...own, isHeld }, room);
  const [first] = held.values();
  return first === undefined ? starts : { ...starts, frozen: awaitedFreeze(first.freeze, first.clusters) };
}

/** Starts all that are taken back: a rollback adds no wait of its own. */
export function startBack(targets: readonly Target[], room: World["room"]): Starts {
  const { targets: reversed, ...rest } = start(targets.toReversed(), BACK, room);
  return { ...rest, targets: reversed.toReversed() };
}

interface Rule {
  readonly eligible: (target: Target) => boolean;
  readonly slots: number;
  /** Whether nobody is started before those that stand before it in the plan. */
  readonly ordered: boolean;
  /** Whether one that could be started may not be. */
  readonly isHeld: (target: Target) => boolean;
}

const BACK: Rule = { eligible: ({ memo }) => memo.goingBack, slots: Infinity, ordered: false, isHeld: () => false };

function start(targets: readonly Target[], { eligible, slots, ordered, isHeld }: Rule, room: World["room"]): Starts {
  const none = { targets, started: 0, busy: undefined, frozen: undefined };
  if (!targets.some((target) => eligible(target) && isWaitingForStart(target.memo))) return none;
  // One that looks changed is read anew before any of its wave is started: it may end the run.
  if (ordered && targets.some((target) => eligible(target) && !target.memo.started && target.memo.need === "Confirm")) return none;
  const taken = new Map<string, number>();
  let started = 0;
  let busy: string | undefined;
  let unseen = false;
  const after = targets.map((target) => {
    // After a restart whoever answers first does not go first: the order is the plan's.
    unseen ||= ordered && eligible(target) && isUnseen(target.memo);
    if (unseen || started >= slots || !eligible(target) || !isWaitingForStart(target.memo) || isHeld(target)) return target;
    const used = taken.get(target.instance) ?? 0;
    if (used >= room(target.instance)) {
      busy ??= target.instance;
      return target;
    }
    taken.set(target.instance, used + 1);
    started += 1;
    return { ...target, memo: { ...target.memo, started: true } };
  });
  return { targets: started === 0 ? targets : after, started, busy, frozen: undefined };
}

/** A deadline runs from the start: what a target has waited for before, such as a freeze or a slot, was no time of its own. */
export function sinceStart(before: readonly Target[], after: readonly Target[], now: number): readonly Target[] {
  if (after === before) return after;
  return after.map((target, at) =>
    target.memo.started && before[at]?.memo.started === false ? { ...target, memo: { ...target.memo, progressAt: now } } : target,
  );
}

/** Whether this process has not seen it yet, and has not given it up either. */
function isUnseen(memo: TargetMemo): boolean {
  return memo.phase === "Pending" && memo.fingerprint === "" && !memo.started;
}

/** What may be written now: to who was started, and questions to all. */
export function writesOf(targets: readonly Target[]): readonly TargetWrite[] {
  return targets.flatMap((target): TargetWrite[] => {
    const { cluster, memo } = target;
    const { need } = memo;
    if (need === undefined || (!isQuestion(need) && !memo.started)) return [];
    const want = wantOf(target);
    const over = need === "Sync" || isQuestion(need) ? [want.desired] : replaceable(want, memo);
    return [{ cluster, kind: need, want, over: need === "Terminate" ? [...over, want.desired] : over }];
  });
}
