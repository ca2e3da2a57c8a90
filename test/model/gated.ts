import { DEADLINE, T0 } from "./times.ts";
import type { GateState } from "#engine/gates/state.ts";
import type { Decision, Target, World } from "#engine/world.ts";

/**
 * What must hold of the gates of one decision (invariants 2, 4 and 7), found out without the engine's own words.
 * @param begun who is started forward by it
 */
export function gatedWrongly(before: World, after: Decision, begun: readonly Target[]): readonly string[] {
  const wrong: string[] = [];
  const must = (holds: boolean, rule: string): void => {
    if (!holds) wrong.push(rule);
  };
  const { plan, state } = before;
  for (const [wave, { gates = [] }] of plan.waves.entries()) {
    const [was, is] = [state.waves[wave]?.phase ?? "Pending", after.state.waves[wave]?.phase ?? "Pending"];
    const states = gates.map((_, at) => state.waves[wave]?.gates[at]);
    const begins = (was === "Pending" || was === "Waiting") && (is === "Progressing" || is === "Soaking" || is === "Verified");
    if (begins || begun.some((target) => target.wave === wave)) {
      must(
        gates.every(({ approval }, at) => approval === undefined || states[at]?.phase === "Passed"),
        "2: a wave begins before its approval is stored",
      );
      if (begins && wave === 0)
        must(
          plan.dependsOn.every(({ name }) => before.gates.dependencies.some((one) => one.name === name && one.ready)),
          "2: it begins before the release that it depends on is ready",
        );
    }
    if (is === "Verified" && was !== "Verified")
      must(
        states.every((one) => one !== undefined && isOpen(one)),
        "2: a wave is verified before its analysis is stored",
      );
    for (const [at, { approval }] of gates.entries()) {
      const [gateBefore, gate] = [states[at], after.state.waves[wave]?.gates[at]];
      if (gate === undefined) continue;
      const isNew = isDecided(gate) && !(gateBefore !== undefined && isDecided(gateBefore));
      if (isNew) {
        must(after.turns && after.writes.length === 0 && begun.length === 0, "2: something comes of a gate before that is stored");
        must(isFounded(before, wave, at, approval !== undefined, gateBefore, gate), "2: a gate is decided that nobody has decided");
      } else if (gateBefore !== undefined && isDecided(gateBefore)) {
        must(gate.phase === gateBefore.phase && (gate.accepted || !gateBefore.accepted), "4: the verdict of a gate is taken back");
        if (gate.accepted && !gateBefore.accepted) {
          const byPerson = state.stop !== undefined && before.orders.resumed;
          must(after.turns && after.writes.length === 0, "2: a gate is gone on in spite of, and that is not stored");
          must(approval === undefined, "4: a rejection is gone on in spite of");
          must(
            byPerson || (plan.onFailure === "Continue" && gate.phase === "Failed"),
            "4: it goes on in spite of a gate, and nobody said so",
          );
        }
      }
    }
  }
  for (const { cluster } of begun)
    must(
      before.gates.freezes(cluster).every(({ name }) => state.overrides.some((one) => one.name === name)),
      "1: started in a freeze",
    );
  for (const one of after.state.overrides) {
    if (state.overrides.some(({ name }) => name === one.name)) continue;
    must(before.gates.override({ ...one, reason: "" }).kind === "Approved", "1: nobody has let it go through the freeze");
    must(after.turns && after.writes.length === 0 && begun.length === 0, "2: it goes through a freeze before that is stored");
  }
  if (after.outcome === "Succeeded" || after.outcome === "SucceededWithSkips")
    must(
      plan.waves.every(({ gates = [] }, wave) =>
        gates.every((_, at) => {
          const gate = after.state.waves[wave]?.gates[at];
          return gate !== undefined && isOpen(gate) && gate.phase !== "Failed";
        }),
      ),
      "6: Succeeded, and a gate has not passed",
    );
  if (after.state.rollback !== undefined)
    must(
      after.asks.every(({ kind }) => kind === "EndAnalysis"),
      "4: a rollback asks",
    );
  return wrong;
}

/** Whether what is seen says so. */
function isFounded(
  { gates }: World,
  wave: number,
  at: number,
  isApproval: boolean,
  before: GateState | undefined,
  { phase }: GateState,
): boolean {
  if (isApproval) {
    const { kind } = gates.approval(wave, at);
    return phase === "Passed" ? kind === "Approved" : phase === "Failed" && (kind === "Rejected" || kind === "Expired");
  }
  const seen = gates.analysis(wave, at);
  const isSilent = before?.phase === "Waiting" && T0 - before.progressAt >= DEADLINE;
  if (seen.kind === "Absent") return phase === "Failed" && isSilent;
  switch (seen.phase) {
    case "Pending":
    case "Running":
      return phase === "Failed" && isSilent;
    case "Successful":
      return phase === (seen.measured === seen.metrics ? "Passed" : "Inconclusive");
    case "Failed":
    case "Error":
      return phase === "Failed";
    case "Inconclusive":
      return phase === "Inconclusive";
  }
}

/** Whether a gate of the plan has said no, or neither, as far as is stored, and nobody goes on in spite of it. */
export function isShutIn({ state }: Pick<World, "state">): boolean {
  return state.waves.some(({ gates }) => gates.some((gate) => isDecided(gate) && !isOpen(gate)));
}

function isDecided({ phase }: GateState): boolean {
  return phase === "Passed" || phase === "Failed" || phase === "Inconclusive";
}

function isOpen({ phase, accepted }: GateState): boolean {
  return phase === "Passed" || ((phase === "Failed" || phase === "Inconclusive") && accepted);
}
