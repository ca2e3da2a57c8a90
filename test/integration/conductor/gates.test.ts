import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { ReleaseApproval } from "#api/releaseapproval.ts";
import { commit, OLD, Stage, until } from "#test/scene/stage.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { manifests } from "#test/scene/manifests.ts";
import { ApiError } from "#plane/client.ts";
import { said, serviceAccount, person, type Person } from "#test/scene/people.ts";

/** What holds a release up until it may go on: people, freezes and other releases, on real API servers with the real admission policies. */

const both = ["eu", "us"];
const [A, B] = [commit("a"), commit("b")];
const alice = person("alice", "releasers");
const bob = person("bob", "release-approvers");
const manager = person("mary", "release-managers");
const WAVES = [{ name: "first", clusters: { count: 1 } }, { name: "rest" }];
const AFTER_APPROVAL = [
  { name: "first", clusters: { count: 1 } },
  { name: "rest", gates: [{ approval: { groups: ["release-approvers"] } }] },
];
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: both });
  const subject = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "releasers" };
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "releaser", namespace: "team-a" } };
  await stage.home.apply([
    { ...role, kind: "Role", rules: [{ apiGroups: ["conductor.dev"], resources: ["servicereleases"], verbs: ["*"] }] },
    { ...role, kind: "RoleBinding", roleRef: { apiGroup: subject.apiGroup, kind: "Role", name: "releaser" }, subjects: [subject] },
    ...manifests("examples/rbac-approver.yaml"),
  ]);
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

async function ready(name: string, strategy: object, spec: object = {}): Promise<void> {
  await stage.environment(name, both, { strategy: { minSuccessTime: "0s", onFailure: "RollBack", maxFailures: 0, ...strategy }, ...spec });
  await stage.deploy(name, both, { annotations: { "conductor.dev/authorized": `team-a/${name}.${name}` } });
}

async function release(who: Person, name: string, revision: string): Promise<void> {
  const spec = { service: name, environment: name, revision };
  const manifest = { apiVersion: "conductor.dev/v1alpha1", kind: "ServiceRelease", metadata: { name: `${name}.${name}` }, spec };
  assert.match(await said(stage.home, who, ["apply", "-f", "-"], manifest), / (created|configured)/);
}

const path = (name: string): string => `/apis/conductor.dev/v1alpha1/namespaces/team-a/releaseapprovals/${name}`;

function approval(name: string, holds: (one: ReleaseApproval) => boolean = () => true): Promise<ReleaseApproval> {
  const look = (): Promise<ReleaseApproval | undefined> =>
    stage.home.get<ReleaseApproval>(path(name)).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
  return until(`the approval ${name}`, look, (one) => one !== undefined && holds(one)).then((one) => {
    assert.ok(one);
    return one;
  });
}

function decide(who: Person, name: string, decision: object): Promise<string> {
  const change = JSON.stringify({ spec: { decisions: { [who.name]: decision } } });
  return said(stage.home, who, ["patch", "releaseapproval", name, "--type=merge", "-p", change]);
}

const waits = (name: string, reason: string) =>
  stage.scene.until(`waiting for ${reason}`, ({ status }) => status?.waitingOn?.reason === reason, { name: `${name}.${name}` });
const finished = (name: string) => stage.scene.finished({ name: `${name}.${name}` });
const revisionOf = async (cluster: string, name: string): Promise<string | undefined> =>
  (await stage.app(cluster, name)).spec.source?.targetRevision;

test("without the admission policies nobody is asked, and nothing is written", async () => {
  await ready("unguarded", { waves: AFTER_APPROVAL });
  await stage.scene.release(A, {}, "unguarded.unguarded");
  const { status } = await stage.stalled("unguarded.unguarded", "ApprovalsUnguarded");
  assert.match(status?.waitingOn?.message ?? "", /release-conductor-approvals/);
  assert.deepEqual(await stage.touched("unguarded"), []);
});

test("a wave waits until somebody else approves, and says so; then it goes on", async () => {
  await installPolicies(stage.home, { user: "release-conductor" });
  await ready("asked", { waves: AFTER_APPROVAL });
  await release(alice, "asked", A);
  const waiting = await waits("asked", "Approval");
  assert.match(waiting.status?.waitingOn?.message ?? "", /^wave rest: needs 1 approval, until /);
  assert.ok(waiting.status?.waitingOn?.nextCheck);
  const { spec, status } = await approval("asked.asked-1-w2-g1", (one) => one.status?.phase === "Pending");
  assert.deepEqual(
    [spec.author, spec.wave, spec.groups, spec.changes.clusters, spec.changes.from, status?.approvals],
    ["alice", "rest", ["release-approvers"], ["us"], [OLD], "0/1"],
  );
  assert.equal(await revisionOf("eu", "asked"), A);
  assert.equal(await revisionOf("us", "asked"), OLD);

  assert.match(await decide(alice, "asked.asked-1-w2-g1", { decision: "Approve" }), /forbidden|cannot|you have released this/i);
  // It is remembered though nobody is there.
  await stage.conductor.kill();
  assert.match(await decide(bob, "asked.asked-1-w2-g1", { decision: "Approve" }), / patched/);
  await stage.revive();
  assert.equal((await finished("asked")).status?.phase, "Succeeded");
  assert.equal(await revisionOf("us", "asked"), A);
  const decided = await approval("asked.asked-1-w2-g1", (one) => one.status?.phase === "Approved");
  assert.equal(decided.status?.message, "approved by bob");
  const [run] = await stage.runs("asked.asked");
  assert.deepEqual(
    run?.status?.waves?.[1]?.gates?.map(({ kind, object, phase, message }) => [kind, object, phase, message]),
    [["Approval", "asked.asked-1-w2-g1", "Passed", "approved by bob"]],
  );
});

test("a rejection takes the release back, with its reason", async () => {
  await ready("refused", { waves: AFTER_APPROVAL });
  await release(alice, "refused", A);
  await approval("refused.refused-1-w2-g1");
  assert.match(await decide(bob, "refused.refused-1-w2-g1", { decision: "Reject", reason: "not on a Friday" }), / patched/);
  const { status } = await finished("refused");
  assert.equal(status?.phase, "RolledBack");
  assert.match(status.conditions?.find(({ type }) => type === "Finished")?.message ?? "", /^wave rest: rejected by bob: not on a Friday/);
  assert.equal(await revisionOf("eu", "refused"), OLD);
  assert.equal((await approval("refused.refused-1-w2-g1", (one) => one.status?.phase !== "Pending")).status?.phase, "Rejected");
});

test("nobody deciding in time is an answer, also while the conductor is away", async () => {
  const waves = [WAVES[0], { name: "rest", gates: [{ approval: { groups: ["release-approvers"], expiresAfter: "3s" } }] }];
  await ready("late", { waves });
  await release(alice, "late", A);
  const { spec } = await approval("late.late-1-w2-g1");
  await stage.conductor.kill();
  await until(
    "its end",
    async () => Date.now(),
    (now) => now > Date.parse(spec.expiresAt),
  );
  await stage.revive();
  const { status } = await finished("late");
  assert.equal(status?.phase, "RolledBack");
  assert.match(status.conditions?.find(({ type }) => type === "Finished")?.message ?? "", /^wave rest: it was not approved until /);
});

test("a newer wish takes the place of one that waits for people, whose answer counts for that one only", async () => {
  await ready("newer", { waves: AFTER_APPROVAL });
  await release(alice, "newer", A);
  await approval("newer.newer-1-w2-g1");
  await release(alice, "newer", B);
  assert.equal((await approval("newer.newer-1-w2-g1", (one) => one.status?.phase !== "Pending")).status?.phase, "Void");
  await approval("newer.newer-2-w2-g1");
  assert.match(await decide(bob, "newer.newer-1-w2-g1", { decision: "Approve" }), /this approval is Void, and that is final/);
  assert.equal(await revisionOf("us", "newer"), OLD);
  assert.match(await decide(bob, "newer.newer-2-w2-g1", { decision: "Approve" }), / patched/);
  assert.equal((await finished("newer")).status?.phase, "Succeeded");
});

test("a machine's release needs approvers that are named", async () => {
  await ready("machine", { waves: [WAVES[0], { name: "rest", gates: [{ approval: {} }] }] });
  await stage.home.apply([
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "ci", namespace: "team-a" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "releaser" },
      subjects: [{ kind: "ServiceAccount", name: "ci", namespace: "team-a" }],
    },
  ]);
  await release(serviceAccount("team-a", "ci"), "machine", A);
  const { status } = await stage.stalled("machine.machine", "ApprovalUnsafe");
  assert.match(
    status?.waitingOn?.message ?? "",
    /^wave rest: a ServiceAccount has released \(system:serviceaccount:team-a:ci\), so the gate must say who approves/,
  );
  assert.deepEqual(await stage.touched("machine"), []);
});

const freeze = (name: string, spec: object): object => ({
  apiVersion: "conductor.dev/v1alpha1",
  kind: "FreezeWindow",
  metadata: { name, namespace: "team-a" },
  spec: { reason: "year's end", ...spec },
});
const soon = (seconds: number): string => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;

test("a freeze holds who would be started, says until when, and lets go at its end by itself", async () => {
  await ready("frozen", { waves: WAVES });
  await stage.home.apply([freeze("short", { from: soon(-60), to: soon(8), environments: ["frozen"], clusters: { names: ["us"] } })]);
  await release(alice, "frozen", A);
  const { status } = await waits("frozen", "Freeze");
  assert.match(status?.waitingOn?.message ?? "", /^FreezeWindow team-a\/short \(year's end\) holds us until /);
  assert.ok(status?.waitingOn?.nextCheck);
  assert.equal(await revisionOf("eu", "frozen"), A);
  assert.equal(await revisionOf("us", "frozen"), OLD);
  const window = await stage.home.get<{ status?: { active?: boolean } }>(
    "/apis/conductor.dev/v1alpha1/namespaces/team-a/freezewindows/short",
  );
  assert.equal(window.status?.active, true);
  assert.equal((await finished("frozen")).status?.phase, "Succeeded");
});

test("whom RBAC allows lets a release go through a freeze, and that stays on record", async () => {
  await ready("through", { waves: WAVES });
  await stage.home.apply([freeze("long", { from: soon(-60), to: soon(3600), environments: ["through"] })]);
  await release(alice, "through", A);
  await waits("through", "Freeze");
  const look = (): Promise<{ items: readonly ReleaseApproval[] }> =>
    stage.home.get("/apis/conductor.dev/v1alpha1/namespaces/team-a/releaseapprovals");
  const { items } = await until("the question", look, (found) => found.items.some(({ spec }) => spec.freeze === "team-a/long"));
  const name = items.find(({ spec }) => spec.freeze === "team-a/long")?.metadata.name ?? "";
  assert.match(await decide(bob, name, { decision: "Approve" }), /to decide here takes the verb override/);
  assert.deepEqual(await stage.touched("through"), []);
  assert.match(await decide(manager, name, { decision: "Approve" }), / patched/);
  assert.equal((await finished("through")).status?.phase, "Succeeded");
  const [run] = await stage.runs("through.through");
  assert.deepEqual(
    run?.status?.overrides?.map(({ freeze: of, by }) => [of, by]),
    [["team-a/long", "mary"]],
  );
  assert.equal((await approval(name, (one) => one.status?.phase !== "Pending")).status?.phase, "Approved");
  const told = await until(
    "the event",
    () => stage.events("through.through-1"),
    (all) => all.some(({ reason }) => reason === "FreezeOverridden"),
  );
  assert.ok(told.some(({ note }) => note.includes("mary")));
});

test("where Argo Rollouts is not installed an analysis is unavailable, and not its template missing", async () => {
  await ready("bare", { waves: [{ name: "first", gates: [{ analysis: { templateName: "errors" } }] }] });
  await stage.scene.release(A, {}, "bare.bare");
  const { status } = await stage.stalled("bare.bare", "AnalysisUnavailable");
  assert.match(status?.waitingOn?.message ?? "", /^the management cluster has no AnalysisRuns: install Argo Rollouts there/);
  assert.deepEqual(await stage.touched("bare"), []);
});

test("production begins when staging is ready at the same revision, and a cycle never begins", async () => {
  await ready("stg", {});
  await stage.environment("prod", both, {
    strategy: { dependsOn: [{ environment: "stg", revision: "{{revision}}" }] },
    application: { name: "prod", targetRevision: "{{revision}}" },
  });
  await stage.deploy("prod", both, { annotations: { "conductor.dev/authorized": "team-a/stg.prod" } });
  await stage.scene.release(A, {}, "stg.prod");
  const { status } = await stage.scene.until("waiting", ({ status: now }) => now?.waitingOn?.reason === "Dependency", { name: "stg.prod" });
  assert.equal(status?.waitingOn?.message, "stg.stg: there is no ServiceRelease stg.stg: create it");
  assert.deepEqual(await stage.touched("prod"), []);
  await stage.scene.release(A, {}, "stg.stg");
  assert.equal((await stage.scene.finished({ name: "stg.prod" })).status?.phase, "Succeeded");
  assert.equal((await stage.scene.getRelease("stg.stg")).status?.phase, "Succeeded");

  await stage.environment("stg", both, { strategy: { dependsOn: [{ environment: "prod" }] } });
  await stage.scene.release(B, {}, "stg.stg");
  const stalled = await stage.stalled("stg.stg", "DependencyCycle");
  assert.match(stalled.status?.waitingOn?.message ?? "", /stg\.stg → stg\.prod → stg\.stg/);
});
