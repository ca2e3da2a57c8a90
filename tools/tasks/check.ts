import { stale } from "../generate/outputs.ts";
import { command, root, type Ended } from "./command.ts";
import type { Options } from "./options.ts";
import { conclude, type Result } from "./result.ts";
import { runSuite } from "./suite.ts";
import { unowned } from "./suites.ts";
import { time } from "./words.ts";

interface Step {
  readonly name: string;
  readonly run: () => Promise<Ended>;
}

const program = (name: string, file: string, ...args: readonly string[]): Step => ({ name, run: () => command(file, args) });

/** A check of our own: sentences that say what is wrong and what to do. */
const own = (name: string, problems: () => readonly string[]): Step => ({
  name,
  run: async () => {
    const started = performance.now();
    const found = problems();
    return {
      code: found.length > 0 ? 1 : 0,
      output: found.map((line) => `${line}\n`).join(""),
      seconds: (performance.now() - started) / 1000,
    };
  },
});

/** Longest first, so that two at a time end together. Who may import whom is part of lint: tools/lint/rooms.ts. */
const STATIC: readonly Step[] = [
  program("dead code", "knip", "--no-progress", "--treat-config-hints-as-errors"),
  program("lint and layering", "oxlint", "--type-aware", "--deny-warnings", "--report-unused-disable-directives"),
  program("types", "tsc", "--noEmit"),
  program("format", "oxfmt", "--check"),
  own("generated files", () => stale(root)),
  own("test files in a suite", () => unowned(root)),
];

/** Everything that needs no server: under a minute. Resolves with the exit code. */
export async function check(options: Options): Promise<number> {
  return conclude("check", await checks(options), options.only !== undefined);
}

/** With `only` the static checks are left out, and it says so. */
export async function checks(options: Options): Promise<readonly Result[]> {
  const { only } = options;
  if (only !== undefined) console.log(`only tests that match ${only}: format, lint, types, dead code and generated files are not checked`);
  const results = await twoAtATime(only === undefined ? STATIC : []);
  const unit = await runSuite("unit", options, true);
  say(unit);
  return [...results, unit];
}

async function twoAtATime(steps: readonly Step[]): Promise<Result[]> {
  const waiting = [...steps];
  const results: Result[] = [];
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const { code, output, seconds } = await step.run();
      const result = { name: step.name, ok: code === 0, seconds, notes: [] };
      say(result);
      if (!result.ok) console.log(output);
      results.push(result);
    }
  };
  await Promise.all([work(), work()]);
  return results;
}

function say({ name, ok, seconds }: Result): void {
  console.log(`check: ${name} … ${ok ? "ok" : "FAILED"} ${time(seconds)}`);
}
