import type { FreezeWindowSpec } from "#api/freezewindow.ts";
import { milliseconds } from "#api/rules.ts";
import type { Fault } from "#argo/schedule.ts";
import { beginnings, type Beginnings } from "./beginnings.ts";

/** How a window stands, and until when that stays so. */
export interface Stand {
  readonly holds: boolean;
  /** When it turns, milliseconds since the epoch; undefined for never again. */
  readonly until: number | undefined;
}

/** When a window holds. It does from its beginning, and at its end no more. */
export interface Times {
  readonly at: (time: number) => Stand;
}

/** How often on end a window may begin again before it has ended: a year of days, and more. */
const MERGED = 400;
/** From here on is tried whether what a schedule begins ever ends. */
const TRIAL = Date.parse("2000-01-01T00:00:00Z");

/** Reads a window; what the API server refuses is a fault here, too, as it may have been taken by an older definition. */
export function timesOf(spec: FreezeWindowSpec): Times | Fault {
  const { from, to, schedule, duration, timeZone = "UTC" } = spec;
  if (from !== undefined && to !== undefined && schedule === undefined && duration === undefined) return once(from, to);
  if (schedule !== undefined && duration !== undefined && from === undefined && to === undefined)
    return recurring(schedule, duration, timeZone);
  return { fault: "it takes exactly one of from (with to) and schedule (with duration)" };
}

function once(from: string, to: string): Times | Fault {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  if (Number.isNaN(begin)) return { fault: `from "${from}" is no date and time` };
  if (Number.isNaN(end)) return { fault: `to "${to}" is no date and time` };
  if (end <= begin) return { fault: `it ends (${to}) before it begins (${from}): correct from or to` };
  return {
    at: (time) => {
      if (time < begin) return { holds: false, until: begin };
      return time < end ? { holds: true, until: end } : { holds: false, until: undefined };
    },
  };
}

function recurring(schedule: string, duration: string, timeZone: string): Times | Fault {
  const begins = beginnings(schedule, timeZone);
  if ("fault" in begins) return begins;
  const lasts = milliseconds(duration);
  if (!(lasts > 0 && lasts <= 8784 * 3_600_000)) return { fault: `duration "${duration}" must be from 1s to 366 days (8784h)` };
  const first = begins.next(TRIAL);
  if (first === undefined) return { fault: `schedule "${schedule}" never comes: no month has such a day` };
  if (endOf(begins, lasts, first).goesOn)
    return {
      fault: `it begins again before it has ended (${duration}), more than ${MERGED} times on end: give it a longer duration and a schedule that comes less often, or write from and to`,
    };
  return remembered((time) => {
    const begin = begins.next(time - lasts);
    if (begin === undefined) return { holds: false, until: undefined };
    return begin > time ? { holds: false, until: begin } : { holds: true, until: endOf(begins, lasts, begin).end };
  });
}

/** The end of what begins at `begin`, and of all that begins before that ends or just then. */
function endOf(begins: Beginnings, lasts: number, begin: number): { readonly end: number; readonly goesOn: boolean } {
  let last = begin;
  for (let merged = 0; merged < MERGED; merged += 1) {
    const next = begins.next(last);
    if (next === undefined || next > last + lasts) return { end: last + lasts, goesOn: false };
    last = next;
  }
  return { end: last + lasts, goesOn: true };
}

/** Thousands of targets ask at the same time, and until the next turn the answer is the same. */
function remembered(look: (time: number) => Stand): Times {
  let known: { readonly since: number; readonly stand: Stand } | undefined;
  return {
    at: (time) => {
      if (known === undefined || time < known.since || time >= (known.stand.until ?? Infinity)) known = { since: time, stand: look(time) };
      return known.stand;
    },
  };
}
