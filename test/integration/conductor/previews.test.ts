import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { ReleasePreview, ReleasePreviewStatus } from "#api/releasepreview.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { object, person, said } from "#test/scene/people.ts";
import { commit, OLD, Stage, until } from "#test/scene/stage.ts";

/** What a release would do, told to people who may ask and no more, on real API servers with the rights that users are told to give. */

const both = ["eu", "us"];
const [A, B] = [commit("a"), commit("b")];
const WAVES = {
  waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }],
  minSuccessTime: "0s",
  maxFailures: 0,
  supersede: "Queue",
};
const planner = person("paula", "planners");
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: both, args: ["--contact-time", "3s"] });
  const subject = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "planners" };
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "planner", namespace: "team-a" } };
  await stage.home.apply([
    { ...role, kind: "Role", rules: [{ apiGroups: ["conductor.dev"], resources: ["releasepreviews"], verbs: ["create", "get"] }] },
    { ...role, kind: "RoleBinding", roleRef: { apiGroup: subject.apiGroup, kind: "Role", name: "planner" }, subjects: [subject] },
  ]);
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

const path = (name: string): string => `/apis/conductor.dev/v1alpha1/namespaces/team-a/releasepreviews/${name}`;

async function ready(name: string, strategy: object = WAVES): Promise<void> {
  await stage.environment(name, both, { strategy });
  await stage.deploy(name, both, { annotations: { "conductor.dev/authorized": `team-a/${name}.${name}` } });
}

/** What the conductor answers to somebody who may only ask. */
async function ask(name: string, revision: string, more: object = {}, environment?: object): Promise<ReleasePreviewStatus> {
  const release = { service: name, environment: name, revision, ...more };
  const asked = `${name}-${Math.random().toString(36).slice(2, 8)}`;
  const spec = { release, ...(environment === undefined ? {} : { environment }) };
  assert.match(await said(stage.home, planner, ["create", "-f", "-"], object("ReleasePreview", asked, spec)), / created/);
  const { status } = await until(
    `the preview ${asked}`,
    () => stage.home.get<ReleasePreview>(path(asked)),
    (one) => one.status?.phase === "Planned" || one.status?.phase === "Refused",
  );
  return status ?? assert.fail();
}

test("a preview is the plan of the run that the same ServiceRelease then makes", async () => {
  await ready("same");
  const { phase, message, plan = assert.fail(), blockers, unchanged } = await ask("same", A);
  assert.deepEqual([phase, message, blockers, unchanged], ["Planned", `revision ${A} to 2 clusters in 2 waves`, undefined, undefined]);
  assert.deepEqual(
    plan.targets.map(({ cluster, wave, desired, live, healthy, baseline }) => ({
      cluster,
      wave,
      desired: plan.values[desired],
      live: plan.values[live ?? -1],
      healthy,
      baseline: plan.values[baseline ?? -1],
    })),
    [
      {
        cluster: "eu",
        wave: 1,
        desired: { targetRevision: A },
        live: { targetRevision: OLD },
        healthy: true,
        baseline: { targetRevision: OLD },
      },
      {
        cluster: "us",
        wave: 2,
        desired: { targetRevision: A },
        live: { targetRevision: OLD },
        healthy: true,
        baseline: { targetRevision: OLD },
      },
    ],
  );
  assert.deepEqual(await stage.touched("same"), []);
  assert.deepEqual(await stage.runs("same.same"), []);

  await stage.scene.release(A, {}, "same.same");
  assert.equal((await stage.scene.finished({ name: "same.same" })).status?.phase, "Succeeded");
  const [run = assert.fail()] = await stage.runs("same.same");
  const { kind, revision, strategy, waves, values, targets } = run.spec;
  assert.deepEqual(plan, { kind, revision, strategy, waves, values, targets });

  const stands = await ask("same", A);
  assert.deepEqual([stands.unchanged, stands.message], [true, `nothing would be done: same.same-1 has brought revision ${A}`]);
});

const unknown = "it is not among the clusters of Environment refused: correct spec.clusters";
const strategy = "spec.strategy.maxFailures may not be changed by a release: the Environment lists nothing as overridable";

test("what the release would be refused for, the preview is refused for, in the same words", async () => {
  await ready("refused");
  for (const [reason, message, revision, more, clusters] of [
    ["ClusterUnknown", `sa: ${unknown}`, A, { clusters: ["eu", "sa"] }, [{ name: "sa", reason: "ClusterUnknown", message: unknown }]],
    ["NotOverridable", strategy, A, { strategy: { maxFailures: 1 } }, undefined],
    [
      "RevisionNotOfKind",
      'revision "v1.4.2" is not a commit: write the 40 hex digits of one commit (git rev-parse v1.4.2); a branch, a tag or HEAD would move (Environment refused takes revision: Commit)',
      "v1.4.2",
      {},
      undefined,
    ],
  ] as const) {
    const preview = await ask("refused", revision, more);
    assert.deepEqual(
      [preview.phase, preview.reason, preview.message, preview.clusters, preview.plan],
      ["Refused", reason, message, clusters, undefined],
    );
    await stage.scene.release(revision, more, "refused.refused");
    assert.equal((await stage.stalled("refused.refused", reason)).status?.waitingOn?.message, message);
    await stage.home.delete("/apis/conductor.dev/v1alpha1/namespaces/team-a/servicereleases/refused.refused");
  }

  await stage.patchApp("us", "refused", { metadata: { annotations: { "conductor.dev/authorized": null } } });
  const consent = await ask("refused", A);
  await stage.scene.release(A, {}, "refused.refused");
  const { status } = await stage.stalled("refused.refused", "NotAuthorized");
  assert.equal(consent.message, status?.waitingOn?.message);
  assert.deepEqual(
    consent.clusters,
    status?.clusters?.map(({ name, reason, message }) => ({ name, reason, message })),
  );
  assert.deepEqual(await stage.touched("refused"), []);
  // It would begin as soon as the cluster that has not consented cannot be asked.
  await stage.home.delete("/apis/conductor.dev/v1alpha1/namespaces/team-a/servicereleases/refused.refused");
});

test("an Environment that is not there can be planned with, and is not there afterwards", async () => {
  await stage.deploy("early", both, { annotations: { "conductor.dev/authorized": "team-a/early.early" } });
  const missing = await ask("early", A);
  assert.deepEqual(
    [missing.reason, missing.message],
    ["EnvironmentNotFound", "there is no Environment early in namespace team-a: create it, or name another"],
  );
  const proposed = { clusters: [{ name: "us" }, { name: "eu" }], application: { targetRevision: "{{revision}}" } };
  const { phase, plan } = await ask("early", A, {}, proposed);
  assert.deepEqual(
    [phase, plan?.targets.map(({ cluster, wave }) => `${cluster} ${wave}`), plan?.strategy.progressDeadlineSeconds],
    ["Planned", ["us 1", "eu 2"], 900],
  );
  const misfit = { ...proposed, strategy: { waves: [{ name: "first", clusters: { count: 1 } }] } };
  assert.equal((await ask("early", A, {}, misfit)).reason, "StrategyInvalid");
  assert.doesNotMatch(await stage.home.kubectl(["get", "environments,servicereleases,releaseruns", "-n", "team-a", "-o", "name"]), /early/);
  assert.deepEqual(await stage.touched("early"), []);
});

test("a freeze is named with its end, and a release that is asked about while it goes on is neither held up nor changed", async () => {
  await ready("busy", { ...WAVES, minSuccessTime: "3s" });
  await stage.scene.release(A, {}, "busy.busy");
  await stage.untilRun("busy.busy-1", ({ status }) => status?.phase === "Progressing" || status?.phase === "Waiting");
  const inFlight = await ask("busy", B);
  assert.deepEqual(inFlight.blockers, [
    { reason: "RunInFlight", message: `busy.busy-1 (revision ${A}) is in flight: it ends first (supersede: Queue)` },
  ]);
  assert.equal((await ask("busy", A)).unchanged, true);
  assert.equal((await stage.scene.finished({ name: "busy.busy" })).status?.phase, "Succeeded");
  for (const cluster of both)
    assert.deepEqual(
      (await stage.patches(cluster, "busy")).filter((kind) => kind !== "refresh"),
      ["spec"],
    );
  assert.equal((await stage.runs("busy.busy")).length, 1);

  const window = { reason: "Nobody is at work", from: "2026-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z", services: ["busy"] };
  await stage.home.apply([object("FreezeWindow", "holidays", window)]);
  await until(
    "the freeze",
    () => stage.home.get<{ status?: { active?: boolean } }>("/apis/conductor.dev/v1alpha1/namespaces/team-a/freezewindows/holidays"),
    ({ status }) => status?.active === true,
  );
  const frozen = await ask("busy", B);
  assert.deepEqual(frozen.blockers, [
    {
      reason: "Freeze",
      message: "FreezeWindow team-a/holidays (Nobody is at work) holds eu, us until 2099-01-01 00:00 UTC",
      until: "2099-01-01T00:00:00Z",
    },
  ]);
});

test("a cluster that is away is planned without having been seen", async () => {
  await ready("away");
  await stage.cluster("us").stopApiServer();
  try {
    const { phase, message, plan } = await ask("away", A);
    assert.deepEqual([phase, message], ["Planned", `revision ${A} to 2 clusters in 2 waves; out of reach now: us`]);
    assert.deepEqual(
      plan?.targets.map(({ cluster, live }) => `${cluster} ${live === undefined ? "unseen" : "seen"}`),
      ["eu seen", "us unseen"],
    );
    assert.match(plan?.warnings?.[0]?.message ?? "", /^planned without having been seen: /);
  } finally {
    await stage.cluster("us").startApiServer();
  }
});

test("an approval is checked as far as it can be without who releases, and admission is asked whether it is guarded", async () => {
  await ready("gated", { ...WAVES, waves: [{ name: "all", gates: [{ approval: { groups: ["ops"] } }] }] });
  assert.equal((await ask("gated", A)).reason, "ApprovalsUnguarded");
  await installPolicies(stage.home, { user: "release-conductor" });
  await until(
    "the policies",
    () => ask("gated", A),
    ({ phase }) => phase === "Planned",
  );
});

test("whoever may ask may neither release nor answer, and no target was written for any question", async () => {
  const release = object("ServiceRelease", "same.same", { service: "same", environment: "same", revision: B });
  assert.match(await said(stage.home, planner, ["create", "-f", "-"], release), /forbidden/i);
  const patch = ["patch", "releasepreview", "any", "--subresource=status", "--type=merge", "-p", '{"status":{"phase":"Planned"}}'];
  assert.match(await said(stage.home, planner, patch), /forbidden/i);
  for (const service of ["refused", "early", "away", "gated"]) assert.deepEqual(await stage.touched(service), []);
  const written = await stage.writes(stage.home);
  const previews = new Set(
    written
      .filter(({ objectRef }) => objectRef.resource === "releasepreviews")
      .map(({ verb, objectRef }) => `${verb} ${objectRef.subresource}`),
  );
  assert.deepEqual([...previews], ["update status"]);
  assert.ok(!written.some(({ objectRef }) => objectRef.resource === "analysisruns"));
});
