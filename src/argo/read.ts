import { isDigest, isDigestOrCommit, isExactVersion } from "#api/revision.ts";
import type { FieldValues } from "#api/releaserun.ts";
import { AUTHORIZED } from "#engine/consent.ts";
import type { LastOperation, Observation, Operation } from "#engine/observation.ts";
import type { KubeObject } from "#kube/ports.ts";
import { application, sourcesOf, type Application, type Source } from "./application.ts";
import { held, pick, withoutCredentials, type SourceSelector } from "./fields.ts";
import { managerOf, ownerOf } from "./ownership.ts";

/** The entry in an operation's info that names the run that asked for it. */
export const RUN_INFO = "conductor.dev/run";

/** An Application without what no decision looks at: a large one is many kilobytes, and there are thousands. */
export interface Projected {
  readonly name: string;
  readonly resourceVersion: string;
  readonly authorized: string | undefined;
  readonly project: string;
  readonly sources: readonly Source[];
  readonly compared: readonly boolean[];
  readonly revisions: readonly (string | undefined)[];
  readonly operations: { readonly now: RawOperation | undefined; readonly last: RawLastOperation | undefined };
  readonly rest: Pick<
    Observation,
    "sync" | "pruneOnly" | "health" | "errors" | "reconciledAt" | "refreshing" | "automated" | "paused" | "owner" | "manager"
  >;
  /** Why it could not be read, if it could not. */
  readonly fault: string | undefined;
}

interface RawOperation {
  readonly run: string | undefined;
  readonly automated: boolean;
  readonly revisions: readonly string[];
}
interface RawLastOperation extends RawOperation, Omit<LastOperation, keyof Operation> {}

/** Conditions that make the rest of a status untrue (docs/evidence.md); SyncError repeats what operationState says. */
const ERRORS: ReadonlySet<string> = new Set(["ComparisonError", "InvalidSpecError", "UnknownError"]);
const MESSAGE = 700;

/** What Argo CD says, as long as we show it; git names a repository with the password in its URL. */
function said(message: string | undefined): string {
  return withoutCredentials(message ?? "").slice(0, MESSAGE);
}

/** The door: what Argo CD's API server sent, as far as we read it. Never throws. */
export function project(raw: KubeObject): Projected {
  const parsed = application.safeParse(raw);
  if (!parsed.success) return unreadable(raw, parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
  const app = parsed.data;
  const sources = sourcesOf(app.spec);
  const comparedTo = app.status?.sync?.comparedTo === undefined ? [] : sourcesOf(app.status.sync.comparedTo);
  const sync = app.status?.sync;
  return {
    name: app.metadata.name,
    resourceVersion: app.metadata.resourceVersion,
    authorized: app.metadata.annotations?.[AUTHORIZED],
    project: app.spec.project,
    sources,
    compared: sources.map((source, index) => sources.length === comparedTo.length && sameSource(source, comparedTo[index])),
    revisions: sync?.revisions?.length ? sync.revisions : [sync?.revision],
    operations: { now: app.operation ? operation(app.operation) : undefined, last: lastOperation(app) },
    rest: {
      sync: sync?.status ?? "",
      pruneOnly: waitsOnlyForPruning(app),
      health: { status: app.status?.health?.status ?? "", message: said(app.status?.health?.message) },
      errors: (app.status?.conditions ?? [])
        .filter(({ type }) => ERRORS.has(type))
        .map(({ type, message }) => ({ type, message: said(message) })),
      reconciledAt: app.status?.reconciledAt ?? undefined,
      refreshing: app.metadata.annotations?.["argocd.argoproj.io/refresh"] !== undefined,
      automated: isAutomated(app),
      paused: app.metadata.annotations?.["argocd.argoproj.io/skip-reconcile"] === "true",
      owner: ownerOf(app),
      manager: managerOf(app),
    },
    fault: undefined,
  };
}

function isAutomated(app: Application): boolean {
  const automated = app.spec.syncPolicy?.automated;
  return automated !== undefined && automated !== null && automated.enabled !== false;
}

/** What a release sees of it: the one source that it steers, in the fields that it steers. */
export function observe(app: Projected, selector: SourceSelector, wanted: FieldValues): Observation {
  const picked = app.fault === undefined ? pick(app.sources, selector) : { fault: app.fault };
  const index = "source" in picked ? picked.index : 0;
  const source = "source" in picked ? picked.source : undefined;
  const values = source === undefined ? undefined : held(source, wanted);
  const revision = app.revisions[index];
  const { now, last } = app.operations;
  return {
    ...app.rest,
    resourceVersion: app.resourceVersion,
    values,
    sourceFault: "fault" in picked ? picked.fault : undefined,
    settled: values === undefined ? undefined : settled(app, source, values, revision),
    compared: isCompared(app),
    revision,
    pinned: pinned(source),
    operation: now === undefined ? undefined : at(now, index),
    lastOperation: last === undefined ? undefined : lastAt(last, index),
  };
}

function isCompared({ compared }: Projected): boolean {
  return compared.length > 0 && compared.every(Boolean);
}

function at({ run, automated, revisions }: RawOperation, index: number): Operation {
  return { run, automated, revision: revisions[index] || undefined };
}

function lastAt({ revisions, ...last }: RawLastOperation, index: number): LastOperation {
  return { ...last, ...at({ ...last, revisions }, index) };
}

/**
 * A moving revision is pinned to the commit or version that it resolved to: else going back would go somewhere new.
 * A status of other sources than the spec's says nothing of the spec's.
 */
function settled(app: Projected, source: Source | undefined, values: FieldValues, revision: string | undefined): FieldValues | undefined {
  if (!isCompared(app) || app.rest.sync !== "Synced" || app.rest.health.status !== "Healthy" || app.rest.errors.length > 0)
    return undefined;
  if (!("targetRevision" in values) || pinned(source) !== undefined || !revision) return values;
  return { ...values, targetRevision: revision };
}

/** The spec's revision where it can resolve to nothing but itself. */
function pinned(source: Source | undefined): string | undefined {
  const revision = source?.targetRevision;
  if (source === undefined || revision === undefined) return undefined;
  return isFixed(source, revision) ? revision : undefined;
}

/** Of an OCI artifact every tag is resolved to a digest, one that looks like a commit too (util/oci/client.go). */
function isFixed({ repoURL, chart }: Source, revision: string): boolean {
  if (repoURL.startsWith("oci://")) return isDigest(revision);
  return chart === undefined ? isDigestOrCommit(revision) : isExactVersion(revision);
}

function operation(raw: NonNullable<Application["operation"]>): RawOperation {
  const { revision, revisions } = raw.sync ?? {};
  return {
    run: raw.info?.find(({ name }) => name === RUN_INFO)?.value,
    automated: raw.initiatedBy?.automated === true,
    revisions: revisions?.length ? revisions : [revision ?? ""],
  };
}

function lastOperation(app: Application): RawLastOperation | undefined {
  const state = app.status?.operationState;
  if (!state) return undefined;
  const asked = operation(state.operation ?? {});
  const result = state.syncResult?.revisions?.length ? state.syncResult.revisions : [state.syncResult?.revision ?? ""];
  return {
    ...asked,
    revisions: asked.revisions.some(Boolean) ? asked.revisions : result,
    phase: state.phase,
    message: said(state.message),
    startedAt: state.startedAt,
    finishedAt: state.finishedAt ?? undefined,
    retryCount: state.retryCount ?? 0,
    hasResult: state.syncResult !== undefined && state.syncResult !== null,
  };
}

/** Field by field, not deep: Argo CD normalises a spec before it keeps a copy. */
function sameSource(a: Source, b: Source | undefined): boolean {
  return b !== undefined && comparable(a) === comparable(b);
}

function comparable({ repoURL, path, chart, ref, targetRevision, helm, kustomize, plugin }: Source): string {
  return JSON.stringify([
    repoURL,
    path ?? "",
    chart ?? "",
    ref ?? "",
    targetRevision ?? "",
    helm?.valueFiles ?? [],
    helm?.ignoreMissingValueFiles ?? false,
    (helm?.parameters ?? []).map(({ name, value, forceString }) => [name, value, forceString ?? false]),
    kustomize?.images ?? [],
    (plugin?.env ?? []).map(({ name, value }) => [name, value]),
  ]);
}

function waitsOnlyForPruning(app: Application): boolean {
  const outOfSync = (app.status?.resources ?? []).filter((resource) => resource.status === "OutOfSync");
  return outOfSync.length > 0 && outOfSync.every((resource) => resource.requiresPruning === true);
}

function unreadable(raw: KubeObject, why: string): Projected {
  return {
    name: raw.metadata.name,
    resourceVersion: raw.metadata.resourceVersion ?? "",
    authorized: undefined,
    project: "",
    sources: [],
    compared: [],
    revisions: [],
    operations: { now: undefined, last: undefined },
    rest: {
      sync: "",
      pruneOnly: false,
      health: { status: "", message: "" },
      errors: [],
      reconciledAt: undefined,
      refreshing: false,
      automated: false,
      paused: false,
      owner: { kind: "Nobody" },
      manager: undefined,
    },
    fault: `it is not an Application that can be read: ${why}`.slice(0, MESSAGE),
  };
}
