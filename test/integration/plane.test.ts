import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { Agent, request } from "undici";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const configMap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
});

let plane: Plane;
let east: Cluster;
let west: Cluster;

before(async () => {
  plane = await Plane.start();
  [east, west] = await Promise.all([plane.cluster("east", { users: ["alice"] }), plane.cluster("west")]);
});
afterEach((t) => plane.keepLogsIfFailed(t));
after(() => plane.stop());

async function codeAs(cluster: Cluster, user: string, path: string): Promise<number> {
  const agent = new Agent({ connect: { ca: cluster.ca } });
  try {
    const headers = { authorization: `Bearer ${cluster.token(user)}` };
    const answer = await request(cluster.url + path, { dispatcher: agent, headers });
    await answer.body.dump();
    return answer.statusCode;
  } finally {
    await agent.destroy();
  }
}

test("two clusters of one plane started at once answer and share nothing", async () => {
  await east.apply([configMap("only-east")]);
  await assert.rejects(west.get(`${configMaps}/only-east`), { status: 404 });
  assert.equal(await codeAs(east, "admin", `${configMaps}/only-east`), 200);
  assert.notEqual(east.token(), west.token());
});

test("the audit log names who wrote what, and says nothing of who wrote nothing", async () => {
  await east.kubectl(["create", "configmap", "by-kubectl", "--namespace", "default"]);
  const writes = await east.audit({ user: "admin", verbs: ["create"], resource: "configmaps" });
  assert.deepEqual(
    writes.map(({ objectRef, responseStatus, stage }) => [objectRef.name, responseStatus.code, stage]),
    [["by-kubectl", 201, "ResponseComplete"]],
  );
  assert.deepEqual(await east.audit({ user: "release-conductor" }), []);
});

test("a user has no right until a test grants one, and both answers are in the audit log", async () => {
  assert.equal(await codeAs(east, "alice", configMaps), 403);
  await east.allow("alice", [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }], "default");
  assert.equal(await codeAs(east, "alice", configMaps), 200);
  const codes = (await east.audit({ user: "alice" })).map(({ responseStatus }) => responseStatus.code);
  assert.deepEqual(codes, [403, 200]);
});

test("apply waits for a definition that the same text brings", async () => {
  const name = { group: "plane.test", kind: "Thing", plural: "things" };
  const schema = {
    openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  };
  await west.apply([
    {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${name.plural}.${name.group}` },
      spec: {
        group: name.group,
        scope: "Namespaced",
        names: { kind: name.kind, plural: name.plural },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    },
    { apiVersion: "plane.test/v1", kind: "Thing", metadata: { name: "one", namespace: "default" } },
  ]);
  const found = await west.get<{ items: unknown[] }>("/apis/plane.test/v1/things");
  assert.equal(found.items.length, 1);
});

test("kubectl's error is in the message, and a kubeconfig made for a user is that user", async () => {
  await assert.rejects(east.kubectl(["get", "configmap", "absent"]), /configmaps "absent" not found/);
  assert.match(east.kubeconfigFor("alice"), new RegExp(east.token("alice")));
  assert.throws(() => west.token("alice"), /has no user alice/);
});

test("an API server stopped and started again has the same port and data, and its silence can be had too", async () => {
  await west.apply([configMap("kept")]);
  await west.stopApiServer();
  await assert.rejects(codeAs(west, "admin", configMaps), { code: "ECONNREFUSED" });
  await west.startApiServer();
  assert.equal(await codeAs(west, "admin", `${configMaps}/kept`), 200);

  await west.suspendApiServer();
  const silent = codeAs(west, "admin", configMaps);
  const first = await Promise.race([silent, new Promise((resolve) => setTimeout(resolve, 500, "silence"))]);
  assert.equal(first, "silence");
  await west.startApiServer();
  assert.equal(await silent, 200);
});

test("keepLogs keeps the last hundred lines of each process below .artifacts", async () => {
  const folder = await plane.keepLogs("plane test: logs");
  try {
    assert.equal(basename(folder), "plane-test-logs");
    assert.deepEqual((await readdir(folder)).toSorted(), ["east-kube-apiserver.log", "etcd.log", "west-kube-apiserver.log"]);
    const lines = (await readFile(join(folder, "east-kube-apiserver.log"), "utf8")).trim().split("\n");
    assert.ok(lines.length > 10 && lines.length <= 100);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a repository keeps what was committed, deletes what is null, and gives every commit its own SHA", async () => {
  const repository = await plane.repository("shop");
  const shas = await Promise.all([
    repository.commit({ "a.yaml": "a: 1\n", "b/ü.yaml": "ü: é\n" }),
    repository.commit({ "a.yaml": null }),
    repository.commit({}),
  ]);
  assert.equal(new Set(shas).size, 3);
  for (const sha of shas) assert.match(sha, /^[0-9a-f]{40}$/);
  await repository.tag("v1");
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", new URL(repository.url).pathname, ...args], {
      encoding: "utf8",
      stdio: "pipe",
    });
  assert.equal(git("rev-parse", "v1").trim(), shas[2]);
  assert.equal(git("show", "v1:b/ü.yaml"), "ü: é\n");
  assert.throws(() => git("show", "v1:a.yaml"));
});
