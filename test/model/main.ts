import { parseArgs } from "node:util";
import { Coverage } from "./coverage.ts";
import { ENGINE } from "./engine.ts";
import { WORLDS } from "./tiers.ts";
import { walk, type Walk } from "./walk.ts";
import { smallWorld } from "./worlds.ts";

/**
 * Walks every state of the small worlds: node test/model/main.ts [--faults N] [--quick] [--only PART OF A NAME].
 * Ends with one plain line, and with 1 unless nothing was found.
 */
const PROGRESS_EVERY = 15_000;

const { values } = parseArgs({ options: { faults: { type: "string" }, quick: { type: "boolean" }, only: { type: "string" } } });
const faults = Number(values.faults ?? 1);
if (!Number.isInteger(faults) || faults < 0) throw new Error(`--faults takes how many may be made on a path, not ${values.faults ?? ""}`);
const chosen = WORLDS.filter(({ shape, quick }) => (values.quick !== true || quick === true) && shape.name.includes(values.only ?? ""));
if (chosen.length === 0) throw new Error(`no world has ${values.only ?? ""} in its name`);

const coverage = new Coverage();
const sum = { states: 0, transitions: 0, violations: 0, unstable: 0 };
for (const { shape, total, deep } of chosen) {
  const began = performance.now();
  let saidAt = began;
  const progress = (states: number, open: number, transitions: number): void => {
    if (performance.now() - saidAt < PROGRESS_EVERY) return;
    saidAt = performance.now();
    console.log(`  ${shape.name}: ${states} states so far, ${open} of them to look at, ${transitions} transitions`);
  };
  const here = deep === true ? faults : Math.min(faults, 1);
  const walked = walk(ENGINE, smallWorld(shape), coverage, {
    faults: here,
    troubles: 1,
    lates: 1,
    slows: 1,
    total: Math.max(total, here),
    progress,
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${shape.name}: ${walked.states} states, ${walked.transitions} transitions, ${seconds} s`);
  tell(walked);
  sum.states += walked.states;
  sum.transitions += walked.transitions;
  sum.violations += walked.violations;
  sum.unstable += walked.restless.length;
}
for (const line of coverage.lines()) console.log(line);
console.log(`states: ${sum.states}, transitions: ${sum.transitions}, violations: ${sum.violations}, unstable: ${sum.unstable}`);
process.exitCode = sum.violations + sum.unstable > 0 ? 1 : 0;

function tell({ broken, restless, story }: Walk): void {
  for (const { rule, times, state, label } of broken) {
    console.log(`\nbroken ${times} times: ${rule}. The shortest way there:`);
    for (const line of story(state, label)) console.log(line);
  }
  const [first] = restless;
  if (first === undefined) return;
  console.log(`\nunstable ${restless.length} times: ${first.why} (${first.size} states). The shortest way there:`);
  for (const line of story(first.state)) console.log(line);
}
