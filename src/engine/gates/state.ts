import type { GatePhase } from "#api/reasons.ts";
import type { RunState, WaveState } from "../world.ts";
import type { Measurement } from "./seen.ts";

/** What was decided of one gate. Once it has passed or failed and that is stored, it stands, whatever becomes of its object. */
export interface GateState {
  readonly phase: GatePhase;
  readonly message: string;
  /** When the phase began, milliseconds since the epoch, our clock. */
  readonly since: number;
  /** It was gone on in spite of it. */
  readonly accepted: boolean;
  readonly measurements: readonly Measurement[];
  /** When something was measured last, and what that looked like; in this process. */
  readonly progressAt: number;
  readonly fingerprint: string;
}

export function newGate(now: number): GateState {
  return { phase: "Pending", message: "", since: now, accepted: false, measurements: [], progressAt: now, fingerprint: "" };
}

/** With what was found; `since` stays while the phase does. */
export function turned(gate: GateState, phase: GatePhase, message: string, now: number): GateState {
  if (gate.phase === phase) return gate.message === message ? gate : { ...gate, message };
  return { ...gate, phase, message, since: now };
}

export function isDecided({ phase }: Pick<GateState, "phase">): boolean {
  return phase === "Passed" || phase === "Failed" || phase === "Inconclusive";
}

/** Whether nothing of it speaks against going on. */
export function isOpen(gate: GateState): boolean {
  return gate.phase === "Passed" || (isDecided(gate) && gate.accepted);
}

/** Whether it has failed, or people have to say what it means, and nobody has accepted that. */
export function isShut(gate: GateState): boolean {
  return isDecided(gate) && !isOpen(gate);
}

/** Whether the verdict on a gate is newer than what `before` knows: it must be stored before anything comes of it. */
export function hasNewVerdict(before: RunState, after: RunState): boolean {
  if (after.overrides.length > before.overrides.length) return true;
  return after.waves.some(({ gates }, index) => gates.some((gate, at) => isDecided(gate) && !isDecided(gateAt(before, index, at) ?? gate)));
}

function gateAt({ waves }: Pick<RunState, "waves">, wave: number, gate: number): GateState | undefined {
  return waves[wave]?.gates[gate];
}

/** A person, or onFailure: Continue, goes on in spite of what gates say. */
export function withAccepted(waves: readonly WaveState[]): readonly WaveState[] {
  return waves.map((wave) =>
    wave.gates.some(isShut) ? { ...wave, gates: wave.gates.map((gate) => (isShut(gate) ? { ...gate, accepted: true } : gate)) } : wave,
  );
}
