import { systemClock } from "#kube/clock.ts";
import { connectAsKubectl, contextsOf } from "./connect.ts";
import { keyboard } from "./keyboard.ts";
import { run } from "./program.ts";

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

process.exitCode = await run(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin.isTTY && process.stderr.isTTY ? keyboard(process.stdin, process.stderr, interruption) : undefined,
  env: process.env,
  now: () => performance.now(),
  clock: systemClock,
  interrupted: interruption.signal,
  connect: (where) => connectAsKubectl(where, systemClock),
  contexts: contextsOf,
});
