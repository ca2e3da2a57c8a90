import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeClient } from "#kube/client.ts";
import { failed, KubeFailure } from "#kube/errors.ts";
import { mayI } from "#kube/reviews.ts";
import { FakeClock, FakeTransport, noJitter, openFence, settle, unreachable } from "./fakes.ts";

const never = new AbortController().signal;

function client(fence = openFence) {
  const transport = new FakeTransport();
  const clock = new FakeClock();
  return { transport, clock, kube: new KubeClient(transport, fence, clock, noJitter) };
}

test("each verb is one request", async () => {
  const { transport, kube } = client();
  await kube.get("/g", never);
  await kube.create("/c", { a: 1 }, never);
  await kube.mergePatch("/m", { a: 1 }, never);
  await kube.jsonPatch("/j", [{ op: "remove", path: "/a" }], never);
  await kube.apply("/a", { a: 1 }, { fieldManager: "me", force: true }, never);
  await kube.delete("/d", never, { uid: "u" });
  assert.deepEqual(transport.asked, [
    { method: "GET", path: "/g" },
    { method: "POST", path: "/c", body: { a: 1 } },
    { method: "PATCH", path: "/m", query: {}, contentType: "application/merge-patch+json", body: { a: 1 } },
    { method: "PATCH", path: "/j", query: {}, contentType: "application/json-patch+json", body: [{ op: "remove", path: "/a" }] },
    {
      method: "PATCH",
      path: "/a",
      query: { fieldManager: "me", force: "true" },
      contentType: "application/apply-patch+yaml",
      body: { a: 1 },
    },
    { method: "DELETE", path: "/d", body: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "u" } } },
  ]);
});

test("with the fence closed no write is sent, and reads are, and questions in the form of a POST", async () => {
  const { transport, kube } = client({ open: () => false });
  const writes = [
    kube.create("/c", {}, never),
    kube.mergePatch("/m", {}, never),
    kube.jsonPatch("/j", [], never),
    kube.apply("/a", {}, { fieldManager: "me" }, never),
    kube.delete("/d", never),
    kube.request({ method: "PUT", path: "/p" }, never),
  ];
  for (const write of writes) await assert.rejects(write, (error) => failed(error, "Fenced"));
  await kube.get("/g", never);
  await mayI(kube, { verb: "get", group: "", resource: "secrets" }, never);
  assert.deepEqual(
    transport.asked.map(({ method }) => method),
    ["GET", "POST"],
  );
});

test("the fence is asked again before a write is repeated", async () => {
  let open = true;
  const { transport, clock, kube } = client({ open: () => open });
  transport.answers.push(new KubeFailure("TooManyRequests", "wait"));
  const write = assert.rejects(kube.create("/c", {}, never), (error) => failed(error, "Fenced"));
  await settle();
  open = false;
  await clock.pass(10_000);
  await write;
  assert.equal(transport.asked.length, 1);
});

test("a read is asked up to four times", async () => {
  const { transport, clock, kube } = client();
  transport.answers.push(unreachable, new KubeFailure("ServerError", "500"), new KubeFailure("TooManyRequests", "wait"), {
    metadata: { name: "a" },
  });
  const read = kube.get("/g", never);
  await clock.pass(10_000);
  assert.deepEqual(await read, { metadata: { name: "a" } });
  transport.answers.push(unreachable, unreachable, unreachable, unreachable);
  const failing = assert.rejects(kube.get("/g", never), unreachable);
  await clock.pass(10_000);
  await failing;
  assert.equal(transport.asked.length, 8);
});

for (const kind of ["Untrusted", "Unauthorized", "Forbidden", "NotFound", "Conflict", "Expired", "Invalid", "Aborted"] as const) {
  test(`a read that failed as ${kind} is not repeated`, async () => {
    const { transport, kube } = client();
    transport.answers.push(new KubeFailure(kind, "no"));
    await assert.rejects(kube.get("/g", never), (error) => failed(error, kind));
    assert.equal(transport.asked.length, 1);
  });
}

for (const kind of ["Unreachable", "ServerError", "Conflict"] as const) {
  test(`a write that failed as ${kind} is not repeated`, async () => {
    const { transport, kube } = client();
    transport.answers.push(new KubeFailure(kind, "no"));
    await assert.rejects(kube.mergePatch("/m", {}, never), (error) => failed(error, kind));
    assert.equal(transport.asked.length, 1);
  });
}

test("a write is repeated after 429, no sooner than the server asked for", async () => {
  const { transport, clock, kube } = client();
  transport.answers.push(new KubeFailure("TooManyRequests", "wait", { retryAfter: 5000 }), { done: true });
  const write = kube.mergePatch("/m", {}, never);
  await clock.pass(4999);
  assert.equal(transport.asked.length, 1);
  await clock.pass(201);
  assert.deepEqual(await write, { done: true });
});

test("a wait longer than the patience is the caller's", async () => {
  const { transport, kube } = client();
  transport.answers.push(new KubeFailure("TooManyRequests", "wait", { retryAfter: 60_000 }));
  await assert.rejects(kube.get("/g", never), (error) => failed(error, "TooManyRequests") && error.retryAfter === 60_000);
});

test("giving up ends a wait between two attempts", async () => {
  const { transport, clock, kube } = client();
  const giveUp = new AbortController();
  transport.answers.push(unreachable);
  const read = assert.rejects(kube.get("/g", giveUp.signal), (error) => failed(error, "Aborted"));
  await settle();
  giveUp.abort();
  await read;
  assert.equal(clock.sleepers, 0);
});

test("a list collects its pages", async () => {
  const { transport, kube } = client();
  transport.answers.push(
    { metadata: { resourceVersion: "7", continue: "next" }, items: [{ metadata: { name: "a" } }] },
    { metadata: { resourceVersion: "7" }, items: [{ metadata: { name: "b" } }] },
  );
  const { items, resourceVersion } = await kube.list("/l", { labelSelector: "x=y" }, never);
  assert.deepEqual([items.map(({ metadata }) => metadata.name), resourceVersion], [["a", "b"], "7"]);
  assert.deepEqual(
    transport.asked.map(({ query }) => query),
    [
      { labelSelector: "x=y", limit: "500" },
      { labelSelector: "x=y", limit: "500", continue: "next" },
    ],
  );
});

test("what is no list is a failure", async () => {
  const { transport, clock, kube } = client();
  transport.answers.push({ hello: "world" });
  await assert.rejects(kube.list("/l", {}, never), (error) => failed(error, "ServerError"));
  assert.equal(clock.sleepers, 0);
});
