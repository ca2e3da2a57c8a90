import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { stringify } from "yaml";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Cluster } from "#plane/cluster.ts";
import type { Repository } from "#plane/git.ts";
import { FakeMetricsServer } from "#plane/fake-metrics.ts";
import type { Conductor } from "#test/scene/conductor.ts";
import { application } from "#test/scene/manifests.ts";
import { Scene } from "#test/scene/scene.ts";
import { eventually } from "#test/scene/service.ts";

/** A canary inside a cluster: a real Argo CD deploys a Rollout, a real Argo Rollouts moves it, and its analysis asks for metrics that are played. */

const EU = "eu-west-1";
const NAME = "checkout.production";
const ROLLOUT = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/checkout";

let scene: Scene;
let eu: Cluster;
let repository: Repository;
let metrics: FakeMetricsServer;
let conductor: Conductor;
/** What the analysis measures; at most 5 is good. */
let errors = 0;
const revisions: string[] = [];

before(async () => {
  metrics = await FakeMetricsServer.start(() => [errors]);
  scene = await Scene.start({ clusters: [EU], argocd: true, rollouts: true });
  eu = scene.cluster(EU);
  repository = await scene.plane.repository("checkout");
  for (const version of [1, 2, 3, 4, 5])
    revisions.push(await repository.commit({ "chart/checkout.yaml": manifests(version) }, `v${version}`));
  await eu.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }]);
  await eu.apply([application({ repoURL: repository.url, revision: revision(1), destination: "shop" })]);
  await eventually(
    async () => (await app()).status?.health?.status === "Healthy" && (await app()).status?.sync?.status === "Synced",
    () => "the first version was never healthy",
  );
  await environment({});
  conductor = await scene.conductor();
});
afterEach((context) => scene.plane.keepLogsIfFailed(context));
after(async () => {
  await scene.stop();
  await metrics.stop();
});

function manifests(version: number): string {
  const labels = { app: "checkout" };
  const rollout = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "checkout" },
    spec: {
      replicas: 4,
      selector: { matchLabels: labels },
      strategy: {
        canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { analysis: { templates: [{ templateName: "errors" }] } }] },
      },
      template: { metadata: { labels }, spec: { containers: [{ name: "checkout", image: `checkout:${version}` }] } },
    },
  };
  const provider = { prometheus: { address: metrics.url, query: "errors" } };
  const metric = {
    name: "errors",
    count: 3,
    interval: "4s",
    failureLimit: 0,
    successCondition: "result[0] <= 5",
    failureCondition: "result[0] > 5",
    provider,
  };
  const template = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name: "errors" },
    spec: { metrics: [metric] },
  };
  return [rollout, template].map((one) => stringify(one)).join("---\n");
}

function revision(version: number): string {
  return revisions[version - 1] ?? assert.fail();
}

function environment(strategy: object): Promise<void> {
  const spec = {
    clusters: [{ name: EU }],
    application: { targetRevision: "{{revision}}" },
    strategy: { waves: [{ name: "all" }], minSuccessTime: "0s", supersede: "Replace", rollbackWindow: { revisions: 0 }, ...strategy },
  };
  return scene.home.apply([
    { apiVersion: "conductor.dev/v1alpha1", kind: "Environment", metadata: { name: "production", namespace: "team-a" }, spec },
  ]);
}

interface App {
  readonly spec: { readonly source: { readonly targetRevision: string } };
  readonly status?: { readonly sync?: { readonly status?: string }; readonly health?: { readonly status?: string } };
}
const app = (): Promise<App> => eu.get("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout");

interface RolloutObject {
  readonly status?: {
    readonly phase?: string;
    readonly stableRS?: string;
    readonly currentPodHash?: string;
    readonly currentStepIndex?: number;
  };
}
const rollout = (): Promise<RolloutObject> => eu.get(ROLLOUT);

/** As `kubectl argo rollouts promote` does. */
const promote = (): Promise<unknown> => eu.patch(`${ROLLOUT}/status`, { status: { pauseConditions: null } });

/** SIGKILL, whatever happens meanwhile, and a new process. */
async function away(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  await conductor.kill();
  try {
    await meanwhile();
  } finally {
    conductor = await scene.conductor();
  }
}

const told = ({ status }: ServiceRelease): string => {
  const [first] = status?.clusters ?? [];
  return `${first?.phase} ${first?.reason}: ${first?.message}`;
};
async function until(what: RegExp): Promise<ServiceRelease> {
  return scene.until(`${what}`, (release) => what.test(told(release)), { seconds: 120 });
}
async function asks(action: string, value: string): Promise<void> {
  const path = `/apis/conductor.dev/v1alpha1/namespaces/team-a/servicereleases/${NAME}`;
  await scene.home.patch(path, { metadata: { annotations: { [`conductor.dev/${action}`]: value } } });
}
/** The newest run of the release. */
async function newest(): Promise<ReleaseRun> {
  const { items } = await scene.home.get<{ items: readonly ReleaseRun[] }>("/apis/conductor.dev/v1alpha1/namespaces/team-a/releaseruns");
  const number = ({ metadata }: ReleaseRun): number => Number(metadata.name.split("-").at(-1));
  return items.toSorted((a, b) => number(a) - number(b)).at(-1) ?? assert.fail("there is no run");
}
/** The run after `before`, when it has brought everything back. */
async function backSince(before: ReleaseRun): Promise<ReleaseRun> {
  let run = before;
  await eventually(
    async () => (run = await newest()).metadata.name !== before.metadata.name && run.status?.finishedAt !== undefined,
    () => `no run after ${before.metadata.name} has ended: ${JSON.stringify(run.status, null, 2)}`,
  );
  assert.equal(run.status?.phase, "RolledBack", JSON.stringify(run.status, null, 2));
  return run;
}
async function assertStable(): Promise<void> {
  const { status } = await rollout();
  assert.deepEqual([status?.phase, status?.stableRS === status?.currentPodHash], ["Healthy", true]);
}
const finished = async (): Promise<string | undefined> => (await scene.finished({ seconds: 180 })).status?.phase;
const paused =
  /^Waiting CanaryPaused: Rollout shop\/checkout, step 2 of 4, weight 25 %, is paused: kubectl argo rollouts promote checkout -n shop goes on/;

test("a canary that is paused is waited for, longer than the deadline and by whoever is there, and is told step by step", async () => {
  await environment({ progressDeadline: "20s" });
  await scene.release(revision(2));
  await until(paused);
  await away();
  const since = Date.now();
  await eventually(
    async () => Date.now() > since + 22_000,
    () => "time stands still",
  );
  assert.match(told(await scene.getRelease()), paused);
  await promote();
  await until(
    /^Syncing Progressing: .*Rollout shop\/checkout, step 4 of 4, weight 50 %, AnalysisRun checkout-[-a-z0-9]+ has measured \d times/,
  );
  assert.equal(await finished(), "Succeeded");
  await environment({});
});

test("a canary whose analysis fails has failed, also while nobody looks, with its message, and the rollback brings it back to stable without a step", async () => {
  errors = 9;
  await scene.release(revision(3));
  await until(paused);
  await away(async () => {
    await promote();
    await eventually(
      async () => (await rollout()).status?.phase === "Degraded",
      () => "its analysis did not abort it",
    );
  });
  assert.equal(await finished(), "RolledBack");
  const run = await newest();
  const [target] = run.status?.targets ?? [];
  assert.equal(target?.failure?.reason, "CanaryFailed");
  assert.match(
    target.failure.message,
    /^Rollout shop\/checkout was aborted: .*Metric "errors" assessed Failed due to failed \(1\) > failureLimit \(0\)/,
  );
  assert.match(run.status?.rollback?.message ?? "", /CanaryFailed|was aborted/);
  await assertStable();
});

test("going back amid a canary brings it to stable at once: there is no step to wait in", async () => {
  errors = 0;
  await scene.release(revision(4));
  await until(paused);
  const before = await newest();
  await asks("rollback-to", `${before.metadata.name}/${revision(2)}`);
  const run = await backSince(before);
  assert.deepEqual([run.spec.kind, run.spec.warnings], ["Rollback", undefined]);
  await assertStable();
});

test("a failed canary that was left is begun again when a person asks for it, and not before", async () => {
  errors = 9;
  await environment({ onFailure: "Continue", maxFailures: "100%" });
  await scene.release(revision(5));
  await until(paused);
  await promote();
  assert.equal(await finished(), "Failed");
  assert.equal((await rollout()).status?.phase, "Degraded");
  errors = 0;
  const before = await newest();
  await asks("retry-failed", before.metadata.name);
  await until(paused);
  await promote();
  await scene.until("the retry has succeeded", ({ status }) => status?.phase === "Succeeded", { seconds: 180 });
});

test("going back to what is not stable any more repeats the canary: the plan warns of it, and the target says it", async () => {
  await environment({});
  await asks("rollback-to", `${(await newest()).metadata.name}/${revision(2)}`);
  await until(/^Waiting RollbackRepeatsCanary: .*step 2 of 4, weight 25 %, is paused: .*promote checkout -n shop --full/);
  const { spec } = await newest();
  assert.equal(spec.kind, "Rollback");
  assert.match(spec.warnings?.[0]?.message ?? "", /Rollout shop\/checkout repeats the 4 steps of its canary on the way back/);
  const before = await newest();
  await promote();
  await scene.until("it is back", ({ status }) => status?.phase === "RolledBack", { seconds: 180 });
  assert.equal((await newest()).metadata.name, before.metadata.name);
});

test("with promoteFull it goes back without waiting in its steps", async () => {
  await environment({ rollback: { promoteFull: true } });
  const before = await newest();
  await asks("rollback-to", `${before.metadata.name}/${revision(5)}`);
  // Nobody promotes it, and one of its steps has no end.
  const run = await backSince(before);
  assert.deepEqual([run.spec.kind, run.spec.warnings], ["Rollback", undefined]);
  await assertStable();
});
