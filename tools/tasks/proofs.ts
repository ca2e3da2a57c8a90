import type { Tier } from "./suites.ts";

/** Programs that search for a counterexample, and end with a plain line of what they found. */
export interface Proof {
  readonly name: string;
  readonly file: string;
  /** A part of it goes with every test; all of it is a task of its own. */
  readonly args: (tier: Tier) => readonly string[];
}

const quickly = (tier: Tier): readonly string[] => (tier === "test" ? ["--quick"] : []);

export const PROOFS: readonly Proof[] = [
  { name: "fault plans", file: "test/simulation/main.ts", args: quickly },
  { name: "states", file: "test/model/main.ts", args: (tier) => (tier === "test" ? ["--quick"] : ["--faults", "2"]) },
  { name: "mutants", file: "test/simulation/mutation.ts", args: () => [] },
];
