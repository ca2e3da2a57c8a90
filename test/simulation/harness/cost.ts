import { commit } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { production } from "./atonce.ts";

/** Milliseconds of CPU that one release to `count` clusters takes, on the average of `times` after one that warms up. */
export async function cost(count: number, times: number): Promise<number> {
  let began = process.cpuUsage();
  for (let index = times > 1 ? 0 : 1; index <= times; index += 1) {
    if (index === 1) began = process.cpuUsage();
    const clusters = Array.from({ length: count }, (_, number) => ({ name: `c${number}` }));
    const simulation = new Simulation({ seed: `cost-${index}`, clusters, environments: [production] });
    simulation.wishes.apply("checkout.production", commit("a"));
    if (!(await simulation.runUntil(() => simulation.wishes.finished("checkout.production"), 600_000)))
      throw new Error("the release did not end");
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000 / times;
}

/** By hand, for what is too much for a test: node test/simulation/harness/cost.ts 1000 */
if (import.meta.main) console.log(`${(await cost(Number(process.argv[2] ?? 3), Number(process.argv[3] ?? 1))).toFixed(1)} ms CPU`);
