import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { systemClock } from "#kube/clock.ts";
import { HttpTransport } from "#kube/http.ts";
import { collection } from "#kube/paths.ts";
import { ListWatchReflector } from "#kube/reflector.ts";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import type { FaultProxy } from "#plane/proxy.ts";
import { FakeLog } from "#test/unit/kube/fakes.ts";

const configMaps = { group: "", version: "v1", plural: "configmaps" };

let plane: Plane;
let cluster: Cluster;
let proxy: FaultProxy;
let transport: HttpTransport;

before(async () => {
  plane = await Plane.start();
  cluster = await plane.cluster("a");
  proxy = await plane.proxy(cluster);
  const config = new KubeConfig();
  config.loadFromString(cluster.kubeconfigFor("admin", proxy.url));
  transport = new HttpTransport(config, systemClock);
});
after(async () => {
  await transport.close();
  await plane.stop();
});

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); await sleep(10)) {
    assert.ok(Date.now() < end, `not within 20 s: ${what}`);
  }
}

/** A namespace of its own, its ConfigMaps' counters as a reflector sees them, and who writes to them. */
async function start(namespace: string, idle?: number) {
  const path = collection(configMaps, namespace);
  await cluster.create("/api/v1/namespaces", { metadata: { name: namespace } });
  const reflector = new ListWatchReflector({
    transport,
    path,
    labelSelector: "counter=yes",
    project: (object) => Number((object["data"] as { n?: string } | undefined)?.n),
    clock: systemClock,
    random: Math.random,
    log: new FakeLog(),
    ...(idle === undefined ? {} : { idle }),
  });
  const heard: number[] = [];
  reflector.onChange((key) => heard.push(reflector.get(key) ?? -1));
  const make = (name: string) => cluster.create<Made>(path, { metadata: { name, labels: { counter: "yes" } }, data: { n: "0" } });
  const count = (name: string, n: number) => cluster.patch<Made>(`${path}/${name}`, { data: { n: `${n}` } });
  await until("it is live", () => reflector.live);
  return { path, reflector, heard, make, count };
}

interface Made {
  readonly metadata: { readonly resourceVersion: string };
}

test("a collection of 1200 objects is listed in pages and followed", async () => {
  const { path, reflector, make } = await start("pages");
  for (let n = 0; n < 1200; n += 50) await Promise.all(Array.from({ length: 50 }, (_, m) => make(`c-${n + m}`)));
  await until("all events came", () => reflector.list().length === 1200);
  const before = proxy.requests().length;
  reflector.restart();
  await until("all are listed", () => reflector.list().length === 1200 && reflector.live);
  const lists = proxy
    .requests()
    .slice(before)
    .filter((request) => request.path.startsWith(path) && request.path.includes("limit=500"));
  assert.equal(lists.length, 3);
  await reflector.stop();
});

test("watches that are cut again and again miss no event and need no list", async () => {
  const { path, reflector, heard, make, count } = await start("cuts");
  const before = proxy.requests().length;
  await make("c");
  for (let n = 1; n <= 60; n += 1) {
    await count("c", n);
    if (n % 7 === 0) proxy.cutWatches();
  }
  await until("the last event came", () => reflector.get("cuts/c") === 60);
  assert.deepEqual(
    heard,
    Array.from({ length: 61 }, (_, n) => n),
  );
  assert.ok(
    !proxy
      .requests()
      .slice(before)
      .some((request) => request.path.startsWith(path) && request.path.includes("limit=500")),
  );
  await reflector.stop();
});

test("expired watches list again and end at the truth, deletions included", async () => {
  const { path, reflector, make, count } = await start("expiry");
  for (const name of ["kept", "changed", "gone"]) await make(name);
  await until("all came", () => reflector.list().length === 3);
  proxy.set({ kind: "status", code: 503 }, (_, asked) => asked.startsWith(path) && asked.includes("watch=true"));
  proxy.expireWatches();
  await until("it noticed", () => reflector.failure !== undefined);
  await count("changed", 7);
  await cluster.delete(`${path}/gone`);
  await make("new");
  await proxy.clear();
  await until("it is live again", () => reflector.live);
  assert.deepEqual(
    [reflector.get("expiry/kept"), reflector.get("expiry/changed"), reflector.get("expiry/gone"), reflector.get("expiry/new")],
    [0, 7, undefined, 0],
  );
  assert.equal(reflector.failure, undefined);
  await reflector.stop();
});

test("a watch that falls silent is broken off, and says so until it streams again", async () => {
  const { path, reflector, make } = await start("silence", 500);
  proxy.set({ kind: "stall" }, (_, asked) => asked.startsWith(path));
  await until("it noticed", () => reflector.failure !== undefined);
  assert.match(reflector.failure?.message ?? "", /^the watch was silent for 0.5 s$/);
  assert.equal(reflector.live, false);
  await make("c");
  await proxy.clear();
  await until("it caught up", () => reflector.live && reflector.get("silence/c") === 0);
  await reflector.stop();
});

test("Retry-After of a watch is honoured", async () => {
  const { path, reflector } = await start("later");
  const watch = (_: string, asked: string) => asked.startsWith(path) && asked.includes("watch=true");
  proxy.set({ kind: "status", code: 429, retryAfterSeconds: 1, times: 1 }, watch);
  proxy.cutWatches();
  await until("it was refused", () => reflector.failure?.kind === "TooManyRequests");
  await until("it is live again", () => reflector.live);
  const [refused, accepted] = proxy
    .requests()
    .filter(({ method, path: asked }) => watch(method, asked))
    .slice(-2);
  assert.equal(refused?.fault, "status");
  assert.ok((accepted?.at ?? 0) - (refused?.at ?? 0) >= 1000);
  await reflector.stop();
});

test("own writes are read once caughtUp says so", async () => {
  const { path, reflector, make, count } = await start("own");
  const { metadata } = await make("c");
  await until("it was created", () => reflector.caughtUp("own/c", metadata.resourceVersion));
  for (let n = 1; n <= 20; n += 1) {
    const written = await count("c", n);
    await until("it was seen", () => reflector.caughtUp("own/c", written.metadata.resourceVersion));
    assert.equal(reflector.get("own/c"), n);
  }
  await cluster.delete(`${path}/c`);
  await until("it is gone", () => reflector.get("own/c") === undefined);
  assert.equal(reflector.caughtUp("own/c", metadata.resourceVersion), true);
  await reflector.stop();
});

test("an API server that is killed and started again is followed from where it was", async () => {
  const { reflector, heard, make, count } = await start("restart");
  await make("c");
  await until("it came", () => reflector.get("restart/c") === 0);
  await cluster.stopApiServer();
  await until("it noticed", () => reflector.failure?.kind === "Unreachable" && !reflector.live);
  await cluster.startApiServer();
  await count("c", 1);
  await until("it is live again", () => reflector.live && reflector.get("restart/c") === 1);
  assert.deepEqual(heard, [0, 1]);
  await reflector.stop();
});
