import { spawn } from "node:child_process";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  /** Milliseconds since it began, and what was written then. */
  readonly written: readonly (readonly [at: number, text: string])[];
  /** As Ctrl-C does. */
  interrupt(): void;
  readonly ended: Promise<Ran>;
}

/**
 * `conductor` with these arguments, as a process of its own. Its environment is `env` and nothing else but where programs are found;
 * `preload` is a module that is loaded before it.
 */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = "", preload?: string): Running {
  const began = performance.now();
  const before = preload === undefined ? [] : ["--import", preload];
  const child = spawn(process.execPath, [...before, MAIN, ...args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...env },
    stdio: "pipe",
  });
  const written: [number, string][] = [];
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    written.push([performance.now() - began, text]);
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.on("error", () => undefined).end(input);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
  return { written, interrupt: () => void child.kill("SIGINT"), ended };
}
