import { isWaitingForStart } from "#engine/memo.ts";
import type { Decision } from "#engine/world.ts";
import type { Course } from "./course.ts";
import type { Desk } from "./desk.ts";
import type { Engine } from "./engine.ts";
import { applied, decide, isHeldUp, isStored, isTargetActive, judgeOne, type Decided } from "./look.ts";
import type { States } from "./state.ts";
import type { Snapshot } from "./stored.ts";
import { each, same, type Place, type Triple } from "./triples.ts";
import { NAMES, WAVE_OF } from "./worlds.ts";

/** Something that happens, before the conductor has looked. */
export interface Event {
  readonly label: string;
  /** Which target it happens to; undefined for the run. */
  readonly target: Place | undefined;
  readonly run: number;
  readonly targets: Triple;
  readonly isFault: boolean;
  /** The conductor wrote a value or an operation. */
  readonly writes: boolean;
  readonly wrong: readonly string[];
}

/** What comes of it, after the conductor has looked. */
export interface Settled extends Event {
  /** What the conductor decided last. */
  readonly decided: Decided | undefined;
  /** What is being written has to end before that is applied: nothing is reported until then. */
  readonly isHeld: boolean;
}

interface Known {
  readonly decided: Decided;
  /** What it makes of a target and of the run, by their numbers. */
  readonly after: Map<number, number>;
  readonly runs: Map<number, number>;
}

/** Looks after one event, in which something comes of each. */
const MOST_LOOKS = 30;

/** The conductor looks. What it makes of the same is found out once. */
export class Looks {
  readonly #engine: Engine;
  readonly #desk: Desk;
  readonly #states: States;
  readonly #heard: (decision: Decision) => void;
  readonly #failed: (run: number) => number | undefined;
  readonly #judged = new Map<number, { readonly local: number; readonly wrong: readonly string[] }>();
  readonly #memos = new Map<number, number>();
  readonly #decisions = new Map<string, Known>();

  /** @param failed the run after one more fault; undefined when there may be none */
  constructor(
    engine: Engine,
    desk: Desk,
    states: States,
    heard: (decision: Decision) => void,
    failed: (run: number) => number | undefined,
  ) {
    this.#engine = engine;
    this.#desk = desk;
    this.#states = states;
    this.#heard = heard;
    this.#failed = failed;
  }

  /** It looks until nothing comes of looking again. */
  settled(event: Event, late: Place | undefined): readonly Settled[] {
    const ended: Settled[] = [];
    const open: { readonly at: Settled; readonly looks: number }[] = [{ at: { ...event, decided: undefined, isHeld: false }, looks: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { at: before, looks } = next;
      if (looks > MOST_LOOKS) {
        ended.push({ ...before, wrong: [...before.wrong, "9: it looks again and again, and something comes of it every time"] });
        continue;
      }
      for (const after of this.#look(before, late)) {
        const isSame = after.run === before.run && same(after.targets, before.targets);
        const isOver = this.#states.runAt(after.run).course.outcome !== undefined;
        if (isSame || isOver || after.isFault !== before.isFault) ended.push(after);
        else open.push({ at: after, looks: looks + 1 });
      }
    }
    return ended;
  }

  /** One look, in each order of the targets that matters. */
  #look(before: Settled, late: Place | undefined): readonly Settled[] {
    const run = this.#states.runAt(before.run);
    const { course, faults } = run;
    const { targets: judged, wrong } = this.#judge(before.targets, course, late);
    return this.#orders(judged).flatMap((order, swaps): Settled[] => {
      const known = this.#decide(before.run, course, order);
      const { decided } = known;
      const base = { ...before, decided, wrong: concat(before.wrong, wrong, decided.wrong) };
      const locals = order.map((id) => this.#states.localAt(id));
      if (isHeldUp(decided, locals)) return [{ ...base, isHeld: true, targets: judged }];
      const isStoring = isStored(decided, course, locals);
      const stored = isStoring && faults > 0 ? decided.snapshot() : undefined;
      const targets = each((place) => this.#applied(known, course, place, order[place], stored, isStoring));
      const next: Course = { ...course, state: decided.decision.state, outcome: decided.decision.outcome };
      const done: Settled = {
        ...base,
        run: this.#runAfter(known, before.run, next, stored),
        // Whoever stood before the other in the plan: each keeps its place here.
        targets: swaps === 0 ? targets : [targets[0], targets[2], targets[1]],
        wrong: concat(base.wrong, this.#endedWrongly(next, targets)),
      };
      const failed = stored === undefined || before.isFault ? undefined : this.#failed(before.run);
      if (failed === undefined) return [done];
      return [
        done,
        { ...base, label: `${before.label}; what the conductor decides cannot be stored`, isFault: true, run: failed, targets: judged },
      ];
    });
  }

  #applied({ decided, after }: Known, course: Course, place: Place, id: number, stored: Snapshot | undefined, isStoring: boolean): number {
    const key = ((id * NAMES.length + place) * 2 + Number(isStoring)) * 2 + Number(stored !== undefined);
    const known = after.get(key);
    if (known !== undefined) return known;
    const made = this.#states.local(applied(decided, course, place, this.#states.localAt(id), stored, isStoring));
    after.set(key, made);
    return made;
  }

  #runAfter({ runs }: Known, id: number, course: Course, stored: Snapshot | undefined): number {
    const key = id * 2 + Number(stored !== undefined);
    const known = runs.get(key);
    if (known !== undefined) return known;
    const run = this.#states.runAt(id);
    const after = this.#states.run({ ...run, course, stored: stored?.run ?? run.stored });
    runs.set(key, after);
    return after;
  }

  /** What of the run's end can only be seen where the Applications are. */
  #endedWrongly({ outcome }: Course, targets: Triple): readonly string[] {
    if (outcome === undefined) return [];
    const locals = targets.map((id) => this.#states.localAt(id));
    const wrong = locals.some(({ writing }) => writing !== undefined) ? ["9: a write is on its way when the run has ended"] : [];
    if (outcome !== "RolledBack" || this.#desk.plan.rollbackScope === "Target") return wrong;
    const { beginnings } = this.#desk.world;
    const isLeft = locals.some(
      ({ app, skipped, memo }, at) => app.spec === "new" && beginnings[at] !== "there" && !skipped && memo.phase !== "Skipped",
    );
    return isLeft ? [...wrong, "4: RolledBack, and what was released is still there"] : wrong;
  }

  #judge(targets: Triple, course: Course, late: Place | undefined): { readonly targets: Triple; readonly wrong: readonly string[] } {
    let wrong: readonly string[] = [];
    const judged = each((place) => {
      const id = targets[place];
      const before = this.#states.localAt(id);
      const active = isTargetActive(course, WAVE_OF[place], before);
      const key = ((id * NAMES.length + place) * 2 + Number(active)) * 2 + Number(late === place);
      let known = this.#judged.get(key);
      if (known === undefined) {
        const made = judgeOne(this.#engine, this.#desk, place, before, active, late === place);
        known = { local: this.#states.local(made.local), wrong: made.wrong };
        this.#judged.set(key, known);
      }
      wrong = concat(wrong, known.wrong);
      return known.local;
    });
    return { targets: judged, wrong };
  }

  /** Two targets that may change places are started in the order of the plan: both orders are, where it makes a difference. */
  #orders([first, second, third]: Triple): readonly Triple[] {
    if (!this.#states.world.symmetric || second === third) return [[first, second, third]];
    const wait = [second, third].some((id) => isWaitingForStart(this.#states.localAt(id).memo));
    return wait
      ? [
          [first, second, third],
          [first, third, second],
        ]
      : [[first, second, third]];
  }

  #decide(run: number, course: Course, targets: Triple): Known {
    const locals = targets.map((id) => this.#states.localAt(id));
    const memos = targets.map(
      (id, index) => `${this.#memo(id)}${locals[index]?.skipped === true ? "s" : ""}${locals[index]?.met === true ? "m" : ""}`,
    );
    const key = `${this.#states.courseOf(run)},${memos.join(",")}`;
    const known = this.#decisions.get(key);
    if (known !== undefined) return known;
    const decided = decide(this.#engine, this.#desk, course, locals);
    this.#heard(decided.decision);
    const made: Known = { decided, after: new Map(), runs: new Map() };
    this.#decisions.set(key, made);
    return made;
  }

  #memo(id: number): number {
    const known = this.#memos.get(id);
    if (known !== undefined) return known;
    const memo = this.#states.memo(this.#states.localAt(id).memo);
    this.#memos.set(id, memo);
    return memo;
  }
}

/** Most are empty. */
function concat(first: readonly string[], ...rest: readonly (readonly string[])[]): readonly string[] {
  return rest.every((one) => one.length === 0) ? first : [...first, ...rest.flat()];
}
