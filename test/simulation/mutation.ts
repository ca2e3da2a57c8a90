import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answer, type Answer, type Trial } from "./mutant.ts";
import { mutants, mutated, type Mutant } from "./mutants.ts";
import type { End } from "./plans/end.ts";
import { SAME, type Plan } from "./plans/plan.ts";
import { Judge } from "./plans/verdict.ts";
import { ROWS } from "./rows/rows.ts";

/** Proves the harness: each mutant is a mistake in src, and has to be noticed. node test/simulation/mutation.ts [--only PART] */

const ROOT = join(import.meta.dirname, "../..");
const CORES = 2;
/** A mutant is tried with at most so many plans. */
const MOST = 40;
/** After so many milliseconds a mutant that hangs is caught by that. */
const PATIENCE = 240_000;
const ENOUGH = 0.95;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
  const all = mutants().filter(({ name }) => name.includes(values.only));
  // Before anything runs: each is the mistake that was meant.
  for (const one of all) mutated(readFileSync(join(ROOT, one.file), "utf8"), one);
  const judge = new Judge();
  const trials = new Map<string, Trial>();
  for (const one of all) trials.set(one.name, await trialOf(one, judge));

  const queue = all.values();
  let caught = 0;
  const work = async (): Promise<void> => {
    for (const one of queue) {
      const { caught: by, plan, tried } = await outcomeOf(one, trials.get(one.name) ?? { plans: [], ends: {} });
      if (by !== undefined) caught += 1;
      const expected = /^\d+$/.test(one.breaks) ? `invariant ${one.breaks}` : one.breaks;
      print(
        by === undefined
          ? `MISSED  ${one.name}: ${one.says} (${tried} tried; ${expected} was expected to break)`
          : `caught  ${one.name}: ${one.says}: by ${by.slice(0, 160)} [${plan ?? ""}]`,
      );
    }
  };
  await Promise.all(Array.from({ length: CORES }, work));
  print(`mutants caught: ${caught} of ${all.length}`);
  return caught >= all.length * ENOUGH && all.length > 0 ? 0 : 1;
}

/** Its plans, made of what the code does as it is, and how that ends. */
async function trialOf({ name, plans }: Mutant, judge: Judge): Promise<Trial> {
  const ends: Record<string, End> = {};
  const chosen: Plan[] = [];
  for (const wanted of plans) {
    const [first = "", workload = first, says = ""] = wanted.split(":");
    const trace = await judge.trace(workload, "1");
    if (trace.violations.length > 0) print(`workload ${workload} does not hold by itself: ${trace.violations[0]}`);
    ends[workload] = trace.end;
    if (first === workload) chosen.push({ row: "R0", workload, seed: "1", says: "without faults", faults: [], expects: SAME });
    else {
      const found =
        ROWS.find((row) => row.name === first)
          ?.plans(trace)
          .filter((plan) => plan.says.includes(says)) ?? [];
      if (found.length === 0) throw new Error(`mutant ${name}: there is no plan ${wanted}`);
      // Spread over all there are.
      chosen.push(...found.filter((_, index) => index % Math.ceil(found.length / MOST) === 0));
    }
  }
  return { plans: chosen, ends };
}

/** Runs the plans, or the tests, over a copy of the project with the mistake in it. */
async function outcomeOf(one: Mutant, trial: Trial): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), "conductor-mutant-"));
  try {
    for (const part of ["src", "test", "package.json"]) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    mkdirSync(join(folder, ".artifacts"));
    writeFileSync(join(folder, one.file), mutated(readFileSync(join(ROOT, one.file), "utf8"), one));
    if (one.by.length > 0) return await tested(folder, one.by);
    const file = join(folder, ".artifacts/trial.json");
    writeFileSync(file, JSON.stringify(trial));
    return await run(join(folder, "test/simulation/mutant.ts"), file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(script: string, file: string): Promise<Answer> {
  const ended = await output(process.cwd(), [script, file]);
  if (ended === "never") return { caught: "it does not end", plan: undefined, tried: 0 };
  const line = ended.said.trim().split("\n").at(-1) ?? "";
  if (line === "") throw new Error(`a mutant cannot be run (exit code ${ended.code}): ${ended.wrong.slice(0, 1000)}`);
  const { caught, plan, tried } = answer.parse(JSON.parse(line));
  return { caught, plan, tried };
}

/** Runs tests, or walks a world, until one notices. */
async function tested(folder: string, by: readonly string[]): Promise<Answer> {
  let tried = 0;
  for (const one of by) {
    tried += 1;
    const isFile = one.endsWith(".test.ts");
    const ended = await output(folder, isFile ? ["--test", "--test-reporter=tap", one] : ["test/model/main.ts", "--quick", "--only", one]);
    if (ended === "never") return { caught: "it does not end", plan: one, tried };
    if (ended.code === 0) continue;
    // A file that cannot even be loaded fails under its own name: that is no test that has noticed something.
    const found = [...ended.said.matchAll(isFile ? /^not ok \d+ - (.*)$/gm : /^(?:broken|unstable) \d+ times: (.*)\. The/gm)].map(
      ([, what]) => what,
    );
    const [caught] = found;
    if (caught === undefined || caught.endsWith(".test.ts"))
      throw new Error(`${one} cannot be run (exit code ${ended.code}): ${(ended.wrong || ended.said).slice(0, 1000)}`);
    return { caught, plan: one, tried };
  }
  return { caught: undefined, plan: undefined, tried };
}

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly wrong: string;
}

/** What a script says until it ends, or `never` when it does not. */
function output(cwd: string, args: readonly string[]): Promise<Ended | "never"> {
  return new Promise((resolve) => {
    // Under a runner of tests it would take itself for one of its files, and say nothing.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let wrong = "";
    child.stdout.on("data", (data: Buffer) => (said += data.toString()));
    child.stderr.on("data", (data: Buffer) => (wrong += data.toString()));
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(signal === "SIGKILL" ? "never" : { code, said, wrong });
    });
  });
}

process.exitCode = await main();
