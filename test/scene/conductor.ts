import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "#plane/cluster.ts";
import type { Plane } from "#plane/plane.ts";
import type { Process } from "#plane/process.ts";

/** The conductor itself, as the process that production runs, with the rights that users are told to give it. */
export interface Conductor {
  readonly url: string;
  /** SIGKILL, at once. */
  kill(): Promise<void>;
  log(): Promise<string>;
}

export interface ConductorOptions {
  readonly args?: readonly string[];
  /** Another address of the management cluster's API server, such as a proxy's. */
  readonly url?: string;
  /** Resolve as soon as it answers at all, ready or not. */
  readonly unready?: true;
}

const main = join(import.meta.dirname, "..", "..", "src", "main.ts");
let started = 0;

/** Resolves when it is ready. */
export async function startConductor(plane: Plane, home: Cluster, options: ConductorOptions = {}): Promise<Conductor> {
  started += 1;
  const name = `conductor-${started}`;
  const port = await plane.port();
  const kubeconfig = join(plane.folder, `${name}.kubeconfig`);
  await writeFile(kubeconfig, home.kubeconfigFor("release-conductor", options.url), { mode: 0o600 });
  const process: Process = plane.run({
    name,
    command: globalThis.process.execPath,
    args: [main, "--listen", `127.0.0.1:${port}`, "--log-level", "debug", ...(options.args ?? [])],
    env: { KUBECONFIG: kubeconfig },
  });
  const url = `http://127.0.0.1:${port}`;
  await process.ready(async () => (await fetch(`${url}/${options.unready ? "healthz" : "readyz"}`)).ok);
  return { url, kill: () => process.stop(), log: () => readFile(process.log, "utf8") };
}
