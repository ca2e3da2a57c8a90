import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { FakeMetricsServer } from "#plane/fake-metrics.ts";
import type { Repository } from "#plane/git.ts";
import { application, type Manifest } from "#test/scene/manifests.ts";
import { analysis, metric, rolloutChart } from "#test/scene/rollouts.ts";
import { Scene } from "#test/scene/scene.ts";
import { until } from "#test/scene/stage.ts";

/** What the real Argo CD makes of an Application that holds a Rollout, and that the management cluster executes AnalysisRuns. */

interface App {
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly health?: { readonly status?: string; readonly message?: string };
    readonly resources?: readonly { readonly kind: string; readonly health?: object }[];
  };
}

let scene: Scene;
let metrics: FakeMetricsServer;
let repository: Repository;
before(async () => {
  metrics = await FakeMetricsServer.start((_, query) => (query.includes("canary") ? 0.2 : 0.01));
  scene = await Scene.start({ clusters: ["eu-west-1"], argocd: true, analysis: true, rollouts: true });
  repository = await scene.plane.repository("rollouts");
  for (const cluster of [scene.home, scene.cluster("eu-west-1")]) await cluster.apply([metrics.secret("default")]);
});
afterEach((context) => scene.plane.keepLogsIfFailed(context));
after(() => Promise.all([scene.stop(), metrics.stop()]));

const PATH = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout";
const CAUSE = "Caused by argoproj.io/Rollout:default/checkout";
const ROLLOUT = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/checkout";

/** The Application as soon as Argo CD has synced that commit and found its health to be so. */
async function health(revision: string, status: string): Promise<App> {
  return until<App>(
    `the Application at ${revision}`,
    () => scene.cluster("eu-west-1").get(PATH),
    (app) => app.status?.sync?.status === "Synced" && app.status.sync.revision === revision && app.status.health?.status === status,
  );
}

async function deploy(files: Readonly<Record<string, string>>): Promise<string> {
  const revision = await repository.commit(files);
  await scene.cluster("eu-west-1").apply([application({ repoURL: repository.url, revision })]);
  return revision;
}

test("a Rollout is Healthy, Suspended while its canary is paused, and Healthy when it was promoted", async () => {
  await health(await deploy(rolloutChart(1, { pause: "forever" })), "Healthy");
  const second = await deploy(rolloutChart(2, { pause: "forever" }));
  const { status } = await health(second, "Suspended");
  assert.equal(status?.health?.message, CAUSE);
  await scene.cluster("eu-west-1").patch(`${ROLLOUT}/status`, { status: { pauseConditions: null } });
  await health(second, "Healthy");
});

test("a Rollout whose analysis fails is Degraded, and the Application says which Rollout, but not why", async () => {
  const judge = metric({ api: "datadog-v2", query: "errors of the canary", success: "result < 0.05", address: metrics.url });
  const { status } = await health(await deploy(rolloutChart(3, { metrics: [judge] })), "Degraded");
  // Why is in the Rollout: since 3.0 Argo CD keeps what it says of single resources to itself (controller.resource.health.persist).
  assert.equal(status?.health?.message, CAUSE);
  const rollout = status?.resources?.find(({ kind }) => kind === "Rollout");
  assert.ok(rollout !== undefined && rollout.health === undefined);
});

test("the management cluster, which has no pods, executes AnalysisRuns", async () => {
  const judge = metric({ api: "prometheus", query: "errors", success: "result[0] < 0.05", address: metrics.url });
  const run = analysis("AnalysisRun", "wave-1", [judge]);
  const path = "/apis/argoproj.io/v1alpha1/namespaces/default/analysisruns";
  await scene.home.create<Manifest>(path, run);
  const found = await until<{ status?: { phase?: string } }>(
    "the AnalysisRun",
    () => scene.home.get(`${path}/wave-1`),
    ({ status }) => status?.phase !== undefined && status.phase !== "Pending" && status.phase !== "Running",
  );
  assert.equal(found.status?.phase, "Successful");
});
