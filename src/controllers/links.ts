/** Which objects look at which others, by key: who is to be woken is found without a look at all of them. */
export class Links {
  readonly #from = new Map<string, readonly string[]>();
  readonly #to = new Map<string, Set<string>>();

  /** `key` looks at `others` from now on, and at nothing else. */
  set(key: string, others: readonly string[]): void {
    for (const other of this.#from.get(key) ?? []) {
      const looking = this.#to.get(other);
      looking?.delete(key);
      if (looking?.size === 0) this.#to.delete(other);
    }
    if (others.length === 0) this.#from.delete(key);
    else this.#from.set(key, others);
    for (const other of others) {
      const looking = this.#to.get(other) ?? new Set();
      this.#to.set(other, looking.add(key));
    }
  }

  /** Who looks at `other`. */
  at(other: string): Iterable<string> {
    return this.#to.get(other) ?? [];
  }
}
