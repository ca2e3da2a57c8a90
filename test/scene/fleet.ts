import { stringify } from "yaml";
import { isQuestion } from "#plane/audit.ts";
import type { Repository } from "#plane/git.ts";
import type { FaultProxy } from "#plane/proxy.ts";
import type { Conductor } from "./conductor.ts";
import { application } from "./manifests.ts";
import { Scene } from "./scene.ts";
import { CLUSTERS, Service, type ClusterName } from "./service.ts";

/** How a version fares on one cluster: what Argo CD makes of its health, or that the API server takes none of it. */
export type Fate = "Healthy" | "Degraded" | "Refused";

/** Argo CD knows no health of a ConfigMap until it is told: here a ConfigMap says of itself how it is. */
const HEALTH = [
  "hs = {status = 'Healthy'}",
  "if obj.data ~= nil and obj.data.health ~= nil then",
  "  hs.status = obj.data.health",
  "  hs.message = 'it says so itself'",
  "end",
  "return hs",
].join("\n");

const WRITES = ["create", "update", "patch", "delete", "deletecollection"];

export interface FleetOptions {
  /** Whether the conductor reaches each cluster through a FaultProxy. */
  readonly proxied?: boolean;
  /** Whether the management cluster has an Argo CD of its own. */
  readonly gitops?: boolean;
  /** Of the conductor. */
  readonly args?: readonly string[];
}

/** Three clusters with an Argo CD each, one chart whose versions fare as a test wants, and the conductor. */
export class Fleet {
  readonly scene: Scene;
  readonly repository: Repository;
  conductor: Conductor;
  readonly #proxies: ReadonlyMap<string, FaultProxy>;
  readonly #args: readonly string[];

  private constructor(
    scene: Scene,
    repository: Repository,
    conductor: Conductor,
    proxies: ReadonlyMap<string, FaultProxy>,
    args: readonly string[],
  ) {
    this.scene = scene;
    this.repository = repository;
    this.conductor = conductor;
    this.#proxies = proxies;
    this.#args = args;
  }

  static async start({ proxied = false, gitops = false, args = [] }: FleetOptions = {}): Promise<Fleet> {
    const scene = await Scene.start({ clusters: CLUSTERS, argocd: true, gitops });
    try {
      const proxies = new Map<string, FaultProxy>();
      for (const name of CLUSTERS) {
        const cluster = scene.cluster(name);
        const path = "/api/v1/namespaces/argocd/configmaps/argocd-cm";
        await cluster.patch(path, { data: { "resource.customizations.health.ConfigMap": HEALTH } });
        if (!proxied) continue;
        const proxy = await scene.plane.proxy(cluster);
        proxies.set(name, proxy);
        await scene.register(cluster, { url: proxy.url });
      }
      const repository = await scene.plane.repository("checkout");
      return new Fleet(scene, repository, await scene.conductor({ args }), proxies, args);
    } catch (error) {
      await scene.stop();
      throw error;
    }
  }

  /** What stands between the conductor and a cluster. */
  proxy(name: ClusterName): FaultProxy {
    const found = this.#proxies.get(name);
    if (found === undefined) throw new Error(`no proxy is in front of ${name}`);
    return found;
  }

  /** A commit of the chart at `version`, with how it fares on clusters where it does not do well. */
  version(version: number, fates: Partial<Record<ClusterName, Fate>> = {}): Promise<string> {
    const values = CLUSTERS.map((name) => {
      const fate = fates[name] ?? "Healthy";
      const own = { cluster: name, health: fate === "Degraded" ? fate : "Healthy", refused: fate === "Refused" };
      return [`chart/values-${name}.yaml`, stringify(own)] as const;
    });
    return this.repository.commit(
      { ...CHART, "chart/values.yaml": `version: v${version}\n`, ...Object.fromEntries(values) },
      `v${version}`,
    );
  }

  /** The Environment of a service. */
  async strategy(service: string, strategy: object): Promise<void> {
    const spec = {
      clusters: CLUSTERS.map((cluster) => ({ name: cluster })),
      application: { targetRevision: "{{revision}}", helm: { valueFiles: ["values.yaml", "values-{{cluster}}.yaml"] } },
      strategy,
    };
    await this.scene.home.apply([
      { apiVersion: "conductor.dev/v1alpha1", kind: "Environment", metadata: { name: `${service}s`, namespace: "team-a" }, spec },
    ]);
  }

  /** A service that is deployed at `revision` everywhere, and an Environment of its own with this strategy. */
  async service(name: string, revision: string, strategy: object): Promise<Service> {
    await this.strategy(name, strategy);
    return this.deployed(name, revision, `${name}.${name}s`);
  }

  /** A service that is deployed at `revision` everywhere, and lets `release` steer it. */
  async deployed(name: string, revision: string, release: string): Promise<Service> {
    const { scene } = this;
    const annotations = { "conductor.dev/authorized": `team-a/${release}` };
    const app = application({ repoURL: this.repository.url, name, revision, annotations, destination: name });
    // One attempt: what is refused once is refused for ever here.
    const syncPolicy = { automated: {}, retry: { limit: 0 }, syncOptions: ["CreateNamespace=true"] };
    const manifest = { ...app, spec: { ...(app["spec"] as object), syncPolicy } };
    const service = new Service(scene, release, manifest);
    await Promise.all(CLUSTERS.map((cluster) => scene.cluster(cluster).apply([manifest])));
    for (const cluster of CLUSTERS) await service.untilSettled(cluster, revision);
    return service;
  }

  /** SIGKILL, at once; `revive` starts another process. */
  kill(): Promise<void> {
    return this.conductor.kill();
  }

  async revive(): Promise<void> {
    this.conductor = await this.scene.conductor({ args: this.#args });
  }

  /** How often the conductor has written to each cluster and to the management cluster, by their audit logs. */
  async writes(): Promise<Readonly<Record<string, number>>> {
    const clusters = [this.scene.home, ...CLUSTERS.map((name) => this.scene.cluster(name))];
    const counts = clusters.map(
      async (cluster) =>
        [
          cluster.name,
          (await cluster.audit({ user: "release-conductor", verbs: WRITES })).filter((one) => !isQuestion(one)).length,
        ] as const,
    );
    return Object.fromEntries(await Promise.all(counts));
  }

  async stop(): Promise<void> {
    await this.scene.stop();
  }
}

const CHART = {
  "chart/Chart.yaml": "apiVersion: v2\nname: checkout\nversion: 1.0.0\n",
  "chart/templates/configmap.yaml": [
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata:",
    "  name: {{ .Release.Name }}",
    "data:",
    "  version: {{ .Values.version | quote }}",
    '  health: {{ .Values.health | default "Healthy" | quote }}',
    "{{- if .Values.refused }}",
    "---",
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata:",
    "  name: No_Name_That_An_API_Server_Takes",
    "{{- end }}",
    "",
  ].join("\n"),
};
