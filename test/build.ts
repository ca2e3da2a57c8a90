/** Fluent builders: tests that read like prose. Every default is the dull case; a test names only what it is about. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { stamp } from "#api/conditions.ts";
import { environment, type Environment } from "#api/environment.ts";
import { releaseRun, type FieldValues, type ReleaseRun, type RunTarget } from "#api/releaserun.ts";
import { serviceRelease, type ServiceRelease } from "#api/servicerelease.ts";
import type { SourceSelector } from "#argo/fields.ts";
import { observe, project, RUN_INFO } from "#argo/read.ts";
import { judge } from "#engine/judge.ts";
import type { Observation, Seen } from "#engine/observation.ts";
import { newMemo, type Target, type TargetMemo, type Want, type World } from "#engine/world.ts";
import type { KubeObject } from "#kube/ports.ts";

/** Commits, oldest first: what runs, what is released, what comes after. */
export const [R1, R2, R3] = ["1".repeat(40), "2".repeat(40), "3".repeat(40)] as const;
/** UID of the run that a test is about. */
export const RUN = "0d9e9a52-run";
/** When a test begins: 2026-11-23T10:00:00Z. Tests speak of seconds since. */
export const T0 = Date.parse("2026-11-23T10:00:00Z");
export const at = (seconds: number): string => stamp(T0 + seconds * 1000);

type Json = Record<string, unknown>;

interface Source extends Json {
  targetRevision?: string;
}

/** The Application's shape as far as tests change it. */
interface Raw extends KubeObject {
  metadata: KubeObject["metadata"] & Json;
  spec: { project: string; source?: Source; sources?: Source[]; syncPolicy?: Json };
  operation?: Json;
  status: Json & { sync?: Json; operationState?: Json };
}

const BASE = readFileSync(join(import.meta.dirname, "unit/argo/fixtures/application.yaml"), "utf8");

export interface Sync {
  readonly revision?: string;
  readonly revisions?: readonly string[];
  readonly run?: string;
  readonly automated?: boolean;
  readonly phase?: string;
  readonly message?: string;
  /** Seconds since the beginning. */
  readonly started?: number;
  readonly finished?: number;
  readonly retries?: number;
  readonly withoutResult?: boolean;
}

/** An Application, each method giving another one. */
export class ApplicationBuilder {
  readonly #raw: Raw;

  constructor(raw: Raw) {
    this.#raw = raw;
  }

  #with(change: (raw: Raw) => void): ApplicationBuilder {
    const raw = structuredClone(this.#raw);
    raw.metadata = { ...raw.metadata, resourceVersion: `${Number(raw.metadata.resourceVersion) + 1}` };
    change(raw);
    return new ApplicationBuilder(raw);
  }

  /** As the API server sends it. */
  get raw(): KubeObject {
    return this.#raw;
  }

  /** Any change that no other method makes. */
  but(change: (raw: Raw) => void): ApplicationBuilder {
    return this.#with(change);
  }

  /** Its spec tracks `revision` now, and Argo CD has not looked yet. */
  tracking(targetRevision: string, more: Json = {}): ApplicationBuilder {
    return this.#with(({ spec }) => void (spec.source = { ...spec.source, targetRevision, ...more }));
  }

  from(...sources: Source[]): ApplicationBuilder {
    return this.#with(({ spec }) => {
      delete spec.source;
      spec.sources = sources;
    });
  }

  /** Argo CD compared the spec of now, and says `status`. `resolved` is what it made of the revision, or of each one. */
  compared(status: string, resolved?: string | readonly string[]): ApplicationBuilder {
    return this.#with(({ spec, status: said }) => {
      const { source, sources } = spec;
      const found = resolved ?? source?.targetRevision ?? sources?.map(({ targetRevision }) => targetRevision ?? "HEAD") ?? "";
      said.sync = {
        status,
        ...(typeof found === "string" ? { revision: found } : { revisions: found }),
        // Go writes the one source that is not there as an empty struct.
        comparedTo: {
          destination: {},
          ...(sources === undefined ? { source: structuredClone(source) } : { source: { repoURL: "" }, sources: structuredClone(sources) }),
        },
      };
    });
  }

  synced = (resolved?: string | readonly string[]): ApplicationBuilder => this.compared("Synced", resolved);
  outOfSync = (resolved?: string | readonly string[]): ApplicationBuilder => this.compared("OutOfSync", resolved);

  health(status: string, message?: string): ApplicationBuilder {
    return this.#with((raw) => void (raw.status["health"] = { status, ...(message === undefined ? {} : { message }) }));
  }

  /** Argo CD looked at it, this many seconds since the beginning. */
  reconciled(seconds: number): ApplicationBuilder {
    return this.#with((raw) => void (raw.status["reconciledAt"] = at(seconds)));
  }

  /** An operation runs. */
  syncing(sync: Sync = {}): ApplicationBuilder {
    return this.#with((raw) => {
      raw.operation = operation(sync);
      raw.status.operationState = operationState({ phase: "Running", ...sync });
    });
  }

  /** The last operation ended. */
  ended(phase: string, sync: Sync = {}): ApplicationBuilder {
    return this.#with((raw) => {
      delete raw.operation;
      raw.status.operationState = operationState({ ...sync, phase });
    });
  }

  condition(type: string, message: string): ApplicationBuilder {
    return this.#with((raw) => void (raw.status["conditions"] = [{ type, message, lastTransitionTime: at(1) }]));
  }

  annotated(key: string, value: string): ApplicationBuilder {
    return this.#with((raw) => void (raw.metadata = { ...raw.metadata, annotations: { ...raw.metadata.annotations, [key]: value } }));
  }

  bySet(name: string): ApplicationBuilder {
    return this.#with((raw) => {
      const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "ApplicationSet", name, uid: "u", controller: true };
      raw.metadata = { ...raw.metadata, ownerReferences: [owner] };
    });
  }

  /** Nobody syncs it but who asks for it. */
  byHand(): ApplicationBuilder {
    return this.#with(({ spec }) => void (spec.syncPolicy = { syncOptions: ["CreateNamespace=true"] }));
  }

  observed(wanted: FieldValues, source?: SourceSelector): Observation {
    return observe(project(this.#raw), source, wanted);
  }
}

function operation({ revision, revisions, run, automated = run === undefined }: Sync): Json {
  return {
    initiatedBy: automated ? { automated: true } : { username: "mara" },
    ...(run === undefined ? {} : { info: [{ name: RUN_INFO, value: run }] }),
    retry: { limit: 5 },
    sync: { prune: true, ...(revision === undefined ? {} : { revision }), ...(revisions === undefined ? {} : { revisions }) },
  };
}

function operationState(sync: Sync): Json {
  const { phase = "Running", message = "", started = 0, finished, retries, revision, revisions, withoutResult } = sync;
  return {
    phase,
    message,
    startedAt: at(started),
    operation: operation(sync),
    ...(finished === undefined ? {} : { finishedAt: at(finished) }),
    ...(retries === undefined ? {} : { retryCount: retries }),
    ...(withoutResult === true
      ? {}
      : { syncResult: { revision: revision ?? "", ...(revisions === undefined ? {} : { revisions }), source: {} } }),
  };
}

/** Synced to R1 three days ago, healthy, syncs by itself. */
export const application = (): ApplicationBuilder => new ApplicationBuilder(parse(BASE) as Raw);

/** A run that moves one target from R1 to R2. */
export function want(more: Partial<Want> = {}): Want {
  return {
    run: RUN,
    desired: { targetRevision: R2 },
    live: { targetRevision: R1 },
    lastOperation: "2026-11-20T10:00:00Z",
    healthyBefore: true,
    progressDeadline: 900_000,
    settleTime: 5000,
    ...more,
  };
}

export const memo = (more: Partial<TargetMemo> = {}): TargetMemo => ({ ...newMemo(T0), ...more });

/** One look at a target: when, in seconds; what is seen; what is thought of it. */
export type Look = readonly [seconds: number, seen: ApplicationBuilder | Exclude<Seen, { kind: "Present" }>, thought?: string];

/** Looks at one target again and again. Returns every look and what was thought of it, as the looks themselves are written. */
export function story(
  looks: readonly Look[],
  { wanted = want(), from = newMemo(T0), source }: { wanted?: Want; from?: TargetMemo; source?: SourceSelector } = {},
) {
  let now = from;
  const thoughts = looks.map(([seconds, seen]): Look => {
    const sight: Seen = seen instanceof ApplicationBuilder ? { kind: "Present", observation: seen.observed(wanted.desired, source) } : seen;
    now = judge(wanted, sight, now, T0 + seconds * 1000);
    // What the controller does when a Refresh was written.
    const { need } = now;
    if (need === "Refresh") now = { ...now, need: undefined, refreshAskedAt: T0 + seconds * 1000 };
    return [seconds, seen, `${now.phase} ${now.reason}${need === undefined ? "" : `, needs ${need}`}`];
  });
  return {
    thoughts: thoughts.map(([seconds, , thought]) => `${seconds}: ${thought}`),
    expected: looks.map(([seconds, , thought]) => `${seconds}: ${thought}`),
    memo: now,
  };
}

export function target(cluster: string, more: Partial<TargetMemo> = {}, wanted: Partial<Want> = {}): Target {
  return { cluster, want: want(wanted), memo: memo(more) };
}

export function world(targets: readonly Target[], run: Partial<World["run"]> = {}, now = T0): World {
  return { now, run: { startedAt: T0, superseded: false, ...run }, targets };
}

const metadata = (name: string, more: Json = {}): Json => ({
  name,
  namespace: "team-a",
  uid: `uid-${name}`,
  resourceVersion: "1",
  generation: 7,
  ...more,
});

export function release(spec: Partial<ServiceRelease["spec"]> = {}, status?: ServiceRelease["status"]): ServiceRelease {
  return serviceRelease.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ServiceRelease",
    metadata: metadata("checkout.production"),
    spec: { service: "checkout", environment: "production", revision: R2, ...spec },
    ...(status === undefined ? {} : { status }),
  });
}

export function production(spec: Json = {}): Environment {
  return environment.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "Environment",
    metadata: metadata("production"),
    spec: { clusters: [{ name: "eu" }, { name: "us" }], application: { targetRevision: "{{revision}}" }, ...spec },
  });
}

export interface RunShape {
  readonly number?: number;
  readonly revision?: string;
  readonly values?: readonly FieldValues[];
  readonly targets?: readonly (Partial<RunTarget> & { readonly cluster: string })[];
  readonly status?: ReleaseRun["status"];
}

/** A run of R2 over R1, to the clusters eu and us. */
export function run({
  number = 1,
  revision = R2,
  values = [{ targetRevision: revision }, { targetRevision: R1 }],
  targets = [{ cluster: "eu" }, { cluster: "us" }],
  status,
}: RunShape = {}): ReleaseRun {
  return releaseRun.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ReleaseRun",
    metadata: metadata(`checkout.production-${number}`, { generation: 1, uid: RUN }),
    spec: {
      release: { name: "checkout.production", uid: "uid-checkout.production", generation: 7, hash: "0123456789abcdef" },
      kind: "Forward",
      service: "checkout",
      environment: "production",
      revision,
      progressDeadlineSeconds: 900,
      values,
      targets: targets.map((one) => ({
        instance: one.cluster,
        application: { namespace: "argocd", name: "checkout" },
        wave: 1,
        desired: 0,
        live: 1,
        baseline: 1,
        healthy: true,
        lastOperation: "2026-11-20T10:00:00Z",
        ...one,
      })),
    },
    ...(status === undefined ? {} : { status }),
  });
}
