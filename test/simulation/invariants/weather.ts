/** What happened around the conductor that no write tells: when it lived, what it could reach, whether its view was disturbed. */
export class Weather {
  /** Stretches in which no conductor lived. */
  readonly #dead: { readonly from: number; to: number | undefined }[] = [];
  /** Stretches in which an API server could not be reached. */
  readonly #down: { readonly server: string; readonly from: number; readonly to: number }[] = [];
  /** Whether watches lose events or show the past: what is and what was seen may then be far apart. */
  readonly disturbed: boolean;
  /** How long evidence must hold, in milliseconds. */
  readonly settle: number;
  /** For how long, in milliseconds, lists show the past: what is news to whoever looks may be so old. */
  readonly behind: number;

  constructor(disturbed: boolean, settle: number, behind = 0) {
    this.disturbed = disturbed;
    this.settle = settle;
    this.behind = behind;
  }

  /** Called after every event. */
  lives(alive: boolean, now: number): void {
    const last = this.#dead.at(-1);
    const wasDead = last !== undefined && last.to === undefined;
    if (alive && wasDead) last.to = now;
    if (!alive && !wasDead) this.#dead.push({ from: now, to: undefined });
  }

  down(server: string, from: number, to: number): void {
    this.#down.push({ server, from, to });
  }

  /** Milliseconds between two times in which a conductor lived and could reach all of `servers`. */
  seen(from: number, to: number, servers: ReadonlySet<string>): number {
    const gaps = [
      ...this.#dead.map((one) => ({ from: one.from, to: one.to ?? to })),
      ...this.#down.filter(({ server }) => servers.has(server)),
    ]
      .map((one) => ({ from: Math.max(from, one.from), to: Math.min(to, one.to) }))
      .filter((one) => one.to > one.from)
      .toSorted((a, b) => a.from - b.from);
    let seen = to - from;
    let reached = from;
    for (const gap of gaps) {
      seen -= Math.max(0, gap.to - Math.max(reached, gap.from));
      reached = Math.max(reached, gap.to);
    }
    return seen;
  }
}
