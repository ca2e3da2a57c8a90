import type { Outcome, RunPhase } from "#api/reasons.ts";
import { gateTimes } from "./gates/gates.ts";
import { count, nameSome, nextLook, waitingFor } from "./summary.ts";
import type { Decision, RunState, Target, World } from "./world.ts";

/** A decision, before it is known what its gates need. */
export type Draft = Omit<Decision, "asks">;

/** Nothing is written now. */
export function hold(world: World, state: RunState, phase: RunPhase, turns: boolean): Draft {
  const { targets } = world;
  return {
    phase,
    outcome: undefined,
    message: "in flight",
    state,
    targets,
    turns,
    halts: false,
    counts: count(targets),
    waitingOn: waitingFor(
      targets.filter(({ wave }) => hasBegun(state, wave)),
      undefined,
      "Targets",
    ),
    writes: [],
    nextLook: nextLook(targets, gateTimes(world)),
  };
}

function hasBegun({ waves }: RunState, wave: number): boolean {
  const phase = waves[wave]?.phase;
  return phase !== "Pending" && phase !== "Waiting";
}

export function end(world: World, outcome: Outcome, message: string): Draft {
  const held = hold(world, world.state, "Progressing", true);
  return { ...held, phase: outcome, outcome, message, halts: true, waitingOn: undefined, nextLook: undefined };
}

export function leftAsItIs(targets: readonly Target[]): string {
  const touched = targets.filter(({ memo }) => memo.started || memo.written);
  return touched.length === 0 ? "nothing had been changed" : `left as they are: ${nameSome(touched)}`;
}
