import { appAt, NAMES, type SmallWorld } from "./worlds.ts";
import { BEGINNING, NOTHING, canonicalCourse, courseKey, type Budget, type Course, type Run } from "./course.ts";
import { Interner } from "./interner.ts";
import { canonicalLocal, localKey, type Local } from "./local.ts";
import { newMemo, type TargetMemo } from "#engine/memo.ts";
import { canonicalMemo, memoKey } from "./memos.ts";
import { settledAt } from "./app.ts";
import { T0 } from "./times.ts";
import type { Triple } from "./triples.ts";

/** A state of the whole: a run and three targets, each by its number. */
export interface State {
  readonly run: number;
  readonly targets: Triple;
}

/** Numbers for all that states are made of. Equal behaviour, equal number: as far as is known. */
export class States {
  readonly world: SmallWorld;
  readonly #remembered: (memo: TargetMemo) => void;
  readonly #locals = new Interner<Local>(localKey);
  readonly #courses = new Interner<Course>(courseKey);
  readonly #runs = new Interner<Run>(
    ({ course, faults, troubles, lates, slows, total, stored }) =>
      `${this.course(course)}|${faults}|${troubles}|${lates}|${slows}|${total}|${stored === undefined ? "" : JSON.stringify(stored)}`,
  );
  readonly #memos = new Interner<TargetMemo>(memoKey);
  readonly #courseOf = new Map<number, number>();
  readonly #ended = new Map<number, number>();
  readonly #forgotten = new Map<number, number>();

  /** @param remembered is told what the conductor remembers of a target, before any of it is left out */
  constructor(world: SmallWorld, remembered: (memo: TargetMemo) => void) {
    this.world = world;
    this.#remembered = remembered;
  }

  local(local: Local): number {
    this.#remembered(local.memo);
    return this.#locals.id(canonicalLocal(local));
  }

  localAt(id: number): Local {
    return this.#locals.at(id);
  }

  /** The number of what decides about a run, without how much may still go wrong. */
  course(course: Course): number {
    return this.#courses.id(course);
  }

  memo(memo: TargetMemo): number {
    return this.#memos.id(memo);
  }

  run(run: Run): number {
    return this.#runs.id({ ...run, course: canonicalCourse(run.course), stored: run.faults > 0 ? run.stored : undefined });
  }

  courseOf(run: number): number {
    const known = this.#courseOf.get(run);
    if (known !== undefined) return known;
    const course = this.course(this.runAt(run).course);
    this.#courseOf.set(run, course);
    return course;
  }

  runAt(id: number): Run {
    return this.#runs.at(id);
  }

  /** The state as all those that behave equally are written; `swapped` when the targets of the second wave have changed places. */
  canonical(run: number, targets: Triple): State & { readonly swapped: boolean } {
    const { course, faults } = this.runAt(run);
    if (course.outcome !== undefined) return this.#terminal(course, targets);
    const [first, second, third] = faults > 0 ? targets : [this.#forget(targets[0]), this.#forget(targets[1]), this.#forget(targets[2])];
    const swapped = this.world.symmetric && second > third;
    return { run, targets: swapped ? [first, third, second] : [first, second, third], swapped };
  }

  /** Once no process can die any more, nobody reads what is stored. */
  #forget(id: number): number {
    const known = this.#forgotten.get(id);
    if (known !== undefined) return known;
    const after = this.local({ ...this.localAt(id), stored: undefined });
    this.#forgotten.set(id, after);
    return after;
  }

  /** Nobody drives a run that has ended: of it only its end is told. */
  #terminal(course: Course, targets: Triple): State & { readonly swapped: boolean } {
    const over: Course = { ...BEGINNING, outcome: course.outcome };
    const run = this.run({ course: over, ...NOTHING, stored: undefined });
    const end = (id: number): number => {
      const known = this.#ended.get(id);
      if (known !== undefined) return known;
      const { app, memo } = this.localAt(id);
      const { phase, reason, goingBack } = memo;
      const memoAtEnd = canonicalMemo({ ...newMemo(T0), phase, reason, goingBack });
      const ended = this.local({ ...DONE, app: app.spec === "untold" ? app : settledAt(app.spec), memo: memoAtEnd });
      this.#ended.set(id, ended);
      return ended;
    };
    const [first, second, third] = [end(targets[0]), end(targets[1]), end(targets[2])];
    const swapped = this.world.symmetric && second > third;
    return { run, targets: swapped ? [first, third, second] : [first, second, third], swapped };
  }

  beginning(budget: Budget): State {
    const run = this.run({ ...budget, course: BEGINNING, stored: undefined });
    const [first, second, third] = this.world.beginnings.map((beginning) => {
      const app = appAt(beginning);
      return this.local({ ...DONE, app, view: app, changed: true, link: beginning === "away" ? "down" : "live" });
    });
    if (first === undefined || second === undefined || third === undefined) throw new Error(`${NAMES.length} targets make a world`);
    return this.canonical(run, [first, second, third]);
  }

  get size(): string {
    return `${this.#locals.size} of a target, ${this.#courses.size} of a run`;
  }
}

const DONE: Local = {
  app: settledAt("old"),
  view: settledAt("old"),
  link: "live",
  memo: newMemo(T0),
  changed: false,
  behind: false,
  writing: undefined,
  waits: false,
  refusing: false,
  slow: false,
  skipped: false,
  met: false,
  stored: undefined,
};
