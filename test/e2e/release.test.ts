import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, afterEach, before, test } from "node:test";
import type { Conductor } from "#test/scene/conductor.ts";
import { application, chart, clusterValues, served } from "#test/scene/manifests.ts";
import { conditionsOf, Scene } from "#test/scene/scene.ts";
import { AT_ONCE } from "#test/scene/stage.ts";
import { isQuestion } from "#plane/audit.ts";
import type { Cluster } from "#plane/cluster.ts";
import type { Repository } from "#plane/git.ts";

/** Three clusters with an Argo CD each, and a hub whose Argo CD serves two more: everything in it is real. */

const OWN = ["eu-west-1", "us-east-1", "sa-east-1"];
const SERVED = ["ap-east-1", "ap-east-2"];
const ALL = [...OWN, ...SERVED];
const BAD = "0123456789".repeat(4);

let scene: Scene;
let repository: Repository;
let conductor: Conductor;
const revisions: string[] = [];

before(async () => {
  scene = await Scene.start({ clusters: [...OWN, "hub"], argocd: true });
  const spokes = await Promise.all(SERVED.map((name) => scene.plane.cluster(name)));
  for (const spoke of spokes) {
    await scene.cluster("hub").apply([argoCluster(spoke)]);
    await scene.home.apply([served(spoke.name, "hub")]);
    spokeOf.set(spoke.name, spoke);
  }
  repository = await scene.plane.repository("checkout");
  const values = Object.assign({}, ...ALL.map((cluster) => clusterValues(cluster, `hello from ${cluster}`))) as Record<string, string>;
  revisions.push(
    await repository.commit({ ...chart(1), ...values }),
    await repository.commit(chart(2)),
    await repository.commit(chart(3)),
    await repository.commit(chart(4)),
    await repository.commit(chart(5)),
  );
  // One of them is not synced by Argo CD itself: the conductor starts its syncs.
  await Promise.all(OWN.map((name) => scene.cluster(name).apply([{ ...at(name, name !== "us-east-1") }])));
  await scene.cluster("hub").apply(SERVED.map((name) => at(name, true, name)));
  await environment("30s");
  conductor = await scene.conductor({ args: ["--settle-time", "3s"] });
});
afterEach((context) => scene.plane.keepLogsIfFailed(context));
after(() => scene.stop());

const spokeOf = new Map<string, Cluster>();

test("three Argo CDs and a hub that serves two more clusters reach the first and the second revision, each with its own values", async () => {
  for (const index of [0, 1]) {
    await scene.release(revision(index));
    const release = await scene.finished({ seconds: 120 });
    assert.equal(conditionsOf(release), "Ready=True Reconciling=False Stalled=False Finished=True");
    assert.equal(release.status?.targets?.summary, "5/5");
    for (const name of ALL) {
      const { data } = await place(name).get<{ data: unknown }>("/api/v1/namespaces/default/configmaps/checkout-" + name);
      assert.deepEqual(data, {
        version: `v${index + 1}`,
        replicas: "3",
        greeting: `hello from ${name}`,
        cluster: name,
        tag: revision(index),
      });
    }
  }
});

test("kubectl shows the columns, and kubectl wait returns when a release has succeeded", async () => {
  const [head = "", line = ""] = (await scene.home.kubectl(["get", "servicereleases", "--namespace", "team-a"])).split("\n");
  assert.deepEqual(head.trim().split(/\s+/), [
    "NAME",
    "SERVICE",
    "REVISION",
    "ENVIRONMENT",
    "PHASE",
    "WAVE",
    "READY",
    "FAILED",
    "WAITING-ON",
    "AGE",
  ]);
  assert.deepEqual(line.trim().split(/\s+/).slice(0, 8), [
    "checkout.production",
    "checkout",
    revision(1),
    "production",
    "Succeeded",
    "1/1",
    "5/5",
    "0",
  ]);
  await scene.home.kubectl([
    "wait",
    "--for=condition=Finished",
    "--timeout=1s",
    "--namespace",
    "team-a",
    "servicerelease/checkout.production",
  ]);
});

test("nothing is written in any cluster while Argo CD looks at a settled release ten times", async () => {
  const clusters = [scene.home, ...OWN.map((name) => scene.cluster(name)), scene.cluster("hub")];
  const writes = { user: "release-conductor", verbs: ["create", "update", "patch", "delete", "deletecollection"] };
  const count = () => Promise.all(clusters.map(async (cluster) => (await cluster.audit(writes)).filter((one) => !isQuestion(one)).length));
  await sleep(2000); // Events follow a verdict
  const earlier = await count();
  assert.ok(
    earlier.every((writesThere) => writesThere > 0),
    `the audit logs show the releases before: ${earlier.join(", ")}`,
  );
  for (let resync = 0; resync < 10; resync += 1) await resyncAll();
  assert.deepEqual(await count(), earlier);
});

test("a conductor that is killed in the middle finishes on restart, without a second patch of what is done", async () => {
  const specPatches = async (name: string) =>
    (await instance(name).audit({ user: "release-conductor", verbs: ["patch"], resource: "applications" })).filter(
      ({ objectRef }) => objectRef?.name === `checkout-${name}`,
    ).length;
  const before_ = await Promise.all(ALL.map(specPatches));
  await scene.release(revision(2));
  await untilTrue(
    "a first Application is patched",
    async () => (await applicationOf("eu-west-1")).spec.source.targetRevision === revision(2),
  );
  await conductor.kill();
  conductor = await scene.conductor({ args: ["--settle-time", "3s"] });
  const release = await scene.finished({ seconds: 120 });
  assert.equal(release.status?.phase, "Succeeded");
  assert.equal(release.status?.history?.length, 3);
  const patches = await Promise.all(ALL.map(specPatches));
  // One of the values, and one that asks Argo CD to look once more (two, when it was killed after asking).
  for (const [index, name] of ALL.entries()) {
    const more = (patches[index] ?? 0) - (before_[index] ?? 0);
    assert.ok(more === 2 || more === 3, `${name} was patched ${more} times`);
    assert.equal(await generationsOfRevision(name, revision(2)), 1, name);
  }
});

test("an Argo CD that falls silent after Synced is not taken for success", async () => {
  await environment("15s");
  await scene.release(revision(3));
  await untilTrue("eu-west-1 is synced", async () => {
    const { status } = await applicationOf("eu-west-1");
    const { phase, finishedAt = "" } = status?.operationState ?? {};
    const looked = Date.parse(status?.reconciledAt ?? "") >= Date.parse(finishedAt);
    return status?.sync?.status === "Synced" && status.sync.revision === revision(3) && phase === "Succeeded" && looked;
  });
  await scene.cluster("eu-west-1").argocd?.stopController();
  const release = await scene.finished({ seconds: 120 });
  await scene.cluster("eu-west-1").argocd?.startController();
  assert.equal(release.status?.phase, "Failed");
  assert.deepEqual(
    release.status.clusters?.map(({ name, phase, reason }) => ({ name, phase, reason })),
    [{ name: "eu-west-1", phase: "Failed", reason: "ArgoCDSilent" }],
  );
  assert.equal(release.status.targets?.summary, "4/5");
});

test("a revision that does not exist fails on every target with Argo CD's own words, and kubectl wait returns", async () => {
  await environment("15s");
  await scene.release(BAD);
  await scene.home.kubectl([
    "wait",
    "--for=condition=Finished",
    "--timeout=170s",
    "--namespace",
    "team-a",
    "servicerelease/checkout.production",
  ]);
  const release = await scene.until("Failed", ({ status }) => status?.phase === "Failed", { seconds: 180 });
  assert.equal(conditionsOf(release), "Ready=False Reconciling=False Stalled=True Finished=True");
  assert.equal(release.status?.targets?.summary, "0/5");
  assert.equal(release.status.targets.failed, 5);
  assert.deepEqual(
    release.status.clusters?.map(({ name }) => name),
    ALL,
  );
  for (const { name, message } of release.status.clusters ?? [])
    assert.match(message, new RegExp(`Failed to (checkout|fetch|resolve).*${BAD}`, "s"), name);
});

test("the next good revision is released from there", async () => {
  await scene.release(revision(4));
  const release = await scene.finished({ seconds: 180 });
  assert.equal(conditionsOf(release), "Ready=True Reconciling=False Stalled=False Finished=True");
  assert.equal(release.status?.revision?.stable, revision(4));
});

function revision(index: number): string {
  const found = revisions[index];
  if (found === undefined) throw new Error(`there is no revision ${index}`);
  return found;
}

/** Where Argo CD puts a cluster's resources. */
function place(name: string): Cluster {
  return spokeOf.get(name) ?? scene.cluster(name);
}

/** Whose API server holds a cluster's Application. */
function instance(name: string): Cluster {
  return SERVED.includes(name) ? scene.cluster("hub") : scene.cluster(name);
}

function at(name: string, automated: boolean, spoke?: string): object {
  const manifest = application({ repoURL: repository.url, name: `checkout-${name}`, revision: revision(0), automated });
  if (spoke === undefined) return manifest;
  return { ...manifest, spec: { ...(manifest["spec"] as object), destination: { name: spoke, namespace: "default" } } };
}

/** How a hub's Argo CD knows a cluster that it serves. */
function argoCluster(cluster: Cluster): object {
  const { name, url, ca } = cluster;
  const config = { bearerToken: cluster.token("argocd"), tlsClientConfig: { caData: Buffer.from(ca).toString("base64") } };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "argocd", labels: { "argocd.argoproj.io/secret-type": "cluster" } },
    stringData: { name, server: url, config: JSON.stringify(config) },
  };
}

async function environment(progressDeadline: string): Promise<void> {
  const spec = {
    clusters: ALL.map((name) => ({ name })),
    application: {
      name: "{{service}}-{{cluster}}",
      targetRevision: "{{revision}}",
      helm: {
        valueFiles: ["values.yaml", "values-{{environment}}.yaml", "values-{{environment}}-{{cluster}}.yaml"],
        ignoreMissingValueFiles: true,
        parameters: { "image.tag": "{{revision}}" },
      },
    },
    strategy: { ...AT_ONCE, progressDeadline },
  };
  await scene.home.apply([
    { apiVersion: "conductor.dev/v1alpha1", kind: "Environment", metadata: { name: "production", namespace: "team-a" }, spec },
  ]);
}

interface Application {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly source: { readonly targetRevision: string } };
  readonly status?: {
    readonly reconciledAt?: string;
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly operationState?: { readonly phase?: string; readonly finishedAt?: string };
    readonly history?: readonly { readonly revision?: string }[];
  };
}

function applicationOf(name: string): Promise<Application> {
  return instance(name).get(`/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout-${name}`);
}

/** How often Argo CD has deployed a revision. */
async function generationsOfRevision(name: string, wanted: string): Promise<number> {
  return ((await applicationOf(name)).status?.history ?? []).filter((entry) => entry.revision === wanted).length;
}

/** Every Argo CD looks at its Applications once more, and has said so. */
async function resyncAll(): Promise<void> {
  await Promise.all(
    ALL.map(async (name) => {
      const was = (await applicationOf(name)).status?.reconciledAt;
      await untilTrue(`${name} is looked at`, async () => {
        const app = await applicationOf(name);
        if (app.status?.reconciledAt !== was) return true;
        const asked = app.metadata.annotations?.["argocd.argoproj.io/refresh"] !== undefined;
        if (!asked)
          await instance(name).patch(`/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout-${name}`, {
            metadata: { annotations: { "argocd.argoproj.io/refresh": "normal" } },
          });
        return false;
      });
    }),
  );
}

async function untilTrue(what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`${what}: that did not come true within a minute`);
    await sleep(100);
  }
}
