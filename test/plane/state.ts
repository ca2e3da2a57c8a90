import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { cacheFolder } from "./catalogue.ts";
import { isHealthy } from "./etcd.ts";
import { isAlive } from "./alive.ts";

const schema = z.object({
  pid: z.number(),
  folder: z.string(),
  etcd: z.string(),
  clusters: z.array(z.object({ name: z.string(), url: z.string(), folder: z.string(), argocd: z.boolean() })),
});

/** A plane that another process keeps. */
export type SharedPlane = Readonly<z.infer<typeof schema>>;
export type SharedCluster = SharedPlane["clusters"][number];

const path = () => join(cacheFolder(), "plane.json");

export async function writeState(state: SharedPlane): Promise<void> {
  await mkdir(dirname(path()), { recursive: true });
  await writeFile(path(), JSON.stringify(state, undefined, 2), { mode: 0o600 });
}

export async function removeState(): Promise<void> {
  await rm(path(), { force: true });
}

/** Undefined when no plane is kept. What a killed one left behind is removed: its guard has removed its folder. */
export async function readState(): Promise<SharedPlane | undefined> {
  const text = await readFile(path(), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const state = schema.parse(JSON.parse(text));
  if (existsSync(state.folder) && isAlive(state.pid) && (await isHealthy(state.etcd).catch(() => false))) return state;
  await removeState();
  return undefined;
}
