import type { Random } from "#kube/ports.ts";

/**
 * Chance from a seed. Two streams of one seed with different names are independent: what a fault draws does not shift
 * what the conductor draws.
 */
export interface Chance {
  readonly next: Random;
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** One of `items`, which are not none. */
  of<T>(items: readonly [T, ...T[]]): T;
  /** The stream of that name: always the same one, however much was drawn from this one before. */
  split(name: string): Chance;
}

export function chance(seed: string): Chance {
  const next = sfc32(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    of: ([first, ...more]) => more[below(more.length + 1) - 1] ?? first,
    split: (name) => chance(`${seed}/${name}`),
  };
}

/** PractRand's Small Fast Counting generator: 128 bits of state, of which one counts, so that there are no short cycles. */
function sfc32(seed: string): Random {
  let [a, b, c, d] = hash(seed);
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // Seeds that differ little are well apart after a dozen numbers.
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

/** FNV-1a, four times with different starts. */
function hash(text: string): [number, number, number, number] {
  const one = (start: number): number => {
    let value = 0x811c9dc5 ^ start;
    for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
    return value | 0;
  };
  return [one(0), one(0x9e3779b9), one(0x243f6a88), 1];
}
