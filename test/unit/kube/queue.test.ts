import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeFailure } from "#kube/errors.ts";
import { WorkQueue } from "#kube/queue.ts";
import { FakeClock, FakeLog, noJitter, settle } from "./fakes.ts";

function start(workers = 2, work: (key: string) => Promise<void> | void = () => undefined) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const queue = new WorkQueue({ name: "test", workers, clock, random: noJitter, log });
  const stop = new AbortController();
  const ran: string[] = [];
  const running = queue.run(async (key) => {
    ran.push(key);
    await work(key);
  }, stop.signal);
  return { clock, log, queue, stop, ran, running };
}

test("a key that waits is not added twice", async () => {
  const { queue, ran } = start();
  for (const key of ["a", "b", "a"]) queue.add(key);
  await settle();
  assert.deepEqual(ran, ["a", "b"]);
});

test("a worker never runs inside the call that adds", () => {
  const { queue, ran } = start();
  queue.add("a");
  assert.deepEqual(ran, []);
});

test("a key never runs twice at once; added while it runs, it runs once more", async () => {
  const gate = Promise.withResolvers<void>();
  const { queue, ran } = start(5, () => gate.promise);
  queue.add("a");
  await settle();
  queue.add("a");
  queue.add("a");
  await settle();
  assert.deepEqual([ran, queue.depth], [["a"], { ready: 1, later: 0, running: 1 }]);
  gate.resolve();
  await settle();
  assert.deepEqual([ran, queue.depth], [["a", "a"], { ready: 0, later: 0, running: 0 }]);
});

test("so many workers at once, and a slow key holds up no other", async () => {
  const gate = Promise.withResolvers<void>();
  const { queue, ran } = start(2, (key) => (key === "slow" ? gate.promise : undefined));
  for (const key of ["slow", "a", "b", "c"]) queue.add(key);
  await settle();
  assert.deepEqual(ran, ["slow", "a", "b", "c"]);
  assert.equal(queue.depth.running, 1);
});

test("of two times the earlier one counts", async () => {
  const { clock, queue, ran } = start();
  queue.addAfter("a", 1000);
  queue.addAfter("a", 5000);
  queue.addAfter("b", 5000);
  queue.addAfter("b", 1000);
  await clock.pass(1000);
  assert.deepEqual(ran, ["a", "b"]);
  await clock.pass(10_000);
  assert.deepEqual(ran, ["a", "b"]);
});

test("what is added now is not run again later", async () => {
  const { clock, queue, ran } = start();
  queue.addAfter("a", 1000);
  queue.add("a");
  await clock.pass(10_000);
  assert.deepEqual(ran, ["a"]);
});

test("a worker that throws is retried, later each time, and counted from zero after a success", async () => {
  let failing = true;
  const { clock, log, queue, ran } = start(1, () => {
    if (failing) throw new Error("no");
  });
  queue.add("a");
  await clock.pass(199);
  assert.equal(ran.length, 1);
  await clock.pass(1);
  assert.equal(ran.length, 2);
  await clock.pass(400);
  assert.equal(ran.length, 3);
  failing = false;
  await clock.pass(800);
  assert.equal(ran.length, 4);
  failing = true;
  queue.add("a");
  await clock.pass(200);
  assert.equal(ran.length, 6);
  assert.deepEqual(new Set(log.lines.map(({ message }) => message)), new Set(["a worker failed"]));
});

test("a retry waits at least as long as the server asked for", async () => {
  const { clock, queue, ran } = start();
  queue.retry("a", new KubeFailure("TooManyRequests", "wait", { retryAfter: 9000 }));
  await clock.pass(8999);
  assert.deepEqual(ran, []);
  await clock.pass(201);
  assert.deepEqual(ran, ["a"]);
});

test("stopping waits for what runs, starts nothing more and leaves no timer", async () => {
  const gate = Promise.withResolvers<void>();
  const { clock, queue, stop, ran, running } = start(1, () => gate.promise);
  queue.add("a");
  queue.add("b");
  queue.addAfter("c", 1000);
  await settle();
  stop.abort();
  let ended = false;
  void running.then(() => (ended = true));
  await settle();
  assert.equal(ended, false);
  gate.resolve();
  await running;
  queue.add("d");
  queue.addAfter("e", 1000);
  await clock.pass(10_000);
  assert.deepEqual([ran, clock.sleepers], [["a"], 0]);
});

test("keys added before it runs are run", async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ name: "test", workers: 1, clock, random: noJitter, log: new FakeLog() });
  queue.add("a");
  const stop = new AbortController();
  const ran: string[] = [];
  const running = queue.run(async (key) => void ran.push(key), stop.signal);
  await settle();
  stop.abort();
  await running;
  assert.deepEqual(ran, ["a"]);
});
