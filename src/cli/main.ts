import { systemClock } from "#kube/clock.ts";
import { createInterface } from "node:readline/promises";
import { connectAsKubectl, contextsOf } from "./connect.ts";
import { run } from "./program.ts";
import type { Input } from "./terminal.ts";

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => {
    interruption.abort();
    // Whoever asks twice does not want to wait for what is under way.
    process.once(signal, () => process.exit(130));
  });

// Whoever read it wants no more (| head): it ends as other programs do, by SIGPIPE's number, and without a word.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    throw error;
  });

/** Questions go to standard error: what is printed may be on its way to a file. */
const keyboard: Input = {
  line: async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const end = new AbortController();
    lines.once("SIGINT", () => (interruption.abort(), end.abort()));
    lines.once("close", () => end.abort());
    try {
      return await lines.question(question, { signal: AbortSignal.any([end.signal, interruption.signal]) });
    } catch {
      return undefined;
    } finally {
      lines.close();
    }
  },
};

process.exitCode = await run(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin.isTTY && process.stderr.isTTY ? keyboard : undefined,
  env: process.env,
  now: () => performance.now(),
  clock: systemClock,
  interrupted: interruption.signal,
  connect: (where) => connectAsKubectl(where, systemClock),
  contexts: contextsOf,
});
