import { writesOf } from "./budget.ts";
import { current } from "./gates/gates.ts";
import { isDecidedAt, isShut, withAccepted, type GateState } from "./gates/state.ts";
import { end, hold, leftAsItIs, type Draft } from "./hold.ts";
import { failuresIn } from "./summary.ts";
import { failures, waveProgress } from "./wave.ts";
import { isQuestion, type RunState, type Verdict, type WaitingOn, type WaveState, type World } from "./world.ts";

/** What becomes of a run in which too much has failed. */

/** What has failed, and what is done about it: as onFailure says, or a person decides, or people have decided. */
export interface Failure extends Verdict {
  readonly by: "Targets" | "Analysis" | "Inconclusive" | "Approval";
}

/** Why the run has failed, so that it goes on no more by itself. */
export function failure(world: World): Failure | undefined {
  const verdict = shut(world);
  // Nobody who may resume a run may overrule those who were asked.
  return verdict?.by === "Approval" ? verdict : (tooMany(world) ?? verdict);
}

/** More targets of a wave than may, and more than a person has accepted. */
function tooMany({ plan, state, targets, now }: World): Failure | undefined {
  const total = failures(targets);
  if (total === 0 || total <= state.accepted) return undefined;
  for (const [index, { name, maxFailures }] of plan.waves.entries()) {
    if (state.waves[index]?.phase === "Pending") continue;
    const own = targets.filter((target) => target.wave === index);
    if (failures(own) > maxFailures) return { at: now, message: `wave ${name}: ${failuresIn(own)}`, by: "Targets" };
  }
  return undefined;
}

/** A gate of the present wave says no, and did not yet in `before`. */
function shut({ plan, state, now }: World, before?: RunState): Failure | undefined {
  const index = current(state);
  const gates = [...(state.waves[index]?.gates ?? []).entries()].filter(
    ([at, gate]) => isShut(gate) && !(before !== undefined && isDecidedAt(before, index, at)),
  );
  // What has failed is told before what is unclear.
  const found = gates.find(([, { phase }]) => phase === "Failed") ?? gates[0];
  if (found === undefined) return undefined;
  const [at, gate] = found;
  const isApproval = plan.waves[index]?.gates?.[at]?.approval !== undefined;
  const by = gate.phase === "Inconclusive" ? "Inconclusive" : isApproval ? "Approval" : "Analysis";
  return { at: now, message: `wave ${plan.waves[index]?.name ?? ""}: ${gate.message}`, by };
}

export function onFailure(world: World, failed: Failure): Draft {
  const { plan, state, orders } = world;
  const { by, ...verdict } = failed;
  switch (by === "Inconclusive" ? "Pause" : plan.onFailure) {
    case "RollBack": {
      const waves = state.waves.map((wave) => (wave.phase === "Pending" || wave.phase === "Verified" ? wave : ended(wave)));
      return { ...hold(world, { ...state, waves, rollback: verdict }, "RollingBack", true), halts: true, message: verdict.message };
    }
    case "Pause":
      // People were asked already, and this is their answer.
      if (by === "Approval") return end(world, "Failed", `${verdict.message}; ${leftAsItIs(world.targets)}`);
      if (state.stop === undefined) return { ...hold(world, { ...state, stop: verdict }, "Paused", true), message: verdict.message };
      return orders.resumed ? accepted(world) : stopped(world, state.stop);
    case "Continue":
      return by === "Approval"
        ? end(world, "Failed", `${verdict.message}; ${leftAsItIs(world.targets)}`)
        : accepted(world, ({ phase }) => phase === "Failed");
  }
}

function ended(wave: WaveState): WaveState {
  return { ...wave, phase: wave.phase === "Waiting" && !wave.gates.some(isShut) ? "Pending" : "Failed" };
}

/** It goes on in spite of the targets that have failed so far, and of the gates that may be gone on in spite of: for a person, all. */
function accepted(world: World, goneOn: (gate: GateState) => boolean = () => true): Draft {
  const { state, targets } = world;
  const waves = withAccepted(state.waves, goneOn);
  const stop = waves.some(({ gates }) => gates.some(isShut)) ? state.stop : undefined;
  return hold(world, { ...state, stop, accepted: failures(targets), waves }, "Progressing", true);
}

/** What is in flight is followed to its end; nothing is started. */
export function stopped(world: World, stop: Verdict): Draft {
  const { state, orders } = world;
  // A failed target that was skipped is no failure any more.
  if (orders.resumed || failure(world) === undefined) return accepted(world);
  const how = state.waves.some(({ gates }) => gates.some(isShut))
    ? "resume goes on in spite of it, abort or a newer wish ends it"
    : "resume goes on without those that failed, skip takes them out, abort or a newer wish ends it";
  const waitingOn: WaitingOn = { reason: "Failures", message: `${stop.message}. A person decides: ${how}` };
  const writes = writesOf(world.targets.filter(({ memo }) => memo.written || (memo.need !== undefined && isQuestion(memo.need))));
  return { ...hold(world, { ...state, waves: withoutSoak(world) }, "Paused", false), waitingOn, writes, message: stop.message };
}

/** No soak is counted while a run has stopped, and what breaks it does. */
function withoutSoak(world: World): readonly WaveState[] {
  const { waves } = world.state;
  const index = current(world.state);
  if (waves[index]?.phase === "Waiting") return waves;
  const { state } = waveProgress(world, index);
  return waves.map((wave, at) => (at !== index ? wave : state.phase === "Progressing" ? state : { ...wave, countedAt: undefined }));
}

/**
 * What a gate has decided since `before` is stored before anything comes of it. Whoever resumes a run that had stopped has to know
 * it too.
 */
export function withVerdict(world: World, before: RunState): Draft {
  const { state } = world;
  const failed = shut(world, before);
  // Evidence that was lost in the meantime is lost.
  const waves = withoutSoak(world);
  if (state.stop === undefined || failed === undefined)
    return hold(world, { ...state, waves }, world.orders.paused ? "Paused" : "Progressing", true);
  const stop: Verdict = { at: world.now, message: `${state.stop.message}; ${failed.message}` };
  return hold(world, { ...state, waves, stop }, "Paused", true);
}
