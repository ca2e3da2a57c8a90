import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "#plane/cluster.ts";
import type { Repository } from "#plane/git.ts";
import { Plane } from "#plane/plane.ts";

const path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout";

interface Application {
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly health?: { readonly status?: string };
    readonly conditions?: readonly { readonly type: string }[];
  };
}

const chart = (value: string) => ({
  "chart/Chart.yaml": "apiVersion: v2\nname: checkout\nversion: 0.1.0\n",
  "chart/values.yaml": `value: ${value}\n`,
  "chart/templates/configmap.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: checkout}\ndata: {value: "{{ .Values.value }}"}\n',
});

const application = (repoURL: string, targetRevision: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "checkout", namespace: "argocd" },
  spec: {
    project: "default",
    source: { repoURL, path: "chart", targetRevision },
    destination: { server: "https://kubernetes.default.svc", namespace: "default" },
    syncPolicy: { automated: {} },
  },
});

let plane: Plane;
let cluster: Cluster;
let repository: Repository;
before(async () => {
  plane = await Plane.start();
  [cluster, repository] = await Promise.all([plane.cluster("real", { argocd: true }), plane.repository("checkout")]);
});
afterEach((t) => plane.keepLogsIfFailed(t));
after(() => plane.stop());

async function until(what: string, check: (status: NonNullable<Application["status"]>) => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
    const { status = {} } = await cluster.get<Application>(path);
    if (check(status)) return;
    if (Date.now() < deadline) continue;
    assert.fail(`not ${what}: ${JSON.stringify(status)}; logs in ${await plane.keepLogs("e2e-plane")}`);
  }
}

const arrived = (revision: string) =>
  until(
    `arrived at ${revision}`,
    ({ sync, health }) => sync?.status === "Synced" && sync.revision === revision && health?.status === "Healthy",
  );

const value = async () => (await cluster.get<{ data: { value: string } }>("/api/v1/namespaces/default/configmaps/checkout")).data.value;

test("a real Argo CD brings an Application of a Helm chart from a local repository to Synced and Healthy", async () => {
  const revision = await repository.commit(chart("one"));
  await cluster.apply([application(repository.url, revision)]);
  await arrived(revision);
  assert.equal(await value(), "one");
});

test("it follows a patched targetRevision, and says ComparisonError for a commit that does not exist", async () => {
  await cluster.patch(path, { spec: { source: { targetRevision: "0".repeat(40) } } });
  await until("in error", ({ conditions }) => conditions?.some(({ type }) => type === "ComparisonError") ?? false);
  const revision = await repository.commit(chart("two"));
  await cluster.patch(path, { spec: { source: { targetRevision: revision } } });
  await arrived(revision);
  assert.equal(await value(), "two");
});

test("while its controller is stopped or paused nothing moves, and all does after its start", async () => {
  const argocd = cluster.argocd;
  assert.ok(argocd !== undefined);
  for (const [text, halt] of [
    ["three", () => argocd.stopController()],
    ["four", async () => argocd.pauseController()],
  ] as const) {
    await halt();
    const revision = await repository.commit(chart(text));
    await cluster.patch(path, { spec: { source: { targetRevision: revision } } });
    await sleep(2000);
    assert.notEqual(await value(), text);
    await argocd.startController();
    await arrived(revision);
    assert.equal(await value(), text);
  }
});
