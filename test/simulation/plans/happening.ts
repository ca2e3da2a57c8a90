import type { Call } from "#simulation/calls.ts";
import type { Injected, Which } from "#simulation/faults.ts";
import type { Weather } from "../invariants/weather.ts";
import { perform, type Stage } from "./acts.ts";
import type { Fault } from "./plan.ts";

/** Faults as they come about. */
export class Happening {
  readonly #armed: Injected[] = [];
  readonly #timed: Exclude<Fault, { readonly kind: "Call" | "Watch" }>[];
  readonly #stage: Stage;
  readonly #weather: Weather;
  #acted = 0;
  #until = 0;

  constructor(faults: readonly Fault[], stage: Stage, weather: Weather) {
    this.#stage = stage;
    this.#weather = weather;
    const { faults: wires } = stage.simulation;
    for (const fault of faults) {
      if (fault.kind === "Call") this.#armed.push(wires.call(fault.call, fault.fault));
      if (fault.kind === "Watch") this.#armed.push(wires.watch(named(fault.call), fault.fault, fault.times));
    }
    this.#timed = faults
      .flatMap((fault) => (fault.kind === "Call" || fault.kind === "Watch" ? [] : [fault]))
      .toSorted((a, b) => a.at - b.at);
  }

  /** How many have happened. */
  get fired(): number {
    return this.#acted + this.#armed.filter(({ fired }) => fired > 0).length;
  }

  get isOver(): boolean {
    return this.#timed.length === 0 && this.#stage.simulation.clock.now() >= this.#until;
  }

  go(elapsed: number): void {
    for (let next = this.#timed[0]; next !== undefined && elapsed >= next.at; next = this.#timed[0]) {
      this.#timed.shift();
      this.#do(next);
    }
  }

  #do(fault: Exclude<Fault, { readonly kind: "Call" | "Watch" }>): void {
    const { simulation } = this.#stage;
    const { faults, clock } = simulation;
    switch (fault.kind) {
      case "Act":
        if (perform(fault.act, this.#stage)) this.#acted += 1;
        return;
      case "Outage": {
        const to = clock.now() + fault.lasts;
        this.#until = Math.max(this.#until, to);
        if (fault.breaks === true || fault.outage.kind === "Down" || fault.outage.kind === "Flapping")
          this.#weather.down(fault.server, clock.now(), to);
        this.#armed.push(faults.outage(fault.server, fault.outage, 0, fault.lasts));
        if (fault.breaks === true) faults.breakStreams(fault.server);
        return;
      }
      case "Crash": {
        const { stale } = fault;
        if (stale !== undefined)
          this.#armed.push(
            faults.stale(({ path }: Call) => path.includes(stale.resource), { changes: stale.changes, lasts: stale.lasts }, 10),
          );
        else this.#acted += 1;
        simulation.crash(fault.restartAfter);
        return;
      }
    }
  }
}

/** A call by its number, or all of a kind. */
function named(call: string): Which {
  return call.includes(" #") ? call : ({ id }) => id.startsWith(`${call} #`);
}
