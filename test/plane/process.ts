import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Guard } from "./guard.ts";
import { AddressInUse } from "./ports.ts";

export interface ProcessSpec {
  /** Unique in the plane; names the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment apart from PATH: nothing else of ours leaks in. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One process in its own group, its output in a file. */
export class Process {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** Resolves with how it ended. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  #running = true;

  constructor(spec: ProcessSpec, log: string, child: ChildProcess, pid: number, guard: Guard) {
    this.name = spec.name;
    this.log = log;
    this.pid = pid;
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#running = false;
        // What it had started itself (git, helm) goes with it.
        signalGroup(pid, "SIGKILL");
        guard.remove(pid);
        resolve(signal === null ? `exit code ${code}` : signal);
      });
    });
  }

  get running(): boolean {
    return this.#running;
  }

  suspend(): void {
    signalGroup(this.pid, "SIGSTOP");
  }

  resume(): void {
    signalGroup(this.pid, "SIGCONT");
  }

  /** SIGKILL: the data is thrown away, and an outage is what a sudden end looks like. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#child.ref();
    signalGroup(this.pid, "SIGKILL");
    await this.exited;
  }

  async tail(lines: number): Promise<string> {
    const text = await readFile(this.log, "utf8").catch(() => "");
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** Polls `check` until it is true. Rejects when the process ends first, or after `timeout` milliseconds. */
  async ready(check: () => Promise<boolean>, timeout = 60_000): Promise<this> {
    const deadline = Date.now() + timeout;
    for (;;) {
      if (!this.#running) {
        const tail = await this.tail(15);
        const message = `${this.name} ended (${await this.exited}) before it was ready. Its last lines:\n${tail}`;
        throw /address already in use/.test(tail) ? new AddressInUse(message) : new Error(message);
      }
      if (await check().catch(() => false)) return this;
      if (Date.now() > deadline) {
        const tail = await this.tail(15);
        await this.stop();
        throw new Error(`${this.name} was not ready after ${timeout / 1000} s. Its last lines:\n${tail}`);
      }
      await sleep(50);
    }
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

/** Starts processes whose end is guarded and whose logs are in one folder. */
export class Processes {
  readonly logs: string;
  readonly #guard: Guard;
  readonly #all: Process[] = [];
  #ended = false;

  constructor(logs: string, guard: Guard) {
    mkdirSync(logs, { recursive: true });
    this.logs = logs;
    this.#guard = guard;
  }

  get all(): readonly Process[] {
    return this.#all;
  }

  /** Whatever is still being started fails from now on. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#all.map((process) => process.stop()));
  }

  start(spec: ProcessSpec): Process {
    if (this.#ended) throw new Error(`The plane has ended: ${spec.name} was not started.`);
    const log = join(this.logs, `${spec.name}.log`);
    const output = openSync(log, "a");
    try {
      const child = spawn(spec.command, [...spec.args], {
        stdio: ["ignore", output, output],
        detached: true,
        env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...spec.env },
      });
      // Without a pid the error event follows; the throw below says the same.
      child.on("error", () => {});
      if (child.pid === undefined) throw new Error(`${spec.command} could not be started as ${spec.name}: is it an executable file?`);
      this.#guard.add(child.pid);
      child.unref();
      const started = new Process(spec, log, child, child.pid, this.#guard);
      this.#all.push(started);
      return started;
    } finally {
      closeSync(output);
    }
  }
}
