import { isInFlight, isWaitingForStart } from "#engine/memo.ts";
import type { RunState, Target } from "#engine/world.ts";

/** What one run has in flight on an Argo CD instance, and would start there. */
export interface Demand {
  readonly inFlight: number;
  readonly waiting: number;
}

interface Claim extends Demand {
  /** When it last got a place: who has waited longest is next. */
  readonly served: number;
}

/**
 * How many targets may be in flight on each Argo CD instance, over all runs: a place that is free goes to the run with the
 * fewest there, and among equals to the one that has waited longest (max-min fairness).
 */
export class Slots {
  readonly #limit: (instance: string) => number;
  readonly #wake: (run: string) => void;
  readonly #claims = new Map<string, Map<string, Claim>>();
  /** Where each run has a claim. */
  readonly #instances = new Map<string, ReadonlySet<string>>();
  #served = 0;

  constructor(limit: (instance: string) => number, wake: (run: string) => void) {
    this.#limit = limit;
    this.#wake = wake;
  }

  /** How many more `run` may start on `instance` now. */
  room(run: string, instance: string): number {
    const claims = this.#claims.get(instance) ?? new Map<string, Claim>();
    let inFlight = 0;
    for (const claim of claims.values()) inFlight += claim.inFlight;
    const free = Math.max(0, this.#limit(instance) - inFlight);
    const others = [...claims].filter(([key, { waiting }]) => key !== run && waiting > 0).map(([, claim]) => claim);
    return others.length === 0 ? free : shareOf(claims.get(run) ?? NONE, others, free);
  }

  /** What `run` has and wants now, by instance; those who waited for what it gave back are woken. */
  update(run: string, demands: ReadonlyMap<string, Demand>): void {
    const known = this.#instances.get(run) ?? new Set();
    if (demands.size === 0) this.#instances.delete(run);
    else this.#instances.set(run, new Set(demands.keys()));
    for (const instance of known.union(new Set(demands.keys()))) {
      const runs = this.#claims.get(instance) ?? new Map<string, Claim>();
      const before = runs.get(run) ?? NONE;
      const { inFlight, waiting } = demands.get(instance) ?? NONE;
      if (inFlight === 0 && waiting === 0) runs.delete(run);
      else runs.set(run, { inFlight, waiting, served: inFlight > before.inFlight ? ++this.#served : before.served });
      if (runs.size === 0) this.#claims.delete(instance);
      else this.#claims.set(instance, runs);
      if (before.inFlight + before.waiting <= inFlight + waiting) continue;
      for (const [other, claim] of runs) if (other !== run && claim.waiting > 0) this.#wake(other);
    }
  }
}

const NONE: Claim = { inFlight: 0, waiting: 0, served: 0 };

/** Gives `free` places away one by one; how many of them are for `own`. */
function shareOf(own: Claim, others: readonly Claim[], free: number): number {
  const waiting = [{ ...own, waiting: Infinity, mine: true }, ...others.map((claim) => ({ ...claim, mine: false }))];
  let share = 0;
  for (let given = 0; given < free; given += 1) {
    const open = waiting.filter((claim) => claim.waiting > 0);
    const next = open.reduce((a, b) => (b.inFlight < a.inFlight || (b.inFlight === a.inFlight && b.served < a.served) ? b : a));
    next.inFlight += 1;
    next.waiting -= 1;
    if (next.mine) share += 1;
  }
  return share;
}

/** What a run has in flight on each Argo CD instance, and would start there. */
export function demandsOf({ waves }: RunState, targets: readonly Target[]): ReadonlyMap<string, Demand> {
  const demands = new Map<string, Demand>();
  for (const { instance, wave, memo } of targets) {
    const phase = waves[wave]?.phase;
    const isOpen = memo.goingBack || phase === "Progressing" || phase === "Soaking";
    const inFlight = isInFlight(memo) ? 1 : 0;
    const waiting = isOpen && isWaitingForStart(memo) ? 1 : 0;
    if (inFlight + waiting === 0) continue;
    const known = demands.get(instance) ?? { inFlight: 0, waiting: 0 };
    demands.set(instance, { inFlight: known.inFlight + inFlight, waiting: known.waiting + waiting });
  }
  return demands;
}
