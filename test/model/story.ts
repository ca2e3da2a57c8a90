import type { Local } from "./local.ts";
import type { Settled } from "./looks.ts";
import type { State, States } from "./state.ts";
import { PLACES } from "./triples.ts";
import { NAMES } from "./worlds.ts";

/** One step of a path: what happened in a state, and what the conductor made of it. */
export interface Step {
  readonly from: State;
  readonly event: Settled;
  /** Two targets that behave equally have changed places after it. */
  readonly swapped: boolean;
}

/** A path as a person reads it: one line for each thing that happens, under it what it changed. */
export function told(states: States, steps: readonly Step[]): readonly string[] {
  const lines: string[] = [];
  let names: readonly string[] = NAMES;
  for (const [index, { from, event, swapped }] of steps.entries()) {
    const who = event.target === undefined ? "" : `${names[event.target] ?? ""}: `;
    const phase = event.decided?.decision.phase;
    lines.push(`${String(index + 1).padStart(3)}. ${who}${event.label}${phase === undefined ? "" : ` (the run is ${phase})`}`);
    for (const place of PLACES) {
      const change = changed(states.localAt(from.targets[place]), states.localAt(event.targets[place]));
      if (change !== "") lines.push(`       ${names[place] ?? ""}: ${change}`);
    }
    if (swapped) names = [names[0] ?? "", names[2] ?? "", names[1] ?? ""];
  }
  return lines;
}

function changed(before: Local, after: Local): string {
  const [was, is] = [shown(before), shown(after)];
  return was === is ? "" : `${was} → ${is}`;
}

function shown({ memo, writing }: Local): string {
  const back = memo.goingBack ? ", going back" : "";
  const write = writing === undefined ? "" : `, ${writing.kind} on its way`;
  return `${memo.phase}${memo.reason === "Planned" || memo.reason === "Verified" ? "" : ` (${memo.reason})`}${back}${write}`;
}
