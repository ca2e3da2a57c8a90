import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "#plane/alive.ts";
import { Plane } from "#plane/plane.ts";

async function assertGone(pids: readonly number[], folder: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    if (!pids.some(isAlive) && !existsSync(folder)) return;
  }
  assert.fail(`left: processes ${pids.filter(isAlive).join(" ") || "none"}, folder ${existsSync(folder) ? folder : "none"}`);
}

const module = new URL("../plane/plane.ts", import.meta.url).href;

/** Runs a script that has a plane, and resolves when it has said what it started. */
async function script(body: string): Promise<{ child: ChildProcess; exited: Promise<unknown>; folder: string; pids: number[] }> {
  const text = `
    import { Plane } from ${JSON.stringify(module)};
    const plane = await Plane.start();
    const say = () => console.log(JSON.stringify({ folder: plane.folder, pids: plane.pids() }));
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", text], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  for await (const chunk of child.stdout.setEncoding("utf8")) return { child, exited, ...JSON.parse(String(chunk)) };
  throw new Error("The script said nothing.");
}

test("stop ends every process, removes the folder, and may be called again", async () => {
  const plane = await Plane.start();
  await Promise.all([plane.cluster("one"), plane.cluster("two")]);
  const pids = plane.pids();
  assert.equal(pids.length, 4, "etcd, two API servers, the guard");
  await Promise.all([plane.stop(), plane.stop()]);
  assert.deepEqual(pids.filter(isAlive), []);
  assert.ok(!existsSync(plane.folder));
  await assert.rejects(plane.cluster("three"), /stopped/);
});

test("stop in the middle of a start ends what is starting", async () => {
  const plane = await Plane.start();
  const starting = assert.rejects(plane.cluster("late"));
  await sleep(300);
  const pids = plane.pids();
  const began = Date.now();
  await plane.stop();
  await starting;
  assert.ok(Date.now() - began < 5000);
  await assertGone(pids, plane.folder);
});

const endings = [
  {
    how: "SIGKILL with a cluster up",
    body: `await plane.cluster("one"); say(); await wait(60_000)`,
    signal: "SIGKILL",
  },
  {
    how: "Ctrl-C with a cluster up",
    body: `await plane.cluster("one"); say(); await wait(60_000)`,
    signal: "SIGINT",
  },
  {
    how: "SIGTERM while a cluster starts",
    body: `plane.cluster("one"); await wait(300); say(); await wait(60_000)`,
    signal: "SIGTERM",
  },
  { how: "an exception", body: `say(); throw new Error("by the test")`, signal: undefined },
  { how: "an exit that forgot to stop it", body: `say()`, signal: undefined },
] as const;

for (const { how, body, signal } of endings) {
  test(`a script's plane leaves no process and no folder after ${how}`, async () => {
    const { child, exited, folder, pids } = await script(body);
    if (signal !== undefined) child.kill(signal);
    await exited;
    assert.ok(pids.length >= 2);
    await assertGone(pids, folder);
  });
}
