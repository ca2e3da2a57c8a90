import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { commit, conditionLines, four, OLD, Stage } from "#test/scene/stage.ts";

/** What a release does when everybody answers. */

const both = ["eu-west-1", "us-east-1"];
const [A, B, C] = [commit("a"), commit("b"), commit("c")] as const;
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: both });
  await stage.environment("production", both, { strategy: { progressDeadline: "60s" } });
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

test("a first release brings every target to its revision, and says so on the release and on its run", async () => {
  const name = "checkout.production";
  await stage.deploy("checkout", both);
  await stage.scene.release(A, {}, name);
  const { status, metadata } = await stage.scene.finished({ name });
  const [run] = await stage.runs(name);
  const at = { startedAt: run?.status?.startedAt, finishedAt: run?.status?.finishedAt };

  for (const cluster of both)
    assert.deepEqual((await stage.app(cluster, "checkout")).spec.source, {
      repoURL: "https://git.example/deploy",
      path: "chart",
      targetRevision: A,
    });
  for (const cluster of both) assert.deepEqual(await stage.patches(cluster, "checkout"), ["spec", "refresh"]);
  assert.ok(status !== undefined && run?.status !== undefined);
  const { conditions: _, ...rest } = status;
  const counts = { total: 2, updated: 2, ready: 2, failed: 0, unreachable: 0, summary: "2/2" };
  assert.deepEqual(rest, {
    observedGeneration: 1,
    phase: "Succeeded",
    revision: { desired: A, stable: A },
    wave: { current: 1, total: 1, summary: "1/1" },
    targets: counts,
    run: "checkout.production-1",
    history: [{ run: "checkout.production-1", revision: A, outcome: "Succeeded", ...at }],
  });
  const { values, targets, release, ...plan } = run.spec;
  assert.deepEqual(plan, {
    kind: "Forward",
    service: "checkout",
    environment: "production",
    revision: A,
    commit: A,
    strategy: { progressDeadlineSeconds: 60, onFailure: "Continue", rollbackScope: "Run", supersede: "Replace" },
    waves: [{ name: "all", maxConcurrency: 2, maxFailures: 2, maxUnreachable: 0, minSuccessSeconds: 0 }],
  });
  assert.deepEqual({ name: release.name, uid: release.uid, generation: release.generation }, { name, uid: metadata.uid, generation: 1 });
  assert.deepEqual(values, [{ targetRevision: A }, { targetRevision: OLD }]);
  assert.deepEqual(
    targets,
    both.map((cluster) => ({
      cluster,
      instance: cluster,
      application: { namespace: "argocd", name: "checkout" },
      wave: 1,
      desired: 0,
      live: 1,
      healthy: true,
      baseline: 1,
    })),
  );
  assert.deepEqual(conditionLines(run), four("Succeeded", 1, "Ready", "Finished"));
  const { conditions: __, ...report } = run.status;
  assert.deepEqual(report, {
    observedGeneration: 1,
    phase: "Succeeded",
    ...at,
    observedAt: at.finishedAt,
    waves: [{ name: "all", phase: "Verified", startedAt: at.startedAt, verifiedAt: at.finishedAt }],
    counts,
    targets: [],
  });
});

test("conditions follow the table in the README at every stage, and speak of the newest generation", async () => {
  const name = "stages.canary";
  const consent = { annotations: { "conductor.dev/authorized": `team-a/${name}` } };
  await stage.deploy("stages", ["eu-west-1"], consent);

  await stage.scene.release(A, {}, name);
  assert.deepEqual(conditionLines(await stage.stalled(name, "EnvironmentNotFound")), four("EnvironmentNotFound", 1, "Stalled"));

  stage.argo("eu-west-1").script("stages", { silent: true });
  await stage.environment("canary", ["eu-west-1"], { strategy: { progressDeadline: "2m" } });
  const flying = await stage.scene.until("in flight", ({ status }) => status?.waitingOn?.reason === "NotObserved", { name });
  assert.deepEqual(conditionLines(flying), four("Progressing", 1, "Reconciling"));
  const { since, ...waits } = flying.status?.waitingOn ?? {};
  assert.deepEqual(waits, { reason: "NotObserved", message: "eu-west-1: Argo CD has not compared the values that were written" });
  assert.match(String(since), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(flying.status?.clusters, [
    { name: "eu-west-1", phase: "Patched", reason: "NotObserved", message: "Argo CD has not compared the values that were written" },
  ]);

  stage.argo("eu-west-1").script("stages", {});
  assert.deepEqual(conditionLines(await stage.scene.finished({ name })), four("Succeeded", 1, "Ready", "Finished"));

  stage.argo("eu-west-1").script("stages", { silent: true });
  await stage.scene.release(B, {}, name);
  const second = await stage.scene.until("in flight again", ({ status }) => status?.waitingOn?.reason === "NotObserved", { name });
  assert.deepEqual(conditionLines(second), four("Progressing", 2, "Reconciling"));
  assert.deepEqual(second.status?.revision, { desired: B, stable: A });

  stage.argo("eu-west-1").script("stages", { syncFails: "one or more objects failed to apply" });
  const failed = await stage.scene.finished({ name });
  assert.deepEqual(conditionLines(failed), four("Failed", 2, "Stalled", "Finished"));
  assert.equal(failed.status?.conditions?.[0]?.message, "1 of 1 target failed: eu-west-1: one or more objects failed to apply");
  assert.deepEqual(failed.status?.clusters, [
    { name: "eu-west-1", phase: "Failed", reason: "SyncFailed", message: "one or more objects failed to apply" },
  ]);
  assert.equal(failed.status?.waitingOn, undefined);
});

test("a second revision is planned over the verified one, and the history holds both, the newest first", async () => {
  const name = "second.production";
  await stage.deploy("second", both);
  await stage.scene.release(A, {}, name);
  await stage.scene.finished({ name });
  await stage.scene.release(B, {}, name);
  const { status } = await stage.scene.finished({ name });
  assert.deepEqual(
    status?.history?.map(({ run, revision, outcome }) => ({ run, revision, outcome })),
    [
      { run: `${name}-2`, revision: B, outcome: "Succeeded" },
      { run: `${name}-1`, revision: A, outcome: "Succeeded" },
    ],
  );
  const { values, targets } = (await stage.scene.getRun(`${name}-2`)).spec;
  assert.deepEqual(
    targets.map(({ desired, live, baseline }) =>
      [desired, live, baseline].map((index) => (index === undefined ? undefined : values[index])),
    ),
    both.map(() => [{ targetRevision: B }, { targetRevision: A }, { targetRevision: A }]),
  );
});

test("Events on the release and on its run tell what happened, once each", async () => {
  const name = "told.production";
  await stage.deploy("told", ["us-east-1"]);
  stage.argo("us-east-1").script("told", { syncFails: "the webhook said no" });
  await stage.scene.release(A, { clusters: ["us-east-1"] }, name);
  await stage.scene.finished({ name });
  const lines = async (object: string): Promise<readonly string[]> =>
    (await stage.events(object)).map(({ type, reason, note }) => `${type} ${reason} ${note}`);
  const told = await stage.scene
    .until("events", () => true, { name })
    .then(async () => {
      for (;;) {
        const [release, run] = [await lines(name), await lines(`${name}-1`)];
        if (release.length >= 2 && run.length >= 2) return { release: release.toSorted(), run: run.toSorted() };
      }
    });
  assert.deepEqual(told, {
    release: [
      `Normal RunPlanned ${name}-1: revision ${A} to 1 cluster in 1 wave`,
      `Warning Failed ${name}-1: 1 of 1 target failed: us-east-1: the webhook said no`,
    ],
    run: [`Normal TargetPatched us-east-1: written, revision ${A}`, "Warning Failed 1 of 1 target failed: us-east-1: the webhook said no"],
  });
});

test("kubectl wait for Finished returns when a release has succeeded, and when it has failed", async () => {
  const name = "waited.production";
  await stage.deploy("waited", both);
  const wait = (): Promise<string> =>
    stage.home.kubectl(["wait", "--for=condition=Finished", `servicerelease/${name}`, "-n", "team-a", "--timeout=60s"]);
  await stage.scene.release(A, {}, name);
  assert.match(await wait(), /condition met/);
  assert.equal((await stage.scene.getRelease(name)).status?.phase, "Succeeded");

  stage.argo("eu-west-1").script("waited", { syncFails: "no" });
  await stage.scene.release(B, {}, name);
  await stage.scene.until("the new generation", () => true, { name });
  assert.match(await wait(), /condition met/);
  assert.equal((await stage.scene.getRelease(name)).status?.phase, "Failed");
});

test("kubectl get servicereleases shows each value under its column", async () => {
  const name = "shown.production";
  await stage.deploy("shown", both);
  stage.argo("us-east-1").script("shown", { health: "Progressing" });
  await stage.scene.release(A, {}, name);
  await stage.scene.until("half done", ({ status }) => status?.targets?.ready === 1 && status.waitingOn?.reason === "Progressing", {
    name,
  });
  const [head = "", line = ""] = (await stage.home.kubectl(["get", "servicereleases", name, "-n", "team-a"])).split("\n");
  const columns = [...head.matchAll(/\S+/g)].map(({ 0: title, index }) => [title, index] as const);
  const shown = Object.fromEntries(columns.map(([title, from], at) => [title, line.slice(from, columns[at + 1]?.[1]).trim()]));
  const { AGE, ...rest } = shown;
  assert.deepEqual(rest, {
    NAME: name,
    SERVICE: "shown",
    REVISION: A,
    ENVIRONMENT: "production",
    PHASE: "Progressing",
    WAVE: "1/1",
    READY: "1/2",
    FAILED: "0",
    "WAITING-ON": "Progressing",
  });
  assert.match(String(AGE), /^\d+[sm]/);
  stage.argo("us-east-1").script("shown", {});
  await stage.scene.finished({ name });
});

test("an Application that does not sync by itself gets one write with its operation, tagged with the run, and no second", async () => {
  const name = "manual.production";
  await stage.deploy("manual", both, { automated: false });
  await stage.scene.release(A, {}, name);
  await stage.scene.finished({ name });
  const [run] = await stage.runs(name);
  for (const cluster of both) {
    assert.deepEqual(await stage.patches(cluster, "manual"), ["spec+operation", "refresh"]);
    const { status, operation } = await stage.app(cluster, "manual");
    assert.equal(operation, undefined);
    assert.deepEqual(status?.operationState?.operation, {
      initiatedBy: { username: "release-conductor", automated: true },
      info: [{ name: "conductor.dev/run", value: run?.metadata.uid }],
      retry: { limit: 5, backoff: { duration: "5s", factor: 2, maxDuration: "3m" } },
      sync: { revision: A, prune: false, syncStrategy: { hook: {} } },
    });
  }
});

test("a target that holds the desired values already is verified and not patched", async () => {
  const name = "there.production";
  await stage.deploy("there", both, { revision: C });
  const before = await Promise.all(both.map((cluster) => stage.app(cluster, "there")));
  await stage.scene.release(C, {}, name);
  const { status } = await stage.scene.finished({ name });
  assert.equal(status?.phase, "Succeeded");
  for (const [index, cluster] of both.entries()) {
    assert.deepEqual(await stage.patches(cluster, "there"), ["refresh"]);
    assert.deepEqual((await stage.app(cluster, "there")).spec, before[index]?.spec);
  }
});

test("a release that names clusters touches these and no others", async () => {
  const name = "narrow.production";
  await stage.deploy("narrow", both);
  await stage.scene.release(A, { clusters: ["us-east-1"] }, name);
  const { status } = await stage.scene.finished({ name });
  assert.equal(status?.targets?.summary, "1/1");
  assert.deepEqual(await stage.patches("us-east-1", "narrow"), ["spec", "refresh"]);
  assert.deepEqual(await stage.patches("eu-west-1", "narrow"), []);
  assert.equal((await stage.app("eu-west-1", "narrow")).spec.source?.targetRevision, OLD);
});

test("of several sources only the chosen one is changed, and what else it holds stays", async () => {
  const name = "several.layered";
  const sources = [
    {
      repoURL: "https://charts.example",
      chart: "several",
      targetRevision: "1.2.3",
      helm: { valueFiles: ["$values/a.yaml"], parameters: [{ name: "keep", value: "me" }] },
    },
    { repoURL: "https://git.example/values", ref: "values", targetRevision: OLD },
  ];
  await stage.environment("layered", ["eu-west-1"], {
    application: { source: { repoURL: "https://git.example/values" }, targetRevision: "{{revision}}" },
  });
  await stage.cluster("eu-west-1").apply([
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata: { name: "several", namespace: "argocd", annotations: { "conductor.dev/authorized": `team-a/${name}` } },
      spec: {
        project: "default",
        sources,
        destination: { server: "https://kubernetes.default.svc", namespace: "default" },
        syncPolicy: { automated: {} },
      },
    },
  ]);
  await stage.scene.release(A, {}, name);
  const { status } = await stage.scene.finished({ name });
  assert.equal(status?.phase, "Succeeded");
  assert.deepEqual((await stage.app("eu-west-1", "several")).spec["sources"], [sources[0], { ...sources[1], targetRevision: A }]);
});

test("re-applying a release that has ended starts nothing", async () => {
  const name = "again.production";
  await stage.deploy("again", both);
  stage.argo("eu-west-1").script("again", { syncFails: "no" });
  await stage.scene.release(A, {}, name);
  const ended = await stage.scene.finished({ name });
  stage.argo("eu-west-1").script("again", {});
  await stage.scene.release(A, {}, name);
  await stage.home.patch(`/apis/conductor.dev/v1alpha1/namespaces/team-a/servicereleases/${name}`, {
    metadata: { labels: { touched: "yes" } },
  });
  // A release made after it is worked through while this one would have been.
  await stage.scene.release(A, { clusters: ["us-east-1"] }, "narrow.production");
  await stage.scene.finished({ name: "narrow.production" });
  assert.deepEqual((await stage.scene.getRelease(name)).status, ended.status);
  assert.equal((await stage.runs(name)).length, 1);
});
