import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { commit, OLD, Stage, until } from "#test/scene/stage.ts";

/** The conductor or its API server ends at the worst moments, and wishes change midway. */

const [EU, US] = ["eu-west-1", "us-east-1"];
const both = [EU, US];
const [A, B, C] = [commit("a"), commit("b"), commit("c")] as const;
const releases = "/apis/conductor.dev/v1alpha1/namespaces/team-a/servicereleases";
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: both, proxied: true });
  await stage.environment("production", both, { strategy: { progressDeadline: "2m" } });
});
afterEach(async (t) => {
  await stage.keepIfFailed(t);
  await stage.clear();
});
after(() => stage.stop());

const isPatch = (method: string): boolean => method === "PATCH";

async function finishesOnce(name: string, kind = "spec"): Promise<void> {
  const service = name.split(".")[0] ?? "";
  const { status } = await stage.scene.finished({ name });
  assert.equal(status?.phase, "Succeeded");
  for (const cluster of both) {
    const done = await stage.patches(cluster, service);
    assert.deepEqual(
      done.filter((what) => what !== "refresh"),
      [kind],
      `on ${cluster}`,
    );
    assert.equal((await stage.app(cluster, service)).spec.source?.targetRevision, A);
  }
}

for (const automated of [true, false]) {
  const kind = automated ? "spec" : "spec+operation";
  const apps = automated ? "Applications that sync by themselves" : "Applications that get an operation";
  const slug = (moment: string): string => `${moment}-${automated ? "auto" : "manual"}`;

  test(`killed right after the plan, it writes each target once when it starts again (${apps})`, async () => {
    const service = slug("planned");
    const name = `${service}.production`;
    await stage.deploy(service, both, { automated });
    for (const cluster of both) stage.proxy(cluster).set({ kind: "stall" }, isPatch);
    await stage.scene.release(A, {}, name);
    await until(
      "the run",
      () => stage.runs(name),
      (runs) => runs.length === 1,
    );
    await stage.conductor.kill();
    assert.deepEqual(await stage.touched(service), []);
    await stage.clear();
    await stage.revive();
    await finishesOnce(name, kind);
    assert.equal((await stage.runs(name)).length, 1);
  });

  test(`killed between the first patch and the second, it writes only the second when it starts again (${apps})`, async () => {
    const service = slug("halfway");
    const name = `${service}.production`;
    await stage.deploy(service, both, { automated });
    stage.proxy(US).set({ kind: "stall" }, isPatch);
    await stage.scene.release(A, {}, name);
    await stage.untilApp(EU, service, ({ spec }) => spec.source?.targetRevision === A);
    await stage.conductor.kill();
    assert.equal((await stage.app(US, service)).spec.source?.targetRevision, OLD);
    await stage.clear();
    await stage.revive();
    await finishesOnce(name, kind);
  });

  test(`killed before it could store that it had written, it does not write again when it starts again (${apps})`, async () => {
    const service = slug("unstored");
    const name = `${service}.production`;
    await stage.deploy(service, both, { automated });
    for (const cluster of both) {
      stage.argo(cluster).script(service, { silent: true });
      stage.proxy(cluster).set({ kind: "delay", ms: 1000 }, isPatch);
    }
    await stage.scene.release(A, {}, name);
    await stage.untilRun(`${name}-1`, ({ status }) => status?.startedAt !== undefined);
    stage.proxy(stage.home.name).set({ kind: "stall" }, (method) => method === "PUT");
    for (const cluster of both) await stage.untilApp(cluster, service, ({ spec }) => spec.source?.targetRevision === A);
    await stage.conductor.kill();
    assert.deepEqual(
      (await stage.scene.getRun(`${name}-1`)).status?.targets?.map(({ written }) => written),
      [undefined, undefined],
    );
    await stage.clear();
    await stage.revive();
    for (const cluster of both) stage.argo(cluster).script(service, {});
    await finishesOnce(name, kind);
  });

  test(`killed while it waits for evidence, it waits on when it starts again (${apps})`, async () => {
    const service = slug("waiting");
    const name = `${service}.production`;
    await stage.deploy(service, both, { automated });
    for (const cluster of both) stage.argo(cluster).script(service, { silent: true });
    await stage.scene.release(A, {}, name);
    await stage.untilRun(`${name}-1`, ({ status }) => status?.targets?.every(({ written }) => written === true) === true);
    await stage.restart();
    for (const cluster of both) stage.argo(cluster).script(service, {});
    await finishesOnce(name, kind);
  });
}

test("a management API server that restarts in the middle of a run loses nothing", async () => {
  const name = "restarted.production";
  await stage.deploy("restarted", both);
  stage.argo(US).script("restarted", { silent: true });
  await stage.scene.release(A, {}, name);
  await stage.scene.until("half done", ({ status }) => status?.targets?.ready === 1, { name });
  await stage.home.stopApiServer();
  stage.argo(US).script("restarted", {});
  // Argo CD and the conductor's watch of it go on meanwhile.
  await stage.untilApp(US, "restarted", (app) => app.status?.sync?.revision === A && app.operation === undefined);
  await stage.home.startApiServer();
  await finishesOnce(name);
  assert.equal((await fetch(`${stage.conductor.url}/readyz`)).status, 200);
});

test("a newer revision supersedes the run in flight, and is planned from the values last verified", async () => {
  const name = "superseded.production";
  await stage.deploy("superseded", both);
  await stage.scene.release(A, {}, name);
  await stage.scene.finished({ name });
  stage.argo(US).script("superseded", { silent: true });
  await stage.scene.release(B, {}, name);
  await stage.scene.until("half done", ({ status }) => status?.targets?.ready === 1 && status.waitingOn?.reason === "NotObserved", {
    name,
  });
  await stage.scene.release(C, {}, name);
  stage.argo(US).script("superseded", {});
  const { status } = await stage.scene.finished({ name });
  assert.deepEqual(
    status?.history?.map(({ revision, outcome }) => ({ revision, outcome })),
    [
      { revision: C, outcome: "Succeeded" },
      { revision: B, outcome: "Superseded" },
      { revision: A, outcome: "Succeeded" },
    ],
  );
  const { values, targets } = (await stage.scene.getRun(`${name}-3`)).spec;
  const value = (index: number | undefined): unknown => (index === undefined ? undefined : values[index]?.["targetRevision"]);
  assert.deepEqual(
    targets.map((target) => ({ live: value(target.live), baseline: value(target.baseline) })),
    [
      { live: B, baseline: A },
      { live: B, baseline: A },
    ],
  );
  for (const cluster of both) {
    assert.deepEqual((await stage.patches(cluster, "superseded")).filter((what) => what === "spec").length, 3);
    assert.equal((await stage.app(cluster, "superseded")).spec.source?.targetRevision, C);
  }
});

test("the operation of a superseded run that does not end is ended before the newer one is asked for", async () => {
  const name = "stuck.production";
  await stage.deploy("stuck", both, { automated: false });
  stage.argo(US).script("stuck", { operationHangs: true });
  await stage.scene.release(A, {}, name);
  await stage.untilApp(US, "stuck", ({ status }) => status?.operationState?.phase === "Running");
  await stage.scene.release(B, {}, name);
  await stage.untilApp(US, "stuck", ({ spec }) => spec.source?.targetRevision === B);
  stage.argo(US).script("stuck", {});
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  const done = await stage.patches(US, "stuck");
  assert.deepEqual(
    done.filter((what) => what !== "refresh"),
    ["spec+operation", "terminate", "spec+operation"],
  );
});

test("deleting the ServiceRelease in the middle of a run stops all writes and leaves the Applications as they are", async () => {
  const name = "deleted.production";
  await stage.deploy("deleted", both);
  stage.argo(EU).script("deleted", { silent: true });
  stage.proxy(US).set({ kind: "status", code: 503 }, isPatch);
  await stage.scene.release(A, {}, name);
  await stage.scene.until(
    "one patched",
    ({ status }) =>
      status?.clusters?.some(({ reason }) => reason === "WriteRefused") === true &&
      status.clusters.some(({ phase }) => phase === "Patched"),
    { name },
  );
  await stage.home.delete(`${releases}/${name}`);
  const before = await stage.touched("deleted");
  await stage.clear();
  stage.argo(EU).script("deleted", {});
  // Whatever it still had to do, it does before it has finished another release and restarted.
  await stage.deploy("bystander", both);
  await stage.scene.release(A, {}, "bystander.production");
  await stage.scene.finished({ name: "bystander.production" });
  await stage.restart();
  await stage.scene.release(B, {}, "bystander.production");
  await stage.scene.finished({ name: "bystander.production" });
  assert.deepEqual(await stage.touched("deleted"), before);
  assert.equal((await stage.app(EU, "deleted")).spec.source?.targetRevision, A);
  assert.equal((await stage.app(US, "deleted")).spec.source?.targetRevision, OLD);

  // The same name, made anew, is another release.
  await stage.scene.release(B, {}, name);
  const { status, metadata } = await stage.scene.finished({ name });
  assert.equal(status?.phase, "Succeeded");
  assert.equal((await stage.scene.getRun(status?.run ?? "")).spec.release.uid, metadata.uid);
  assert.deepEqual(
    status?.history?.map(({ revision, outcome }) => ({ revision, outcome })),
    [{ revision: B, outcome: "Succeeded" }],
  );
});

test("of two releases that want one Application at the same moment, one gets it", async () => {
  const [first, second] = ["raced.production", "raced.rival"];
  await stage.environment("rival", both);
  await stage.deploy("raced", both, { annotations: { "conductor.dev/authorized": `team-a/${first},team-a/${second}` } });
  // A run that is made takes a second to come back: time enough for both to plan.
  stage.proxy(stage.home.name).set({ kind: "delay", ms: 1000 }, (method, path) => method === "POST" && path.includes("/releaseruns"));
  await Promise.all([stage.scene.release(A, {}, first), stage.scene.release(B, {}, second)]);
  const [one, other] = await Promise.all(
    [first, second].map((name) =>
      stage.scene.until("decided", ({ status }) => status?.phase === "Succeeded" || status?.waitingOn?.reason === "ApplicationTaken", {
        name,
      }),
    ),
  );
  assert.deepEqual(new Set([one?.status?.phase, other?.status?.phase]), new Set(["Stalled", "Succeeded"]));
  for (const cluster of both) assert.deepEqual(await stage.patches(cluster, "raced"), ["spec", "refresh"]);
});
