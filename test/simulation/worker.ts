import { parentPort } from "node:worker_threads";
import type { Plan } from "./plans/plan.ts";
import { Judge, type Verdict } from "./plans/verdict.ts";

/** One core: judges the plans that it is sent, one behind another. */

const judge = new Judge();
let last: Promise<unknown> = Promise.resolve();

parentPort?.on("message", (plan: Plan) => {
  last = last.then(async () => parentPort?.postMessage(await judged(plan)));
});

async function judged(plan: Plan): Promise<Verdict> {
  try {
    return await judge.judge(plan);
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : "unknown error";
    return { counts: true, writes: 0, problems: [`the simulation itself has failed: ${said}`] };
  }
}
