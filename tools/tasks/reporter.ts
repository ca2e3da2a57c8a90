import { resolve } from "node:path";
import type { TestEvent } from "node:test/reporters";

/** One test that ended; `name` is undefined for a file that has no test in it. */
export interface Line {
  readonly result: "passed" | "failed" | "skipped";
  readonly file: string;
  readonly name: string | undefined;
  readonly reason?: string;
}

/** Runs beside node's own reporter and writes a JSON object a line: what the totals of a suite are counted from. */
export default async function* lines(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const line = read(event);
    if (line !== undefined) yield `${JSON.stringify(line)}\n`;
  }
}

function read(event: TestEvent): Line | undefined {
  if (event.type !== "test:pass" && event.type !== "test:fail") return undefined;
  const { name, file = "", details, skip, todo } = event.data;
  if (details.type === "suite") return undefined;
  const open = skip ?? todo;
  const isFile = resolve(name) === file;
  const result = event.type === "test:fail" ? "failed" : open !== undefined && open !== false ? "skipped" : "passed";
  return { result, file, name: isFile ? undefined : name, ...(typeof open === "string" && { reason: open }) };
}
