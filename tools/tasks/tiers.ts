import { checks } from "./check.ts";
import { command } from "./command.ts";
import { PROOFS } from "./proofs.ts";
import type { Options } from "./options.ts";
import { conclude, type Result } from "./result.ts";
import { runSuite } from "./suite.ts";
import { SUITES, type SuiteName, type Tier } from "./suites.ts";
import { time } from "./words.ts";

/** Resolves with the exit code. */
export async function tier(task: Tier, options: Options): Promise<number> {
  const results: Result[] = task === "test:e2e" ? [] : [...(await checks(options))];
  const acquired = await parts();
  results.push(acquired);
  for (const suite of suitesOf(task)) {
    if (acquired.ok) results.push(await runSuite(suite, options));
    else results.push({ name: suite, ok: false, seconds: 0, notes: ["did not run: its servers could not be had"] });
  }
  if (options.only === undefined && task !== "test:e2e")
    for (const proof of PROOFS) results.push(await prove(proof.name, proof.file, proof.args(task)));
  return conclude(task, results, options.only !== undefined);
}

async function prove(name: string, file: string, args: readonly string[]): Promise<Result> {
  const { code, seconds } = await command("node", [file, ...args], { show: "always" });
  console.log(`${name} … ${code === 0 ? "ok" : "FAILED"} ${time(seconds)}`);
  return { name, ok: code === 0, seconds, notes: [] };
}

/** The suites that a task runs, besides those of check. */
export function suitesOf(task: Tier): SuiteName[] {
  const names: readonly SuiteName[] = ["simulation", "integration", "e2e"];
  return names.filter((name) => task === "test:full" || SUITES[name].tier === task);
}

/** What the suites with real servers need, acquired before the first test so that no test waits for a build. */
async function parts(): Promise<Result> {
  const script = `
    const { acquireAll } = await import("#plane/parts.ts");
    const { reporter } = await import("#plane/progress.ts");
    await acquireAll(reporter(process.stderr));`;
  const { code, seconds } = await command("node", ["--input-type=module", "--eval", script], { show: "always" });
  console.log(`parts of the test plane … ${code === 0 ? "ready" : "FAILED"} ${time(seconds)}`);
  return { name: "parts of the test plane", ok: code === 0, seconds, notes: [] };
}
