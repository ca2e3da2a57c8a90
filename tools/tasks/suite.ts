import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, root } from "./command.ts";
import type { Options } from "./options.ts";
import type { Line } from "./reporter.ts";
import type { Result } from "./result.ts";
import { filesOf, SUITES, type SuiteName } from "./suites.ts";
import { time } from "./words.ts";

/** Runs a suite's files with node's test runner and counts. `quiet` shows only the runner's closing lines unless something failed. */
export async function runSuite(suite: SuiteName, { only }: Options, quiet = false): Promise<Result> {
  const all = filesOf(suite, root);
  const named = only === undefined ? all : all.filter((path) => path.includes(only));
  const files = named.length > 0 ? named : all;
  if (files.length === 0) return lost(suite, `no test file was found below test/${suite}`, 0);
  // Of a file without a match node does not run all hooks: servers that one of them started would keep it alive.
  const pattern = only !== undefined && named.length === 0 ? [`--test-name-pattern=${only}`] : [];
  const forced = SUITES[suite].forceExit || pattern.length > 0 ? ["--test-force-exit"] : [];

  const folder = mkdtempSync(join(tmpdir(), "release-conductor-tests-"));
  const counted = join(folder, "lines");
  const minutes = everyMinute((elapsed) => {
    const lines = read(counted);
    const last = lines.at(-1)?.name;
    console.log(`${suite}: running for ${time(elapsed)}, ${lines.length} tests done${last === undefined ? "" : `, last "${last}"`}`);
  });
  try {
    const { code, output, seconds } = await command(
      "node",
      [
        ...["--test", `--test-concurrency=${SUITES[suite].concurrency}`],
        ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
        ...[`--test-reporter=${join(import.meta.dirname, "reporter.ts")}`, `--test-reporter-destination=${counted}`],
        ...pattern,
        ...forced,
        ...files,
      ],
      quiet ? {} : { show: "always" },
    );
    if (quiet) process.stdout.write(code === 0 ? closing(output) : output);
    const result = count(suite, read(counted), code, seconds, pattern.length > 0);
    for (const note of result.notes) console.log(`${suite}: ${note}`);
    return result;
  } finally {
    clearInterval(minutes);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the lines of a suite amount to. With `filtered`, a file without a test that matches is no fault. */
export function count(suite: string, lines: readonly Line[], code: number, seconds: number, filtered: boolean): Result {
  const of = (result: Line["result"]): number => lines.filter((line) => line.name !== undefined && line.result === result).length;
  const crashed = lines.filter((line) => line.name === undefined && line.result === "failed");
  // Where no test of a file matches, node runs its after hooks without its before hooks: what they throw says nothing.
  const hooks = filtered ? crashed.filter(({ file }) => !lines.some((line) => line.file === file && line.name !== undefined)) : [];
  const broken = crashed.filter((line) => !hooks.includes(line));
  const empty = filtered ? [] : lines.filter((line) => line.name === undefined && line.result !== "failed");
  const tests = { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
  const ran = tests.passed + tests.failed + tests.skipped;
  const notes = [
    ...broken.map(({ file }) => `${file} failed outside its tests`),
    ...hooks.map(({ file }) => `${file} has no test that matches; what it failed with is not counted`),
    ...empty.map(({ file }) => `${file} has no test in it`),
    ...lines
      .filter(({ result }) => result === "skipped")
      .map(({ name, reason }) => `skipped "${name}"${reason === undefined ? "" : `: ${reason}`}`),
    ...(ran === 0 && !filtered ? ["no test ran"] : []),
  ];
  const ended = code === 0 || hooks.length > 0;
  return { name: suite, ok: ended && tests.failed + broken.length + empty.length === 0 && (ran > 0 || filtered), seconds, tests, notes };
}

function lost(name: string, note: string, seconds: number): Result {
  console.log(`${name}: ${note}`);
  return { name, ok: false, seconds, tests: { passed: 0, failed: 0, skipped: 0 }, notes: [note] };
}

/** The runner's own totals: its last lines, each after an information sign. */
function closing(output: string): string {
  return `${output
    .split("\n")
    .filter((line) => line.startsWith("ℹ "))
    .slice(-8)
    .join("\n")}\n`;
}

function everyMinute(say: (seconds: number) => void): NodeJS.Timeout {
  const started = performance.now();
  return setInterval(() => say((performance.now() - started) / 1000), 60_000);
}

function read(path: string): Line[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  // The last line may be half written.
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").map((line): Line => JSON.parse(line));
}
