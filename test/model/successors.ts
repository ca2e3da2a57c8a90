import type { Ask, Decision } from "#engine/world.ts";
import { agedCourse, restartedCourse, spent, type Budget, type Course } from "./course.ts";
import { Desk } from "./desk.ts";
import type { Engine } from "./engine.ts";
import { hasNews } from "./look.ts";
import { Looks, type Event, type Settled } from "./looks.ts";
import { made, outsideMoves } from "./outside.ts";
import { asks } from "./people.ts";
import type { State, States } from "./state.ts";
import { restoredCourse, restoredWrongly, type Snapshot } from "./stored.ts";
import { Targets } from "./targets.ts";
import { DEADLINE, PAUSE, T0 } from "./times.ts";
import { each, PLACES, replaced, same, type Place } from "./triples.ts";

/**
 * What may happen next in a state. The conductor looks whenever there is something new, before anything else happens; one target at a
 * time may be seen late, and by one version: nothing new happens to it before that is seen.
 */
export class Successors {
  readonly #states: States;
  readonly #desk: Desk;
  readonly #targets: Targets;
  readonly #looks: Looks;
  readonly #left = new Map<number, number | undefined>();

  constructor(engine: Engine, states: States, heard: (decision: Decision) => void) {
    this.#states = states;
    this.#desk = new Desk(states.world);
    this.#targets = new Targets(engine, this.#desk, states);
    this.#looks = new Looks(engine, this.#desk, states, heard, (run) =>
      states.world.faults.has("store") ? this.#spent(run, { faults: 1 }) : undefined,
    );
  }

  of(state: State): readonly Settled[] {
    const { course } = this.#states.runAt(state.run);
    if (course.outcome !== undefined) return [];
    const late = PLACES.find((place) => hasNews(this.#states.localAt(state.targets[place])));
    const found: Settled[] = [];
    const add = (event: Event | undefined, seenLate: Place | undefined): void => {
      if (event !== undefined) found.push(...this.#looks.settled(event, seenLate));
    };
    for (const place of PLACES) this.#ofTarget(state, place, late, add);
    for (const event of this.#people(state, course)) add(event, late);
    const looks = this.#looks.settled({ ...QUIET, ...state, label: "the conductor looks" }, late);
    const still = looks.find((one) => one.run === state.run && same(one.targets, state.targets));
    const idle = still?.decided;
    const report = still?.isHeld === true ? undefined : idle?.snapshot;
    if (idle === undefined) found.push(...looks);
    else add(this.#time(state, idle.decision, report), late);
    for (const event of this.#outside(state, course, still?.isHeld === true ? [] : (idle?.decision.asks ?? []))) add(event, late);
    if (late !== undefined) add({ ...QUIET, ...state, label: "the watch shows it", target: late }, undefined);
    for (const event of this.#deaths(state, report)) add(event, undefined);
    return found;
  }

  #ofTarget(state: State, place: Place, late: Place | undefined, add: (event: Event | undefined, late: Place | undefined) => void): void {
    for (const move of this.#targets.moves(place, state.targets[place])) {
      const { label, local, isFault, isTrouble, isArgo, isNews, writes, wrong } = move;
      if (isNews && late === place) continue;
      // While one is at work others do not begin, unless it is slow.
      const begins = isArgo && !this.#targets.isBusy(place, state.targets[place]);
      const after = begins ? this.#slowed(state, (other) => other !== place && this.#targets.isBusy(other, state.targets[other])) : state;
      const run = after === undefined ? undefined : this.#spent(after.run, isFault ? { faults: 1 } : isTrouble ? { troubles: 1 } : {});
      if (after === undefined || run === undefined) continue;
      const event: Event = { label, target: place, run, targets: replaced(after.targets, place, local), isFault, writes, wrong };
      add(event, late);
      const unseen = isNews && late === undefined ? this.#spent(run, { lates: 1 }) : undefined;
      if (unseen !== undefined) add({ ...event, label: `${label}, which the watch does not show yet`, run: unseen }, place);
    }
  }

  #people(state: State, course: Course): readonly Event[] {
    const locals = state.targets.map((id) => this.#states.localAt(id));
    return asks(course, locals).flatMap(({ label, target, isFault, course: after, local }): Event[] => {
      const may = !isFault || this.#states.world.faults.has("people");
      const left = may ? this.#spent(state.run, isFault ? { faults: 1 } : {}) : undefined;
      if (left === undefined) return [];
      const run = this.#states.run({ ...this.#states.runAt(left), course: after });
      const targets =
        target === undefined || local === undefined ? state.targets : replaced(state.targets, target, this.#states.local(local));
      return [{ ...QUIET, label, target, run, targets, isFault }];
    });
  }

  /** What gates look at changes by itself, or as the conductor asked for. */
  #outside(state: State, course: Course, wanted: readonly Ask[]): readonly Event[] {
    const { gated, faults } = this.#states.world;
    const moves = [...wanted.map((ask) => made(course.outside, ask)), ...outsideMoves(course.outside, gated)];
    return moves.flatMap(({ label, outside, fault, isTrouble }): Event[] => {
      if (fault !== undefined && !faults.has(fault)) return [];
      const left = this.#spent(state.run, fault !== undefined ? { faults: 1 } : isTrouble ? { troubles: 1 } : {});
      if (left === undefined) return [];
      const run = this.#states.run({ ...this.#states.runAt(left), course: { ...course, outside } });
      return [{ ...QUIET, ...state, label, run, isFault: fault !== undefined }];
    });
  }

  /** The process dies, with what it last stored, or with what it has just reported; later another begins. */
  #deaths(state: State, reported: (() => Snapshot) | undefined): readonly Event[] {
    const left = this.#states.world.faults.has("death") ? this.#spent(state.run, { faults: 1 }) : undefined;
    if (left === undefined) return [];
    const { course, stored: before } = this.#states.runAt(state.run);
    return [undefined, ...(reported === undefined ? [] : [reported()])].map((report): Event => {
      const stored = report?.run ?? before;
      const restored = restoredCourse(this.#desk.world.run, stored);
      const after = restartedCourse(course, restored);
      const label = `the process dies${report === undefined ? "" : ", its progress just reported"}; another begins`;
      return {
        ...QUIET,
        label,
        isFault: true,
        run: this.#states.run({ ...this.#states.runAt(left), course: after, stored }),
        targets: each((place) => this.#targets.restarted(state.targets[place], stored, report?.targets[place])),
        wrong: restoredWrongly(stored, restored),
      };
    });
  }

  /** Nothing happens until the next time at which the conductor wants to look; what it has to report it reports before. */
  #time(state: State, decision: Decision, reported: (() => Snapshot) | undefined): Event | undefined {
    const slowed = this.#slowed(state, (place) => this.#targets.isDue(place, state.targets[place]));
    // What it asks for is made soon.
    if (slowed === undefined || decision.asks.length > 0) return undefined;
    const waits = state.targets.some((id) => this.#states.localAt(id).waits);
    const next = Math.min(decision.nextLook === undefined ? DEADLINE : decision.nextLook - T0, waits ? PAUSE : Infinity);
    const passed = Math.max(next, PAUSE);
    const run = this.#states.runAt(slowed.run);
    const report = run.faults > 0 ? reported?.() : undefined;
    return {
      ...QUIET,
      label: `${passed / 1000} s pass`,
      run: this.#states.run({ ...run, course: agedCourse(run.course, passed), stored: report?.run ?? run.stored }),
      targets: each((place) => this.#targets.aged(slowed.targets[place], passed, report?.targets[place])),
      wrong: next > 0 ? [] : ["9: it wants to look again at once, and nothing comes of it"],
    };
  }

  /** The state in which those that do not do what they could are the slow ones; undefined when there may not be so many. */
  #slowed(state: State, isSlow: (place: Place) => boolean): State | undefined {
    const slow = PLACES.filter((place) => isSlow(place) && !this.#states.localAt(state.targets[place]).slow);
    if (slow.length === 0) return state;
    const run = this.#spent(state.run, { slows: slow.length });
    if (run === undefined) return undefined;
    return { run, targets: each((place) => (slow.includes(place) ? this.#targets.slowed(state.targets[place]) : state.targets[place])) };
  }

  /** The run after so much went wrong; undefined when it may not. */
  #spent(id: number, part: Partial<Budget>): number | undefined {
    const { faults = 0, troubles = 0, lates = 0, slows = 0 } = part;
    const key = (((id * 2 + faults) * 2 + troubles) * 2 + lates) * 4 + slows;
    if (this.#left.has(key)) return this.#left.get(key);
    const run = this.#states.runAt(id);
    const left = spent(run, part);
    const after = left === undefined ? undefined : this.#states.run({ ...run, ...left });
    this.#left.set(key, after);
    return after;
  }
}

const QUIET = { target: undefined, isFault: false, writes: false, wrong: [] } as const;
