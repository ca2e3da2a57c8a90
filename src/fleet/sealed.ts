/** A secret value that printing, logging and JSON do not show. */
export class Sealed<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value, for whoever is about to use it. */
  open(): T {
    return this.#value;
  }

  toString(): string {
    return "[sealed]";
  }

  toJSON(): string {
    return "[sealed]";
  }
}
