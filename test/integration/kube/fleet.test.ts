import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { connectOverHttp } from "#fleet/connect.ts";
import { startFleet, type Fleet } from "#fleet/fleet.ts";
import { systemClock } from "#kube/clock.ts";
import { failed } from "#kube/errors.ts";
import { HttpTransport } from "#kube/http.ts";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import type { FaultProxy } from "#plane/proxy.ts";
import { FakeLog } from "#test/unit/kube/fakes.ts";

const never = new AbortController().signal;
const applications = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";
const secrets = "/api/v1/namespaces/conductor/secrets";
const rights = [{ apiGroups: ["argoproj.io"], resources: ["applications"], verbs: ["get", "list", "watch", "patch"] }];

/** Only the shape: what Argo CD would do with it is not tested here. */
const crd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "applications.argoproj.io", annotations: { "api-approved.kubernetes.io": "unapproved, for tests" } },
  spec: {
    group: "argoproj.io",
    scope: "Namespaced",
    names: { kind: "Application", plural: "applications", singular: "application" },
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

let plane: Plane;
let home: Cluster;
let target: Cluster;
let proxy: FaultProxy;
let fleet: Fleet<string>;
let homeTransport: HttpTransport;
const log = new FakeLog();

before(async () => {
  plane = await Plane.start();
  [home, target] = await Promise.all([plane.cluster("home"), plane.cluster("target", { users: ["second"] })]);
  proxy = await plane.proxy(target);
  await home.create("/api/v1/namespaces", { metadata: { name: "conductor" } });
  await target.create("/api/v1/namespaces", { metadata: { name: "argocd" } });
  await target.apply([crd]);
  await target.allow("release-conductor", rights, "argocd");
  await target.allow("second", rights, "argocd");
  await target.create(applications, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "checkout" },
    spec: { n: 0 },
  });
  const config = new KubeConfig();
  config.loadFromString(home.kubeconfigFor("admin"));
  homeTransport = new HttpTransport(config, systemClock);
  fleet = startFleet({
    home: homeTransport,
    namespace: "conductor",
    project: ({ spec }) => JSON.stringify(spec),
    connect: connectOverHttp(systemClock),
    fence: { open: () => true },
    clock: systemClock,
    random: Math.random,
    log,
  });
});
after(async () => {
  await fleet.stop();
  await homeTransport.close();
  await plane.stop();
});

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 40_000; !holds(); await sleep(20)) {
    assert.ok(Date.now() < end, `not within 40 s: ${what}: ${JSON.stringify(fleet.instance("target")?.reachability)}`);
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function argoData(token: string): object {
  const tlsClientConfig = { caData: base64(proxy.ca) };
  return { name: base64("target"), server: base64(proxy.url), config: base64(JSON.stringify({ bearerToken: token, tlsClientConfig })) };
}

function reachable(): string | undefined {
  return fleet.instance("target")?.reachability.state;
}

test("a cluster registered in Argo CD's format is watched and patched", async () => {
  await home.create(secrets, {
    metadata: {
      name: "target",
      labels: { "argocd.argoproj.io/secret-type": "cluster" },
      annotations: { "conductor.dev/allowed-namespaces": "*" },
    },
    data: argoData(target.token("release-conductor")),
  });
  await until("it is registered", () => fleet.instance("target") !== undefined);
  const lease = fleet.instance("target")?.applications("argocd");
  await until("it is live", () => lease?.live === true);
  assert.equal(lease?.get("checkout"), '{"n":0}');
  const patched = await fleet.instance("target")?.client.mergePatch(`${applications}/checkout`, { spec: { n: 1 } }, never);
  await until("the write is seen", () => lease?.caughtUp("checkout", patched?.metadata.resourceVersion ?? "") === true);
  assert.deepEqual([lease?.get("checkout"), reachable()], ['{"n":1}', "Reachable"]);
  lease?.release();
});

test("a rotated token moves the watch and the requests, and misses nothing", async () => {
  const instance = fleet.instance("target");
  const lease = instance?.applications("argocd");
  await until("it is live", () => lease?.live === true);
  const heard: (string | undefined)[] = [];
  lease?.onChange((name) => heard.push(lease.get(name)));
  let told = false;
  fleet.onChange(() => (told = true));
  await home.patch(`${secrets}/target`, { data: argoData(target.token("second")) });
  for (let n = 2; n <= 20; n += 1) await target.patch(`${applications}/checkout`, { spec: { n } });
  await until("all came", () => heard.length === 19);
  assert.deepEqual(
    heard,
    Array.from({ length: 19 }, (_, n) => `{"n":${n + 2}}`),
  );
  await until("it was told", () => told);
  await instance?.client.mergePatch(`${applications}/checkout`, { spec: { n: 21 } }, never);
  const [last] = (await target.audit({ verbs: ["patch"], resource: "applications", user: "second" })).slice(-1);
  assert.equal(last?.user, "second");
  lease?.release();
});

test("a credential that is refused is named, and a good one in its place heals", async () => {
  const lease = fleet.instance("target")?.applications("argocd");
  await home.patch(`${secrets}/target`, { data: argoData("revoked-canary") });
  await until("it is refused", () => reachable() === "Unreachable");
  assert.partialDeepStrictEqual(fleet.instance("target")?.reachability, {
    kind: "Unauthorized",
    message: 'the API server answered 401: Unauthorized: renew the credential in Secret "target"',
  });
  await home.patch(`${secrets}/target`, { data: argoData(target.token("release-conductor")) });
  await until("it is reachable", () => reachable() === "Reachable" && lease?.live === true);
  assert.ok(!JSON.stringify(log.lines).includes("revoked-canary"));
  lease?.release();
});

test("an API server that is gone is Unreachable, holds up no other, and returns", async () => {
  const lease = fleet.instance("target")?.applications("argocd");
  await until("it is live", () => lease?.live === true);
  await target.stopApiServer();
  await until("it is unreachable", () => reachable() === "Unreachable" && lease?.live === false);
  const started = Date.now();
  await fleet.instance("in-cluster")?.client.get("/version", never);
  assert.ok(Date.now() - started < 1000);
  await target.startApiServer();
  await until("it is reachable", () => reachable() === "Reachable" && lease?.live === true);
  lease?.release();
});

test("a missing right to watch is named", async () => {
  const lease = fleet.instance("target")?.applications("elsewhere");
  await until("it is refused", () => reachable() === "Unreachable");
  assert.match(JSON.stringify(fleet.instance("target")?.reachability), /"kind":"Forbidden"/);
  assert.match(lease?.failure?.message ?? "", /User \\?"release-conductor\\?" cannot list resource/);
  lease?.release();
});

test("a kubeconfig Secret, refused registrations, and a removal", async () => {
  await home.create(secrets, {
    metadata: {
      name: "second-kubeconfig",
      labels: { "conductor.dev/secret-type": "kubeconfig", "cluster.x-k8s.io/cluster-name": "second" },
    },
    data: { value: base64(target.kubeconfigFor("second")) },
  });
  await home.create(secrets, {
    metadata: { name: "aws", labels: { "argocd.argoproj.io/secret-type": "cluster" } },
    data: { name: base64("aws"), server: base64("https://aws.example"), config: base64('{"awsAuthConfig":{"clusterName":"x"}}') },
  });
  await until("both are read", () => fleet.clusters().length === 3);
  assert.match(fleet.cluster("aws")?.refusal ?? "", /^exec credential plugins/);
  const second = fleet.instance("second")?.client;
  assert.equal((await second?.list(applications, {}, never))?.items.length, 1);
  await home.delete(`${secrets}/second-kubeconfig`);
  await until("it is gone", () => fleet.cluster("second") === undefined);
  await assert.rejects(second?.get(`${applications}/checkout`, never) ?? Promise.resolve(), (error) => failed(error, "Unreachable"));
});
