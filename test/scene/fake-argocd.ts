import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, Client } from "#plane/client.ts";
import type { Cluster } from "#plane/cluster.ts";

/** What Argo CD shall make of one Application. */
export interface Script {
  /** Live state never becomes what the sources say, and no sync is tried. */
  readonly staysOutOfSync?: boolean;
  readonly health?: "Healthy" | "Progressing" | "Degraded" | "Suspended";
  readonly healthMessage?: string;
  /** Revisions whose manifests cannot be generated, with what Argo CD says. */
  readonly comparisonErrors?: Readonly<Record<string, string>>;
  /** Every sync fails with these words. */
  readonly syncFails?: string;
  /** Operations wait for a sync window to open. */
  readonly windowClosed?: boolean;
  /** The next request for a refresh is taken off the Application and not served (argo-cd#28306). */
  readonly dropsRefresh?: boolean;
  /** An operation that runs does not end. */
  readonly operationHangs?: boolean;
  /** Argo CD does not look at it. */
  readonly silent?: boolean;
}

type Json = Readonly<Record<string, unknown>>;

interface App {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly source?: Source;
    readonly sources?: readonly Source[];
    readonly destination: Json;
    readonly syncPolicy?: { readonly automated?: Json | null };
  };
  readonly operation?: Json & { readonly initiatedBy?: { readonly automated?: boolean } };
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly comparedTo?: Json } & Json;
    readonly health?: { readonly status?: string } & Json;
    readonly conditions?: readonly Json[];
    readonly reconciledAt?: string;
    readonly operationState?: { readonly phase?: string; readonly message?: string } | null;
  };
}

interface Source extends Json {
  readonly targetRevision?: string;
}

const APPLICATIONS = "/apis/argoproj.io/v1alpha1/applications";
const REFRESH = "argocd.argoproj.io/refresh";
const BLOCKED = "Sync operation blocked by sync window";
const every = 80;

/**
 * Plays the application controller of Argo CD 3.6 in one cluster: reads Applications again and again, and writes their
 * status as its controller does (controller/appcontroller.go). An Application that is seen for the first time is taken to be deployed as it is.
 */
export class FakeArgoCD {
  readonly #client: Client;
  readonly #scripts = new Map<string, Script>();
  /** By UID: the sources that are deployed, those of the sync that runs, and those of the last one tried. */
  readonly #live = new Map<string, string>();
  readonly #syncing = new Map<string, string>();
  readonly #attempted = new Map<string, string>();
  /** UIDs to look at again though nothing changed: an operation has ended. */
  readonly #due = new Set<string>();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #silent = false;

  constructor(cluster: Cluster) {
    // Its reads are not audited.
    this.#client = new Client(cluster.url, cluster.ca, cluster.token("argocd"));
    this.#done = this.#run();
  }

  /** How the Application of that name is treated from now on. */
  script(name: string, script: Script): void {
    this.#scripts.set(name, script);
  }

  /** Whether the whole controller is down. */
  set silent(silent: boolean) {
    this.#silent = silent;
  }

  /** A resync: every Application is looked at, and nothing new is found. Takes a second, the resolution of its stamps. */
  async resync(): Promise<void> {
    await sleep(1000);
    for (const app of await this.#list()) await this.#write(app, { status: { reconciledAt: stamp() } });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    // First: a request that is never answered would be waited for.
    await this.#client.close();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (!this.#silent) for (const app of await this.#list()) await this.#look(app);
      } catch {
        // Its API server is down, or somebody wrote first: it looks again.
      }
      await sleep(every, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #list(): Promise<readonly App[]> {
    const { items } = (await this.#client.request("GET", APPLICATIONS)) as { items: readonly App[] };
    return items;
  }

  async #look(app: App): Promise<void> {
    const { uid, name, annotations = {} } = app.metadata;
    const script = this.#scripts.get(name) ?? {};
    if (script.silent === true || annotations["argocd.argoproj.io/skip-reconcile"] === "true") return;
    if (!this.#live.has(uid)) this.#live.set(uid, sources(app));
    if (app.operation !== undefined) await this.#operate(app, script);
    else await this.#compare(app, script);
  }

  async #operate(app: App, script: Script): Promise<void> {
    const { uid } = app.metadata;
    if (app.status?.operationState?.phase === "Terminating") {
      this.#due.add(uid);
      const terminated = { phase: "Failed", message: "Operation terminated", finishedAt: stamp() };
      return this.#write(app, { operation: null, status: { operationState: terminated } });
    }
    if (app.status?.operationState?.phase !== "Running") {
      this.#syncing.set(uid, sources(app));
      const operationState = {
        operation: app.operation,
        phase: "Running",
        message: "waiting for healthy state",
        startedAt: stamp(),
        retryCount: 0,
      };
      return this.#write(app, { status: { operationState } });
    }
    if (script.operationHangs === true) return;
    if (script.windowClosed === true) {
      if (app.status.operationState.message !== BLOCKED) await this.#write(app, { status: { operationState: { message: BLOCKED } } });
      return;
    }
    const error = errorOf(app, script);
    const failed = script.syncFails ?? error;
    const deployed = this.#syncing.get(uid) ?? sources(app);
    this.#attempted.set(uid, deployed);
    if (failed === undefined) this.#live.set(uid, deployed);
    this.#due.add(uid);
    const operationState = {
      phase: failed === undefined ? "Succeeded" : error === undefined ? "Failed" : "Error",
      message: failed ?? "successfully synced (all tasks run)",
      finishedAt: stamp(),
      syncResult: { revision: "", ...revisions(app), ...sourcesAsCompared(app) },
    };
    await this.#write(app, { operation: null, status: { operationState } });
  }

  async #compare(app: App, script: Script): Promise<void> {
    const { uid, annotations = {} } = app.metadata;
    if (annotations[REFRESH] !== undefined && script.dropsRefresh === true) {
      this.#scripts.set(app.metadata.name, { ...script, dropsRefresh: false });
      return this.#write(app, { metadata: { annotations: { [REFRESH]: null } } });
    }
    const asked = annotations[REFRESH] !== undefined;
    const error = errorOf(app, script);
    const isLive = this.#live.get(uid) === sources(app) && script.staysOutOfSync !== true;
    const sync = error !== undefined ? "Unknown" : isLive ? "Synced" : "OutOfSync";
    const health = { status: script.health ?? "Healthy", ...(script.healthMessage === undefined ? {} : { message: script.healthMessage }) };
    const compared = { ...sourcesAsCompared(app), destination: app.spec.destination };
    const before = app.status;
    const moved = sources(app) !== JSON.stringify(before?.sync?.comparedTo?.["sources"] ?? [before?.sync?.comparedTo?.["source"]]);
    const looks = asked || moved || this.#due.has(uid);
    if (!looks && before?.sync?.status === sync && before.health?.status === health.status) return;

    // Auto-sync comes first, and then the status (appcontroller.go).
    const automated = app.spec.syncPolicy?.automated;
    const syncs = sync === "OutOfSync" && automated !== undefined && automated !== null && automated["enabled"] !== false;
    if (syncs && script.staysOutOfSync !== true && this.#attempted.get(uid) !== sources(app)) {
      const operation = { initiatedBy: { automated: true }, retry: { limit: 5 }, sync: { ...revisions(app), prune: false } };
      await this.#write(app, { metadata: { resourceVersion: app.metadata.resourceVersion }, operation, status: { operationState: null } });
    }
    const conditions = error === undefined ? null : [{ type: "ComparisonError", message: error, lastTransitionTime: stamp() }];
    const status = {
      sync: changes(before?.sync ?? {}, { status: sync, ...revisions(app), comparedTo: compared }),
      health: changes(before?.health ?? {}, health),
      conditions,
      ...(looks ? { reconciledAt: stamp() } : {}),
    };
    await this.#write(app, { status, ...(asked ? { metadata: { annotations: { [REFRESH]: null } } } : {}) });
    this.#due.delete(uid);
  }

  async #write({ metadata }: App, body: Json): Promise<void> {
    const path = `/apis/argoproj.io/v1alpha1/namespaces/${metadata.namespace}/applications/${metadata.name}`;
    try {
      await this.#client.request("PATCH", `${path}?fieldManager=argocd-application-controller`, body, "application/merge-patch+json");
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }
}

function list({ spec }: App): readonly Source[] {
  return spec.sources !== undefined && spec.sources.length > 0 ? spec.sources : spec.source === undefined ? [] : [spec.source];
}

function sources(app: App): string {
  return JSON.stringify(list(app));
}

function sourcesAsCompared({ spec }: App): Json {
  return spec.sources !== undefined && spec.sources.length > 0 ? { sources: spec.sources } : { source: spec.source };
}

/** Everything in these tests is pinned: it resolves to itself. */
function revisions(app: App): Json {
  const all = list(app).map(({ targetRevision }) => targetRevision ?? "HEAD");
  return app.spec.sources !== undefined && app.spec.sources.length > 0 ? { revisions: all } : { revision: all[0] };
}

function errorOf(app: App, { comparisonErrors = {} }: Script): string | undefined {
  return list(app)
    .map(({ targetRevision = "" }) => comparisonErrors[targetRevision])
    .find((error) => error !== undefined);
}

/** The merge patch that makes `after` of `before`: Argo CD computes one, so that nothing old is left in a comparison. */
function changes(before: Json, after: Json): Json {
  const gone = Object.keys(before).filter((key) => !(key in after));
  const kept = Object.entries(after).map(([key, value]) => [
    key,
    isObject(value) && isObject(before[key]) ? changes(before[key], value) : value,
  ]);
  return { ...Object.fromEntries(gone.map((key) => [key, null])), ...Object.fromEntries(kept) };
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** metav1.Time: whole seconds. */
function stamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
