/** Gives equal things one small number, and the number its thing again: a state is then a few numbers. */
export class Interner<Item extends object> {
  readonly #ids = new Map<string, number>();
  readonly #items: Item[] = [];
  readonly #keyOf: (item: Item) => string;

  constructor(keyOf: (item: Item) => string) {
    this.#keyOf = keyOf;
  }

  id(item: Item): number {
    const key = this.#keyOf(item);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    // Whoever is handed it cannot change it.
    const id = this.#items.push(frozen(item)) - 1;
    this.#ids.set(key, id);
    return id;
  }

  at(id: number): Item {
    const item = this.#items[id];
    if (item === undefined) throw new Error(`nothing has number ${id}`);
    return item;
  }

  get size(): number {
    return this.#items.length;
  }
}

function frozen<Item extends object>(item: Item): Item {
  for (const value of Object.values(item)) if (typeof value === "object" && value !== null && !Object.isFrozen(value)) frozen(value);
  return Object.freeze(item);
}
