import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run } from "#plane/command.ts";
import { acquire } from "#plane/parts.ts";
import { Plane } from "#plane/plane.ts";

const main = join(import.meta.dirname, "..", "plane", "main.ts");
let cache: string;

before(async () => {
  const parts = await acquire(["etcd", "kube-apiserver", "kubectl"], (line) => process.stderr.write(`${line}\n`));
  cache = await mkdtemp(join(tmpdir(), "plane-command-"));
  // A cache of its own, so that it does not meet the developer's plane.
  Object.assign(process.env, {
    RELEASE_CONDUCTOR_CACHE: cache,
    RELEASE_CONDUCTOR_ETCD: parts.etcd,
    RELEASE_CONDUCTOR_KUBE_APISERVER: parts["kube-apiserver"],
    RELEASE_CONDUCTOR_KUBECTL: parts.kubectl,
  });
});
after(async () => {
  await plane("down");
  await rm(cache, { recursive: true, force: true });
});

const environment = () =>
  Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
const plane = (...args: string[]) => run(process.execPath, [main, ...args], environment());

test("up keeps a plane, status shows it, tests attach to its clusters and may have more, down ends it", async () => {
  assert.match(await plane("status"), /^No plane is up/);
  assert.match(await plane("up", "--detach"), /cluster-1 +https:\/\/127\.0\.0\.1:\d+ +no/);
  assert.match(await plane("up"), /is up already/);
  assert.match(await plane("status"), /cluster-1/);

  const attached = await Plane.attachOrStart();
  const shared = await attached.cluster("cluster-1");
  assert.match(await plane("status"), new RegExp(shared.url));
  await shared.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: "mine" } }]);
  await assert.rejects(shared.stopApiServer(), /is shared/);
  await assert.rejects(attached.cluster("cluster-1", { argocd: true }), /already/);
  const own = await attached.cluster("own");
  await assert.rejects(own.get("/api/v1/namespaces/mine"), { status: 404 });
  await attached.stop();

  const again = await Plane.attachOrStart();
  const seen = await again.cluster("cluster-1");
  await seen.get("/api/v1/namespaces/mine");
  await again.stop();

  assert.match(await plane("down"), /has ended/);
  assert.match(await plane("status"), /^No plane is up/);
});

test("an unknown command or a wrong number is an error that shows what is right", async () => {
  await assert.rejects(plane("upp"), /usage: npm run plane/);
  await assert.rejects(plane("up", "--clusters", "many"), /--clusters takes a number from 1/);
});
