import assert from "node:assert/strict";
import { test } from "node:test";
import { startFleet, type Connected } from "#fleet/fleet.ts";
import { failed, KubeFailure } from "#kube/errors.ts";
import type { Fence, KubeResponse } from "#kube/ports.ts";
import { FakeClock, FakeLog, FakeServer, noJitter, openFence, unreachable } from "#test/unit/kube/fakes.ts";
import { argoSecret, servedSecret } from "./secrets.ts";

const never = new AbortController().signal;
const get = (name: string): string => `/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/${name}`;

/** A fleet of fake clusters, by the name of their registration. */
function start({
  fence = openFence,
  secrets = [],
}: { readonly fence?: Fence; readonly secrets?: readonly ReturnType<typeof argoSecret>[] } = {}) {
  const home = new FakeServer();
  const clock = new FakeClock();
  const log = new FakeLog();
  const servers = new Map<string, FakeServer>();
  const opened: string[] = [];
  const closed: string[] = [];
  const server = (name: string): FakeServer => {
    const known = servers.get(name) ?? new FakeServer();
    servers.set(name, known);
    return known;
  };
  const connect = ({ name, credential }: Connected) => {
    const line = `${name} ${credential.open().token ?? ""}`;
    if (credential.open().token === "bad") throw new KubeFailure("Untrusted", "the CA is no PEM");
    opened.push(line);
    const to = server(new URL(credential.open().server).hostname.split(".")[0] ?? "");
    return {
      request: to.request.bind(to),
      watch: to.watch.bind(to),
      close: async () => void closed.push(line),
    };
  };
  const register = (secret: ReturnType<typeof argoSecret>): void => {
    const { name, labels, annotations } = secret.metadata;
    home.put(name, { data: secret.data }, { labels, annotations });
  };
  for (const secret of secrets) register(secret);
  const project = ({ metadata, value }: { readonly metadata: { readonly name: string }; readonly [field: string]: unknown }) =>
    `${metadata.name}=${String(value)}`;
  const fleet = startFleet({ home, namespace: "conductor", project, connect, fence, clock, random: noJitter, log });
  let told = 0;
  fleet.onChange(() => (told += 1));
  /** Long enough for registrations to be read. */
  const settle = (): Promise<void> => clock.pass(100);
  return { settle, fleet, home, clock, log, server, opened, closed, register, told: () => told };
}

function token(name: string, bearerToken: string, server?: string) {
  return argoSecret(name, { config: { bearerToken }, ...(server === undefined ? {} : { server }) });
}

test("registrations become clusters, once both kinds of Secrets were read", async () => {
  const { settle, fleet, told } = start({ secrets: [argoSecret("hub"), servedSecret("spoke", "hub")] });
  assert.deepEqual([fleet.synced, fleet.clusters()], [false, []]);
  await settle();
  assert.deepEqual([fleet.synced, fleet.clusters().map(({ name }) => name), told()], [true, ["hub", "spoke"], 1]);
  assert.deepEqual(
    [fleet.instance("hub")?.name, fleet.instance("spoke"), fleet.instance("in-cluster")?.name],
    ["hub", undefined, "in-cluster"],
  );
  assert.equal(fleet.cluster("spoke")?.instance, "hub");
  await fleet.stop();
});

test("a registration that is added, relabelled or removed is told of", async () => {
  const { settle, fleet, home, register, told } = start();
  await settle();
  register(argoSecret("a"));
  await settle();
  register(argoSecret("a", { labels: { region: "eu" } }));
  await settle();
  assert.equal(fleet.cluster("a")?.labels["region"], "eu");
  home.remove("cluster-a");
  await settle();
  assert.deepEqual([fleet.clusters(), fleet.instance("a"), told()], [[], undefined, 4]);
  await fleet.stop();
});

test("all who look at a namespace share one watch, and the last one ends it after a while", async () => {
  const { settle, fleet, clock, server, register } = start();
  register(argoSecret("a"));
  server("a").put("checkout", { value: 1 });
  await settle();
  assert.equal(server("a").requests.length, 0);
  const first = fleet.instance("a")?.applications("argocd");
  const second = fleet.instance("a")?.applications("argocd");
  assert.ok(first && second);
  const heard: string[] = [];
  first.onChange((name) => heard.push(name));
  await settle();
  assert.deepEqual([first.get("checkout"), second.get("checkout"), first.live, server("a").watches], ["checkout=1", "checkout=1", true, 1]);
  const version = server("a").put("checkout", { value: 2 });
  await settle();
  assert.deepEqual([heard, second.caughtUp("checkout", version)], [["checkout", "checkout"], true]);
  first.release();
  first.release();
  await clock.pass(60_000);
  assert.deepEqual([server("a").watches, first.live, second.live], [1, false, true]);
  second.release();
  await clock.pass(9000);
  assert.equal(server("a").watches, 1);
  await clock.pass(2000);
  assert.equal(server("a").watches, 0);
  assert.deepEqual(heard, ["checkout", "checkout"]);
  await fleet.stop();
});

test("who comes back in time keeps the watch", async () => {
  const { settle, fleet, clock, server, register } = start();
  register(argoSecret("a"));
  await settle();
  const first = fleet.instance("a")?.applications("argocd");
  await settle();
  first?.release();
  await clock.pass(5000);
  const second = fleet.instance("a")?.applications("argocd");
  await clock.pass(60_000);
  assert.deepEqual([second?.live, server("a").requests.filter(({ query }) => query?.["limit"] === "500").length], [true, 1]);
  await fleet.stop();
});

test("a rotated credential moves requests and the watch to a new connection, and nothing is missed", async () => {
  const { settle, fleet, server, register, opened, closed, told } = start();
  register(token("a", "old"));
  await settle();
  const applications = fleet.instance("a")?.applications("argocd");
  await settle();
  const before = told();
  register(token("a", "new"));
  server("a").put("checkout", { value: 1 });
  await settle();
  assert.deepEqual([opened, closed], [["a old", "a new"], ["a old"]]);
  assert.equal(applications?.get("checkout"), "checkout=1");
  assert.equal(server("a").requests.filter(({ query }) => query?.["limit"] === "500").length, 1);
  assert.ok(told() > before);
  await fleet.stop();
});

test("an unchanged credential keeps its connection", async () => {
  const { settle, fleet, server, register, opened, closed } = start();
  register(token("a", "same"));
  await settle();
  const applications = fleet.instance("a")?.applications("argocd");
  await settle();
  register(
    argoSecret("a", { config: { bearerToken: "same" }, labels: { region: "eu" }, annotations: { "conductor.dev/max-in-flight": "3" } }),
  );
  await settle();
  assert.deepEqual([opened, closed, applications?.live, server("a").watches], [["a same"], [], true, 1]);
  await fleet.stop();
});

test("a request in flight ends on the connection that it began on", async () => {
  const { settle, fleet, server, register, closed } = start();
  const gate = Promise.withResolvers<KubeResponse>();
  server("a").request = () => gate.promise;
  register(token("a", "old"));
  await settle();
  const answer = fleet.instance("a")?.client.get(get("x"), never);
  await settle();
  register(token("a", "new"));
  await settle();
  assert.deepEqual(closed, []);
  gate.resolve({ status: 200, body: { metadata: { name: "x" } } });
  assert.deepEqual(await answer, { metadata: { name: "x" } });
  await settle();
  assert.deepEqual(closed, ["a old"]);
  await fleet.stop();
});

test("a registration that now leads to another server starts from nothing there", async () => {
  const { settle, fleet, server, register } = start();
  server("one").put("checkout", { value: 1 });
  server("two").put("billing", { value: 2 });
  register(token("a", "t", "https://one.example"));
  await settle();
  const applications = fleet.instance("a")?.applications("argocd");
  await settle();
  register(token("a", "t", "https://two.example"));
  await settle();
  assert.deepEqual([applications?.get("checkout"), applications?.get("billing"), applications?.live], [undefined, "billing=2", true]);
  await fleet.stop();
});

test("a removed registration ends the connection; one that returns goes on where it was", async () => {
  const { settle, fleet, home, clock, register, closed } = start();
  register(token("a", "t"));
  await settle();
  const instance = fleet.instance("a");
  const applications = instance?.applications("argocd");
  await settle();
  home.remove("cluster-a");
  await clock.pass(5000);
  assert.deepEqual([fleet.instance("a"), applications?.live, closed], [undefined, false, ["a t"]]);
  assert.match(applications?.failure?.message ?? "", /registration of "a" was removed/);
  await assert.rejects(instance?.client.create("/x", {}, never) ?? Promise.resolve(), (error) => failed(error, "Unreachable"));
  register(token("a", "t"));
  await settle();
  assert.deepEqual([fleet.instance("a") === instance, applications?.live], [true, true]);
  await fleet.stop();
});

test("reachability follows the watch, at once where nothing but somebody can help", async () => {
  const { settle, fleet, clock, server, register } = start();
  register(argoSecret("a"));
  await settle();
  const instance = fleet.instance("a");
  assert.deepEqual(instance?.reachability, { state: "Unknown" });
  instance?.applications("argocd");
  await settle();
  assert.deepEqual(instance?.reachability, { state: "Reachable" });
  server("a").cut(unreachable);
  await settle();
  assert.deepEqual(instance?.reachability, { state: "Reachable" });
  await clock.pass(1000);
  server("a").fail(new KubeFailure("Forbidden", "the API server answered 403: cannot watch applications"), 2);
  server("a").cut(unreachable);
  await clock.pass(500);
  assert.partialDeepStrictEqual(instance?.reachability, {
    state: "Unreachable",
    kind: "Forbidden",
    message: "the API server answered 403: cannot watch applications",
  });
  await clock.pass(30_000);
  assert.deepEqual(instance?.reachability, { state: "Reachable" });
  await fleet.stop();
});

test("an API server without Argo CD is unreachable as an instance, with the question to ask", async () => {
  const { settle, fleet, server, register } = start();
  register(argoSecret("a"));
  server("a").fail(new KubeFailure("NotFound", "404"), 5);
  await settle();
  fleet.instance("a")?.applications("argocd");
  await settle();
  assert.partialDeepStrictEqual(fleet.instance("a")?.reachability, {
    state: "Unreachable",
    kind: "NotFound",
    message: "it has no Applications: is Argo CD installed there? (404)",
  });
  await fleet.stop();
});

test("a cluster that fails requests is asked until it answers, and its return is told", async () => {
  const { settle, fleet, clock, server, register, told } = start();
  register(argoSecret("a"));
  await settle();
  const before = told();
  server("a").fail(unreachable, 10_000);
  const instance = fleet.instance("a");
  const since = clock.now();
  const lost = assert.rejects(instance?.client.get(get("x"), never) ?? Promise.resolve(), unreachable);
  await clock.pass(20_000);
  await lost;
  assert.deepEqual(instance?.reachability, { state: "Unreachable", since, message: unreachable.message, kind: "Unreachable" });
  await clock.pass(600_000);
  assert.equal(told(), before + 1);
  server("a").healed();
  await clock.pass(30_000);
  assert.deepEqual(instance?.reachability, { state: "Reachable" });
  assert.equal(told(), before + 2);
  const asked = server("a").requests.length;
  await clock.pass(3_600_000);
  assert.equal(server("a").requests.length, asked);
  await fleet.stop();
});

test("a refused credential shows although the old watch still streams", async () => {
  const { settle, fleet, clock, server, register } = start();
  register(argoSecret("a"));
  await settle();
  const instance = fleet.instance("a");
  const applications = instance?.applications("argocd");
  await settle();
  server("a").fail(new KubeFailure("Unauthorized", "the API server answered 401: Unauthorized"));
  await assert.rejects(instance?.client.get(get("x"), never) ?? Promise.resolve());
  assert.equal(applications?.live, true);
  assert.partialDeepStrictEqual(instance?.reachability, { state: "Unreachable", kind: "Unauthorized" });
  await clock.pass(1000);
  assert.deepEqual(instance?.reachability, { state: "Reachable" });
  await fleet.stop();
});

test("a missing right for one request says nothing about the cluster", async () => {
  const { settle, fleet, server, register } = start();
  register(argoSecret("a"));
  await settle();
  server("a").fail(new KubeFailure("Forbidden", "no"));
  await assert.rejects(fleet.instance("a")?.client.get("/appprojects", never) ?? Promise.resolve());
  assert.deepEqual(fleet.instance("a")?.reachability, { state: "Reachable" });
  await fleet.stop();
});

test("a cluster that never answers holds up no other, and no more than its limit waits on it", async () => {
  const { settle, fleet, server, register } = start();
  register(argoSecret("stuck", { annotations: { "conductor.dev/max-in-flight": "2" } }));
  register(argoSecret("well"));
  server("well").put("x");
  let asked = 0;
  server("stuck").request = () => {
    asked += 1;
    return new Promise(() => undefined);
  };
  await settle();
  for (let n = 0; n < 100; n += 1) void fleet.instance("stuck")?.client.get(get("x"), never);
  const list = await fleet.instance("well")?.client.list("/apis/argoproj.io/v1alpha1/applications", {}, never);
  assert.deepEqual([list?.items.length, asked], [1, 2]);
});

test("a connection that cannot be made fails by itself and says why", async () => {
  const { settle, fleet, register } = start();
  register(token("a", "bad"));
  register(token("b", "good"));
  await settle();
  await assert.rejects(fleet.instance("a")?.client.get(get("x"), never) ?? Promise.resolve(), (error) => failed(error, "Untrusted"));
  assert.partialDeepStrictEqual(fleet.instance("a")?.reachability, {
    state: "Unreachable",
    kind: "Untrusted",
    message: "the CA is no PEM",
  });
  await fleet.instance("b")?.client.get(get("x"), never);
  await fleet.stop();
});

test("with the fence closed no instance is written to", async () => {
  const { settle, fleet, server, register } = start({ fence: { open: () => false } });
  register(argoSecret("a"));
  await settle();
  for (const name of ["a", "in-cluster"]) {
    await assert.rejects(fleet.instance(name)?.client.mergePatch(get("x"), {}, never) ?? Promise.resolve(), (error) =>
      failed(error, "Fenced"),
    );
  }
  assert.deepEqual([server("a").requests, fleet.instance("a")?.reachability], [[], { state: "Unknown" }]);
  await fleet.stop();
});

test("registrations that cannot be read any more stay as they were", async () => {
  const { settle, fleet, home, clock, register } = start();
  register(argoSecret("a"));
  await settle();
  home.fail(unreachable, 100);
  home.cut(unreachable);
  await clock.pass(60_000);
  assert.deepEqual([fleet.failure, fleet.clusters().length, fleet.synced], [unreachable, 1, true]);
  await fleet.stop();
});

test("stopping closes every connection but the management cluster's, and leaves no timer", async () => {
  const { settle, fleet, home, clock, server, register, closed } = start();
  register(token("a", "t"));
  await settle();
  fleet.instance("a")?.applications("argocd");
  fleet.instance("in-cluster")?.applications("argocd");
  server("b").fail(unreachable, 10);
  register(token("b", "t"));
  await settle();
  void fleet
    .instance("b")
    ?.client.create("/x", {}, never)
    .catch(() => undefined);
  await settle();
  await fleet.stop();
  await settle();
  assert.deepEqual([closed.toSorted(), home.closed, home.watches, server("a").watches, clock.sleepers], [["a t", "b t"], false, 0, 0, 0]);
});

test("a thousand registrations are read as one change, and none is connected before it is used", async () => {
  const { settle, fleet, server, told } = start({ secrets: Array.from({ length: 1000 }, (_, n) => argoSecret(`c-${n}`)) });
  await settle();
  assert.deepEqual([fleet.clusters().length, told()], [1000, 1]);
  assert.deepEqual(server("c-1").requests, []);
  await fleet.stop();
});

test("registrations that arrive one by one are read together", async () => {
  const { settle, fleet, register, told } = start();
  await settle();
  for (let n = 0; n < 1000; n += 1) register(argoSecret(`c-${n}`));
  await settle();
  await settle();
  assert.equal(fleet.clusters().length, 1000);
  assert.ok(told() <= 4, `told ${told()} times`);
  await fleet.stop();
});
