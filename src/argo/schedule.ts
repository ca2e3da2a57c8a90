import { Cron } from "croner";

/**
 * When sync windows begin and how long they last, in Argo CD's dialect: five fields of robfig/cron without descriptors
 * such as @daily (types.go, cron.NewParser), and durations of Go. The fields are read here and searched by croner,
 * which takes more than Argo CD does (L, W, #, 7 for Sunday), and less (5/15).
 */

export interface Schedule {
  /** The first beginning after `time`, milliseconds since the epoch; undefined when there is none for years. */
  readonly next: (time: number) => number | undefined;
}

export interface Fault {
  readonly fault: string;
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: "minute", least: 0, most: 59, names: [] },
  { name: "hour", least: 0, most: 23, names: [] },
  { name: "day of month", least: 1, most: 31, names: [] },
  {
    name: "month",
    least: 1,
    most: 12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "day of week", least: 0, most: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** Reads a schedule. Times are UTC unless the schedule begins with `TZ=` or `CRON_TZ=`. */
export function schedule(text: string): Schedule | Fault {
  const zoned = /^(?:CRON_)?TZ=(\S*)\s(.*)$/s.exec(text);
  const [, zone = "", zonedFields = ""] = zoned ?? [];
  const fields = (zoned === null ? text : zonedFields).split(/\s+/).filter((field) => field !== "");
  if (fields[0]?.startsWith("@") === true)
    return { fault: `Argo CD takes no descriptor such as "${fields[0]}" here: write minute, hour, day of month, month and day of week` };
  if (fields.length !== FIELDS.length) return { fault: `it has ${fields.length} fields, not five` };
  const timezone = zone === "" || zone === "Local" ? "UTC" : zone;
  if (zoneOf(timezone) === undefined) return { fault: `there is no time zone "${zone}"` };

  const lists: string[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const list = values(fields[index] ?? "", field);
    if (typeof list !== "string") return list;
    lists.push(list);
  }
  // Nothing but commas: no time ever.
  if (lists.includes("")) return { next: () => undefined };
  const cron = new Cron(lists.join(" "), { mode: "5-part", timezone, paused: true });
  // A day that no month has: a search of centuries, which is made once.
  let never = false;
  return {
    next: (time) => {
      if (never) return undefined;
      const found = cron.nextRun(new Date(time));
      never = found === null;
      return found?.getTime();
    },
  };
}

/** A field as croner reads it: a list of numbers, or a star, whose meaning for days is not that of all numbers. */
function values(text: string, field: Field): string | Fault {
  const found = new Set<number>();
  let star = false;
  for (const part of text.split(",").filter((one) => one !== "")) {
    const range = rangeOf(part, field);
    if ("fault" in range) return range;
    star ||= range.star;
    for (let value = range.from; value <= range.to; value += range.step) found.add(value);
  }
  return star ? "*" : [...found].toSorted((a, b) => a - b).join(",");
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly star: boolean;
}

function rangeOf(text: string, field: Field): Range | Fault {
  const { least, most, name } = field;
  const fault = { fault: `"${text}" is no ${name}` };
  const [range = "", stepText, ...more] = text.split("/");
  const [first = "", last, ...others] = range.split("-");
  const step = stepText === undefined ? 1 : number(stepText);
  if (more.length > 0 || step === undefined || step === 0) return fault;
  if (first === "*" || first === "?") return { from: least, to: most, step, star: step === 1 };
  const from = number(first, field);
  const end = last === undefined ? from : number(last, field);
  if (from === undefined || end === undefined || others.length > 0) return fault;
  // robfig/cron reads 5/15 as 5-59/15.
  const to = last === undefined && stepText !== undefined ? most : end;
  return from < least || to > most || from > to ? fault : { from, to, step, star: false };
}

function number(text: string, { names, least }: Pick<Field, "names" | "least"> = { names: [], least: 0 }): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + least;
  return /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration as Go writes it, 1h30m, in milliseconds. */
export function duration(text: string): number | Fault {
  const [, sign, amount = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const fault = { fault: `"${text}" is no duration such as 1h30m` };
  if (amount === "0") return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(amount)) return fault;
  let sum = 0;
  for (const [, count, unit = ""] of amount.matchAll(/([\d.]+)([a-zµμ]+)/g)) sum += Number(count) * (UNITS[unit] ?? 0);
  return sign === "-" ? -sum : sum;
}

/** How far a time zone's clocks are ahead of UTC at `time`, in milliseconds. */
export type Zone = (time: number) => number;

/** A time zone by its name, as Go finds it: it knows capitals, and no offsets. Undefined when there is none. */
export function zoneOf(name: string): Zone | undefined {
  if (name === "UTC") return () => 0;
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    const clock = new Intl.DateTimeFormat("en", { timeZone: name, timeZoneName: "longOffset" });
    const found = clock.resolvedOptions().timeZone;
    if (found !== name && found.toLowerCase() === name.toLowerCase()) return undefined;
    return (time) => {
      const shown = clock.formatToParts(time).find(({ type }) => type === "timeZoneName")?.value ?? "";
      const [, sign, hours = "0", minutes = "0"] = /([+-])(\d+):(\d+)/.exec(shown) ?? [];
      return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
    };
  } catch {
    return undefined;
  }
}
