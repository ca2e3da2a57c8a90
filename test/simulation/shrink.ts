import type { Fault, Plan } from "./plans/plan.ts";
import type { Judge } from "./plans/verdict.ts";

/** The fewest of a plan's faults that it still fails with in the same way: one is left out at a time, as long as that can be done. */
export async function shrunk(plan: Plan, judge: Judge): Promise<Plan> {
  if (plan.faults.length < 2) return plan;
  const way = wayOf((await judge.judge(plan)).problems[0]);
  let faults: readonly Fault[] = plan.faults;
  for (let index = 0; index < faults.length && faults.length > 1;) {
    const fewer = faults.toSpliced(index, 1);
    const { problems } = await judge.judge(plan, fewer);
    if (problems.some((one) => wayOf(one) === way)) faults = fewer;
    else index += 1;
  }
  return { ...plan, faults };
}

/** What kind of problem a sentence speaks of: an invariant, or an outcome; else what differs. */
function wayOf(problem = ""): string {
  return /^(invariant \d+|the release ends \w+|\w+)/.exec(problem)?.[0] ?? "";
}
