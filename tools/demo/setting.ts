import { application, manifests } from "#test/scene/manifests.ts";
import { FakeMetricsServer } from "#plane/fake-metrics.ts";
import { render } from "#test/bench/gates/templates.ts";
import { person } from "#test/scene/people.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { Scene } from "#test/scene/scene.ts";
import type { Cluster } from "#plane/cluster.ts";
import { chart, clusterValues } from "./chart.ts";
import { CLUSTERS, ENVIRONMENTS, PRODUCTION, STAGING } from "./environments.ts";
import { Sights } from "./sights.ts";
import { traffic } from "./traffic.ts";

/** Who releases, and may approve what others release; who approves; and who may let a release go through a freeze. */
export const alice = person("alice", "releasers", "release-approvers");
export const bob = person("bob", "release-approvers");
export const mary = person("mary", "release-managers");

/** Everything that runs for the demo. */
export interface Setting {
  readonly scene: Scene;
  readonly sights: Sights;
  /** The commits of v1, which is good, v2, which is not, and v3, for whoever looks around. */
  readonly revisions: Readonly<Record<Version, string>>;
  /** What the metrics server could not answer. */
  readonly unanswered: readonly string[];
  stop(): Promise<void>;
}

export type Version = "v1" | "v2" | "v3";

const RELEASERS = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "releasers" };
const ROLE = { apiVersion: `${RELEASERS.apiGroup}/v1`, metadata: { name: "releaser", namespace: "team-a" } };

/** Starts all of it, and has v0 deployed everywhere. `tell` hears how far that is; `users` get a token in the management cluster. */
export async function arrange(tell: (line: string) => void, users: readonly string[] = []): Promise<Setting> {
  const sights = new Sights();
  const metrics = await FakeMetricsServer.start(
    traffic(
      (cluster) => sights.of(cluster),
      (cluster) => PRODUCTION.includes(cluster),
    ),
  );
  let governing = Promise.resolve();
  const scene = await Scene.start({
    clusters: CLUSTERS,
    argocd: true,
    analysis: true,
    rollouts: true,
    users,
    onUp: (cluster) => {
      tell(`${cluster.name} is up: API server, ${cluster.argocd === undefined ? "" : "Argo CD, pods, "}Argo Rollouts`);
      if (!CLUSTERS.includes(cluster.name)) governing = governed(cluster, metrics, tell);
      // Whoever waits for it hears of it, below.
      governing.catch(() => undefined);
    },
  });
  const stop = async (): Promise<void> => {
    await sights.stop();
    await scene.stop();
    await metrics.stop();
  };
  try {
    const [revisions] = await Promise.all([deployed(scene, sights, tell), governing.then(() => scene.conductor())]);
    return { scene, sights, revisions, unanswered: metrics.failures, stop };
  } catch (error) {
    await scene.plane.keepLogs("demo");
    await stop();
    throw error;
  }
}

/** What production gets in its management cluster: people and their rights, admission policies, analyses, Environments. */
async function governed(home: Cluster, metrics: FakeMetricsServer, tell: (line: string) => void): Promise<void> {
  const templates = await render(["enabled=true"], () => undefined);
  await home.apply([
    { ...ROLE, kind: "Role", rules: [{ apiGroups: ["conductor.dev"], resources: ["servicereleases"], verbs: ["*"] }] },
    { ...ROLE, kind: "RoleBinding", roleRef: { apiGroup: RELEASERS.apiGroup, kind: "Role", name: "releaser" }, subjects: [RELEASERS] },
    ...manifests("examples/rbac-approver.yaml"),
    ...templates.values(),
    metrics.secret("team-a"),
    ...ENVIRONMENTS,
  ]);
  await installPolicies(home, { user: "release-conductor" });
  tell("management has admission policies, analysis templates and two Environments");
}

/** Resolves with the commits, when the first is deployed and well everywhere. */
async function deployed(scene: Scene, sights: Sights, tell: (line: string) => void): Promise<Setting["revisions"]> {
  const repository = await scene.plane.repository("checkout");
  const commit = (version: string): Promise<string> =>
    repository.commit({ ...chart(version), ...clusterValues(PRODUCTION) }, `checkout ${version}`);
  const revision = await commit("v0");
  const apps = CLUSTERS.map(async (cluster) => {
    const consent = `team-a/checkout.${cluster === STAGING ? "staging" : "production"}`;
    const app = application({ repoURL: repository.url, revision, annotations: { "conductor.dev/authorized": consent } });
    await scene.cluster(cluster).apply([app]);
  });
  const [v1, v2, v3] = [await commit("v1"), await commit("v2"), await commit("v3")];
  await Promise.all(apps);
  sights.start(CLUSTERS.map((name) => scene.cluster(name)));
  await until("v0 is not well everywhere", () => CLUSTERS.every((cluster) => isWell(sights, cluster, revision)));
  tell("checkout v0 is deployed everywhere");
  return { v1, v2, v3 };
}

/** Whether a cluster runs just that revision, and nothing else. */
export function isWell(sights: Sights, cluster: string, revision: string): boolean {
  const seen = sights.of(cluster);
  return seen !== undefined && seen.revision === revision && seen.synced === revision && seen.health === "Healthy" && seen.complete;
}

async function until(otherwise: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 120_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 200)))
    if (Date.now() > end) throw new Error(`${otherwise} after two minutes`);
}
