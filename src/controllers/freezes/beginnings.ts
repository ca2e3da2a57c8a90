import { schedule, zoneOf, type Fault, type Schedule, type Zone } from "#argo/schedule.ts";

/**
 * When a schedule begins by the clocks of a time zone: whenever they show such a time. When they are put back it is shown
 * twice, and begins twice. When they are put forward over it, it begins at that moment: a freeze rather holds too long.
 */
export interface Beginnings {
  /** The first beginning after `time`, milliseconds since the epoch; undefined when there is none for years. */
  readonly next: (time: number) => number | undefined;
}

const DAY = 24 * 3_600_000;

/** Schedules are read as those of CronJobs, which Argo CD's are too: five fields, without descriptors and without TZ=. */
export function beginnings(text: string, timeZone: string): Beginnings | Fault {
  const fields = text.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== 5)
    return { fault: `schedule "${text}" has ${fields.length} fields, not minute, hour, day of month, month and day of week` };
  const zone = zoneOf(timeZone);
  if (zone === undefined)
    return { fault: `timeZone "${timeZone}" is not known: write the IANA name of a time zone, such as Europe/Berlin, or UTC` };
  // Of what the clocks show, as if they were in UTC.
  const shown = schedule(text);
  if ("fault" in shown) return { fault: `schedule "${text}" cannot be read: ${shown.fault}` };
  return { next: (time) => nextBeginning(shown, zone, time) };
}

function nextBeginning(shown: Schedule, zone: Zone, after: number): number | undefined {
  for (let time = after; ;) {
    const offset = zone(time);
    const wanted = shown.next(time + offset);
    if (wanted === undefined) return undefined;
    const begin = wanted - offset;

    // 1. Are the clocks changed before?
    const edge = Math.min(begin, time + DAY);
    const change = changeBetween(zone, time, edge);
    if (change !== undefined) {
      // What they skip at the change begins at it, and so does what they show then.
      const changed = zone(change);
      const first = shown.next(change + Math.min(offset, changed) - 1);
      if (first !== undefined && first <= change + changed) return change;
      time = change;
    } else if (begin === edge) return begin;
    // 2. There is nothing for long: on from shortly before, as clocks are never changed by more than a day.
    else time = Math.max(edge, begin - 2 * DAY);
  }
}

/** The moment in (from, to] from which on the clocks have another offset; they change at most once in a day. */
function changeBetween(zone: Zone, from: number, to: number): number | undefined {
  const before = zone(from);
  if (zone(to) === before) return undefined;
  let [still, already] = [from, to];
  while (already - still > 1) {
    const middle = Math.floor((still + already) / 2);
    if (zone(middle) === before) still = middle;
    else already = middle;
  }
  return already;
}
