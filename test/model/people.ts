import type { Course } from "./course.ts";
import type { Local } from "./local.ts";
import { T0 } from "./times.ts";
import { PLACES, type Place } from "./triples.ts";

/** What people may ask of the run. Asking for something counts as one of the things that go wrong; letting it go on does not. */
export interface Ask {
  readonly label: string;
  readonly target: Place | undefined;
  readonly isFault: boolean;
  readonly course: Course;
  readonly local: Local | undefined;
}

export function asks(course: Course, locals: readonly Local[]): readonly Ask[] {
  const ask = (label: string, after: Partial<Course>, isFault = true): Ask => ({
    label: `a person ${label}`,
    target: undefined,
    isFault,
    course: { ...course, ...after },
    local: undefined,
  });
  const { stop } = course.state;
  const isHeld = course.paused || (stop !== undefined && (course.resumedAt === undefined || course.resumedAt < stop.at));
  return [
    ...(course.paused ? [] : [ask("pauses the run", { paused: true, resumedAt: undefined })]),
    ...(isHeld ? [ask("resumes the run", { paused: false, resumedAt: T0 }, false)] : []),
    ...(course.aborted ? [] : [ask("aborts the run", { aborted: true })]),
    ...(course.superseded ? [] : [ask("wishes for another revision", { superseded: true })]),
    ...PLACES.flatMap((target): Ask[] => {
      const local = locals[target];
      return local === undefined || local.skipped
        ? []
        : [{ label: "a person takes it out", target, isFault: true, course, local: { ...local, skipped: true } }];
    }),
  ];
}
