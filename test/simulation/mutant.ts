import { readFileSync } from "node:fs";
import { z } from "zod";
import { differences, type End } from "./plans/end.ts";
import { execute } from "./plans/execute.ts";
import type { Plan } from "./plans/plan.ts";
import { workloadNamed } from "./workloads/workloads.ts";

/** Runs plans over mutated code until one of them notices: node mutant.ts FILE, whose answer is the last line, JSON. */

/** What a mutant is tried with: plans, and how each workload ends with the code as it is. */
export interface Trial {
  readonly plans: readonly Plan[];
  readonly ends: Readonly<Record<string, End>>;
}

export interface Answer {
  /** What noticed first; undefined when nothing did. */
  readonly caught: string | undefined;
  readonly plan: string | undefined;
  readonly tried: number;
}

export const answer = z.object({ caught: z.string().optional(), plan: z.string().optional(), tried: z.number() });

async function main(file: string): Promise<Answer> {
  // It was written by mutation.ts.
  const { plans, ends } = JSON.parse(readFileSync(file, "utf8")) as Trial;
  let tried = 0;
  for (const plan of plans) {
    tried += 1;
    const { violations, end } = await execute({ workload: workloadNamed(plan.workload), seed: plan.seed, faults: plan.faults });
    const reference = ends[plan.workload];
    const wrong = [
      ...violations.map(({ message }) => message),
      ...(reference === undefined ? [] : differences(end, reference, plan.expects)),
    ];
    if (wrong[0] !== undefined)
      return {
        caught: wrong.find((sentence) => sentence.startsWith("invariant") && !sentence.startsWith("invariant 9")) ?? wrong[0],
        plan: plan.says,
        tried,
      };
  }
  return { caught: undefined, plan: undefined, tried };
}

if (import.meta.main) {
  try {
    process.stdout.write(`${JSON.stringify(await main(process.argv[2] ?? ""))}\n`);
  } catch (error) {
    process.stdout.write(
      `${JSON.stringify({ caught: `the simulation fails: ${error instanceof Error ? error.message : "unknown error"}`, tried: 0 })}\n`,
    );
  }
  process.exit(0);
}
