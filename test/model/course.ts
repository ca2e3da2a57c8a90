import type { Outcome } from "#api/reasons.ts";
import type { RunStatus } from "#api/releaserun.ts";
import type { GateState } from "#engine/gates/state.ts";
import type { Orders, RunState, Verdict, WaveState } from "#engine/world.ts";
import { NOBODY, outsideKey, type Outside } from "./outside.ts";
import { agedBy, clamped, DEADLINE, LONGEST_STEP, PAUSE, T0 } from "./times.ts";

/** What is decided of the run, and what people want of it. */
export interface Course {
  readonly state: RunState;
  readonly paused: boolean;
  readonly aborted: boolean;
  /** When a person resumed it; undefined when that says nothing any more. */
  readonly resumedAt: number | undefined;
  readonly superseded: boolean;
  readonly outcome: Outcome | undefined;
  readonly outside: Outside;
}

/** How much may still go wrong on a path. */
export interface Budget {
  /** Faults of the plane, and what people ask for. */
  readonly faults: number;
  /** What is released is no good somewhere. */
  readonly troubles: number;
  /** A target is seen one version late. */
  readonly lates: number;
  /** An Argo CD turns out to be slow, or silent: time passes, or others work, and it does not do what it could. */
  readonly slows: number;
  /** All of these together. */
  readonly total: number;
}

export const NOTHING: Budget = { faults: 0, troubles: 0, lates: 0, slows: 0, total: 0 };

/** What is left after so much of each went wrong; undefined when it may not. */
export function spent(budget: Budget, part: Partial<Budget>): Budget | undefined {
  const { faults = 0, troubles = 0, lates = 0, slows = 0 } = part;
  const total = budget.total - faults - troubles - lates - slows;
  const left = {
    faults: budget.faults - faults,
    troubles: budget.troubles - troubles,
    lates: budget.lates - lates,
    slows: budget.slows - slows,
  };
  if (total < 0 || Object.values(left).some((some) => some < 0)) return undefined;
  const most = (some: number): number => Math.min(some, total);
  return { faults: most(left.faults), troubles: most(left.troubles), lates: most(left.lates), slows: most(left.slows), total };
}

/** The course, how much may still go wrong, and what is stored. */
export interface Run extends Budget {
  readonly course: Course;
  /** Without its targets: each has its own. Undefined before the first time, and when nobody can ask any more. */
  readonly stored: RunStatus | undefined;
}

export const BEGINNING: Course = {
  state: {
    startedAt: undefined,
    waves: [0, 1].map((): WaveState => ({
      phase: "Pending",
      startedAt: undefined,
      verifiedAt: undefined,
      soaked: 0,
      countedAt: undefined,
      gates: [],
    })),
    rollback: undefined,
    stop: undefined,
    accepted: 0,
    overrides: [],
  },
  paused: false,
  aborted: false,
  resumedAt: undefined,
  superseded: false,
  outcome: undefined,
  outside: NOBODY,
};

export function canonicalCourse(course: Course): Course {
  const { state, resumedAt } = course;
  const stop = verdict(state.stop, true);
  // A resume is compared with the stop that it answers, and with none that comes later.
  const counts = resumedAt !== undefined && (stop === undefined ? resumedAt >= T0 : resumedAt >= stop.at);
  return {
    ...course,
    resumedAt: counts ? (stop?.at ?? T0) : undefined,
    state: {
      ...state,
      startedAt: state.startedAt === undefined ? undefined : T0,
      waves: state.waves.map((wave) => ({
        phase: wave.phase,
        startedAt: undefined,
        verifiedAt: undefined,
        soaked: wave.soaked,
        countedAt: wave.countedAt === undefined ? undefined : clamped(wave.countedAt, LONGEST_STEP),
        gates: wave.gates.map(canonicalGate),
      })),
      rollback: verdict(state.rollback, false),
      stop,
      overrides: state.overrides.map(({ name, until }) => ({ name, until, by: "", at: T0 })),
    },
  };
}

/** Without words; of its stamps only how long an analysis is silent decides something. */
function canonicalGate(gate: GateState): GateState {
  const { phase, accepted, fingerprint } = gate;
  const isWatched = phase === "Waiting";
  const progressAt = isWatched ? clamped(gate.progressAt, DEADLINE) : T0;
  return { phase, accepted, message: "", since: T0, measurements: [], progressAt, fingerprint: isWatched ? fingerprint : "" };
}

function verdict(made: Verdict | undefined, dated: boolean): Verdict | undefined {
  return made === undefined ? undefined : { at: dated ? clamped(made.at, PAUSE) : T0, message: "" };
}

export function agedCourse(course: Course, passed: number): Course {
  const { state } = course;
  return canonicalCourse({
    ...course,
    resumedAt: agedBy(course.resumedAt, passed),
    state: {
      ...state,
      waves: state.waves.map((wave) => ({
        ...wave,
        countedAt: agedBy(wave.countedAt, passed),
        gates: wave.gates.map((gate) => ({ ...gate, progressAt: agedBy(gate.progressAt, passed) })),
      })),
      stop: state.stop === undefined ? undefined : { ...state.stop, at: agedBy(state.stop.at, passed) },
    },
  });
}

export function courseKey({ state, paused, aborted, resumedAt, superseded, outcome, outside }: Course): string {
  const waves = state.waves.map(
    ({ phase, soaked, countedAt, gates }) =>
      `${phase},${soaked},${countedAt === undefined ? "" : countedAt - T0},${gates.map(gateKey).join("/")}`,
  );
  const flags = [state.startedAt !== undefined, state.rollback !== undefined, paused, aborted, superseded].map(Number).join("");
  const since = (at: number | undefined): number | string => (at === undefined ? "" : at - T0);
  return `${waves.join(";")}|${flags}|${since(state.stop?.at)}|${state.accepted}|${since(resumedAt)}|${outcome ?? ""}|${state.overrides.length}|${outsideKey(outside)}`;
}

function gateKey({ phase, accepted, progressAt, fingerprint }: GateState): string {
  return `${phase}.${accepted}.${progressAt - T0}.${fingerprint}`;
}

/** As ordersOf() of the controllers reads it from the status; its stamps are whole seconds, as are all of this world. */
export function ordersOf({ state, paused, aborted, resumedAt }: Course, skipped: ReadonlySet<string>): Orders {
  return { paused, aborted, resumed: state.stop !== undefined && resumedAt !== undefined && resumedAt >= state.stop.at, skipped };
}

/** After a restart: what was decided is as it was stored, long ago; what people asked for stands. */
export function restartedCourse(course: Course, state: RunState): Course {
  const { stop } = state;
  const resumedAt = stop === undefined || course.resumedAt === undefined ? undefined : T0 - PAUSE;
  return canonicalCourse({ ...course, resumedAt, state: { ...state, stop: stop === undefined ? undefined : { ...stop, at: T0 - PAUSE } } });
}
