import type { Command } from "commander";
import { RELEASES } from "../kinds.ts";
import { Session } from "../session.ts";
import type { Terminal, Where } from "../terminal.ts";
import { candidates, type Ask } from "./candidates.ts";

/** Who waits for a completion waits no longer, in milliseconds. */
const PATIENCE = 2000;

/** Prints what may stand in place of the last word: asked by the shells' scripts, and by kubectl for its plugin. */
export async function complete(program: Command, words: readonly string[], terminal: Terminal): Promise<void> {
  const ask: Ask = async (what, before) => {
    const where = whereOf(before);
    const soon = new AbortController();
    void terminal.clock.sleep(PATIENCE, soon.signal).then(() => soon.abort());
    try {
      if (what === "contexts") return await terminal.contexts(where);
      const session = new Session(await terminal.connect(where), { ...terminal, interrupted: soon.signal });
      try {
        return (await session.list(RELEASES)).map(({ metadata }) => metadata.name);
      } finally {
        await session.close();
      }
    } catch {
      // Nobody wants an error amid a line that is being typed.
      return [];
    } finally {
      soon.abort();
    }
  };
  const { lines, directive } = await candidates(program, words, ask);
  terminal.out.write([...lines, `:${directive}`, ""].join("\n"));
}

/** The flags among the words that say which API server. */
function whereOf(words: readonly string[]): Where {
  const value = (...flags: readonly string[]): string | undefined => {
    for (const [index, word] of words.entries()) {
      const [name = "", written] = word.split("=", 2);
      if (flags.includes(name)) return written ?? words[index + 1];
    }
    return undefined;
  };
  const entries = { namespace: value("-n", "--namespace"), context: value("--context"), kubeconfig: value("--kubeconfig") };
  return Object.fromEntries(Object.entries(entries).filter(([, one]) => one !== undefined));
}
