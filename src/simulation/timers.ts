/** One thing that shall happen at a moment. */
export interface Timer {
  readonly due: number;
  /** Decides among timers of the same moment. */
  readonly tie: number;
  readonly order: number;
  /** undefined once it was cancelled. */
  action: (() => void) | undefined;
}

/** Timers by their moment: a binary heap. What was cancelled stays until it surfaces, or until it is most of all. */
export class Timers {
  #heap: Timer[] = [];
  #cancelled = 0;

  /** The next one that was not cancelled. */
  get first(): Timer | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined || first.action !== undefined) return first;
      this.#cancelled -= 1;
      this.take();
    }
  }

  /** How many there are that were not cancelled. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  cancel(timer: Timer): void {
    if (timer.action === undefined) return;
    timer.action = undefined;
    this.#cancelled += 1;
    if (this.#cancelled < 1000 || this.#cancelled * 2 < this.#heap.length) return;
    const left = this.#heap.filter(({ action }) => action !== undefined);
    this.#heap = [];
    this.#cancelled = 0;
    for (const one of left) this.add(one);
  }

  /** Takes the topmost one away. */
  take(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const smaller = other !== undefined && before(other, one) ? other : one;
      if (!before(smaller, last)) break;
      heap[at] = smaller;
      at = smaller === one ? left : left + 1;
    }
    heap[at] = last;
  }
}

function before(a: Timer, b: Timer): boolean {
  if (a.due !== b.due) return a.due < b.due;
  return a.tie === b.tie ? a.order < b.order : a.tie < b.tie;
}
