import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiServer } from "#simulation/apiserver.ts";
import { VirtualClock } from "#simulation/clock.ts";
import { Connection, NEAR } from "#simulation/connection.ts";
import { application, commit, environment, pathOf, RESOURCES, serviceRelease, TEAM } from "#simulation/scenario.ts";
import type { Frame } from "#simulation/frames.ts";
import { failed, type KubeFailureKind } from "#kube/errors.ts";
import type { KubeObject, KubeRequest, WatchFrame } from "#kube/ports.ts";

const RELEASES = pathOf(RESOURCES.releases, TEAM);
const RELEASE = pathOf(RESOURCES.releases, TEAM, "checkout.production");
const APPS = pathOf(RESOURCES.applications, "argocd");
const APP = pathOf(RESOURCES.applications, "argocd", "checkout");
const JSON_PATCH = "application/json-patch+json";
const MERGE = "application/merge-patch+json";

class Bench {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1));
  readonly server = new ApiServer("one", this.clock);

  do(method: KubeRequest["method"], path: string, body?: unknown, more: Partial<KubeRequest> = {}): KubeObject {
    return this.server.handle({ method, path, ...(body === undefined ? {} : { body }), ...more }, "test").body as KubeObject;
  }

  release(): KubeObject {
    return this.do("POST", RELEASES, serviceRelease("checkout.production", commit("a")));
  }

  app(name = "checkout", labels: Readonly<Record<string, string>> = {}): KubeObject {
    const body = application({ name }, "c0");
    return this.do("POST", APPS, { ...body, metadata: { name, labels } });
  }

  list(query: Readonly<Record<string, string>> = {}): {
    readonly items: readonly KubeObject[];
    readonly metadata: Readonly<Record<string, string>>;
  } {
    return this.server.handle({ method: "GET", path: APPS, query }, "test").body as ReturnType<Bench["list"]>;
  }

  watch(from: string | undefined, query: Readonly<Record<string, string>> = {}): string[] {
    const seen: string[] = [];
    const show = (frame: Frame): void => void seen.push(`${frame.type} ${frame.object.metadata.name}`);
    this.server.watch({ method: "GET", path: APPS, query: { ...query, ...(from === undefined ? {} : { resourceVersion: from }) } }, show);
    return seen;
  }
}

function refuses(kind: KubeFailureKind, call: () => unknown, words = /./): void {
  assert.throws(call, (error) => failed(error, kind) && words.test(error.message));
}

test("what is created gets what a server gives, defaults included, and cannot be created twice", () => {
  const bench = new Bench();
  const { metadata } = bench.release();
  assert.equal(metadata.generation, 1);
  assert.match(metadata.uid ?? "", /^one-/);
  assert.equal(metadata.creationTimestamp, "2026-01-01T00:00:00Z");
  refuses("AlreadyExists", () => bench.release());
  const made = bench.do("POST", pathOf(RESOURCES.environments, TEAM), environment({ name: "production" }, [{ name: "c0" }]));
  assert.deepEqual((made["spec"] as Record<string, unknown>)["revision"], "Commit");
});

test("what the schema refuses is Invalid, in its words", () => {
  const bench = new Bench();
  refuses("Invalid", () => bench.do("POST", RELEASES, serviceRelease("checkout.production", "abc1234")), /short hash/);
  refuses(
    "Invalid",
    () => bench.do("POST", RELEASES, { ...serviceRelease("checkout.production", commit("a")), metadata: { name: "other" } }),
    /metadata\.name/,
  );
  bench.release();
  refuses("Invalid", () => bench.do("PATCH", RELEASE, { spec: { service: "other" } }, { contentType: MERGE }), /name|immutable/);
  // What is applied is the whole spec.
  refuses("Invalid", () => bench.do("PATCH", RELEASE, { spec: {} }, { contentType: "application/apply-patch+yaml" }), /spec\.service/);
  refuses("Invalid", () => bench.do("PATCH", RELEASE, { spec: {} }, { contentType: "application/json" }), /not served/);
});

test("an update needs the version that it was made of, moves generation with the spec, and leaves status to /status", () => {
  const bench = new Bench();
  const first = bench.release();
  const spec = { service: "checkout", environment: "production", revision: commit("b") };
  refuses("Invalid", () => bench.do("PUT", RELEASE, { ...first, metadata: { name: "checkout.production" }, spec }), /must be specified/);
  const second = bench.do("PUT", RELEASE, { ...first, spec, status: { phase: "Succeeded" } });
  assert.equal(second.metadata.generation, 2);
  assert.equal(second["status"], undefined);
  refuses("Conflict", () => bench.do("PUT", RELEASE, { ...first, spec }));
  const third = bench.do("PUT", `${RELEASE}/status`, {
    ...second,
    spec: { ...spec, revision: commit("c") },
    status: { phase: "Succeeded" },
  });
  assert.deepEqual([third.metadata.generation, third["status"], third["spec"]], [2, { phase: "Succeeded" }, second["spec"]]);
  refuses("NotFound", () => bench.do("PUT", `${APP}/status`, {}));
});

test("a write that changes nothing is no write", () => {
  const bench = new Bench();
  const first = bench.release();
  const { version } = bench.server;
  const again = bench.do("PATCH", RELEASE, { spec: { revision: commit("a") } }, { contentType: MERGE });
  assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
  assert.equal(bench.server.version, version);
});

test("of an Application generation moves with status too, and not with metadata", () => {
  const bench = new Bench();
  assert.equal(bench.app().metadata.generation, 1);
  assert.equal(bench.do("PATCH", APP, { status: { health: { status: "Healthy" } } }, { contentType: MERGE }).metadata.generation, 2);
  assert.equal(bench.do("PATCH", APP, { metadata: { annotations: { a: "b" } } }, { contentType: MERGE }).metadata.generation, 2);
});

test("a JSON patch is guarded by the version that it replaces, and one that does not fit is a Conflict without a reason", () => {
  const bench = new Bench();
  const app = bench.app();
  const guard = { op: "replace", path: "/metadata/resourceVersion", value: app.metadata.resourceVersion };
  const steer = { op: "add", path: "/spec/source/targetRevision", value: commit("b") };
  bench.do("PATCH", APP, [guard, steer], { contentType: JSON_PATCH });
  refuses("Conflict", () => bench.do("PATCH", APP, [guard, steer], { contentType: JSON_PATCH }), /409/);
  refuses(
    "Conflict",
    () => bench.do("PATCH", APP, [{ op: "test", path: "/spec/project", value: "x" }], { contentType: JSON_PATCH }),
    /422/,
  );
});

test("managers are remembered, the last writer last", () => {
  const bench = new Bench();
  bench.app();
  for (const fieldManager of ["a", "b", "a"])
    bench.do("PATCH", APP, { spec: { note: `${fieldManager}${bench.server.version}` } }, { contentType: MERGE, query: { fieldManager } });
  assert.deepEqual(
    bench.do("GET", APP).metadata.managedFields?.map(({ manager }) => manager),
    ["test", "b", "a"],
  );
});

test("deletion honours preconditions and finalizers", () => {
  const bench = new Bench();
  const app = bench.app();
  refuses("Conflict", () => bench.do("DELETE", APP, { preconditions: { uid: "other" } }));
  bench.do("PATCH", APP, { metadata: { finalizers: ["wait"] } }, { contentType: MERGE });
  bench.do("DELETE", APP, { preconditions: { uid: app.metadata.uid } });
  assert.match(bench.do("GET", APP).metadata.deletionTimestamp ?? "", /^2026/);
  bench.do("PATCH", APP, { metadata: { finalizers: [] } }, { contentType: MERGE });
  refuses("NotFound", () => bench.do("GET", APP));
  assert.notEqual(bench.app().metadata.uid, app.metadata.uid);
});

test("what is owned goes some time after its owner, and so does what was never owned by anybody who lives", async () => {
  const bench = new Bench();
  const owner = bench.app("owner");
  const owned = (name: string, uid: string | undefined) => ({
    ...application({ name }, "c0"),
    metadata: { name, ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Application", name: "owner", uid }] },
  });
  bench.do("POST", APPS, owned("child", owner.metadata.uid));
  bench.do("POST", APPS, owned("stray", "nobody"));
  await bench.clock.run(() => false, bench.clock.now() + 1000);
  assert.deepEqual(
    bench.list().items.map(({ metadata }) => metadata.name),
    ["child", "owner"],
  );
  bench.do("DELETE", pathOf(RESOURCES.applications, "argocd", "owner"));
  await bench.clock.run(() => false, bench.clock.now() + 1000);
  assert.deepEqual(bench.list().items, []);
});

test("a list comes in pages of one moment, in order, and only what selectors select", () => {
  const bench = new Bench();
  for (const name of ["c", "a", "b"]) bench.app(name, name === "b" ? { tier: "back", env: "p" } : { env: "p" });
  const first = bench.list({ limit: "2" });
  bench.app("aa");
  const rest = bench.list({ limit: "2", continue: first.metadata["continue"] ?? "" });
  assert.deepEqual(
    [...first.items, ...rest.items].map(({ metadata }) => metadata.name),
    ["a", "b", "c"],
  );
  const names = (labelSelector: string): string =>
    bench
      .list({ labelSelector })
      .items.map(({ metadata }) => metadata.name)
      .join();
  assert.equal(names("tier=back"), "b");
  assert.equal(names("env=p,tier notin (back)"), "a,c");
  assert.equal(names("tier in (front,back)"), "b");
  assert.equal(names("!env"), "aa");
  assert.equal(names("env"), "a,b,c");
  assert.equal(bench.list({ fieldSelector: "metadata.name=c" }).items.length, 1);
  refuses("Invalid", () => bench.list({ labelSelector: "a b" }));
  bench.server.compact();
  refuses("Expired", () => bench.list({ limit: "2", continue: first.metadata["continue"] ?? "" }));
});

test("a watch goes on from a version, follows what comes to be selected, and is Expired once that version is forgotten", () => {
  const bench = new Bench();
  const first = bench.app("a");
  bench.app("b");
  const seen = bench.watch(first.metadata.resourceVersion);
  const labelled = bench.watch(first.metadata.resourceVersion, { labelSelector: "env=p" });
  const patch = (env: string | null): unknown =>
    bench.do("PATCH", pathOf(RESOURCES.applications, "argocd", "a"), { metadata: { labels: { env } } }, { contentType: MERGE });
  patch("p");
  patch("q");
  bench.do("DELETE", pathOf(RESOURCES.applications, "argocd", "b"));
  assert.deepEqual(seen, ["ADDED b", "MODIFIED a", "MODIFIED a", "DELETED b"]);
  assert.deepEqual(labelled, ["ADDED a", "DELETED a"]);
  bench.server.compact();
  refuses("Expired", () => bench.watch(first.metadata.resourceVersion));
});

test("a list can show the past", () => {
  const bench = new Bench();
  bench.app("a");
  bench.app("b");
  bench.do("PATCH", pathOf(RESOURCES.applications, "argocd", "a"), { spec: { project: "late" } }, { contentType: MERGE });
  bench.do("DELETE", pathOf(RESOURCES.applications, "argocd", "b"));
  const at = (changes: number): string => {
    const { body } = bench.server.handle({ method: "GET", path: APPS }, "test", bench.server.behind(APPS, changes));
    const { items } = body as ReturnType<Bench["list"]>;
    return items.map(({ metadata, spec }) => `${metadata.name}:${String((spec as Record<string, unknown>)["project"])}`).join();
  };
  assert.deepEqual([0, 1, 2, 3, 4, 9].map(at), ["a:late", "a:late,b:default", "a:default,b:default", "a:default", "", ""]);
});

test("stringData of a Secret is stored as data", () => {
  const bench = new Bench();
  const path = pathOf(RESOURCES.secrets, "ns");
  const made = bench.do("POST", path, { metadata: { name: "s" }, data: { a: "eA==" }, stringData: { b: "y" } });
  assert.deepEqual([made["data"], made["stringData"]], [{ a: "eA==", b: "eQ==" }, undefined]);
});

test("a question about one's own rights is answered, and stores nothing", () => {
  const bench = new Bench();
  const { version } = bench.server;
  const review = { spec: { resourceAttributes: { verb: "get", group: "", resource: "secrets" } } };
  assert.deepEqual(bench.do("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review), { status: { allowed: true } });
  assert.equal(bench.server.version, version);
});

test("what a server hands out cannot be changed", () => {
  const bench = new Bench();
  const app = bench.app();
  assert.throws(() => Object.assign(app.metadata, { name: "x" }), TypeError);
  assert.throws(() => Object.assign(Object(app["spec"]).source, { targetRevision: "x" }), TypeError);
});

function connected(bench: Bench): Connection {
  return new Connection({ server: bench.server, who: "client", clock: bench.clock, latency: NEAR, random: () => 0 });
}

test("a connection takes its time, and gives up when it is told to", async () => {
  const bench = new Bench();
  bench.app();
  const connection = connected(bench);
  const began = bench.clock.now();
  let took = -1;
  const stop = new AbortController();
  let aborted: unknown;
  void connection.request({ method: "GET", path: APP }, new AbortController().signal).then(() => (took = bench.clock.now() - began));
  connection.request({ method: "DELETE", path: APP }, stop.signal).catch((error: unknown) => (aborted = error));
  stop.abort();
  await bench.clock.run(() => false, began + 100);
  assert.equal(took, NEAR.request + NEAR.answer);
  assert.ok(failed(aborted, "Aborted"));
  assert.notEqual(bench.server.find(APP), undefined);
});

test("a watch over a connection opens, tells of changes in their order, sends bookmarks, and ends when its time is over", async () => {
  const bench = new Bench();
  const connection = connected(bench);
  const seen: string[] = [];
  const query = { allowWatchBookmarks: "true", timeoutSeconds: "90", resourceVersion: `${bench.server.version}` };
  const read = async (): Promise<void> => {
    const name = (frame: WatchFrame): string => (frame.type === "OPENED" ? "" : ` ${frame.object.metadata.name}`);
    for await (const frame of connection.watch({ method: "GET", path: APPS, query }, new AbortController().signal))
      seen.push(`${frame.type}${name(frame)}`);
    seen.push(`ended at ${bench.clock.now() - Date.UTC(2026, 0, 1)}`);
  };
  void read();
  bench.clock.after(100, () => void (bench.app("a"), bench.app("b")));
  await bench.clock.run(() => false, bench.clock.now() + 200_000);
  assert.deepEqual(seen, ["OPENED", "ADDED a", "ADDED b", "BOOKMARK ", "ended at 90005"]);
});
