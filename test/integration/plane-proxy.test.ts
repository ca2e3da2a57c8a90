import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Agent, request } from "undici";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import type { FaultProxy } from "#plane/proxy.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const watchPath = `${configMaps}?watch=true`;
const configMap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
});

let plane: Plane;
let cluster: Cluster;
let proxy: FaultProxy;
let agent: Agent;

before(async () => {
  plane = await Plane.start();
  cluster = await plane.cluster("faulty");
  proxy = await plane.proxy(cluster);
  agent = new Agent({ connect: { ca: proxy.ca } });
});
afterEach(async (t) => {
  await proxy.clear();
  await plane.keepLogsIfFailed(t);
});
after(async () => {
  await agent.destroy();
  await plane.stop();
});

async function call(method: "GET" | "POST" = "GET", path = configMaps, body?: object) {
  const headers = {
    authorization: `Bearer ${cluster.token()}`,
    "content-type": "application/json",
  };
  return request(proxy.url + path, {
    dispatcher: agent,
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
}

async function code(method: "GET" | "POST" = "GET", path = configMaps, body?: object): Promise<number> {
  const answer = await call(method, path, body);
  await answer.body.dump();
  return answer.statusCode;
}

/** Frames of a watch as they come, and how it ended. */
async function watch() {
  const frames: { type: string; object: { code?: number; metadata?: { name?: string } } }[] = [];
  const answer = await call("GET", watchPath);
  const ended = (async () => {
    let rest = "";
    for await (const chunk of answer.body.setEncoding("utf8")) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) frames.push(JSON.parse(line));
    }
    return "ended";
  })().catch((error: NodeJS.ErrnoException) => error.code);
  return { frames, ended };
}

const within = <T>(promise: Promise<T>, ms: number) =>
  Promise.race([promise, new Promise<"silence">((resolve) => setTimeout(resolve, ms, "silence"))]);

async function until(check: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5000; !check();) {
    assert.ok(Date.now() < deadline, `never: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("without a fault the proxy is the API server, on one kept connection, and remembers what passed", async () => {
  assert.equal(await code("POST", configMaps, configMap("passed")), 201);
  const before = proxy.connections();
  const one = new Agent({ connect: { ca: proxy.ca }, connections: 1 });
  for (let i = 0; i < 20; i++) {
    const headers = { authorization: `Bearer ${cluster.token()}` };
    const answer = await request(`${proxy.url}${configMaps}/passed`, { dispatcher: one, headers });
    await answer.body.dump();
    assert.equal(answer.statusCode, 200);
  }
  await one.destroy();
  assert.equal(proxy.connections(), before + 1);
  const last = proxy.requests().at(-1);
  assert.deepEqual([last?.method, last?.path, last?.fault], ["GET", `${configMaps}/passed`, undefined]);
  assert.equal(await code("GET", `${configMaps}/absent`), 404);
});

test("delay holds an answer back", async () => {
  proxy.set({ kind: "delay", ms: 300 });
  const started = Date.now();
  assert.equal(await code(), 200);
  assert.ok(Date.now() - started >= 295);
});

test("reset ends the connection before the API server sees the request", async () => {
  proxy.set({ kind: "reset", times: 1 }, (method) => method === "POST");
  await assert.rejects(code("POST", configMaps, configMap("reset")), { code: "ECONNRESET" });
  assert.equal(await code("GET", `${configMaps}/reset`), 404);
});

for (const status of [401, 403, 410, 429, 500, 503] as const) {
  test(`status answers ${status} as an API server would, as often as asked`, async () => {
    proxy.set({ kind: "status", code: status, retryAfterSeconds: 7, times: 1 }, (_, path) => path === configMaps);
    const answer = await call();
    const body = await answer.body.json();
    assert.deepEqual([answer.statusCode, answer.headers["retry-after"]], [status, "7"]);
    assert.ok(typeof body === "object" && body !== null && "code" in body && body.code === status);
    assert.equal(await code(), 200);
  });
}

test("refuse stops listening and ends what was open, and clear listens on the same port again", async () => {
  const open = await watch();
  proxy.set({ kind: "refuse" });
  assert.notEqual(await open.ended, "ended");
  await assert.rejects(code(), { code: "ECONNREFUSED" });
  await proxy.clear();
  assert.equal(await code(), 200);
});

test("stall answers nothing and silences open watches until it is cleared; then all goes on", async () => {
  const open = await watch();
  await cluster.create(configMaps, configMap("heard"));
  await until(() => open.frames.some(({ object }) => object.metadata?.name === "heard"));
  proxy.set({ kind: "stall" });
  const stalled = code();
  await cluster.create(configMaps, configMap("unheard"));
  assert.equal(await within(stalled, 400), "silence");
  assert.ok(!open.frames.some(({ object }) => object.metadata?.name === "unheard"));
  await proxy.clear();
  assert.equal(await stalled, 200);
  await until(() => open.frames.some(({ object }) => object.metadata?.name === "unheard"));
  proxy.cutWatches();
  await open.ended;
});

test("drop-after-commit carries the write out and resets instead of answering", async () => {
  proxy.set({ kind: "drop-after-commit", times: 1 }, (method) => method === "POST");
  await assert.rejects(code("POST", configMaps, configMap("committed")), { code: "ECONNRESET" });
  assert.equal(await code("GET", `${configMaps}/committed`), 200);
});

test("cutWatches breaks open watches and no request else", async () => {
  const open = await watch();
  await until(() => proxy.openWatches() === 1);
  proxy.cutWatches();
  assert.equal(await open.ended, "ECONNRESET");
  assert.equal(await code(), 200);
  await until(() => proxy.openWatches() === 0);
});

test("expireWatches ends open watches with an ERROR frame of code 410", async () => {
  const open = await watch();
  await until(() => open.frames.length > 0);
  proxy.expireWatches();
  assert.equal(await open.ended, "ended");
  const last = open.frames.at(-1);
  assert.deepEqual([last?.type, last?.object.code], ["ERROR", 410]);
});

test("a stopped API server is a broken connection through the proxy, and works again after its start", async () => {
  await cluster.stopApiServer();
  await assert.rejects(code());
  await cluster.startApiServer();
  assert.equal(await code(), 200);
});

test("a fault for one path leaves the others alone", async () => {
  proxy.set({ kind: "status", code: 503 }, (_, path) => path.startsWith("/api/v1/namespaces/default/secrets"));
  assert.deepEqual([await code(), await code("GET", "/api/v1/namespaces/default/secrets")], [200, 503]);
});
