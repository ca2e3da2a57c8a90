import type { Command, Option } from "commander";
import { summaryOf } from "../command.ts";

/** What the shell does besides: https://github.com/spf13/cobra/blob/main/completions.go, which kubectl's plugins speak too. */
export const DIRECTIVES = { files: 0, none: 4 } as const;

export interface Candidates {
  /** Each with a description after a tab, or without one. */
  readonly lines: readonly string[];
  readonly directive: (typeof DIRECTIVES)[keyof typeof DIRECTIVES];
}

/** Names that only the cluster knows. It never rejects: what cannot be asked completes nothing. */
export type Ask = (what: "releases" | "contexts", flags: readonly string[]) => Promise<readonly string[]>;

const NONE: Candidates = { lines: [], directive: DIRECTIVES.none };

/** What may stand in place of the last of `words`, which follow the program's name. */
export async function candidates(program: Command, words: readonly string[], ask: Ask): Promise<Candidates> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const found = program.commands.find(
    (one) => one.name() === before.find((word) => program.commands.some((other) => other.name() === word)),
  );
  if (found === undefined)
    return matching(
      program.commands.map((one) => described(one.name(), one.description())),
      current,
    );

  // 1. The value of a flag, written with = or as a word of its own.
  const [, flag = "", begun = ""] = /^(--[\w-]+)=(.*)$/.exec(current) ?? [];
  if (flag !== "") {
    const values = await valuesOf(optionOf(found, flag), before, ask);
    return { ...values, lines: values.lines.filter((line) => line.startsWith(begun)).map((line) => `${flag}=${line}`) };
  }
  const last = optionOf(found, before.at(-1) ?? "");
  if (last !== undefined && (last.required || last.optional)) {
    const values = await valuesOf(last, before, ask);
    return values.directive === DIRECTIVES.files ? values : matching(values.lines, current);
  }

  // 2. A flag.
  if (current.startsWith("-"))
    return matching(
      found.options.filter(({ hidden }) => !hidden).map(({ long, short, description }) => described(long ?? short ?? "", description)),
      current,
    );

  // 3. An argument: how many were given is known by leaving out the flags and their values.
  const given = before.slice(before.indexOf(found.name()) + 1).filter((word, index, all) => {
    if (word.startsWith("-")) return false;
    const flagged = optionOf(found, all[index - 1] ?? "");
    return flagged === undefined || !(flagged.required || flagged.optional);
  });
  const argument = found.registeredArguments[given.length];
  if (argument === undefined) return NONE;
  if (argument.argChoices !== undefined) return matching(argument.argChoices, current);
  return argument.name() === "release" ? matching(await ask("releases", before), current) : NONE;
}

async function valuesOf(option: Option | undefined, before: readonly string[], ask: Ask): Promise<Candidates> {
  if (option === undefined) return NONE;
  if (option.argChoices !== undefined) return { lines: option.argChoices, directive: DIRECTIVES.none };
  switch (option.long) {
    case "--file":
    case "--kubeconfig":
    case "--chart":
      return { lines: [], directive: DIRECTIVES.files };
    case "--context":
      return { lines: await ask("contexts", before), directive: DIRECTIVES.none };
    default:
      return NONE;
  }
}

function optionOf(command: Command, word: string): Option | undefined {
  return command.options.find(({ short, long }) => word === short || word === long);
}

function described(name: string, description: string): string {
  return `${name}\t${summaryOf(description)}`;
}

function matching(lines: readonly string[], begun: string): Candidates {
  return { lines: lines.filter((line) => line.startsWith(begun)), directive: DIRECTIVES.none };
}
