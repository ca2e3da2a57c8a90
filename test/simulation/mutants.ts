import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { WORLDS } from "#test/model/tiers.ts";

/** A mistake that somebody might make, and what is expected to notice it. */
export interface Mutant {
  readonly name: string;
  /** In words. */
  readonly says: string;
  readonly file: string;
  /** Found exactly once in the file. */
  readonly text: string;
  readonly replacement: string;
  /** What is expected to notice: an invariant, `the end` of a run compared with one of the code as it is, a test, or a world. */
  readonly breaks: string;
  /** A workload without faults, or `row:workload:part of what a plan says`. */
  readonly plans: readonly string[];
  /** Instead of plans, for what the simulation has not got: a file of unit tests, or a quick world of test/model by its whole name. */
  readonly by: readonly string[];
}

const mistake = z.strictObject({ says: z.string(), file: z.string().startsWith("src/"), text: z.string().min(1), replacement: z.string() });
const QUICK = WORLDS.filter(({ quick }) => quick === true).map(({ shape }) => shape.name);
const schema = z.union([
  mistake
    .extend({
      breaks: z.union([z.stringFormat("invariant", /^([1-9]|10)$/), z.literal("the end")]),
      plans: z.array(z.string()).min(1),
    })
    .transform((one) => ({ ...one, by: [] })),
  mistake
    .extend({
      by: z.array(z.union([z.stringFormat("file of tests", /^test\/unit\/.*\.test\.ts$/), z.enum(QUICK)])).min(1),
    })
    .transform((one) => ({ ...one, breaks: one.by.join(", "), plans: [] })),
]);

const FOLDER = join(import.meta.dirname, "mutants");

export function mutants(): readonly Mutant[] {
  return readdirSync(FOLDER)
    .toSorted()
    .map((file) => ({ name: basename(file, ".json"), ...schema.parse(JSON.parse(readFileSync(join(FOLDER, file), "utf8"))) }));
}

/** The file with the mistake in it. Throws where the text is not there exactly once: then it is not the mistake that was meant. */
export function mutated(source: string, { name, file, text, replacement }: Mutant): string {
  const found = source.split(text).length - 1;
  if (found !== 1)
    throw new Error(
      `mutant ${name}: its text is found ${found} times in ${file}, and must be found once: ${JSON.stringify(text.slice(0, 80))}`,
    );
  return source.replace(text, () => replacement);
}
