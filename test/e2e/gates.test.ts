import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Repository } from "#plane/git.ts";
import { FakeMetricsServer } from "#plane/fake-metrics.ts";
import { person, said, type Person } from "#test/integration/admission/people.ts";
import type { Conductor } from "#test/scene/conductor.ts";
import { application, manifests } from "#test/scene/manifests.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { metric, rolloutChart } from "#test/scene/rollouts.ts";
import { Scene } from "#test/scene/scene.ts";
import { until } from "#test/scene/stage.ts";

/**
 * Gates with everything real: staging before production, a canary in each cluster by Argo Rollouts, metrics by its Datadog provider,
 * people behind the admission policies, freezes. The conductor is killed while it waits for each of them.
 */

const [STAGING, FIRST, SECOND] = ["staging-1", "eu-west-1", "us-east-1"] as const;
const PRODUCTION = [FIRST, SECOND];
const alice = person("alice", "releasers");
const bob = person("bob", "release-approvers");
const mary = person("mary", "release-managers");
const NAMESPACE = "/apis/conductor.dev/v1alpha1/namespaces/team-a";

let scene: Scene;
let metrics: FakeMetricsServer;
let repository: Repository;
let conductor: Conductor;
let version = 0;
/** Share of failed requests in production. */
let errors = 0.01;

before(async () => {
  metrics = await FakeMetricsServer.start((_, query) => (query.includes(FIRST) ? errors : 0.01));
  scene = await Scene.start({ clusters: [STAGING, ...PRODUCTION], argocd: true, analysis: true, rollouts: true });
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "releaser", namespace: "team-a" } };
  const subject = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "releasers" };
  const judge = metric({ api: "datadog-v2", query: "errors of {{args.clusters}}", success: "result < 0.05", address: metrics.url });
  await scene.home.apply([
    { ...role, kind: "Role", rules: [{ apiGroups: ["conductor.dev"], resources: ["servicereleases"], verbs: ["*"] }] },
    { ...role, kind: "RoleBinding", roleRef: { apiGroup: subject.apiGroup, kind: "Role", name: "releaser" }, subjects: [subject] },
    ...manifests("examples/rbac-approver.yaml"),
    metrics.secret("team-a"),
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { name: "errors", namespace: "team-a" },
      spec: { args: [{ name: "clusters" }], metrics: [{ ...judge, count: 4, interval: "2s" }] },
    },
  ]);
  await installPolicies(scene.home, { user: "release-conductor" });
  repository = await scene.plane.repository("checkout");
  const revision = await next();
  for (const [cluster, environment] of [[STAGING, "staging"], ...PRODUCTION.map((name) => [name, "production"] as const)] as const)
    await scene
      .cluster(cluster)
      .apply([
        application({ repoURL: repository.url, revision, annotations: { "conductor.dev/authorized": `team-a/checkout.${environment}` } }),
      ]);
  await environment("staging", [STAGING], {});
  conductor = await scene.conductor();
  for (const cluster of [STAGING, ...PRODUCTION])
    await until(
      `${cluster} is well`,
      () => app(cluster),
      ({ status }) => status?.health?.status === "Healthy",
      120,
    );
});
afterEach((context) => scene.plane.keepLogsIfFailed(context));
after(() => Promise.all([scene.stop(), metrics.stop()]));

interface App {
  readonly spec: { readonly source: { readonly targetRevision: string } };
  readonly status?: { readonly health?: { readonly status?: string } };
}

const app = (cluster: string): Promise<App> =>
  scene.cluster(cluster).get("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout");
const revisionOf = async (cluster: string): Promise<string> => (await app(cluster)).spec.source.targetRevision;

/** A commit whose Rollout stays at a quarter of its pods for a second. */
function next(): Promise<string> {
  version += 1;
  return repository.commit(rolloutChart(version, { pause: "1s" }), `checkout v${version}`);
}

async function environment(name: string, clusters: readonly string[], strategy: object): Promise<void> {
  const spec = {
    clusters: clusters.map((cluster) => ({ name: cluster })),
    application: { name: "checkout", targetRevision: "{{revision}}" },
    strategy: { minSuccessTime: "1s", maxConcurrency: "100%", progressDeadline: "3m", rollbackWindow: { revisions: 0 }, ...strategy },
  };
  await scene.home.apply([{ apiVersion: "conductor.dev/v1alpha1", kind: "Environment", metadata: { name, namespace: "team-a" }, spec }]);
}

const production = (first: readonly object[], rest: readonly object[], more: object = {}): Promise<void> => {
  const gates = (all: readonly object[]): object => (all.length === 0 ? {} : { gates: all });
  return environment("production", PRODUCTION, {
    waves: [
      { name: "canary", clusters: { names: [FIRST] }, ...gates(first) },
      { name: "rest", ...gates(rest) },
    ],
    ...more,
  });
};
const ANALYSIS = { analysis: { templateName: "errors" } };
const approval = (expiresAfter = "1h") => ({ approval: { groups: ["release-approvers"], expiresAfter } });

async function wish(revision: string, to: "staging" | "production" = "production", who: Person = alice): Promise<void> {
  const spec = { service: "checkout", environment: to, revision };
  const manifest = { apiVersion: "conductor.dev/v1alpha1", kind: "ServiceRelease", metadata: { name: `checkout.${to}` }, spec };
  assert.match(await said(scene.home, who, ["apply", "-f", "-"], manifest), / (created|configured)/);
}

const waits = (reason: string): Promise<ServiceRelease> =>
  scene.until(`waiting for ${reason}`, ({ status }) => status?.waitingOn?.reason === reason, { seconds: 120 });
const finished = (): Promise<ServiceRelease> => scene.finished({ seconds: 180 });
const why = ({ status }: ServiceRelease): string => status?.conditions?.find(({ type }) => type === "Finished")?.message ?? "";

async function question(holds: (one: ReleaseApproval) => boolean): Promise<string> {
  const look = (): Promise<{ items: readonly ReleaseApproval[] }> => scene.home.get(`${NAMESPACE}/releaseapprovals`);
  const { items } = await until("a question", look, (found) => found.items.some((one) => one.status?.phase === "Pending" && holds(one)));
  return items.find((one) => one.status?.phase === "Pending" && holds(one))?.metadata.name ?? "";
}

const decide = async (who: Person, name: string, decision: object): Promise<void> => {
  const change = JSON.stringify({ spec: { decisions: { [who.name]: decision } } });
  assert.match(await said(scene.home, who, ["patch", "releaseapproval", name, "--type=merge", "-p", change]), / patched/);
};

/** SIGKILL, whatever happens meanwhile, and a new process. */
async function away(meanwhile: () => Promise<unknown>): Promise<void> {
  await conductor.kill();
  await meanwhile();
  conductor = await scene.conductor();
}

/** How often the conductor has set a revision on a cluster's Application. */
async function written(cluster: string, revision: string): Promise<number> {
  const events = await scene.cluster(cluster).audit({ user: "release-conductor", verbs: ["patch"], resource: "applications" });
  return events.filter(({ body, responseStatus }) => responseStatus.code === 200 && JSON.stringify(body).includes(revision)).length;
}

test("the whole story, with a conductor that is killed while it waits for each gate", async () => {
  await production([ANALYSIS], [approval()], { dependsOn: [{ environment: "staging", revision: "{{revision}}" }] });
  const revision = await next();
  await wish(revision);
  await waits("Dependency");
  await away(async () => assert.equal(await written(FIRST, revision), 0));
  await wish(revision, "staging");
  assert.equal((await scene.finished({ name: "checkout.staging", seconds: 120 })).status?.phase, "Succeeded");

  await waits("Analysis");
  await away(() =>
    until(
      "its verdict",
      () =>
        scene.home.get<{ status?: { phase?: string } }>(
          "/apis/argoproj.io/v1alpha1/namespaces/team-a/analysisruns/checkout.production-1-w1-g1",
        ),
      ({ status }) => status?.phase === "Successful",
    ),
  );
  await waits("Approval");
  assert.equal(await written(SECOND, revision), 0);
  const name = await question(({ spec }) => spec.wave === "rest");
  await away(() => decide(bob, name, { decision: "Approve" }));
  assert.equal((await finished()).status?.phase, "Succeeded");
  for (const cluster of PRODUCTION) assert.deepEqual([await revisionOf(cluster), await written(cluster, revision)], [revision, 1], cluster);
  const { items } = await scene.home.get<{ items: readonly object[] }>("/apis/argoproj.io/v1alpha1/namespaces/team-a/analysisruns");
  assert.equal(items.length, 1);
});

test("a revision whose error rate rises is stopped in the first cluster and taken back, and the other one is never touched", async () => {
  await production([ANALYSIS], [approval()]);
  const [before, revision] = [await revisionOf(FIRST), await next()];
  errors = 0.2;
  await wish(revision);
  const ended = await finished();
  errors = 0.01;
  assert.equal(ended.status?.phase, "RolledBack");
  assert.match(why(ended), /^wave canary: analysis errors failed: Metric "error-rate" assessed Failed/);
  assert.deepEqual([await revisionOf(FIRST), await written(SECOND, revision)], [before, 0]);
  await until(
    "it is well again",
    () => app(FIRST),
    ({ status }) => status?.health?.status === "Healthy",
  );
});

test("an approval that nobody gives in time takes the release back", async () => {
  await production([], [approval("5s")]);
  const [before, revision] = [await revisionOf(FIRST), await next()];
  await wish(revision);
  const name = await question(({ spec }) => spec.wave === "rest");
  const { spec } = await scene.home.get<ReleaseApproval>(`${NAMESPACE}/releaseapprovals/${name}`);
  await away(() =>
    until(
      "its end",
      async () => Date.now(),
      (now) => now > Date.parse(spec.expiresAt),
    ),
  );
  const ended = await finished();
  assert.deepEqual([ended.status?.phase, await revisionOf(FIRST), await written(SECOND, revision)], ["RolledBack", before, 0]);
  assert.match(why(ended), /^wave rest: it was not approved until /);
});

const freeze = (name: string, clusters: readonly string[], lasts: number): Promise<void> =>
  scene.home.apply([
    {
      apiVersion: "conductor.dev/v1alpha1",
      kind: "FreezeWindow",
      metadata: { name, namespace: "team-a" },
      spec: {
        reason: "books are closed",
        clusters: { names: clusters },
        from: new Date(Date.now() - 60_000).toISOString().replace(/\.\d+/, ""),
        to: new Date(Date.now() + lasts).toISOString().replace(/\.\d+/, ""),
      },
    },
  ]);
const thaw = (name: string): Promise<unknown> => scene.home.kubectl(["delete", "freezewindow", name, "-n", "team-a"]);

test("a freeze holds who would be started until it ends, though the conductor was killed meanwhile", async () => {
  await production([], []);
  await freeze("short", [SECOND], 3_600_000);
  const revision = await next();
  await wish(revision);
  const { status } = await waits("Freeze");
  assert.match(status?.waitingOn?.message ?? "", new RegExp(`^FreezeWindow team-a/short \\(books are closed\\) holds ${SECOND} until `));
  assert.deepEqual([await revisionOf(FIRST), await written(SECOND, revision)], [revision, 0]);
  await away(() => thaw("short"));
  assert.equal((await finished()).status?.phase, "Succeeded");
});

test("a freeze is gone through by whom RBAC lets, and holds no rollback", async () => {
  await production([ANALYSIS], []);
  await freeze("long", PRODUCTION, 3_600_000);
  const before = await revisionOf(FIRST);
  const revision = await next();
  errors = 0.2;
  await wish(revision);
  await waits("Freeze");
  assert.equal(await written(FIRST, revision), 0);
  await decide(mary, await question(({ spec }) => spec.freeze === "team-a/long"), { decision: "Approve" });
  const ended = await finished();
  errors = 0.01;
  assert.deepEqual([ended.status?.phase, await revisionOf(FIRST), await written(FIRST, revision)], ["RolledBack", before, 1]);
  const run = await scene.getRun(ended.status?.run ?? "");
  assert.deepEqual(
    run.status?.overrides?.map(({ freeze: of, by }) => [of, by]),
    [["team-a/long", "mary"]],
  );
  await thaw("long");
});
