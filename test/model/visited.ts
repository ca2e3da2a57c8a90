/** States by number, four small numbers each: an open hash table over two arrays, because there are millions of them. */
export class Visited {
  #states = new Int32Array(4 * 1024);
  #slots = new Int32Array(4 * 1024).fill(-1);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number of a state, which is new when it is the last. */
  add(a: number, b: number, c: number, d: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(a, b, c, d) & mask;
    for (;;) {
      const id = this.#slots[slot] ?? -1;
      if (id < 0) break;
      const at = 4 * id;
      const states = this.#states;
      if (states[at] === a && states[at + 1] === b && states[at + 2] === c && states[at + 3] === d) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.#size;
    this.#size += 1;
    if (4 * this.#size > this.#states.length) this.#states = grown(this.#states);
    this.#states.set([a, b, c, d], 4 * id);
    this.#slots[slot] = id;
    if (2 * this.#size > this.#slots.length) this.#rehash();
    return id;
  }

  at(id: number): readonly [number, number, number, number] {
    const at = 4 * id;
    const [a = -1, b = -1, c = -1, d = -1] = this.#states.subarray(at, at + 4);
    return [a, b, c, d];
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#size; id += 1) {
      let slot = hash(...this.at(id)) & mask;
      while ((slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

function hash(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15) ^ b, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ c, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16) ^ d, 0x27d4eb2f);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Pairs of numbers, as many as there may be. */
export class Pairs {
  #pairs = new Int32Array(1024);
  #length = 0;

  add(first: number, second: number): void {
    if (this.#length + 2 > this.#pairs.length) this.#pairs = grown(this.#pairs);
    this.#pairs.set([first, second], this.#length);
    this.#length += 2;
  }

  *all(): Generator<readonly [number, number]> {
    for (let at = 0; at < this.#length; at += 2) yield [this.#pairs[at] ?? 0, this.#pairs[at + 1] ?? 0];
  }
}

export function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
