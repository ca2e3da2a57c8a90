import { createInterface } from "node:readline/promises";
import type { Input } from "./terminal.ts";

/** Whoever types into `input`. Questions go to `output`, which is standard error: what is printed may be on its way to a file. */
export function keyboard(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, interruption: AbortController): Input {
  return {
    line: async (question) => {
      const lines = createInterface({ input, output });
      const gone = new AbortController();
      // readline takes Ctrl-C for itself: it is for the whole command.
      lines.once("SIGINT", () => interruption.abort());
      lines.once("close", () => gone.abort());
      try {
        return await lines.question(question, { signal: AbortSignal.any([gone.signal, interruption.signal]) });
      } catch {
        return undefined;
      } finally {
        lines.close();
      }
    },
  };
}
