import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { commit, appPath, conditionLines, four, Stage, until } from "#test/scene/stage.ts";

/** A settled release writes nothing, anywhere; and what changes under it is told, not repaired. */

const [EU, US] = ["eu-west-1", "us-east-1"];
const both = [EU, US];
const A = commit("a");
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: both, proxied: true });
  await stage.environment("production", both);
  await stage.environment("partial", [EU, "nowhere-1"]);
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

async function allWrites(): Promise<readonly string[]> {
  const found = await Promise.all(
    [stage.home, ...both.map((name) => stage.cluster(name))].map(async (cluster) =>
      (await stage.writes(cluster)).map(({ verb, requestURI }) => `${cluster.name}: ${verb} ${requestURI}`),
    ),
  );
  return found.flat();
}

/** Resolves when no write came for three seconds: what follows a change has been written by then. */
async function settled(): Promise<readonly string[]> {
  let before = await allWrites();
  for (let same = 0; same < 3;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = await allWrites();
    same = now.length === before.length ? same + 1 : 0;
    before = now;
  }
  return before;
}

test("ten resyncs, reopened watches, relisted registrations and a restart of settled releases cause no write on any cluster", async () => {
  for (const service of ["good", "bad", "denied"]) await stage.deploy(service, both);
  await stage.patchApp(US, "denied", { metadata: { annotations: { "conductor.dev/authorized": null } } });
  stage.argo(EU).script("bad", { syncFails: "no" });
  for (const service of ["good", "bad", "denied"]) await stage.scene.release(A, {}, `${service}.production`);
  await stage.scene.release(A, {}, "lonely.partial");
  await stage.scene.finished({ name: "good.production" });
  await stage.scene.finished({ name: "bad.production" });
  await stage.stalled("denied.production", "NotAuthorized");
  await stage.stalled("lonely.partial", "ClusterUnknown");
  const before = await settled();
  assert.ok(before.length > 10, "the audit logs hold what was done so far");

  for (let times = 0; times < 10; times += 1) {
    await Promise.all(both.map((cluster) => stage.argo(cluster).resync()));
    for (const name of [...both, stage.home.name]) {
      const proxy = stage.proxy(name);
      if (times % 2 === 0) proxy.expireWatches();
      else proxy.cutWatches();
    }
  }
  // Everybody's objects arrive anew, changed in what does not matter.
  for (const kind of ["environments/production", "servicereleases/good.production", "servicereleases/bad.production"])
    await stage.home.patch(`/apis/conductor.dev/v1alpha1/namespaces/team-a/${kind}`, { metadata: { labels: { touched: "yes" } } });
  for (const name of both)
    await stage.home.patch(`/api/v1/namespaces/release-conductor/secrets/cluster-${name}`, { metadata: { labels: { touched: "yes" } } });
  assert.deepEqual(await settled(), before);

  await stage.restart();
  assert.deepEqual(await settled(), before);
});

test("a settled value that is changed by hand makes the release Drifted and not unfinished, and put back makes it Ready again", async () => {
  const name = "drifting.production";
  await stage.deploy("drifting", both);
  await stage.scene.release(A, {}, name);
  const ended = await stage.scene.finished({ name });
  const last = ended.status?.conditions?.find(({ type }) => type === "Finished");
  const patches = await stage.touched("drifting");

  await stage.patchApp(US, "drifting", { spec: { source: { targetRevision: commit("d") } } });
  const drifted = await stage.scene.until("Drifted", ({ status }) => status?.phase === "Drifted", { name });
  assert.deepEqual(conditionLines(drifted), [
    "Ready=False Drifted @1",
    "Reconciling=False Drifted @1",
    "Stalled=False Drifted @1",
    "Finished=True Succeeded @1",
  ]);
  assert.deepEqual(
    drifted.status?.conditions?.find(({ type }) => type === "Finished"),
    last,
  );
  assert.deepEqual(drifted.status?.clusters, [
    { name: US, phase: "Drifted", reason: "ValuesChanged", message: `targetRevision was released as "${A}" and is "${commit("d")}"` },
  ]);
  assert.deepEqual(drifted.status?.history, ended.status?.history);

  await stage.patchApp(US, "drifting", { spec: { source: { targetRevision: A } } });
  const back = await stage.scene.until("Ready again", ({ status }) => status?.phase === "Succeeded", { name });
  assert.deepEqual(conditionLines(back), four("Succeeded", 1, "Ready", "Finished"));
  assert.deepEqual(await stage.touched("drifting"), patches);
});

test("a settled Application that is deleted makes the release Unknown, and put back makes it Ready again", async () => {
  const name = "vanishing.production";
  await stage.deploy("vanishing", both);
  await stage.scene.release(A, {}, name);
  await stage.scene.finished({ name });
  await stage.cluster(EU).delete(appPath("vanishing"));
  const lost = await stage.scene.until("Unknown", ({ status }) => status?.phase === "Unknown", { name });
  assert.deepEqual(conditionLines(lost), [
    "Ready=False Unknown @1",
    "Reconciling=False Unknown @1",
    "Stalled=False Unknown @1",
    "Finished=True Succeeded @1",
  ]);
  assert.deepEqual(lost.status?.clusters, [{ name: EU, phase: "Unknown", reason: "Missing", message: "its Application is gone" }]);
  await stage.deploy("vanishing", [EU], { revision: A });
  const back = await stage.scene.until("Ready again", ({ status }) => status?.phase === "Succeeded", { name });
  assert.deepEqual(conditionLines(back), four("Succeeded", 1, "Ready", "Finished"));
});

test("a settled target whose cluster is lost makes the release Unknown, and Ready again when it returns", async () => {
  const name = "remote.production";
  await stage.deploy("remote", both);
  await stage.scene.release(A, {}, name);
  await stage.scene.finished({ name });
  stage.proxy(US).set({ kind: "refuse" });
  const lost = await stage.scene.until("Unknown", ({ status }) => status?.phase === "Unknown", { name });
  assert.deepEqual(
    lost.status?.clusters?.map(({ name: cluster, phase, reason }) => ({ cluster, phase, reason })),
    [{ cluster: US, phase: "Unknown", reason: "WatchLost" }],
  );
  assert.equal(lost.status?.conditions?.find(({ type }) => type === "Finished")?.status, "True");
  await stage.proxy(US).clear();
  await stage.scene.until("Ready again", ({ status }) => status?.phase === "Succeeded", { name });
  await until(
    "the Environment",
    () => stage.getEnvironment("production"),
    ({ status }) => status?.clusters?.summary === "2/2",
  );
});
