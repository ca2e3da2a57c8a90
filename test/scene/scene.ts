import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Cluster, ClusterOptions } from "#plane/cluster.ts";
import { partsOf } from "#plane/cluster-parts.ts";
import { acquire, acquireSources } from "#plane/parts.ts";
import { Plane, type PlaneOptions } from "#plane/plane.ts";
import { reporter } from "#plane/progress.ts";
import { startConductor, type Conductor, type ConductorOptions } from "./conductor.ts";
import { forUser, manifests, registration, type Manifest, type RegistrationSpec } from "./manifests.ts";

export interface SceneOptions extends PlaneOptions {
  readonly clusters: readonly string[];
  /** Whether each cluster has a real Argo CD; without one it has Argo CD's definitions, and tests play its part. */
  readonly argocd: boolean;
  /** Whether the management cluster has a real Argo CD as well, which applies there what a repository says about releases. */
  readonly gitops?: boolean;
  /** Whether the management cluster has an Argo Rollouts, which executes AnalysisRuns there. */
  readonly analysis?: boolean;
  /** Whether each cluster has an Argo Rollouts, and pods that turn Ready. */
  readonly rollouts?: boolean;
  /** Users of the management cluster besides the plane's own; each gets a token, and no rights. */
  readonly users?: readonly string[];
  /** Hears of each cluster when all of it runs. */
  readonly onUp?: (cluster: Cluster) => void;
}

/** A management cluster with the conductor's definitions and rights, and target clusters, registered. */
export class Scene implements AsyncDisposable {
  readonly plane: Plane;
  readonly home: Cluster;
  readonly #clusters: ReadonlyMap<string, Cluster>;

  private constructor(plane: Plane, home: Cluster, clusters: ReadonlyMap<string, Cluster>) {
    this.plane = plane;
    this.home = home;
    this.#clusters = clusters;
  }

  static async start({
    clusters,
    argocd,
    gitops = false,
    analysis = false,
    rollouts = false,
    users = [],
    onUp,
    ...options
  }: SceneOptions): Promise<Scene> {
    const like = { argocd, rollouts, workloads: rollouts };
    // All at once: what must be built is announced as a whole, and not part by part.
    const parts = new Set(["etcd" as const, ...partsOf(like), ...partsOf({ rollouts: analysis, argocd: gitops })]);
    await acquire([...parts], options.progress ?? reporter(process.stderr));
    const plane = await Plane.start(options);
    const told = async (starting: Promise<Cluster>): Promise<Cluster> => {
      const cluster = await starting;
      onUp?.(cluster);
      return cluster;
    };
    try {
      const [home, ...targets] = await Promise.all([
        told(management(plane, { rollouts: analysis, argocd: gitops, users })),
        ...clusters.map((name) => told(target(plane, name, like))),
      ]);
      const scene = new Scene(plane, home, new Map(targets.map((cluster) => [cluster.name, cluster])));
      for (const cluster of targets) await scene.register(cluster);
      return scene;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  cluster(name: string): Cluster {
    const found = this.#clusters.get(name);
    if (found === undefined) throw new Error(`the scene has no cluster ${name}`);
    return found;
  }

  async register(cluster: Cluster, more: Partial<RegistrationSpec> = {}): Promise<void> {
    const { name, url, ca } = cluster;
    await this.home.apply([registration({ name, url, ca, token: cluster.token("release-conductor"), ...more })]);
  }

  conductor({ args = [], ...options }: ConductorOptions = {}): Promise<Conductor> {
    return startConductor(this.plane, this.home, { ...options, args: ["--settle-time", "1s", "--contact-time", "2s", ...args] });
  }

  /** Creates or changes the ServiceRelease of checkout in production. */
  async release(revision: string, more: Readonly<Record<string, unknown>> = {}, name = "checkout.production"): Promise<void> {
    const [service, environment] = name.split(".");
    const spec = { service, environment, revision, ...more };
    await this.home.apply([
      { apiVersion: "conductor.dev/v1alpha1", kind: "ServiceRelease", metadata: { name, namespace: "team-a" }, spec },
    ]);
  }

  getRelease(name = "checkout.production"): Promise<ServiceRelease> {
    return this.home.get(`/apis/conductor.dev/v1alpha1/namespaces/team-a/servicereleases/${name}`);
  }

  getRun(name: string): Promise<ReleaseRun> {
    return this.home.get(`/apis/conductor.dev/v1alpha1/namespaces/team-a/releaseruns/${name}`);
  }

  /** The release as soon as its status speaks of the newest generation and `holds`; rejects with what it was when time is up. */
  async until(
    what: string,
    holds: (release: ServiceRelease) => boolean,
    options: { readonly name?: string; readonly seconds?: number } = {},
  ): Promise<ServiceRelease> {
    const until = Date.now() + (options.seconds ?? 60) * 1000;
    for (;;) {
      const release = await this.getRelease(options.name);
      if (release.status?.observedGeneration === release.metadata.generation && holds(release)) return release;
      if (Date.now() > until) throw new Error(`${what} did not come true. The release is:\n${JSON.stringify(release.status, null, 2)}`);
      await sleep(100);
    }
  }

  /** The release when it has ended, whatever the outcome. */
  finished(options: { readonly name?: string; readonly seconds?: number } = {}): Promise<ServiceRelease> {
    return this.until("Finished", (release) => conditionOf(release, "Finished") === "True", options);
  }

  stop(): Promise<void> {
    return this.plane.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function conditionOf({ status }: ServiceRelease, type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === type)?.status;
}

/** All four conditions as one line: Ready=False Reconciling=True … */
export function conditionsOf({ status }: ServiceRelease): string {
  return (status?.conditions ?? []).map(({ type, status: is }) => `${type}=${is}`).join(" ");
}

const CRD_FILES = readdirSync(join(import.meta.dirname, "..", "..", "crds")).map((name) => `crds/${name}`);

async function management(plane: Plane, options: ClusterOptions): Promise<Cluster> {
  const home = await plane.cluster("management", options);
  await home.apply(CRD_FILES.flatMap(manifests));
  await home.apply([...forUser(manifests("examples/rbac-management.yaml")), namespace("team-a")]);
  return home;
}

async function target(plane: Plane, name: string, options: ClusterOptions): Promise<Cluster> {
  const cluster = await plane.cluster(name, options);
  if (options.argocd !== true) await defineArgoCD(cluster);
  await cluster.apply(forUser(manifests("examples/rbac-target.yaml")));
  return cluster;
}

/** Argo CD's definitions and namespace: what is needed for tests to play its part. */
export async function defineArgoCD(cluster: Cluster): Promise<void> {
  const crds = await acquireSources("argocd-crds", () => undefined);
  const files = ["application-crd.yaml", "appproject-crd.yaml"].map((file) => readFileSync(join(crds, file), "utf8"));
  await cluster.apply(files.join("\n---\n"));
  await cluster.apply([namespace("argocd")]);
}

function namespace(name: string): Manifest {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}
