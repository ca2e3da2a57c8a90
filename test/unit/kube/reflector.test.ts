import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KubeFailure } from "#kube/errors.ts";
import { ListWatchReflector } from "#kube/reflector.ts";
import { FakeClock, FakeLog, FakeServer, noJitter, settle, unreachable } from "./fakes.ts";

function start(server = new FakeServer()) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const reflector = new ListWatchReflector({
    transport: server,
    path: "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications",
    project: ({ metadata, ...object }) => `${metadata.name}=${String(object["value"])}`,
    clock,
    random: noJitter,
    log,
  });
  const changes: string[] = [];
  reflector.onChange((key) => changes.push(key));
  return { server, clock, log, reflector, changes };
}

test("it lists, then follows additions, changes and deletions", async () => {
  const server = new FakeServer();
  server.put("a", { value: 1 });
  const { reflector, changes } = start(server);
  assert.deepEqual([reflector.synced, reflector.live], [false, false]);
  await settle();
  assert.deepEqual([reflector.synced, reflector.live, reflector.list()], [true, true, ["a=1"]]);
  server.put("b", { value: 2 });
  server.put("a", { value: 3 });
  server.remove("b");
  await settle();
  assert.deepEqual(reflector.list(), ["a=3"]);
  assert.deepEqual(changes, ["argocd/a", "argocd/b", "argocd/a", "argocd/b"]);
  await reflector.stop();
  assert.equal(server.watches, 0);
});

test("it lists in pages of 500", async () => {
  const server = new FakeServer();
  for (let n = 0; n < 1201; n += 1) server.put(`app-${n}`);
  const { reflector } = start(server);
  await settle();
  assert.equal(reflector.list().length, 1201);
  assert.deepEqual(
    server.requests.slice(0, 3).map(({ query }) => [query?.["limit"], query?.["continue"]]),
    [
      ["500", undefined],
      ["500", "500"],
      ["500", "1000"],
    ],
  );
  await reflector.stop();
});

test("pages that expired are listed from the start", async () => {
  const server = new FakeServer();
  for (let n = 0; n < 600; n += 1) server.put(`app-${n}`);
  const { reflector } = start(server);
  server.fail(new KubeFailure("Expired", "the continue token is too old"));
  await settle();
  assert.equal(reflector.list().length, 600);
  assert.equal(reflector.failure, undefined);
  await reflector.stop();
});

test("a watch that the server ends is opened again from where it was, without a list", async () => {
  const { server, clock, reflector, changes } = start();
  await settle();
  await clock.pass(300_000 - 1);
  server.bookmark();
  server.put("a");
  const seen = server.version;
  server.cut();
  server.put("b");
  await settle();
  const watches = server.requests.filter(({ query }) => query?.["watch"]);
  assert.deepEqual(watches.at(-1)?.query?.["resourceVersion"], seen);
  assert.equal(server.requests.length - watches.length >= 1, true);
  assert.deepEqual(changes, ["argocd/a", "argocd/b"]);
  assert.equal(reflector.live, true);
  await reflector.stop();
});

test("it asks for bookmarks and for an end within 5 to 10 minutes", async () => {
  const { server, reflector } = start();
  await settle();
  const { allowWatchBookmarks, timeoutSeconds } = server.requests.at(-1)?.query ?? {};
  assert.deepEqual([allowWatchBookmarks, timeoutSeconds], ["true", "600"]);
  await reflector.stop();
});

test("a broken watch is a failure until it is open again, and then nothing was missed", async () => {
  const { server, clock, reflector } = start();
  await settle();
  server.fail(unreachable, 3);
  server.cut(unreachable);
  server.put("a", { value: 1 });
  await settle();
  assert.deepEqual([reflector.live, reflector.failure, reflector.failures], [false, unreachable, 1]);
  const since = reflector.failingSince;
  await clock.pass(700);
  assert.deepEqual([reflector.live, reflector.failures, reflector.failingSince], [false, 3, since]);
  await clock.pass(10_000);
  assert.deepEqual([reflector.live, reflector.failure, reflector.failingSince], [true, undefined, undefined]);
  assert.deepEqual(reflector.list(), ["a=1"]);
  assert.equal(server.requests.filter(({ query }) => query?.["limit"] === "500").length, 1);
  await reflector.stop();
});

test("Retry-After is the least that it waits", async () => {
  const server = new FakeServer();
  server.fail(new KubeFailure("TooManyRequests", "slow down", { retryAfter: 7000 }));
  const { clock, reflector } = start(server);
  await clock.pass(6999);
  assert.equal(server.requests.length, 1);
  await clock.pass(201);
  assert.deepEqual([server.requests.length, reflector.live], [3, true]);
  await reflector.stop();
});

test("waits end at 30 s, so that a cluster that returns is seen soon", async () => {
  const server = new FakeServer();
  server.fail(unreachable, 1000);
  const { clock, reflector } = start(server);
  await clock.pass(3_600_000);
  server.healed();
  await clock.pass(30_000);
  assert.equal(reflector.live, true);
  await reflector.stop();
});

test("an expired watch lists again at once and tells only of what differs", async () => {
  const server = new FakeServer();
  for (const name of ["same", "changed", "gone"]) server.put(name, { value: 1 });
  const { reflector, changes } = start(server);
  await settle();
  changes.length = 0;
  server.cut(new KubeFailure("Expired", "too old resource version"));
  server.put("changed", { value: 2 });
  server.remove("gone");
  server.put("new", { value: 3 });
  server.forget();
  await settle();
  assert.deepEqual(reflector.list().toSorted(), ["changed=2", "new=3", "same=1"]);
  assert.deepEqual(changes.toSorted(), ["argocd/changed", "argocd/gone", "argocd/new"]);
  assert.equal(reflector.live, true);
  await reflector.stop();
});

test("after a relist no listener sees half of it", async () => {
  const server = new FakeServer();
  const { reflector } = start(server);
  await settle();
  const sizes = new Set<number>();
  reflector.onChange(() => sizes.add(reflector.list().length));
  server.cut(new KubeFailure("Expired", "too old resource version"));
  server.forget();
  for (let n = 0; n < 10; n += 1) server.put(`app-${n}`);
  server.forget();
  await settle();
  assert.deepEqual([...sizes], [10]);
  await reflector.stop();
});

test("a server that always says 410 is not asked in a hot loop", async () => {
  const { server, clock, reflector } = start();
  await settle();
  const expired = new KubeFailure("Expired", "too old resource version");
  const original = server.watch.bind(server);
  let asked = 0;
  server.watch = () => {
    asked += 1;
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(expired) }) } as unknown as ReturnType<typeof original>;
  };
  server.cut(expired);
  await clock.pass(60_000);
  assert.ok(asked < 15, `${asked} watches in a minute`);
  await reflector.stop();
});

test("a server that closes every watch at once is not asked in a hot loop", async () => {
  const { server, clock, reflector } = start();
  await settle();
  let asked = 0;
  server.watch = async function* () {
    asked += 1;
    yield { type: "OPENED" as const };
  };
  server.cut();
  await clock.pass(60_000);
  assert.ok(asked < 15, `${asked} watches in a minute`);
  assert.equal(reflector.failure?.kind, "Unreachable");
  await reflector.stop();
});

test("a server that has gone back to an earlier state is listed again", async () => {
  const before = new FakeServer();
  for (const name of ["a", "b", "c"]) before.put(name, { value: "seen" });
  const restored = new FakeServer();
  restored.put("a", { value: "restored" });
  let server = before;
  const clock = new FakeClock();
  const reflector = new ListWatchReflector({
    transport: { request: (...call) => server.request(...call), watch: (...call) => server.watch(...call) },
    path: "/api/v1/configmaps",
    project: ({ metadata: { name }, value }) => `${name}=${String(value)}`,
    clock,
    random: noJitter,
    log: new FakeLog(),
  });
  await settle();
  server = restored;
  before.cut(unreachable);
  await clock.pass(60_000);
  assert.deepEqual([reflector.list(), reflector.live], [["a=restored"], true]);
  await reflector.stop();
});

test("a silent watch is broken off and opened again", async () => {
  const { server, clock, reflector } = start();
  await clock.pass(149_000);
  server.bookmark();
  await clock.pass(149_000);
  assert.equal(server.requests.filter(({ query }) => query?.["watch"]).length, 1);
  await clock.pass(1000);
  assert.match(reflector.failure?.message ?? "", /silent for 150 s/);
  await clock.pass(1000);
  assert.equal(server.requests.filter(({ query }) => query?.["watch"]).length, 2);
  assert.deepEqual([reflector.live, reflector.failure], [true, undefined]);
  await reflector.stop();
  assert.equal(clock.sleepers, 0);
});

test("caughtUp holds once the copy has reached the version, also for what is gone or unchanged", async () => {
  const { server, reflector } = start();
  await settle();
  const first = server.put("a");
  assert.equal(reflector.caughtUp("argocd/a", first), false);
  await settle();
  assert.equal(reflector.caughtUp("argocd/a", first), true);
  const second = `${Number(first) + 1}`;
  assert.equal(reflector.caughtUp("argocd/a", second), false);
  server.put("other");
  await settle();
  assert.equal(reflector.caughtUp("argocd/a", second), true);
  assert.equal(reflector.caughtUp("argocd/never-was", second), true);
  assert.equal(reflector.caughtUp("argocd/a", "no-number"), false);
  await reflector.stop();
});

test("listeners, observers and projections that throw kill nothing", async () => {
  const server = new FakeServer();
  const clock = new FakeClock();
  const log = new FakeLog();
  const reflector = new ListWatchReflector({
    transport: server,
    path: "/api/v1/secrets",
    project: ({ metadata: { name } }) => {
      if (name === "bad") throw new Error("unreadable");
      return name;
    },
    clock,
    random: noJitter,
    log,
  });
  reflector.onChange(() => {
    throw new Error("listener");
  });
  reflector.onState(() => {
    throw new Error("observer");
  });
  await settle();
  for (const name of ["bad", "good"]) server.put(name);
  await settle();
  assert.deepEqual([reflector.list(), reflector.live], [["good"], true]);
  assert.deepEqual(
    new Set(log.lines.map(({ message }) => message)),
    new Set(["an object cannot be read", "a listener of a watch failed", "an observer of a watch failed"]),
  );
  await reflector.stop();
});

test("a restart forgets the old server at once and lists the new one", async () => {
  const server = new FakeServer();
  server.put("a", { value: 1 });
  const { reflector, changes } = start(server);
  await settle();
  server.remove("a");
  server.put("b", { value: 2 });
  reflector.restart();
  assert.deepEqual([reflector.synced, reflector.list(), reflector.caughtUp("argocd/a", "1")], [false, [], false]);
  await settle();
  assert.deepEqual([reflector.synced, reflector.live, reflector.list()], [true, true, ["b=2"]]);
  assert.deepEqual(changes, ["argocd/a", "argocd/a", "argocd/b"]);
  await reflector.stop();
});

test("whatever happens to the connection, in the end the copy equals the server", async () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant("put" as const), name: fc.constantFrom("a", "b", "c", "d") }),
    fc.record({ do: fc.constant("remove" as const), name: fc.constantFrom("a", "b", "c", "d") }),
    fc.record({ do: fc.constantFrom("close", "break", "expire", "forget", "fail", "bookmark", "restart", "retry", "pass") }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const { server, clock, reflector } = start();
      const model = new Map<string, number>();
      let n = 0;
      for (const step of actions) {
        n += 1;
        if ("name" in step) {
          if (step.do === "put") server.put(step.name, { value: n });
          else server.remove(step.name);
          if (step.do === "put") model.set(step.name, n);
          else model.delete(step.name);
        } else if (step.do === "close") server.cut();
        else if (step.do === "break") server.cut(unreachable);
        else if (step.do === "expire") server.cut(new KubeFailure("Expired", "old"));
        else if (step.do === "forget") server.forget();
        else if (step.do === "fail") server.fail(unreachable);
        else if (step.do === "bookmark") server.bookmark();
        else if (step.do === "restart") reflector.restart();
        else if (step.do === "retry") reflector.retryNow();
        else await clock.pass(1000);
        if (n % 3 === 0) await settle();
      }
      server.healed();
      await clock.pass(120_000);
      assert.equal(reflector.live, true);
      assert.deepEqual(reflector.list().toSorted(), [...model].map(([name, value]) => `${name}=${value}`).toSorted());
      await reflector.stop();
      assert.equal(clock.sleepers, 0);
    }),
    { numRuns: 200 },
  );
});
