import { z } from "zod";
import { stamp } from "#api/conditions.ts";
import { globMatches } from "./glob.ts";
import { duration, schedule, zoneOf, type Fault, type Schedule, type Zone } from "./schedule.ts";

/**
 * Whether the sync windows of an AppProject let a sync start, as Argo CD decides it (types.go, SyncWindows.Matches and
 * CanSync; sync_windows.md), and when they will. Argo CD says nothing of a window that keeps an automated sync waiting.
 */

const window = z.object({
  kind: z.string().default(""),
  schedule: z.string().default(""),
  duration: z.string().default(""),
  applications: z.array(z.string()).nullish(),
  namespaces: z.array(z.string()).nullish(),
  clusters: z.array(z.string()).nullish(),
  manualSync: z.boolean().default(false),
  timeZone: z.string().default(""),
  andOperator: z.boolean().default(false),
  description: z.string().default(""),
  syncOverrun: z.boolean().default(false),
});
const appProject = z.object({ spec: z.object({ syncWindows: z.array(z.unknown()).nullish() }).nullish() });

/** A window, read once. */
export interface SyncWindow extends Readonly<z.infer<typeof window>> {
  /** Undefined for a time zone that is unknown: Argo CD takes UTC then. */
  readonly zone: Zone | undefined;
  readonly times: { readonly begins: Schedule; readonly lasts: number } | Fault;
}

/** What windows are matched with. */
export interface Windowed {
  readonly name: string;
  readonly project: string;
  readonly destination: { readonly server: string; readonly name: string; readonly namespace: string };
}

export interface Sync {
  readonly automated: boolean;
  /** When the operation that wants to go on was started, milliseconds since the epoch; undefined for one to come. */
  readonly since?: number;
}

export interface Closed {
  readonly message: string;
  /** When a sync is expected to be let through, milliseconds since the epoch. */
  readonly until: number | undefined;
}

/** The windows of an AppProject; whatever is no window at all is left out. Never throws. */
export function syncWindows(project: unknown): readonly SyncWindow[] {
  const parsed = appProject.safeParse(project);
  return (parsed.data?.spec?.syncWindows ?? []).flatMap((raw) => {
    const one = window.safeParse(raw);
    return one.success ? [{ ...one.data, zone: zoneOf(one.data.timeZone || "UTC"), times: timesOf(one.data) }] : [];
  });
}

function timesOf(one: z.infer<typeof window>): SyncWindow["times"] {
  const begins = schedule(one.schedule);
  if ("fault" in begins) return begins;
  const lasts = duration(one.duration);
  return typeof lasts === "number" ? { begins, lasts } : lasts;
}

/** The window that keeps a sync from starting at `now`, or undefined when none does. */
export function closedWindow(windows: readonly SyncWindow[], app: Windowed, now: number, sync: Sync): Closed | undefined {
  return closedBy(matching(windows, app), app.project, now, sync);
}

/** The same for windows that all match. */
export function closedBy(windows: readonly SyncWindow[], project: string, now: number, sync: Sync): Closed | undefined {
  const by = closer(windows, now, sync);
  if (by === undefined || overruns(windows, now, sync)) return undefined;
  const name = `the ${nameOf(by)} of AppProject ${project}`;
  if ("fault" in by.times)
    return { message: `Argo CD starts no sync: ${name} cannot be read (${by.times.fault}): correct it`, until: undefined };
  const until = opening(windows, now, sync);
  const when = until === undefined ? "no time was found when a sync may start" : `a sync may start at ${stamp(until)}`;
  const byHand = sync.automated && closer(windows, now, { automated: false }) === undefined ? "; one that a person starts may at once" : "";
  return { message: `Argo CD starts no sync ${by.kind === "deny" ? "in" : "outside of"} ${name}: ${when}${byHand}`, until };
}

/** A window in words. */
function nameOf({ kind, schedule: begins, duration: lasts, timeZone, zone, description }: SyncWindow): string {
  const where = `${timeZone || "UTC"}${zone === undefined ? ", which is unknown and read as UTC" : ""}`;
  return `${kind || "unnamed"} window "${begins}" for ${lasts} (${where}${description === "" ? "" : `; ${description}`})`;
}

export function matching(windows: readonly SyncWindow[], app: Windowed): readonly SyncWindow[] {
  return windows.filter((one) => matches(one, app));
}

/** Matches of types.go: any of the lists that are set, or with `andOperator` all of them. */
function matches(one: SyncWindow, { name, destination }: Windowed): boolean {
  const { applications, clusters, namespaces } = one;
  const targets = [destination.name, destination.server].filter((target) => target !== "");
  const lists: readonly (readonly [readonly string[], readonly string[]])[] = [
    [applications ?? [], [name]],
    [clusters ?? [], targets],
    [namespaces ?? [], [destination.namespace]],
  ];
  const said = lists
    .filter(([patterns]) => patterns.length > 0)
    .map(([patterns, texts]) => patterns.some((pattern) => texts.some((text) => globMatches(pattern, text))));
  return one.andOperator ? said.length > 0 && said.every(Boolean) : said.some(Boolean);
}

/** CanSync of types.go: the window that says no. One that cannot be read says no to every sync. */
function closer(windows: readonly SyncWindow[], time: number, { automated }: Sync): SyncWindow | undefined {
  const broken = windows.find(({ times }) => "fault" in times);
  if (broken !== undefined) return broken;
  const first = (closed: readonly SyncWindow[]): SyncWindow | undefined => closed.find(({ manualSync }) => automated || !manualSync);
  const denies = windows.filter((one) => one.kind === "deny" && isActive(one, time));
  if (denies.length > 0) return first(denies);
  const allows = windows.filter(({ kind }) => kind === "allow");
  if (allows.some((one) => isActive(one, time))) return undefined;
  return first(allows.length < 2 ? allows : allows.toSorted((a, b) => nextBegin(a, time) - nextBegin(b, time)));
}

/** Whether an operation that was started when it might goes on, as every window that closes now has syncOverrun. */
function overruns(windows: readonly SyncWindow[], now: number, { automated, since }: Sync): boolean {
  if (since === undefined || closer(windows, since, { automated }) !== undefined) return false;
  const denies = windows.filter((one) => one.kind === "deny" && isActive(one, now));
  const closing = denies.length > 0 ? denies : windows.filter(({ kind }) => kind === "allow");
  return closing.every(({ syncOverrun }) => syncOverrun);
}

/**
 * Argo CD reads schedules on a clock that is set to the zone's offset of now, and takes a schedule without a next time,
 * as 30 February, for one that is always active.
 */
function isActive({ times, zone }: SyncWindow, time: number): boolean {
  if ("fault" in times) return false;
  const wall = onWall(zone, time);
  const next = times.begins.next(wall - times.lasts);
  return next === undefined || next < wall;
}

const HORIZON = 366 * 24 * 3_600_000;
const STEPS = 200;

/** The first time after `now` when a sync may start: it can only be where a window begins or ends. */
function opening(windows: readonly SyncWindow[], now: number, sync: Sync): number | undefined {
  let time = now;
  for (let step = 0; step < STEPS; step += 1) {
    time = Math.min(...windows.flatMap((one) => turnsAfter(one, time)));
    if (time > now + HORIZON) return undefined;
    // A window is active between its beginning and its end, not at them.
    if (closer(windows, time + 1, sync) === undefined) return time;
  }
  return undefined;
}

/** When a window begins next, and when the one ends that is open at `time` or begins next. */
function turnsAfter({ times, zone }: SyncWindow, time: number): readonly number[] {
  if ("fault" in times) return [];
  const wall = onWall(zone, time);
  const running = times.begins.next(wall - times.lasts);
  return [times.begins.next(wall), running === undefined ? undefined : running + times.lasts]
    .flatMap((turn) => (turn === undefined ? [] : [offWall(zone, turn, time)]))
    .filter((turn) => turn > time);
}

function nextBegin({ times, zone }: SyncWindow, time: number): number {
  const begin = "fault" in times ? undefined : times.begins.next(onWall(zone, time));
  return begin === undefined ? Number.MAX_VALUE : offWall(zone, begin, time);
}

/** What the clocks of a zone show at `time`. */
function onWall(zone: Zone | undefined, time: number): number {
  return time + (zone?.(time) ?? 0);
}

/** When they show `wall`, as seen from `time`: by then they may have been put forward or back. */
function offWall(zone: Zone | undefined, wall: number, time: number): number {
  const guess = wall - (zone?.(time) ?? 0);
  const found = wall - (zone?.(guess) ?? 0);
  return found > time ? found : guess;
}
