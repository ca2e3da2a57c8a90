/**
 * Time in the small world. It is always T0: when time passes, every stamp moves back instead. Durations are as short as they may be
 * and still tell apart what they are for; those of the engine's own (30 s of Degraded, 10 s between refreshes, 30 s of soak in one
 * step) are as they are.
 */
export const T0 = Date.parse("2026-03-01T12:00:00Z");
const SECOND = 1000;

export const SETTLE = 10 * SECOND;
export const SOAK_SECONDS = 10;
export const CONTACT = 10 * SECOND;
export const GRACE = 20 * SECOND;
export const DEADLINE_SECONDS = 40;
export const DEADLINE = DEADLINE_SECONDS * SECOND;
export const DEGRADED = 30 * SECOND;
export const REFRESH_AGAIN = 10 * SECOND;
export const LONGEST_STEP = 30 * SECOND;
/** How long a write that failed waits; and, where nothing else is due, how far time jumps. */
export const PAUSE = 10 * SECOND;
/** How long nobody looks when the process dies: longer than any deadline, so that none may have run. */
export const DOWNTIME = 100 * SECOND;

/** A stamp whose age is no longer told apart from `most`. */
export function clamped(stamp: number, most: number): number {
  return Math.max(stamp, T0 - most);
}

export function agedBy<Stamp extends number | undefined>(stamp: Stamp, passed: number): Stamp {
  // A number stays a number, and undefined undefined.
  return (stamp === undefined ? undefined : stamp - passed) as Stamp;
}
