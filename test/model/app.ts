import type { FieldValues } from "#api/releaserun.ts";
import type { LastOperation, Observation, Operation } from "#engine/observation.ts";

/** One Application of the small world: what an Argo CD says of it, each field with as few values as decide anything. */
export interface App {
  readonly exists: boolean;
  /** What the spec asks for. "untold": its sources were changed so that ours cannot be told. */
  readonly spec: Value | "untold";
  /** What was compared last; it is also what the revision resolved to. */
  readonly comparedTo: Value;
  /** What runs. */
  readonly live: Value;
  readonly sync: "Synced" | "OutOfSync" | "Unknown";
  readonly error: boolean;
  readonly health: "Healthy" | "Progressing" | "Degraded" | "Suspended" | "Missing";
  readonly op: Op | undefined;
  readonly last: Last | undefined;
  /** Whether Argo CD has looked since the last operation ended. */
  readonly fresh: boolean;
  /** Something new runs whose health was not looked at yet. */
  readonly rolling: boolean;
  /** Which of a few moments reconciledAt names: only whether two are the same is ever asked. */
  readonly beat: number;
  readonly refreshing: boolean;
  /** Argo CD was told not to look at it. */
  readonly skip: boolean;
}

/** What a field may hold: the last verified, the new one, one of a run between that was never verified, somebody else's. */
export type Value = "old" | "new" | "mid" | "foreign";

/** Who began an operation: the run, on its way forward or back; an older run; Argo CD by itself; somebody else. */
export type Starter = "forward" | "back" | "before" | "auto" | "other";

export interface Op {
  readonly by: Starter;
  readonly revision: Value;
}

export interface Last extends Op {
  readonly phase: "Running" | "Succeeded" | "Failed" | "Terminating";
  /** When it began, as one of a few moments. */
  readonly token: Token;
  readonly retrying: boolean;
  /** It waits for a sync window. */
  readonly blocked: boolean;
}

/** "plan": as the plan saw it. "kept": as it was at first contact. The others only have to differ, "now" until it has a name. */
export type Token = "plan" | "kept" | "A" | "B" | "C" | "now";

/** UID of the run. */
export const RUN = "run";

const TAGS: Readonly<Record<Starter, string | undefined>> = {
  forward: RUN,
  back: `${RUN}/back`,
  before: "an older run",
  auto: undefined,
  other: undefined,
};

export const valuesOf = (value: Value): FieldValues => VALUES[value];
const VALUES: Readonly<Record<Value, FieldValues>> = {
  old: { targetRevision: "old" },
  new: { targetRevision: "new" },
  mid: { targetRevision: "mid" },
  foreign: { targetRevision: "foreign" },
};

/** The value that `values` hold. */
export function valueOf(values: FieldValues): Value {
  const held = values["targetRevision"];
  if (held === "old" || held === "new" || held === "mid" || held === "foreign") return held;
  throw new Error(`not a value of this world: ${JSON.stringify(values)}`);
}

export const reconciledAt = (beat: number): string => `2026-01-02T00:00:0${beat}Z`;
export const startedAt = (token: Token): string => `op-${token}`;

/** As argo/read.ts would show it. */
export function observationOf(app: App, automated: boolean): Observation {
  const values = app.spec === "untold" ? undefined : valuesOf(app.spec);
  const isSettled = isCompared(app) && app.sync === "Synced" && app.health === "Healthy" && !app.error;
  return {
    resourceVersion: "1",
    values,
    sourceAt: "/spec/source",
    sourceFault: values === undefined ? "it has 2 sources: say which one" : undefined,
    settled: isSettled ? values : undefined,
    compared: isCompared(app),
    revision: app.comparedTo,
    pinned: app.spec === "untold" ? undefined : app.spec,
    sync: app.sync,
    pruneOnly: false,
    health: { status: app.health, message: "" },
    errors: app.error ? [{ type: "ComparisonError", message: "manifests cannot be generated" }] : [],
    operation: app.op === undefined ? undefined : operationOf(app.op),
    lastOperation: app.last === undefined ? undefined : lastOf(app.last, app.fresh),
    reconciledAt: reconciledAt(app.beat),
    refreshing: app.refreshing,
    automated,
    paused: app.skip,
    window: undefined,
    rollouts: [],
    owner: { kind: "Nobody" },
    manager: undefined,
  };
}

export function isCompared({ spec, comparedTo }: App): boolean {
  return spec === comparedTo;
}

/** Our own operations say that they are automated, as argo/patch.ts writes them. */
function operationOf({ by, revision }: Op): Operation {
  return { run: TAGS[by], automated: by !== "other", revision };
}

function lastOf(last: Last, fresh: boolean): LastOperation {
  const { phase, token, retrying, blocked } = last;
  return {
    ...operationOf(last),
    phase,
    message: blocked ? "Sync operation blocked by sync window" : phase === "Failed" ? "one or more objects failed to apply" : "",
    startedAt: startedAt(token),
    finishedAt: phase === "Succeeded" || phase === "Failed" ? (fresh ? "2026-01-01T00:00:00Z" : "2026-01-03T00:00:00Z") : undefined,
    retryCount: retrying ? 1 : 0,
    hasResult: true,
  };
}

/** An Application that has long been as it is. */
export function settledAt(value: Value): App {
  return {
    exists: true,
    spec: value,
    comparedTo: value,
    live: value,
    sync: "Synced",
    error: false,
    health: "Healthy",
    op: undefined,
    last: { by: "auto", revision: value, phase: "Succeeded", token: "plan", retrying: false, blocked: false },
    fresh: true,
    rolling: false,
    beat: 0,
    refreshing: false,
    skip: false,
  };
}
