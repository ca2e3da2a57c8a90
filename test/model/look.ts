import { isInFlight } from "#engine/memo.ts";
import { isActive } from "#engine/wave.ts";
import type { Decision, Target, World } from "#engine/world.ts";
import { ordersOf, type Course } from "./course.ts";
import { decidedWrongly } from "./decided.ts";
import type { Desk } from "./desk.ts";
import type { Engine } from "./engine.ts";
import { judgedWrongly } from "./judged.ts";
import { appKey, type Local } from "./local.ts";
import { memoKey } from "./memos.ts";
import { seenOf } from "./outside.ts";
import { snapshot, type Snapshot } from "./stored.ts";
import { CONTACT, T0 } from "./times.ts";
import { NAMES } from "./worlds.ts";

/** One look of the conductor, as RunController.reconcile() and Session do it: judge, decide, store, adopt, begin to write. */

export interface Judged {
  readonly local: Local;
  readonly wrong: readonly string[];
}

/** Looks at one target, whose watch comes to what is there unless it is late. */
export function judgeOne(engine: Engine, desk: Desk, index: number, before: Local, active: boolean, late: boolean): Judged {
  const { link } = before;
  const hasNews = link === "live" && !late && (before.view !== before.app || before.behind);
  const local: Local = hasNews ? { ...before, view: before.app, behind: false, changed: true } : before;
  const { memo } = local;
  const isDue = local.changed || (memo.lookAt !== undefined && memo.lookAt <= T0);
  if (!isDue) return { local, wrong: [] };
  const want = desk.want(index, memo);
  const seen = desk.see(local);
  const judge = (): Local["memo"] => engine.judge(want, seen, memo, T0, active);
  const after = judge();
  const wrong = [...judgedWrongly(local, after, want, active), ...(isSame(after, judge()) ? [] : ["9: judge gives two answers"])];
  const changed = seen.kind !== "Present" && seen.kind !== "Absent";
  return { local: { ...local, memo: after, changed }, wrong };
}

function isSame(a: Local["memo"], b: Local["memo"]): boolean {
  return a === b || (memoKey(a) === memoKey(b) && a.message === b.message);
}

export function isTargetActive(course: Course, wave: number, { memo }: Local): boolean {
  return isActive(course.state, wave, memo);
}

export interface Decided {
  readonly decision: Decision;
  readonly snapshot: () => Snapshot;
  readonly wrong: readonly string[];
}

/** Decides on what was judged. */
export function decide(engine: Engine, desk: Desk, course: Course, locals: readonly Local[]): Decided {
  const targets = locals.map((local, index) => desk.target(index, local.memo));
  const { room: limit } = desk.world;
  const free = limit === undefined ? Infinity : Math.max(0, limit - targets.filter(({ memo }) => isInFlight(memo)).length);
  const world: World = {
    now: T0,
    plan: desk.plan,
    state: course.state,
    orders: ordersOf(course, new Set(NAMES.filter((_, index) => locals[index]?.skipped === true))),
    superseded: course.superseded,
    room: () => free,
    contactTime: CONTACT,
    gates: seenOf(course.outside),
    targets,
  };
  const decision = engine.step(world);
  const again = engine.step(world);
  const wrong = [
    ...decidedWrongly(world, decision),
    ...(JSON.stringify(decision) === JSON.stringify(again) ? [] : ["9: step gives two answers"]),
  ];
  let kept: Snapshot | undefined;
  return { decision, snapshot: () => (kept ??= snapshot(desk.world.run, decision)), wrong };
}

/** Whether what is being written has to end before this is applied. */
export function isHeldUp({ decision }: Decided, locals: readonly Local[]): boolean {
  return decision.halts && locals.some(({ writing }) => writing !== undefined);
}

/** Whether it must be stored before anything comes of it. */
export function isStored({ decision }: Decided, { state }: Course, locals: readonly Local[]): boolean {
  if (decision.outcome !== undefined) return false;
  const isNewContact = locals.some(({ met }, index) => !met && decision.targets[index]?.memo.contact !== undefined);
  return decision.turns || state.startedAt === undefined || isNewContact;
}

/** One target after what was decided, with what was stored of it. */
export function applied(
  { decision }: Decided,
  { state }: Course,
  index: number,
  local: Local,
  stored: Snapshot | undefined,
  isStoring: boolean,
): Local {
  const target: Target | undefined = decision.targets[index];
  if (target === undefined) throw new Error("a decision speaks of all targets");
  const { memo } = target;
  const isBegun = decision.state.waves[target.wave]?.phase !== state.waves[target.wave]?.phase;
  const write = decision.writes.find(({ cluster }) => cluster === target.cluster);
  const begins = write !== undefined && local.writing === undefined && !local.waits && memo.need === write.kind;
  return {
    ...local,
    memo: { ...memo, written: memo.written || (local.memo.written && !memo.goingBack) },
    changed: local.changed || isBegun,
    met: local.met || (isStoring && memo.contact !== undefined),
    writing: begins ? { kind: write.kind, back: write.want.direction === "Back" } : local.writing,
    stored: stored?.targets[index] ?? local.stored,
  };
}

/** Whether the watch has something to show of it. */
export function hasNews(local: Local): boolean {
  return local.link === "live" && local.view !== local.app && appKey(local.view) !== appKey(local.app);
}
