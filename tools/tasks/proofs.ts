import type { Tier } from "./suites.ts";

/** Programs that search for a counterexample, and end with a plain line of what they found. */
export interface Proof {
  readonly name: string;
  readonly file: string;
  readonly tiers: readonly Tier[];
  /** A part of it goes with every test; all of it is a task of its own. */
  readonly args: (tier: Tier) => readonly string[];
}

const quickly = (tier: Tier): readonly string[] => (tier === "test" ? ["--quick"] : []);

export const PROOFS: readonly Proof[] = [
  { name: "fault plans", file: "test/simulation/main.ts", tiers: ["test", "test:full"], args: quickly },
  { name: "mutants", file: "test/simulation/mutation.ts", tiers: ["test:full"], args: () => [] },
];
