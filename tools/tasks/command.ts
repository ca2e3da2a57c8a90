import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

export interface Ended {
  readonly code: number;
  /** stdout and stderr as they came; empty when they were shown at once. */
  readonly output: string;
  readonly seconds: number;
}

const running = new Set<ChildProcess>();
let ending = false;

/** Each command has a process group of its own, so that ending it ends what it started, too. */
function endAll(signal: NodeJS.Signals): void {
  for (const child of running) {
    if (child.pid === undefined) continue;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It ended meanwhile.
    }
  }
}

/** On the first signal children may tidy up for ten seconds; a second one ends them at once. */
function onSignal(signal: NodeJS.Signals): void {
  const code = 128 + constants.signals[signal];
  const kill = (): never => {
    endAll("SIGKILL");
    process.exit(code);
  };
  if (ending) kill();
  ending = true;
  endAll(signal);
  setTimeout(kill, 10_000).unref();
  const look = setInterval(() => {
    if (running.size > 0) return;
    clearInterval(look);
    process.exit(code);
  }, 50);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);

/** Runs a program of node_modules/.bin, or node, in the project's root. Never rejects. */
export function command(program: string, args: readonly string[], how: { readonly show?: "always" } = {}): Promise<Ended> {
  const local = join(root, "node_modules", ".bin", program);
  // A script of node_modules/.bin finds node on PATH, which run.mjs has put first; named here, it does not depend on that.
  const [file, all] =
    program === "node" || !existsSync(local)
      ? [program === "node" ? process.execPath : program, args]
      : [process.execPath, [local, ...args]];
  const stdio: StdioOptions = how.show === "always" ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"];
  return ended(spawn(file, [...all], { cwd: root, stdio, detached: true }), program);
}

/** Runs one of our programs in the foreground: the terminal and its Ctrl-C are the program's. Resolves with its exit code. */
export async function node(path: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(root, path), ...args], { cwd: process.cwd(), stdio: "inherit" });
  // The default would end us before it; our group's Ctrl-C reaches it by itself.
  process.removeAllListeners("SIGINT").on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.removeAllListeners(signal).on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
}

function ended(child: ChildProcess, name: string): Promise<Ended> {
  const started = performance.now();
  const chunks: Buffer[] = [];
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    const end = (code: number, note = ""): void => {
      running.delete(child);
      resolve({ code, output: Buffer.concat(chunks).toString() + note, seconds: (performance.now() - started) / 1000 });
    };
    child.on("error", (error) => end(1, `${name} did not start: ${error.message}\n`));
    child.on("close", (code, signal) => end(code ?? 1, signal === null ? "" : `${name} was ended by ${signal}\n`));
  });
}
