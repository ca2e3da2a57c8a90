import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { onAllCores } from "./pool.ts";
import type { Plan } from "./plans/plan.ts";
import { Judge, type Verdict } from "./plans/verdict.ts";
import { replay, told } from "./replay.ts";
import { ROWS } from "./rows/rows.ts";
import { walks } from "./rows/walks.ts";
import { shrunk } from "./shrink.ts";
import { Table } from "./table.ts";

/** Runs every plan of every row, and random walks: test/simulation/main.ts --help. */

const HELP = `node test/simulation/main.ts [options]
  --quick         a representative part, within a minute
  --walks N       so many random walks (1000; with --quick 50)
  --seed S        of the walks (1)
  --only ROW      one row, such as R6 or R14; with a part of a workload's name: R6:happy
  --replay FILE   tells one plan, saved by a run that failed, as a story`;

const FAILED = join(import.meta.dirname, "../../.artifacts");
/** Of each row and workload one plan in so many is run by --quick. */
const QUICK = 24;
/** This many failures of one row and workload are told and shrunk, the others counted. */
const TOLD = 3;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      walks: { type: "string" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      replay: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return (print(HELP), 0);
  if (values.replay !== undefined) return (await replay(values.replay, print)) ? 0 : 1;

  const judge = new Judge();
  const table = new Table();
  const count = Number(values.walks ?? (values.quick ? 50 : 1000));
  const [onlyRow, onlyWorkload = ""] = (values.only ?? "").split(":");
  const wanted = (row: string): boolean => !onlyRow || row === onlyRow;

  // 1. What is there without faults, and the plans that it makes.
  const plans: Plan[] = [];
  for (const row of ROWS.filter(({ name }) => wanted(name)))
    for (const name of row.workloads.filter((one) => one.includes(onlyWorkload))) {
      const trace = await judge.trace(name, "1");
      if (trace.violations.length > 0) table.broken(name, trace.violations);
      else plans.push(...row.plans(trace).filter((_, index) => !values.quick || index % QUICK === 0));
    }
  // Some have too few faults that happen, and do not count.
  if (wanted("R14"))
    plans.push(...(await walks(judge, values.seed, Math.ceil(count * 1.05))).filter(({ workload }) => workload.includes(onlyWorkload)));
  for (const line of table.failures) print(line);
  print(`${plans.length} plans are made of the traces`);

  // 2. Each to its end.
  const failed: { readonly plan: Plan; readonly verdict: Verdict }[] = [];
  const began = Date.now();
  let told = began;
  let done = 0;
  await onAllCores<Plan, Verdict>(new URL("worker.ts", import.meta.url), plans, (plan, verdict) => {
    done += 1;
    table.add(plan, verdict);
    if (verdict.problems.length > 0) {
      failed.push({ plan, verdict });
      print(`FAILED ${plan.row} ${plan.workload}: ${plan.says}: ${verdict.problems[0]}`);
    }
    if (Date.now() - told < 15_000) return;
    told = Date.now();
    print(`${done} of ${plans.length} plans, ${Math.round((told - began) / 1000)} s`);
  });

  // 3. What failed, with as few faults as it takes.
  const seen = new Map<string, number>();
  for (const { plan } of failed) {
    const key = `${plan.row} ${plan.workload}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if ((seen.get(key) ?? 0) <= TOLD) await tell(plan, judge);
  }
  for (const line of table.lines()) print(line);
  print(`${Math.round((Date.now() - began) / 1000)} s`);
  print(table.sum());
  return table.violations === 0 ? 0 : 1;
}

async function tell(plan: Plan, judge: Judge): Promise<void> {
  const small = await shrunk(plan, judge);
  const { problems } = await judge.judge(small);
  print("");
  print(`${small.row}, workload ${small.workload}, seed ${small.seed}: ${small.says}`);
  for (const fault of small.faults) print(`  ${told(fault)}`);
  for (const sentence of problems.slice(0, 4)) print(`  VIOLATION ${sentence}`);
  mkdirSync(FAILED, { recursive: true });
  const file = join(FAILED, `simulation-${small.row}-${small.workload}-${small.says.replace(/\W+/g, "-").slice(0, 80)}.json`);
  writeFileSync(file, `${JSON.stringify(small, undefined, 2)}\n`);
  print(`  node test/simulation/main.ts --replay ${file}`);
}

process.exitCode = await main();
