import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { cacheFolder } from "./catalogue.ts";
import { isAlive } from "./alive.ts";
import { partsOf } from "./cluster-parts.ts";
import { acquire, acquireAll, acquireSources } from "./parts.ts";
import { Plane } from "./plane.ts";
import { reporter } from "./progress.ts";
import { type SharedPlane, readState, removeState, writeState } from "./state.ts";

const usage = `usage: npm run plane -- <command>
  up [--clusters N] [--argocd] [--detach]   start a plane that tests can attach to; Ctrl-C (or down) ends it
  status                                    what runs
  down                                      end it and remove all it made
  acquire                                   only get the binaries`;

const options = {
  clusters: { type: "string", default: "1" },
  argocd: { type: "boolean", default: false },
  detach: { type: "boolean", default: false },
} as const;

const say = (text: string) => void process.stdout.write(`${text}\n`);
const progress = reporter(process.stderr);
const logFile = () => join(cacheFolder(), "plane.log");

function table(state: SharedPlane): string {
  const rows = [
    ["CLUSTER", "URL", "ARGO CD", "KUBECONFIG"],
    ...state.clusters.map(({ name, url, argocd, folder }) => [name, url, argocd ? "yes" : "no", join(folder, "kubeconfig")]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)) + 2);
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("")).join("\n");
}

async function up(clusters: number, argocd: boolean): Promise<void> {
  // Before the handlers: Ctrl-C during a build is the end at once.
  await acquireFor(argocd);
  const ending = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => ending.resolve());
  const plane = await Plane.start({ progress });
  try {
    const names = Array.from({ length: clusters }, (_, index) => `cluster-${index + 1}`);
    const started = Promise.all(names.map((name) => plane.cluster(name, { argocd })));
    const interrupted = await Promise.race([started.then(() => false), ending.promise.then(() => true)]);
    if (interrupted) return;
    const state = await plane.state();
    await writeState(state);
    say(`${table(state)}\nlogs: ${join(plane.folder, "logs")}\nCtrl-C here, or npm run plane -- down, ends it.`);
    // A promise alone keeps no process alive.
    const alive = setInterval(() => {}, 60_000);
    await ending.promise;
    clearInterval(alive);
    await removeState();
  } finally {
    await plane.stop();
  }
  say("The plane has ended.");
}

async function acquireFor(argocd: boolean): Promise<void> {
  await acquire(["etcd", ...partsOf({ argocd })], progress);
  if (argocd) await acquireSources("argocd-crds", progress);
}

async function detached(args: readonly string[], argocd: boolean): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true });
  // Here, not in the child: building may take minutes, and its progress is for whoever waits at this terminal.
  await acquireFor(argocd);
  const output = openSync(logFile(), "w");
  const child = spawn(process.execPath, [import.meta.filename, ...args.filter((arg) => arg !== "--detach")], {
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  while (child.exitCode === null && child.signalCode === null) {
    const state = await readState();
    if (state?.pid === child.pid && state !== undefined) {
      child.unref();
      say(`${table(state)}\nnpm run plane -- down ends it.`);
      return;
    }
    await sleep(100);
  }
  throw new Error(`The plane did not start:\n${await readFile(logFile(), "utf8")}`);
}

async function down(): Promise<void> {
  const state = await readState();
  if (state === undefined) return say("No plane is up.");
  process.kill(state.pid, "SIGTERM");
  while (isAlive(state.pid)) await sleep(50);
  say("The plane has ended.");
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  switch (positionals[0]) {
    case "up": {
      const running = await readState();
      if (running !== undefined) return say(`A plane is up already (process ${running.pid}):\n${table(running)}`);
      const count = Number(values.clusters);
      if (!Number.isInteger(count) || count < 1) throw new Error(`--clusters takes a number from 1, not "${values.clusters}".`);
      return values.detach ? detached(args, values.argocd) : up(count, values.argocd);
    }
    case "status": {
      const running = await readState();
      return say(running === undefined ? "No plane is up: npm run plane -- up starts one." : table(running));
    }
    case "down":
      return down();
    case "acquire": {
      const paths = Object.entries(await acquireAll(progress));
      const width = Math.max(...paths.map(([name]) => name.length)) + 2;
      return say(paths.map(([name, path]) => `${name.padEnd(width)}${path}`).join("\n"));
    }
    default:
      throw new Error(usage);
  }
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
