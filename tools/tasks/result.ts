import { table, time } from "./words.ts";

/** How a check or a suite of tests ended. */
export interface Result {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly tests?: { readonly passed: number; readonly failed: number; readonly skipped: number };
  /** What else must be known, one sentence each. */
  readonly notes: readonly string[];
}

/** The table of time and the plain last line. `filtered` tells that tests were chosen: then at least one must have run. */
export function closing(task: string, results: readonly Result[], filtered: boolean): { readonly text: string; readonly ok: boolean } {
  const sum = (of: "passed" | "failed" | "skipped"): number => results.reduce((all, { tests }) => all + (tests?.[of] ?? 0), 0);
  const [passed, failed, skipped] = [sum("passed"), sum("failed"), sum("skipped")];
  const none = passed + failed + skipped === 0;
  const bad = results.filter(({ ok }) => !ok).map(({ name }) => name);
  const seconds = results.reduce((all, result) => all + result.seconds, 0);
  const rows = results.map(({ name, ok, seconds: took, tests }) => [
    name,
    ok ? "ok" : "FAILED",
    tests === undefined ? "" : `${tests.passed}/${tests.passed + tests.failed + tests.skipped} tests`,
    time(took),
  ]);
  const figures = `${passed} tests passed, ${failed} failed, ${skipped} skipped; work of ${time(seconds)}`;
  const why = bad.length > 0 ? `FAILED (${bad.join(", ")})` : none ? `FAILED (${filtered ? "no test matches" : "no test ran"})` : "ok";
  return { text: `\n${table(rows)}\n\n${task}: ${why}, ${figures}`, ok: bad.length === 0 && !none };
}

/** Prints it. Resolves with the exit code. */
export function conclude(task: string, results: readonly Result[], filtered: boolean): number {
  const { text, ok } = closing(task, results, filtered);
  console.log(text);
  return ok ? 0 : 1;
}
