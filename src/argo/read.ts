import type { FieldValues } from "#api/releaserun.ts";
import { AUTHORIZED } from "#engine/consent.ts";
import { difference, type LastOperation, type Observation, type Operation, type Rollout } from "#engine/observation.ts";
import type { KubeObject } from "#kube/ports.ts";
import { application, isMultiSource, sourcesOf, type Application, type Source } from "./application.ts";
import { pinned, sameSource } from "./comparison.ts";
import { held, pick, type SourceSelector } from "./fields.ts";
import { ownerOf, parentOf } from "./ownership.ts";
import { failures, outOfSync, rolloutsIn, waitsOnlyForPruning, type Failure, type RolloutName } from "./resources.ts";
import { MESSAGE, said } from "./said.ts";
import { writerOf, writersOf, type Writers } from "./writers.ts";

/** The entry in an operation's info that names the run that asked for it. */
export const RUN_INFO = "conductor.dev/run";

/** An Application without what no decision looks at: a large one is many kilobytes, and there are thousands. */
export interface Projected {
  readonly name: string;
  readonly resourceVersion: string;
  readonly authorized: string | undefined;
  readonly project: string;
  readonly destination: { readonly server: string; readonly name: string; readonly namespace: string };
  /** Where its Argo CD is, and with it AppProjects; undefined until Argo CD has looked. */
  readonly controllerNamespace: string | undefined;
  /** The Application that applies it, if one does. */
  readonly parent: { readonly namespace: string; readonly name: string } | undefined;
  readonly writers: Writers;
  readonly sources: readonly Source[];
  /** Whether they stand in a list, be it of one. */
  readonly multi: boolean;
  readonly compared: readonly boolean[];
  readonly revisions: readonly (string | undefined)[];
  readonly operations: { readonly now: RawOperation | undefined; readonly last: RawLastOperation | undefined };
  readonly rest: Pick<
    Observation,
    "sync" | "pruneOnly" | "health" | "errors" | "reconciledAt" | "refreshing" | "automated" | "paused" | "owner"
  >;
  /** What failed in the last operation, hooks included: the first few. */
  readonly failures: readonly Failure[];
  /** What is out of sync, as `Kind/name`: the first few. */
  readonly outOfSync: readonly string[];
  readonly rollouts: readonly RolloutName[];
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
    destination: destinationOf(app),
    controllerNamespace: app.status?.controllerNamespace,
    parent: parentOf(app),
    writers: writersOf(app),
    sources,
    multi: isMultiSource(app.spec),
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
    },
    failures: failures(app),
    outOfSync: outOfSync(app),
    rollouts: rolloutsIn(app),
    fault: undefined,
  };
}

function destinationOf({ spec }: Application): Projected["destination"] {
  const { server = "", name = "", namespace = "" } = spec.destination ?? {};
  return { server, name, namespace };
}

function isAutomated(app: Application): boolean {
  const automated = app.spec.syncPolicy?.automated;
  return automated !== undefined && automated !== null && automated.enabled !== false;
}

/** What was asked of others than Argo CD's Application. */
export interface Asked {
  /** The sync window that is closed. */
  readonly window?: string | undefined;
  readonly rollouts?: readonly Rollout[] | undefined;
}

/** What a release sees of it: the one source that it steers, in the fields that it steers. */
export function observe(app: Projected, selector: SourceSelector, wanted: FieldValues, { window, rollouts }: Asked = {}): Observation {
  const picked = app.fault === undefined ? pick(app.sources, selector) : { fault: app.fault };
  const index = "source" in picked ? picked.index : 0;
  const source = "source" in picked ? picked.source : undefined;
  const values = source === undefined ? undefined : held(source, wanted);
  const revision = app.revisions[index];
  const { now, last } = app.operations;
  return {
    ...app.rest,
    window,
    rollouts: rollouts ?? app.rollouts.map(unasked),
    manager: writer(app, values, wanted),
    resourceVersion: app.resourceVersion,
    values,
    sourceAt: app.multi ? `/spec/sources/${index}` : "/spec/source",
    sourceFault: "fault" in picked ? picked.fault : undefined,
    settled: values === undefined ? undefined : settled(app, source, values, revision),
    compared: isCompared(app),
    revision,
    pinned: pinned(source),
    operation: now === undefined ? undefined : at(now, index),
    lastOperation: last === undefined ? undefined : lastAt(last, index),
  };
}

/** A Rollout of which only the name is known. */
export function unasked({ namespace, name }: RolloutName): Rollout {
  return { namespace, name, canary: undefined, asked: "Never" };
}

/** Who wrote the first field that is not as wanted; where all are, any of them. */
function writer({ writers, multi }: Projected, values: FieldValues | undefined, wanted: FieldValues): string | undefined {
  const changed = values === undefined ? undefined : difference(wanted, values)?.field;
  return writerOf(writers, multi, changed === undefined ? Object.keys(wanted) : [changed]);
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

function unreadable(raw: KubeObject, why: string): Projected {
  return {
    name: raw.metadata.name,
    resourceVersion: raw.metadata.resourceVersion ?? "",
    authorized: undefined,
    project: "",
    destination: { server: "", name: "", namespace: "" },
    controllerNamespace: undefined,
    parent: undefined,
    writers: {},
    sources: [],
    multi: false,
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
    },
    failures: [],
    outOfSync: [],
    rollouts: [],
    fault: `it is not an Application that can be read: ${why}`.slice(0, MESSAGE),
  };
}
