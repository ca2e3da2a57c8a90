import type { Chance } from "#simulation/random.ts";
import type { Sample } from "./statistics.ts";

/** How many of `count` are bad, when each is with the chance `share`: counted from one bad one to the next. */
export function binomial(chance: Chance, count: number, share: number): number {
  if (share <= 0) return 0;
  if (share >= 1) return count;
  const scale = Math.log1p(-share);
  let bad = 0;
  let at = 0;
  for (;;) {
    // 1 - next() is never 0.
    at += Math.floor(Math.log(1 - chance.next()) / scale) + 1;
    if (at > count) return bad;
    bad += 1;
  }
}

/** The requests of one cluster, minute by minute. */
export class Traffic {
  readonly #perMinute: number;
  /** Bad ones up to the beginning of each minute. */
  readonly #upTo: readonly number[];

  constructor(chance: Chance, perMinute: number, share: number, minutes: number) {
    this.#perMinute = perMinute;
    const upTo = [0];
    for (let minute = 0; minute < minutes; minute += 1) upTo.push((upTo.at(-1) ?? 0) + binomial(chance, perMinute, share));
    this.#upTo = upTo;
  }

  /** What a window of so many minutes holds that ends with minute `end`. */
  window(end: number, minutes: number): Sample {
    const from = Math.max(0, end - minutes);
    return { count: (end - from) * this.#perMinute, bad: (this.#upTo[end] ?? NaN) - (this.#upTo[from] ?? NaN) };
  }
}
