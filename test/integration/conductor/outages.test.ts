import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Fault } from "#plane/faults.ts";
import { commit, conditionLines, four, OLD, Stage } from "#test/scene/stage.ts";

/** Clusters that cannot be reached, Argo CDs that do not do what was asked, and people who interfere. */

const [EU, US] = ["eu-west-1", "us-east-1"];
const both = [EU, US];
const [A, B] = [commit("a"), commit("b")] as const;
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: both, proxied: true, args: ["--contact-time", "3s"] });
  await stage.environment("production", both, { strategy: { progressDeadline: "2m" } });
});
afterEach(async (t) => {
  await stage.keepIfFailed(t);
  await stage.clear();
});
after(() => stage.stop());

/** An Environment of both clusters with another deadline, and Applications that consent to it. */
async function impatient(service: string, progressDeadline: string, clusters: readonly string[] = [EU]): Promise<string> {
  const name = `${service}.hasty-${progressDeadline}`;
  await stage.environment(`hasty-${progressDeadline}`, both, { strategy: { progressDeadline } });
  await stage.deploy(service, clusters, { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
  return name;
}

interface Outage {
  readonly what: string;
  readonly service: string;
  readonly fault: Fault;
  readonly words: RegExp;
}

const outages: readonly Outage[] = [
  {
    what: "refuses connections",
    service: "refused",
    fault: { kind: "refuse" },
    words: /^us-east-1: connection refused by 127\.0\.0\.1:\d+$/,
  },
  {
    what: "refuses the credential",
    service: "unauthorized",
    fault: { kind: "status", code: 401 },
    words:
      /^us-east-1: the API server answered 401: Unauthorized: made by the fault proxy: renew the credential in Secret "cluster-us-east-1"$/,
  },
  { what: "hangs", service: "hanging", fault: { kind: "stall" }, words: /^us-east-1: us-east-1 has not answered for 3 s$/ },
];

for (const { what, service, fault, words } of outages) {
  test(`a cluster that ${what} holds up no other, is named in the status, and is finished after it returns`, async () => {
    const name = `${service}.production`;
    await stage.deploy(service, both);
    // A watch that is open already would tell another story.
    await stage.conductor.kill();
    stage.proxy(US).set(fault);
    await stage.revive();
    await stage.scene.release(A, {}, name);
    const open = await stage.scene.until("one done", ({ status }) => status?.targets?.ready === 1 && status.targets.unreachable === 1, {
      name,
    });
    assert.match(String(open.status?.waitingOn?.message), words);
    assert.equal(open.status?.waitingOn?.reason, "Unreachable");
    assert.deepEqual(
      open.status?.clusters?.map(({ name: cluster, phase, reason }) => ({ cluster, phase, reason })),
      [{ cluster: US, phase: "Unreachable", reason: "Unreachable" }],
    );
    assert.deepEqual(conditionLines(open), four("Waiting", 1, "Reconciling"));
    assert.deepEqual(open.status?.targets, { total: 2, updated: 1, ready: 1, failed: 0, unreachable: 1, summary: "1/2" });
    assert.deepEqual(await stage.touched(service), [`${EU}: patch`, `${EU}: patch`]);

    await stage.proxy(US).clear();
    assert.equal((await stage.scene.finished({ name, seconds: 90 })).status?.phase, "Succeeded");
    for (const cluster of both) assert.deepEqual(await stage.patches(cluster, service), ["spec", "refresh"]);
  });
}

test("a cluster that is lost after its patch is Unknown, and is verified after it returns without a second patch", async () => {
  const name = "lost.production";
  await stage.deploy("lost", both);
  stage.argo(US).script("lost", { silent: true });
  await stage.scene.release(A, {}, name);
  await stage.scene.until("patched", ({ status }) => status?.targets?.ready === 1 && status.waitingOn?.reason === "NotObserved", { name });
  stage.proxy(US).set({ kind: "refuse" });
  const { status } = await stage.scene.until("lost", (release) => release.status?.clusters?.[0]?.phase === "Unknown", { name });
  assert.deepEqual(
    status?.clusters?.map(({ name: cluster, phase, reason }) => ({ cluster, phase, reason })),
    [{ cluster: US, phase: "Unknown", reason: "WatchLost" }],
  );
  assert.equal(status?.targets?.unreachable, 1);
  stage.argo(US).script("lost", {});
  await stage.proxy(US).clear();
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  assert.deepEqual(await stage.patches(US, "lost"), ["spec", "refresh"]);
});

test("consent that is withdrawn while the cluster was out of reach fails the target without a write", async () => {
  const name = "withdrawn.production";
  await stage.deploy("withdrawn", both);
  await stage.conductor.kill();
  stage.proxy(US).set({ kind: "refuse" });
  await stage.revive();
  await stage.scene.release(A, {}, name);
  await stage.scene.until("one done", ({ status }) => status?.targets?.ready === 1 && status.targets.unreachable === 1, { name });
  await stage.patchApp(US, "withdrawn", { metadata: { annotations: { "conductor.dev/authorized": null } } });
  await stage.proxy(US).clear();
  const { status } = await stage.scene.finished({ name });
  assert.equal(status?.phase, "Failed");
  const message = `Application argocd/withdrawn on ${US} has not consented to team-a/withdrawn.production: annotate it: conductor.dev/authorized: team-a/withdrawn.production`;
  assert.deepEqual(status?.clusters, [{ name: US, phase: "Failed", reason: "NotAuthorized", message }]);
  assert.deepEqual(await stage.touched("withdrawn"), [`${EU}: patch`, `${EU}: patch`]);
  assert.equal((await stage.app(US, "withdrawn")).spec.source?.targetRevision, OLD);
});

test("a value that somebody changed since the plan is left alone, and the target fails with ChangedSincePlan", async () => {
  const name = "changed.production";
  await stage.deploy("changed", both);
  stage.proxy(US).set({ kind: "status", code: 503 }, (method) => method === "PATCH");
  await stage.scene.release(A, {}, name);
  const open = await stage.scene.until(
    "refused",
    ({ status }) => status?.targets?.ready === 1 && status.waitingOn?.reason === "WriteRefused",
    { name },
  );
  assert.equal(open.status?.waitingOn?.message, `${US}: the API server answered 503: ServiceUnavailable: made by the fault proxy`);
  await stage.patchApp(US, "changed", { spec: { source: { targetRevision: B } } });
  await stage.proxy(US).clear();
  const { status } = await stage.scene.finished({ name });
  const message = `targetRevision was "${OLD}" when the plan was made and is "${B}" now: release again to plan from what is there`;
  assert.deepEqual(status?.clusters, [{ name: US, phase: "Failed", reason: "ChangedSincePlan", message }]);
  assert.equal((await stage.app(US, "changed")).spec.source?.targetRevision, B);
  assert.deepEqual(await stage.patches(US, "changed"), []);
});

test("a value that somebody put back is Reverted, names the owner, and is not patched again", async () => {
  const name = "reverted.production";
  await stage.deploy("reverted", [EU]);
  const owner = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "ApplicationSet",
    name: "all-regions",
    uid: "0b7e0a3c-6d8d-4f5b-9c51-1f6a2f0e7c11",
  };
  await stage.patchApp(EU, "reverted", { metadata: { ownerReferences: [owner] } });
  stage.argo(EU).script("reverted", { silent: true });
  await stage.scene.release(A, { clusters: [EU] }, name);
  await stage.scene.until("patched", ({ status }) => status?.waitingOn?.reason === "NotObserved", { name });
  await stage.patchApp(EU, "reverted", { spec: { source: { targetRevision: OLD } } });
  const { status } = await stage.scene.finished({ name });
  const message =
    `targetRevision is "${OLD}" again, not "${A}". ApplicationSet all-regions owns this Application: give it spec.ignoreApplicationDifferences: ` +
    "[{jsonPointers: [/spec/source/targetRevision]}] and spec.preservedFields.annotations: [conductor.dev/authorized]";
  assert.deepEqual(status?.clusters, [{ name: EU, phase: "Reverted", reason: "RevertedByOwner", message }]);
  assert.equal(status?.phase, "Failed");
  assert.deepEqual(await stage.patches(EU, "reverted"), ["spec"]);
});

test("an Argo CD that does not look at the Application fails the target as ArgoCDSilent at the deadline", async () => {
  const name = await impatient("silent", "3s");
  stage.argo(EU).script("silent", { silent: true });
  await stage.scene.release(A, { clusters: [EU] }, name);
  const { status } = await stage.scene.finished({ name });
  const [target] = status?.clusters ?? [];
  assert.deepEqual({ ...target, message: "" }, { name: EU, phase: "Failed", reason: "ArgoCDSilent", message: "" });
  assert.match(
    String(target?.message),
    /^no progress for \d+ s: Argo CD does not look at this Application; is its application controller running\?/,
  );
});

test("an Argo CD that dies after it reported success fails the target: an old Synced and Healthy is no evidence", async () => {
  const name = await impatient("zombie", "3s");
  await stage.patchApp(EU, "zombie", { spec: { source: { targetRevision: A } } });
  await stage.untilApp(
    EU,
    "zombie",
    (app) => app.status?.sync?.revision === A && app.status.sync.status === "Synced" && app.operation === undefined,
  );
  stage.argo(EU).script("zombie", { silent: true });
  await stage.scene.release(A, { clusters: [EU] }, name);
  const { status } = await stage.scene.finished({ name });
  assert.deepEqual(
    status?.clusters?.map(({ phase, reason }) => ({ phase, reason })),
    [{ phase: "Failed", reason: "ArgoCDSilent" }],
  );
});

test("a revision that Argo CD cannot render fails with Argo CD's words", async () => {
  const name = await impatient("unrendered", "3s");
  const words = `Failed to load target state: failed to generate manifest: unable to resolve '${A}' to a commit SHA`;
  stage.argo(EU).script("unrendered", { comparisonErrors: { [A]: words } });
  await stage.scene.release(A, { clusters: [EU] }, name);
  const { status } = await stage.scene.finished({ name });
  assert.deepEqual(status?.clusters, [{ name: EU, phase: "Failed", reason: "ComparisonError", message: `ComparisonError: ${words}` }]);
});

test("an Application that stays out of sync fails at the deadline, saying so", async () => {
  const name = await impatient("stuck", "3s");
  stage.argo(EU).script("stuck", { staysOutOfSync: true });
  await stage.scene.release(A, { clusters: [EU] }, name);
  const { status } = await stage.scene.finished({ name });
  assert.match(String(status?.clusters?.[0]?.message), /^no progress for \d+ s: sync status is OutOfSync$/);
  assert.equal(status?.clusters?.[0]?.reason, "DeadlineExceeded");
});

test("an Application that was Degraded before the release fails as Degraded only at the deadline", async () => {
  const name = await impatient("sick", "3s");
  stage.argo(EU).script("sick", { health: "Degraded", healthMessage: "CrashLoopBackOff" });
  await stage.untilApp(EU, "sick", ({ status }) => JSON.stringify(status).includes("CrashLoopBackOff"));
  await stage.scene.release(A, { clusters: [EU] }, name);
  const { status } = await stage.scene.finished({ name });
  assert.deepEqual(status?.clusters, [{ name: EU, phase: "Failed", reason: "Degraded", message: "health is Degraded: CrashLoopBackOff" }]);
});

test("a suspended Application is waited for longer than the deadline, and then verified", async () => {
  const name = await impatient("paused", "3s", both);
  stage.argo(EU).script("paused", { health: "Suspended" });
  stage.argo(US).script("paused", { silent: true });
  await stage.scene.release(A, {}, name);
  // us-east-1 stands still for exactly as long, and fails.
  const open = await stage.scene.until("the deadline", ({ status }) => status?.targets?.failed === 1, { name });
  assert.deepEqual(open.status?.waitingOn?.message, `${EU}: suspended: a canary or a job waits to be resumed`);
  assert.equal(open.status?.waitingOn?.reason, "CanaryPaused");
  stage.argo(EU).script("paused", {});
  const { status } = await stage.scene.finished({ name });
  assert.deepEqual(status?.targets, { total: 2, updated: 2, ready: 1, failed: 1, unreachable: 0, summary: "1/2" });
});

test("a closed sync window is waited for longer than the deadline, and the one operation goes through when it opens", async () => {
  const name = await impatient("window", "3s", both);
  stage.argo(US).script("window", { silent: true });
  for (const cluster of both) await stage.patchApp(cluster, "window", { spec: { syncPolicy: { automated: null } } });
  stage.argo(EU).script("window", { windowClosed: true });
  await stage.scene.release(A, {}, name);
  const open = await stage.scene.until("the deadline", ({ status }) => status?.targets?.failed === 1, { name });
  assert.equal(open.status?.waitingOn?.reason, "SyncWindow");
  assert.equal(open.status?.waitingOn?.message, `${EU}: Sync operation blocked by sync window`);
  stage.argo(EU).script("window", {});
  const { status } = await stage.scene.finished({ name });
  assert.equal(status?.targets?.ready, 1);
  assert.deepEqual(await stage.patches(EU, "window"), ["spec+operation", "refresh"]);
});

test("a refresh that Argo CD drops is asked for again", async () => {
  const name = "dropped.production";
  await stage.deploy("dropped", [EU]);
  stage.argo(EU).script("dropped", { dropsRefresh: true });
  await stage.scene.release(A, { clusters: [EU] }, name);
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  assert.deepEqual(await stage.patches(EU, "dropped"), ["spec", "refresh", "refresh"]);
});

test("an operation of somebody else is waited for before an Application that does not sync by itself is written", async () => {
  const name = "busy.production";
  await stage.deploy("busy", [EU], { automated: false });
  stage.argo(EU).script("busy", { operationHangs: true });
  await stage.patchApp(EU, "busy", { operation: { initiatedBy: { username: "alice" }, sync: { revision: OLD } } });
  await stage.untilApp(EU, "busy", ({ status }) => status?.operationState?.phase === "Running");
  await stage.scene.release(A, { clusters: [EU] }, name);
  const { status } = await stage.scene.until("waiting", (release) => release.status?.waitingOn?.reason === "ForeignOperation", { name });
  assert.equal(status?.waitingOn?.message, `${EU}: another operation is running (to ${OLD}); waiting for its end`);
  assert.deepEqual(await stage.touched("busy"), []);
  stage.argo(EU).script("busy", {});
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  assert.deepEqual(await stage.patches(EU, "busy"), ["spec+operation", "refresh"]);
});

test("an API server that is really gone and comes back with its data is finished as well", async () => {
  const name = "killed.production";
  await stage.deploy("killed", both);
  await stage.conductor.kill();
  await stage.cluster(US).stopApiServer();
  await stage.revive();
  await stage.scene.release(A, {}, name);
  await stage.scene.until("one done", ({ status }) => status?.targets?.ready === 1 && status.targets.unreachable === 1, { name });
  await stage.cluster(US).startApiServer();
  assert.equal((await stage.scene.finished({ name, seconds: 90 })).status?.phase, "Succeeded");
  for (const cluster of both) assert.deepEqual(await stage.patches(cluster, "killed"), ["spec", "refresh"]);
});
