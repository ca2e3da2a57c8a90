import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { Environment } from "#api/environment.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { isQuestion, type AuditEvent } from "#plane/audit.ts";
import { ApiError } from "#plane/client.ts";
import type { Cluster } from "#plane/cluster.ts";
import type { FaultProxy } from "#plane/proxy.ts";
import type { Conductor, ConductorOptions } from "./conductor.ts";
import { FakeArgoCD } from "./fake-argocd.ts";
import { application, type ApplicationSpec } from "./manifests.ts";
import { Scene } from "./scene.ts";

export interface StageOptions {
  readonly clusters: readonly string[];
  /** Whether the conductor reaches each cluster, and the management cluster, through a FaultProxy. */
  readonly proxied?: true;
  /** Whether the management cluster has Argo Rollouts' controller, for analyses. */
  readonly analysis?: boolean;
  /** Of the conductor. */
  readonly args?: readonly string[];
}

/** An Application, as far as tests look at it. */
export interface App {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>> & { readonly source?: { readonly targetRevision?: string } };
  readonly operation?: unknown;
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly reconciledAt?: string;
    readonly operationState?: { readonly phase?: string; readonly operation?: unknown };
  };
}

/** One Event of the API group events.k8s.io. */
export interface Event {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
}

const READS = ["get", "list", "watch"];

/** Everything at once and to the end: for tests that are about one target, and not about the way of a release. */
export const AT_ONCE = {
  waves: [{ name: "all" }],
  maxConcurrency: "100%",
  minSuccessTime: "0s",
  maxFailures: "100%",
  onFailure: "Continue",
  supersede: "Replace",
} as const;

/** A scene without Argo CD, with its part played, and the conductor at work. */
export class Stage {
  readonly scene: Scene;
  conductor: Conductor;
  readonly #argo = new Map<string, FakeArgoCD>();
  readonly #proxies: ReadonlyMap<string, FaultProxy>;
  readonly #options: ConductorOptions;

  private constructor(scene: Scene, conductor: Conductor, proxies: ReadonlyMap<string, FaultProxy>, options: ConductorOptions) {
    this.scene = scene;
    this.conductor = conductor;
    this.#proxies = proxies;
    this.#options = options;
  }

  static async start({ clusters, proxied, analysis = false, args = ["--contact-time", "10s"] }: StageOptions): Promise<Stage> {
    const scene = await Scene.start({ clusters, argocd: false, analysis, progress: () => undefined });
    try {
      const proxies = new Map<string, FaultProxy>();
      for (const name of proxied === true ? clusters : []) {
        const proxy = await scene.plane.proxy(scene.cluster(name));
        proxies.set(name, proxy);
        await scene.register(scene.cluster(name), { url: proxy.url });
      }
      const { home } = scene;
      if (proxied === true) proxies.set(home.name, await scene.plane.proxy(home));
      const url = proxies.get(home.name)?.url;
      const conductor = { args, ...(url === undefined ? {} : { url }) };
      const stage = new Stage(scene, await scene.conductor(conductor), proxies, conductor);
      for (const name of clusters) stage.play(scene.cluster(name));
      return stage;
    } catch (error) {
      await scene.stop();
      throw error;
    }
  }

  get home(): Cluster {
    return this.scene.home;
  }

  cluster(name: string): Cluster {
    return this.scene.cluster(name);
  }

  argo(name: string): FakeArgoCD {
    const found = this.#argo.get(name);
    if (found === undefined) throw new Error(`nobody plays Argo CD on ${name}`);
    return found;
  }

  proxy(name: string): FaultProxy {
    const found = this.#proxies.get(name);
    if (found === undefined) throw new Error(`no proxy is in front of ${name}`);
    return found;
  }

  /** Plays Argo CD on a cluster that was added later. */
  play(cluster: Cluster): void {
    this.#argo.set(cluster.name, new FakeArgoCD(cluster));
  }

  /** SIGKILL, and a new process. */
  async restart(): Promise<void> {
    await this.conductor.kill();
    await this.revive();
  }

  async revive(): Promise<void> {
    this.conductor = await this.scene.conductor(this.#options);
  }

  /** An Environment of team-a over `clusters` whose Applications are named like services and track the revision. */
  async environment(name: string, clusters: readonly string[], spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const whole = {
      clusters: clusters.map((cluster) => ({ name: cluster })),
      application: { targetRevision: "{{revision}}" },
      ...spec,
      strategy: { ...AT_ONCE, ...(spec["strategy"] as object | undefined) },
    };
    await this.home.apply([
      { apiVersion: "conductor.dev/v1alpha1", kind: "Environment", metadata: { name, namespace: "team-a" }, spec: whole },
    ]);
  }

  getEnvironment(name: string): Promise<Environment> {
    return this.home.get(`/apis/conductor.dev/v1alpha1/namespaces/team-a/environments/${name}`);
  }

  /** Applications of one service that consent to `<service>.production`, and that Argo CD has looked at once. */
  async deploy(service: string, clusters: readonly string[], more: Partial<ApplicationSpec> = {}): Promise<void> {
    const annotations = { "conductor.dev/authorized": `team-a/${service}.production` };
    for (const name of clusters) {
      await this.cluster(name).apply([
        application({ repoURL: "https://git.example/deploy", name: service, revision: OLD, annotations, ...more }),
      ]);
    }
    for (const name of clusters) await this.untilApp(name, service, (app) => app.status?.sync?.status === "Synced");
  }

  async app(cluster: string, name: string): Promise<App> {
    return this.cluster(cluster).get(appPath(name));
  }

  async patchApp(cluster: string, name: string, change: object): Promise<void> {
    await this.cluster(cluster).patch(appPath(name), change);
  }

  untilApp(cluster: string, name: string, holds: (app: App) => boolean): Promise<App> {
    return until(`the Application ${name} on ${cluster}`, () => this.app(cluster, name), holds);
  }

  async runs(release: string): Promise<readonly ReleaseRun[]> {
    const { items } = await this.home.get<{ items: readonly ReleaseRun[] }>("/apis/conductor.dev/v1alpha1/namespaces/team-a/releaseruns");
    return items.filter((run) => run.spec.release.name === release);
  }

  async untilRun(name: string, holds: (run: ReleaseRun) => boolean): Promise<ReleaseRun> {
    const look = async (): Promise<ReleaseRun | undefined> => {
      try {
        return await this.scene.getRun(name);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    };
    const found = await until(`the run ${name}`, look, (run) => run !== undefined && holds(run));
    if (found === undefined) throw new Error(`there is no run ${name}`);
    return found;
  }

  /** The release when it cannot start for `reason`. */
  stalled(name: string, reason: string): Promise<ServiceRelease> {
    return this.scene.until(`Stalled ${reason}`, ({ status }) => status?.phase === "Stalled" && status.waitingOn?.reason === reason, {
      name,
    });
  }

  async events(name: string): Promise<readonly Event[]> {
    const { items } = await this.home.get<{ items: readonly Event[] }>("/apis/events.k8s.io/v1/namespaces/team-a/events");
    return items.filter(({ regarding }) => regarding.name === name);
  }

  /** Every request of the conductor's user that was neither a read nor a question, answered or refused. */
  async writes(cluster: Cluster): Promise<readonly AuditEvent[]> {
    return (await cluster.audit({ user: "release-conductor" })).filter((event) => !READS.includes(event.verb) && !isQuestion(event));
  }

  /** What the conductor did to an Application and the API server carried out, oldest first: "spec", "operation", "terminate", "refresh". */
  async patches(cluster: string, name: string): Promise<readonly string[]> {
    const events = await this.cluster(cluster).audit({ user: "release-conductor", verbs: ["patch"], resource: "applications" });
    const done = events.filter(({ objectRef, responseStatus }) => objectRef.name === name && responseStatus.code === 200);
    return done.map(({ body }) => kindOf(body));
  }

  /** Requests of the conductor's user that would have written to the Application of that name, carried out or not, on any cluster. */
  async touched(name: string): Promise<readonly string[]> {
    const found = await Promise.all(
      [...this.#argo.keys()].map(async (on) => {
        const cluster = on === this.home.name ? this.home : this.cluster(on);
        return (await this.writes(cluster))
          .filter(({ objectRef }) => objectRef.resource === "applications" && objectRef.name === name)
          .map(({ verb }) => `${on}: ${verb}`);
      }),
    );
    return found.flat();
  }

  /** Ends all faults. */
  async clear(): Promise<void> {
    for (const proxy of this.#proxies.values()) await proxy.clear();
  }

  /** For `afterEach`: the logs, and the objects involved. */
  async keepIfFailed(test: { readonly name: string; readonly passed: boolean }): Promise<void> {
    if (test.passed) return;
    const folder = await this.scene.plane.keepLogs(test.name);
    await mkdir(folder, { recursive: true });
    const places = [
      ...["servicereleases", "releaseruns", "environments", "releaseapprovals", "freezewindows", "releasepreviews"].map(
        (kind) => [this.home, `/apis/conductor.dev/v1alpha1/${kind}`] as const,
      ),
      ...[...this.#argo.keys()].map(
        (name) => [name === this.home.name ? this.home : this.cluster(name), "/apis/argoproj.io/v1alpha1/applications"] as const,
      ),
    ];
    for (const [cluster, path] of places) {
      const found = await cluster.get(path).catch((error: unknown) => ({ error: String(error) }));
      await writeFile(join(folder, `${cluster.name}-${path.split("/").at(-1)}.yaml`), stringify(found));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#argo.values()].map((argo) => argo.stop()));
    await this.scene.stop();
  }
}

/** What every Application holds before its first release. */
export const OLD = "0".repeat(40);

/** A commit: `digit` forty times. */
export function commit(digit: string): string {
  return digit.repeat(40);
}

export function appPath(name: string): string {
  return `/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/${name}`;
}

/** What `look` finds as soon as it `holds`; rejects with the last that it found. */
export async function until<T>(what: string, look: () => Promise<T>, holds: (found: T) => boolean, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (holds(found)) return found;
    if (Date.now() > end) throw new Error(`${what} did not come to what was expected. It is:\n${JSON.stringify(found, null, 2)}`);
    await sleep(100);
  }
}

/** The conditions of a release or a run, as `Type=Status Reason @generation`. */
export function conditionLines(object: ServiceRelease | ReleaseRun | Environment): readonly string[] {
  return (object.status?.conditions ?? []).map(
    ({ type, status, reason, observedGeneration }) => `${type}=${status} ${reason} @${observedGeneration}`,
  );
}

/** All four conditions with one reason: those named are True. */
export function four(reason: string, generation: number, ...yes: readonly string[]): readonly string[] {
  return ["Ready", "Reconciling", "Stalled", "Finished"].map(
    (type) => `${type}=${yes.includes(type) ? "True" : "False"} ${reason} @${generation}`,
  );
}

function kindOf(body: unknown): string {
  const paths = Array.isArray(body) ? body.map((op: { readonly path: string }) => op.path) : [];
  const kinds = [
    ...(paths.some((path) => path.startsWith("/spec/")) ? ["spec"] : []),
    ...(paths.includes("/operation") ? ["operation"] : []),
    ...(paths.includes("/status/operationState/phase") ? ["terminate"] : []),
    ...(paths.includes("/metadata/annotations/argocd.argoproj.io~1refresh") ? ["refresh"] : []),
  ];
  return kinds.join("+") || "nothing";
}
