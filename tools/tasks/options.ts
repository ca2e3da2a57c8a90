import { parseArgs } from "node:util";

export interface Options {
  /** Part of a test file's path, else a pattern for the names of tests. */
  readonly only: string | undefined;
}

/** Throws, with the sentence for people, on what it does not know. */
export function options(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], options: { only: { type: "string" } }, strict: true });
  return { only: values.only };
}
