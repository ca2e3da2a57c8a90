import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "./alive.ts";

/** A holder touches its lock this often; one that was not touched six times in a row is dead. */
const beat = 10_000;

/**
 * Runs `work` while holding the lock file, after whoever holds it now. A holder that crashed is noticed at once on the
 * same machine, and after a minute elsewhere (another container with the same cache).
 */
export async function withLock<T>(path: string, waiting: (holder: string, seconds: number) => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  // Of this call alone: one process may wait for the lock in several places.
  const mine = `${path}.${hostname()}.${process.pid}.${randomUUID()}`;
  await writeFile(mine, JSON.stringify({ pid: process.pid, host: hostname() }));
  try {
    const started = Date.now();
    while (!(await taken(mine, path))) {
      const holder = await holderOf(path);
      if (holder.dead) await rename(path, `${mine}.dead`).catch(() => {});
      else {
        waiting(holder.name, Math.round((Date.now() - started) / 1000));
        await sleep(500);
      }
    }
    const heart = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), beat);
    try {
      return await work();
    } finally {
      clearInterval(heart);
      await rm(path, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
    await rm(`${mine}.dead`, { force: true });
  }
}

/** A hard link appears whole or not at all: nobody sees a lock without its holder's name in it. */
async function taken(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    // Anything but that it is held would be waited for in vain.
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function holderOf(path: string): Promise<{ name: string; dead: boolean }> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, "utf8")) as { pid: number; host: string };
    const silent = Date.now() - (await stat(path)).mtimeMs > 6 * beat;
    return { name: `process ${pid}`, dead: silent || (host === hostname() && !isAlive(pid)) };
  } catch {
    // Released between our attempt and this look.
    return { name: "another process", dead: false };
  }
}
