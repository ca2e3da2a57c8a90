import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { AuditEvent } from "#plane/audit.ts";
import type { Manifest } from "./manifests.ts";
import type { Scene } from "./scene.ts";

/** In the order in which releases reach them. */
export const CLUSTERS = ["eu-west-1", "us-east-1", "ap-south-1"] as const;
export type ClusterName = (typeof CLUSTERS)[number];

interface App {
  readonly metadata: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec: { readonly source: { readonly targetRevision: string; readonly helm?: object } };
  readonly status?: {
    readonly reconciledAt?: string;
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly health?: { readonly status?: string };
  };
}

/** One patch of an Application by the conductor. */
export interface Patch {
  /** The targetRevision in it; undefined for one that leaves the spec alone. */
  readonly revision: string | undefined;
  /** Whether it asks Argo CD to look again. */
  readonly refresh: boolean;
  /** When the API server had answered it, milliseconds since the epoch. */
  readonly at: number;
  readonly carriedOut: boolean;
}

/** One service: its ServiceRelease, its Applications, and what the conductor did to them. */
export class Service {
  readonly name: string;
  /** The name of its ServiceRelease. */
  readonly release: string;
  /** Its Application, as its team has written it. */
  readonly manifest: Manifest;
  readonly #scene: Scene;

  constructor(scene: Scene, release: string, manifest: Manifest) {
    this.#scene = scene;
    this.name = manifest.metadata.name;
    this.release = release;
    this.manifest = manifest;
  }

  /** Wishes `revision`. */
  wish(revision: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    return this.#scene.release(revision, more, this.release);
  }

  /** The release as soon as its status speaks of the newest wish and `holds`. */
  until(what: string, holds: (release: ServiceRelease) => boolean, seconds = 120): Promise<ServiceRelease> {
    return this.#scene.until(what, holds, { name: this.release, seconds });
  }

  /** The release when it has ended, whatever the outcome. */
  finished(seconds = 180): Promise<ServiceRelease> {
    return this.#scene.finished({ name: this.release, seconds });
  }

  get(): Promise<ServiceRelease> {
    return this.#scene.getRelease(this.release);
  }

  /** Its newest run, as soon as that is of `revision` and `holds`. */
  async untilRun(what: string, revision: string, holds: (run: ReleaseRun) => boolean = () => true, seconds = 120): Promise<ReleaseRun> {
    let found: ReleaseRun | undefined;
    await eventually(
      async () => {
        const { items } = await this.#scene.home.get<{ items: readonly ReleaseRun[] }>(
          "/apis/conductor.dev/v1alpha1/namespaces/team-a/releaseruns",
        );
        const own = items.filter(({ spec }) => spec.release.name === this.release);
        found = own.toSorted((a, b) => numberOf(a) - numberOf(b)).at(-1);
        return found?.spec.revision === revision && holds(found);
      },
      () => `${what} did not come true of the newest run: ${JSON.stringify(found, null, 2)}`,
      seconds,
    );
    assert.ok(found !== undefined);
    return found;
  }

  app(cluster: ClusterName): Promise<App> {
    return this.#scene.cluster(cluster).get(this.#path);
  }

  get #path(): string {
    return `/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/${this.name}`;
  }

  async untilApp(what: string, cluster: ClusterName, holds: (app: App) => boolean, seconds = 120): Promise<App> {
    let app = await this.app(cluster);
    await eventually(
      async () => holds((app = await this.app(cluster))),
      () => `${cluster}: ${what} did not come true. The Application is ${JSON.stringify(app, null, 2)}`,
      seconds,
    );
    return app;
  }

  /** Argo CD has brought it to `revision` and found it well. */
  untilSettled(cluster: ClusterName, revision: string): Promise<App> {
    return this.untilApp(
      `settled at ${revision}`,
      cluster,
      ({ status }) => status?.sync?.status === "Synced" && status.sync.revision === revision && status.health?.status === "Healthy",
    );
  }

  /** What is deployed on each cluster: the version in its ConfigMap. */
  async deployed(): Promise<readonly (string | undefined)[]> {
    const path = `/api/v1/namespaces/${this.name}/configmaps/${this.name}`;
    const found = CLUSTERS.map((name) => this.#scene.cluster(name).get<{ data: Readonly<Record<string, string>> }>(path));
    return (await Promise.all(found)).map(({ data }) => data["version"]);
  }

  /** What the conductor asked of the Application on a cluster, oldest first, carried out or not. */
  async patches(cluster: ClusterName): Promise<readonly Patch[]> {
    const events = await this.#scene.cluster(cluster).audit({ user: "release-conductor", verbs: ["patch"], resource: "applications" });
    return events.filter(({ objectRef }) => objectRef.name === this.name).map(patchOf);
  }

  /** The revisions that the conductor wrote into the Application on a cluster, oldest first. */
  async written(cluster: ClusterName): Promise<readonly string[]> {
    return (await this.patches(cluster)).flatMap(({ revision, carriedOut }) => (revision !== undefined && carriedOut ? [revision] : []));
  }

  /** Argo CD looks at all Applications once more, and has said so. */
  async lookedAt(): Promise<void> {
    await Promise.all(
      CLUSTERS.map(async (cluster) => {
        const before = (await this.app(cluster)).status?.reconciledAt;
        const refresh = { metadata: { annotations: { "argocd.argoproj.io/refresh": "normal" } } };
        await this.untilApp(
          "Argo CD looks at it again",
          cluster,
          (app) => app.status?.reconciledAt !== before || this.#asks(cluster, app, refresh),
        );
      }),
    );
  }

  /** Asks Argo CD to look, if nobody does: it may drop a request. Always false. */
  #asks(cluster: ClusterName, { metadata }: App, refresh: object): false {
    if (metadata.annotations?.["argocd.argoproj.io/refresh"] === undefined)
      void this.#scene
        .cluster(cluster)
        .patch(this.#path, refresh)
        .catch(() => undefined);
    return false;
  }
}

/** One line for each wave of a run: its name and phase. */
export function wavesOf({ status }: ReleaseRun): readonly string[] {
  return (status?.waves ?? []).map(({ name, phase }) => `${name} ${phase}`);
}

/** Polls until `holds`; rejects with what `otherwise` says when time is up. */
export async function eventually(holds: () => Promise<boolean>, otherwise: () => string, seconds = 120): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(otherwise());
    await sleep(100);
  }
}

function numberOf({ metadata }: ReleaseRun): number {
  return Number(/-(\d+)$/.exec(metadata.name)?.[1] ?? 0);
}

function patchOf({ body, timestamp, responseStatus }: AuditEvent): Patch {
  const ops = Array.isArray(body) ? (body as readonly { readonly path: string; readonly value?: unknown }[]) : [];
  const spec = ops.find(({ path }) => path === "/spec/source/targetRevision")?.value;
  return {
    revision: typeof spec === "string" ? spec : undefined,
    refresh: ops.some(({ path }) => path === "/metadata/annotations/argocd.argoproj.io~1refresh"),
    at: Date.parse(timestamp),
    carriedOut: responseStatus.code === 200,
  };
}
