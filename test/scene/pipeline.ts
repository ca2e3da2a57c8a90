import assert from "node:assert/strict";
import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { FakeMetricsServer } from "#plane/fake-metrics.ts";
import type { Repository } from "#plane/git.ts";
import { person, said, type Person } from "#test/scene/people.ts";
import type { Conductor } from "./conductor.ts";
import { application, manifests, type Manifest } from "./manifests.ts";
import { installPolicies } from "./policies.ts";
import { metric, rolloutChart } from "./rollouts.ts";
import { Scene } from "./scene.ts";
import { until } from "./stage.ts";

export const STAGING = "staging-1";
export const FIRST = "eu-west-1";
export const SECOND = "us-east-1";
const PRODUCTION = [FIRST, SECOND];
const CLUSTERS = [STAGING, ...PRODUCTION];

/** Releases. */
const alice = person("alice", "releasers");
/** Approves. */
export const bob = person("bob", "release-approvers");
/** Overrides freezes. */
export const mary = person("mary", "release-managers");

const CONDUCTOR = "/apis/conductor.dev/v1alpha1/namespaces/team-a";
const ARGO = "/apis/argoproj.io/v1alpha1/namespaces";
const RELEASE = "checkout.production";
const ROLLOUT = `${ARGO}/default/rollouts/checkout`;

export interface App {
  readonly spec: { readonly source: { readonly targetRevision: string } };
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly health?: { readonly status?: string };
  };
}

export interface RolloutSeen {
  readonly status?: { readonly phase?: string; readonly stableRS?: string; readonly currentPodHash?: string };
}

export interface AnalysisRun {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: string };
}

/**
 * Checkout in staging and in two clusters of production, with everything real: Argo CD and Argo Rollouts in each, metrics by the Datadog
 * provider, which is told what `errors` says, people behind the admission policies, and the conductor.
 */
export class Pipeline {
  readonly scene: Scene;
  /** Share of failed requests in each cluster. */
  errors: Readonly<Record<string, number>>;
  readonly #metrics: FakeMetricsServer;
  readonly #repository: Repository;
  #conductor: Conductor | undefined;
  #version = 0;

  private constructor(scene: Scene, metrics: FakeMetricsServer, repository: Repository) {
    this.scene = scene;
    this.errors = {};
    this.#metrics = metrics;
    this.#repository = repository;
    metrics.script = (_, query) => Object.entries(this.errors).find(([cluster]) => query.includes(cluster))?.[1] ?? 0.01;
  }

  static async start(): Promise<Pipeline> {
    const metrics = await FakeMetricsServer.start();
    const scene = await Scene.start({ clusters: CLUSTERS, argocd: true, analysis: true, rollouts: true });
    try {
      const pipeline = new Pipeline(scene, metrics, await scene.plane.repository("checkout"));
      await scene.home.apply([...rights, ...manifests("examples/rbac-approver.yaml"), metrics.secret("team-a"), ...templates(metrics)]);
      await installPolicies(scene.home, { user: "release-conductor" });
      await pipeline.#deploy();
      pipeline.#conductor = await scene.conductor();
      return pipeline;
    } catch (error) {
      await Promise.all([scene.stop(), metrics.stop()]);
      throw error;
    }
  }

  async #deploy(): Promise<void> {
    const revision = await this.commit();
    for (const cluster of CLUSTERS) {
      const annotations = { "conductor.dev/authorized": `team-a/checkout.${cluster === STAGING ? "staging" : "production"}` };
      await this.scene.cluster(cluster).apply([application({ repoURL: this.#repository.url, revision, annotations })]);
    }
    for (const cluster of CLUSTERS) await this.untilWell(cluster, revision);
  }

  /** A commit whose Rollout stays at a quarter of its pods for a second; with "forever" until somebody promotes it. */
  commit(pause = "1s"): Promise<string> {
    this.#version += 1;
    return this.#repository.commit(rolloutChart(this.#version, { pause }), `checkout v${this.#version}`);
  }

  staging(gates: readonly object[] = []): Promise<void> {
    return this.#environment("staging", [STAGING], { waves: [{ name: "all", ...gated(gates) }] });
  }

  /** Two waves with a cluster each, `canary` and `rest`, and their gates. */
  production(canary: readonly object[], rest: readonly object[], more: object = {}): Promise<void> {
    const waves = [
      { name: "canary", clusters: { names: [FIRST] }, ...gated(canary) },
      { name: "rest", ...gated(rest) },
    ];
    return this.#environment("production", PRODUCTION, { waves, ...more });
  }

  async #environment(name: string, clusters: readonly string[], strategy: object): Promise<void> {
    const spec = {
      clusters: clusters.map((cluster) => ({ name: cluster })),
      application: { name: "checkout", targetRevision: "{{revision}}" },
      strategy: { ...STRATEGY, ...strategy },
    };
    await this.scene.home.apply([resource("Environment", name, spec)]);
  }

  async wish(revision: string, to: "staging" | "production" = "production"): Promise<void> {
    const manifest = resource("ServiceRelease", `checkout.${to}`, { service: "checkout", environment: to, revision });
    assert.match(await said(this.scene.home, alice, ["apply", "-f", "-"], manifest), / (created|configured)/);
  }

  /** The release to production as soon as it waits for `reason`, and says so in words. */
  waits(reason: string, message = /./): Promise<ServiceRelease> {
    return this.scene.until(
      `waiting for ${reason}, ${message}`,
      ({ status }) => status?.waitingOn?.reason === reason && message.test(status.waitingOn.message),
      { seconds: 120 },
    );
  }

  /** The phase in which a release ends, and why. */
  async ended(to: "staging" | "production" = "production"): Promise<readonly [phase: string | undefined, message: string]> {
    const { status } = await this.scene.finished({ name: `checkout.${to}`, seconds: 180 });
    return [status?.phase, status?.conditions?.find(({ type }) => type === "Finished")?.message ?? ""];
  }

  /** The newest run to production. */
  async run(): Promise<ReleaseRun> {
    const { status } = await this.scene.getRelease();
    return this.scene.getRun(status?.run ?? "");
  }

  /** The question that waits to be decided. */
  async question(holds: (spec: ReleaseApproval["spec"]) => boolean): Promise<ReleaseApproval> {
    const find = async (): Promise<ReleaseApproval | undefined> =>
      (await this.questions()).find(({ spec, status }) => status?.phase === "Pending" && holds(spec));
    const found = await until("a question", find, (one) => one !== undefined);
    assert.ok(found !== undefined);
    return found;
  }

  async questions(): Promise<readonly ReleaseApproval[]> {
    return (await this.scene.home.get<{ items: readonly ReleaseApproval[] }>(`${CONDUCTOR}/releaseapprovals`)).items;
  }

  async decide(who: Person, { metadata }: ReleaseApproval, decision: object): Promise<void> {
    const change = JSON.stringify({ spec: { decisions: { [who.name]: decision } } });
    assert.match(await said(this.scene.home, who, ["patch", "releaseapproval", metadata.name, "--type=merge", "-p", change]), / patched/);
  }

  /** A freeze of one cluster, or of all of production, that has begun. With the name of one that is there it changes its end. Resolves with the end. */
  async freeze(name: string, clusters: readonly string[], seconds: number): Promise<number> {
    const end = Math.ceil(Date.now() / 1000 + seconds) * 1000;
    const [from, to] = [end - 3 * 3_600_000, end].map((time) => new Date(time).toISOString().replace(".000", ""));
    const scope = { environments: ["production"], clusters: { names: clusters } };
    await this.scene.home.apply([resource("FreezeWindow", name, { reason: "books are closed", from, to, ...scope })]);
    return end;
  }

  async thaw(name: string): Promise<void> {
    await this.scene.home.delete(`${CONDUCTOR}/freezewindows/${name}`);
  }

  /** SIGKILL, whatever happens meanwhile, and a new process. */
  async away(meanwhile: () => Promise<unknown>): Promise<void> {
    await this.#conductor?.kill();
    try {
      await meanwhile();
    } finally {
      this.#conductor = await this.scene.conductor();
    }
  }

  /** What alice asks of the newest run to production. */
  async ask(action: string): Promise<void> {
    const { metadata } = await this.run();
    const answer = await said(this.scene.home, alice, ["annotate", "servicerelease", RELEASE, `conductor.dev/${action}=${metadata.name}`]);
    assert.match(answer, / annotated/);
  }

  app(cluster: string): Promise<App> {
    return this.scene.cluster(cluster).get(`${ARGO}/argocd/applications/checkout`);
  }

  async revisionOf(cluster: string): Promise<string> {
    return (await this.app(cluster)).spec.source.targetRevision;
  }

  /** Argo CD has brought the cluster to `revision`, and its canary has come to its end. */
  async untilWell(cluster: string, revision: string): Promise<void> {
    await until(
      `${cluster} is well at ${revision}`,
      () => this.app(cluster),
      ({ status }) => status?.sync?.status === "Synced" && status.sync.revision === revision && status.health?.status === "Healthy",
      120,
    );
  }

  rollout(cluster: string): Promise<RolloutSeen> {
    return this.scene.cluster(cluster).get(ROLLOUT);
  }

  /** What Argo Rollouts has told of the steps that canaries have taken on a cluster. */
  async steps(cluster: string): Promise<readonly string[]> {
    const { items } = await this.scene
      .cluster(cluster)
      .get<{ items: readonly { readonly reason: string; readonly message: string }[] }>("/api/v1/namespaces/default/events");
    return items.flatMap(({ reason, message }) => (reason === "RolloutStepCompleted" ? [message] : []));
  }

  /** Those made for the newest run to production. */
  async analysisRuns(): Promise<readonly AnalysisRun[]> {
    const { metadata } = await this.run();
    const { items } = await this.scene.home.get<{ items: readonly AnalysisRun[] }>(`${ARGO}/team-a/analysisruns`);
    return items.filter((one) => one.metadata.name.startsWith(`${metadata.name}-`));
  }

  /** When each of the conductor's patches of an Application was carried out, milliseconds since the epoch; only those that set `revision`, if given. */
  async patches(cluster: string, revision = ""): Promise<readonly number[]> {
    const events = await this.scene.cluster(cluster).audit({ user: "release-conductor", verbs: ["patch"], resource: "applications" });
    return events
      .filter(({ body, responseStatus }) => responseStatus.code === 200 && JSON.stringify(body).includes(revision))
      .map(({ timestamp }) => Date.parse(timestamp));
  }

  async stop(): Promise<void> {
    await Promise.all([this.scene.stop(), this.#metrics.stop()]);
  }
}

/** What a test that has failed leaves in flight is no other test's matter: `supersede`. */
const STRATEGY = {
  minSuccessTime: "1s",
  maxConcurrency: "100%",
  progressDeadline: "3m",
  rollbackWindow: { revisions: 0 },
  supersede: "Replace",
} as const;

const gated = (gates: readonly object[]): object => (gates.length === 0 ? {} : { gates });

function resource(kind: string, name: string, spec: object): Manifest {
  return { apiVersion: "conductor.dev/v1alpha1", kind, metadata: { name, namespace: "team-a" }, spec };
}

const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "releaser", namespace: "team-a" } };
const subject = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "releasers" };
const rights: readonly object[] = [
  { ...role, kind: "Role", rules: [{ apiGroups: ["conductor.dev"], resources: ["servicereleases"], verbs: ["*"] }] },
  { ...role, kind: "RoleBinding", roleRef: { apiGroup: subject.apiGroup, kind: "Role", name: "releaser" }, subjects: [subject] },
];

/** `errors` looks four times; `watch` until it is told to end; `unsure` says neither between 5 and 50 %. */
function templates({ url }: FakeMetricsServer): readonly object[] {
  const judge = metric({ api: "datadog-v2", query: "errors of {{args.clusters}}", success: "result < 0.05", address: url });
  const metrics = {
    errors: { ...judge, count: 4, interval: "2s" },
    watch: { ...judge, count: 0, interval: "1s" },
    unsure: { ...judge, failureCondition: "result > 0.5" },
  };
  return Object.entries(metrics).map(([name, one]) => ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name, namespace: "team-a" },
    spec: { args: [{ name: "clusters" }], metrics: [one] },
  }));
}
