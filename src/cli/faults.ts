import { duration, milliseconds } from "#api/rules.ts";
import type { Chance } from "#simulation/random.ts";
import { Wrong } from "./wrong.ts";

/** What shall befall which clusters; milliseconds. */
export interface Faults {
  readonly fail: ReadonlySet<string>;
  /** For how long from the beginning; undefined for ever. */
  readonly unreachable: ReadonlyMap<string, number | undefined>;
  /** How long its Application takes to become healthy after a sync. */
  readonly slow: ReadonlyMap<string, number>;
}

export const NO_FAULTS: Faults = { fail: new Set(), unreachable: new Map(), slow: new Map() };

/** As they were typed: NAME, P% or N, some with =DURATION. */
export interface Asked {
  readonly fail: readonly string[];
  readonly unreachable: readonly string[];
  readonly slow: readonly string[];
}

const SLOW = 300_000;

/** Puts clusters to what was asked for. Shares are spread evenly over clusters that nothing else befalls; what is said of a name counts more. Throws Wrong. */
export function faultsOf(asked: Asked, names: readonly string[], chance: Chance): Faults {
  const parsed = {
    fail: asked.fail.map((text) => parse("--fail", text, names)),
    unreachable: asked.unreachable.map((text) => parse("--unreachable", text, names)),
    slow: asked.slow.map((text) => parse("--slow", text, names)),
  };
  const lasting = parsed.fail.find(({ lasts }) => lasts !== undefined);
  if (lasting !== undefined) throw new Wrong("--fail takes no duration: a revision that fails stays bad");
  const struck = new Set(Object.values(parsed).flatMap((all) => all.flatMap(({ name }) => (name === undefined ? [] : [name]))));
  const pick = (kind: keyof Asked): ReadonlyMap<string, number | undefined> => {
    const found = new Map<string, number | undefined>();
    for (const { name, count, lasts } of parsed[kind].toSorted((a, b) => Number(a.name !== undefined) - Number(b.name !== undefined))) {
      for (const one of name === undefined ? spread(names, count, struck, chance.split(kind)) : [name]) found.set(one, lasts);
      for (const one of found.keys()) struck.add(one);
    }
    return new Map(names.flatMap((name) => (found.has(name) ? [[name, found.get(name)] as const] : [])));
  };
  // All of a fleet being slow leaves none that is well: the others choose first.
  const fail = new Set(pick("fail").keys());
  const unreachable = pick("unreachable");
  return { fail, unreachable, slow: new Map([...pick("slow")].map(([name, lasts]) => [name, lasts ?? SLOW])) };
}

interface Strike {
  readonly name: string | undefined;
  readonly count: number;
  readonly lasts: number | undefined;
}

function parse(flag: string, text: string, names: readonly string[]): Strike {
  const [who = "", ...rest] = text.split("=");
  const lasts = rest.length === 0 ? undefined : lasting(flag, rest.join("="));
  if (names.includes(who)) return { name: who, count: 1, lasts };
  const [, number, percent] = /^(\d+)(%?)$/.exec(who) ?? [];
  if (number === undefined)
    throw new Wrong(
      `${flag} ${who}: there is no such cluster; name one of ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}, or give a number or a percentage`,
    );
  const part = Number(number);
  if (part === 0) throw new Wrong(`${flag} ${who} is nobody: give at least 1, or leave it out`);
  if (percent === "%" && part > 100) throw new Wrong(`${flag} ${who} is more than all: give at most 100%`);
  if (percent === "" && part > names.length) throw new Wrong(`${flag} ${who} is more than the ${names.length} clusters that there are`);
  return { name: undefined, count: percent === "%" ? Math.max(1, Math.round((part * names.length) / 100)) : part, lasts };
}

function lasting(flag: string, text: string): number {
  const parsed = duration(flag).safeParse(text);
  if (!parsed.success) throw new Wrong(`${flag} …=${text}: a duration is of hours, minutes and seconds, such as 90s, 15m or 1h30m`);
  return milliseconds(parsed.data);
}

/** `count` of `names` at even distances, from a beginning that chance gives; of those not struck yet, as far as they suffice. */
function spread(names: readonly string[], count: number, struck: ReadonlySet<string>, chance: Chance): readonly string[] {
  const well = names.filter((name) => !struck.has(name));
  const from = well.length >= count ? well : names;
  const offset = chance.next();
  return Array.from({ length: count }, (_, index) => from[Math.floor(((index + offset) * from.length) / count)] ?? "");
}
