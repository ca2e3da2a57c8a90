import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "#simulation/clock.ts";
import { Process } from "#simulation/process.ts";
import { chance } from "#simulation/random.ts";

const never = new AbortController().signal;

test("time passes from one timer to the next, and everything that waits for promises is done between", async () => {
  const clock = new VirtualClock(1000);
  const seen: string[] = [];
  const work = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms, never);
    for (let hop = 0; hop < 50; hop += 1) await Promise.resolve();
    seen.push(`${name} at ${clock.now()}`);
  };
  void work("late", 20);
  void work("early", 10).then(() => work("after early", 5));
  assert.equal(await clock.run(() => false, 1100), false);
  assert.deepEqual(seen, ["early at 1010", "after early at 1015", "late at 1020"]);
  assert.equal(clock.now(), 1100);
});

test("a run ends as soon as its condition holds, or at its horizon whatever timers are left", async () => {
  const clock = new VirtualClock(0);
  let done = false;
  clock.after(50, () => (done = true));
  clock.after(1_000_000, () => assert.fail("beyond the horizon"));
  assert.equal(await clock.run(() => done, 1000), true);
  assert.equal(clock.now(), 50);
  assert.equal(await clock.run(() => false, 1000), false);
});

test("an aborted sleep ends at once, and its timer never fires", async () => {
  const clock = new VirtualClock(0);
  const stop = new AbortController();
  let woke = -1;
  void clock.sleep(1000, stop.signal).then(() => (woke = clock.now()));
  clock.after(10, () => stop.abort());
  await clock.run(() => false, 2000);
  assert.equal(woke, 10);
});

test("timers of one moment fire in the order in which they were set, or in one drawn from a seed", async () => {
  const order = async (seed: string | undefined): Promise<string> => {
    const clock = new VirtualClock(0, seed === undefined ? undefined : chance(seed).next);
    const seen: number[] = [];
    for (let index = 0; index < 8; index += 1) clock.after(5, () => seen.push(index));
    await clock.run(() => false, 10);
    return seen.join("");
  };
  assert.equal(await order(undefined), "01234567");
  assert.equal(await order("one"), await order("one"));
  assert.notEqual(await order("one"), await order("two"));
});

test("many timers, of which most are cancelled, fire in the order of their moments", async () => {
  const clock = new VirtualClock(0);
  const random = chance("heap");
  const due: number[] = [];
  const cancels = Array.from({ length: 5000 }, () => clock.after(random.below(10_000), () => due.push(clock.now())));
  for (const [index, cancel] of cancels.entries()) if (index % 5 !== 0) cancel();
  await clock.run(() => false, 10_000);
  assert.equal(due.length, 1000);
  assert.deepEqual(
    due,
    due.toSorted((a, b) => a - b),
  );
});

test("a dead process waits for ever: for its sleeps, and for what it was promised", async () => {
  const clock = new VirtualClock(0);
  const process = new Process(clock);
  const seen: string[] = [];
  void process.clock.sleep(10, never).then(() => seen.push("slept"));
  void process.during(clock.sleep(10, never)).then(() => seen.push("promised"));
  clock.after(5, () => process.kill());
  await clock.run(() => false, 100);
  void process.clock.sleep(0, never).then(() => seen.push("slept after death"));
  await clock.run(() => false, 200);
  assert.deepEqual(seen, []);
});

test("streams of chance with different names do not move each other", () => {
  const one = chance("seed");
  const first = [one.split("a").next(), one.split("a").next()];
  for (let index = 0; index < 10; index += 1) one.next();
  assert.equal(one.split("a").next(), first[0]);
  assert.notEqual(one.split("b").next(), first[0]);
  const numbers = Array.from({ length: 1000 }, () => one.next());
  const mean = numbers.reduce((sum, value) => sum + value, 0) / 1000;
  assert.ok(mean > 0.45 && mean < 0.55, `${mean}`);
});
