/** An Argo CD Application as it goes through a release, each step told in a word. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { stamp } from "#api/conditions.ts";
import type { FieldValues } from "#api/releaserun.ts";
import type { SourceSelector } from "#argo/fields.ts";
import { observe, project, RUN_INFO } from "#argo/read.ts";
import type { Observation } from "#engine/observation.ts";
import type { KubeObject } from "#kube/ports.ts";

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

// The fixture has this shape.
const BASE = parse(readFileSync(join(import.meta.dirname, "unit/argo/fixtures/application.yaml"), "utf8")) as Raw;

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
export const application = (): ApplicationBuilder => new ApplicationBuilder(BASE);
