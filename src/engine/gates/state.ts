import type { GatePhase } from "#api/reasons.ts";
import type { RunState, WaveState } from "../world.ts";
import type { Freeze, Measurement } from "./seen.ts";

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
  if (after.overrides.some((one) => !before.overrides.some((other) => isOf(one, other)))) return true;
  return after.waves.some(({ gates }, wave) => gates.some((gate, at) => isDecided(gate) && !isDecidedAt(before, wave, at)));
}

/** Whether the gate at position `gate` of the wave at position `wave` was decided. One that nobody has looked at yet was not. */
export function isDecidedAt({ waves }: Pick<RunState, "waves">, wave: number, gate: number): boolean {
  const known = waves[wave]?.gates[gate];
  return known !== undefined && isDecided(known);
}

/** Whether both are of the same freeze, as long as it was when people decided on it. */
export function isOf(one: Pick<Freeze, "name" | "until">, other: Pick<Freeze, "name" | "until">): boolean {
  return one.name === other.name && one.until === other.until;
}

/** It is gone on in spite of what those gates say that may be `accepted`. */
export function withAccepted(waves: readonly WaveState[], accepted: (gate: GateState) => boolean): readonly WaveState[] {
  const isAccepted = (gate: GateState): boolean => isShut(gate) && accepted(gate);
  return waves.map((wave) =>
    wave.gates.some(isAccepted)
      ? { ...wave, gates: wave.gates.map((gate) => (isAccepted(gate) ? { ...gate, accepted: true } : gate)) }
      : wave,
  );
}

/** `gap` milliseconds in which nobody looked, or by which a clock was set, are no silence of an analysis. */
export function shiftedGates(state: RunState, gap: number): RunState {
  if (!state.waves.some(({ gates }) => gates.length > 0)) return state;
  const later = (gate: GateState): GateState => ({ ...gate, progressAt: gate.progressAt + gap });
  return { ...state, waves: state.waves.map((wave) => ({ ...wave, gates: wave.gates.map(later) })) };
}
