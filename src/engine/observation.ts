import type { FieldValue, FieldValues } from "#api/releaserun.ts";

/** Who may write an Application besides us, and would write over what we wrote. */
export type Owner =
  | { readonly kind: "ApplicationSet"; readonly name: string }
  | { readonly kind: "Application"; readonly name: string }
  | { readonly kind: "Nobody" };

export interface Operation {
  /** The run that asked for it, by UID; undefined for anybody else's. */
  readonly run: string | undefined;
  readonly automated: boolean;
  /** The revision that it syncs our source to, where it says so. */
  readonly revision: string | undefined;
}

/** What Argo CD says of its last operation; its times are compared by value or with each other, never with ours. */
export interface LastOperation extends Operation {
  readonly phase: string;
  readonly message: string;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  readonly retryCount: number;
  /** Argo CD kept what came of it: one that ended without never lets a sync start by itself again (argo-cd#29636). */
  readonly hasResult: boolean;
}

/** A Rollout of Argo Rollouts that an Application holds. */
export interface Rollout {
  readonly namespace: string;
  readonly name: string;
  /** What its controller says of it; undefined where it could not be asked, or has not looked at what was applied. */
  readonly canary: Canary | undefined;
  /** When it was asked: never, for nobody can; before the Application has looked as it does, or not answered yet; since. */
  readonly asked: "Never" | "Before" | "Since";
}

export interface Canary {
  /** The step that it is in, from 1; `steps` + 1 when all of them are done. */
  readonly step: number;
  /** 0 where it has none, as blue-green. */
  readonly steps: number;
  /** The canary's share of traffic or pods in percent; undefined where there is none, as blue-green. */
  readonly weight: number | undefined;
  /** What was applied last is what is stable: nothing is being rolled out. */
  readonly isStable: boolean;
  /** All that is left of its steps is skipped: status.promoteFull. */
  readonly isPromoting: boolean;
  readonly pause: Pause | undefined;
  readonly abort: Abort | undefined;
  /** The AnalysisRuns that it follows now, or followed last. */
  readonly analyses: readonly Analysis[];
}

export type Pause =
  | { readonly kind: "Step" | "ByHand" | "Inconclusive" | "BlueGreen" }
  /** It goes on by itself, after a time as Argo Rollouts writes it. */
  | { readonly kind: "Timed"; readonly duration: string };

export interface Abort {
  /** As Argo Rollouts wrote it; empty in versions that do not. */
  readonly at: string;
  /** Why, in Argo Rollouts' words. */
  readonly message: string;
}

export interface Analysis {
  readonly name: string;
  readonly phase: string;
  readonly message: string;
  /** How often anything was measured. */
  readonly measured: number;
  /** What failed, and was measured last: `error-rate 0.12`. */
  readonly failing: string | undefined;
}

/** One Application as the engine sees it. Field values are opaque here: argo/ maps them both ways. */
export interface Observation {
  readonly resourceVersion: string;
  /** What the steered fields hold; undefined when the source cannot be told, and `sourceFault` says why. */
  readonly values: FieldValues | undefined;
  readonly sourceFault: string | undefined;
  /** Where the steered source is in the Application: /spec/source, or /spec/sources/1. */
  readonly sourceAt: string;
  /** The values to go back to: those of now if Synced and Healthy, a moving revision pinned to what it resolved to. */
  readonly settled: FieldValues | undefined;
  /** Whether Argo CD's comparison was of exactly the sources that the spec holds now. */
  readonly compared: boolean;
  /** What Argo CD resolved our source's revision to. */
  readonly revision: string | undefined;
  /** What the spec asks for, when it can be resolved to nothing but itself: a commit, a digest, a chart version. */
  readonly pinned: string | undefined;
  readonly sync: string;
  /** OutOfSync only for resources that wait to be pruned. */
  readonly pruneOnly: boolean;
  readonly health: { readonly status: string; readonly message: string };
  readonly errors: readonly { readonly type: string; readonly message: string }[];
  readonly operation: Operation | undefined;
  readonly lastOperation: LastOperation | undefined;
  readonly reconciledAt: string | undefined;
  /** Argo CD was asked to look again, and has not taken the request yet. */
  readonly refreshing: boolean;
  /** Whether Argo CD syncs it without being asked. */
  readonly automated: boolean;
  /** Argo CD was told not to look at it. */
  readonly paused: boolean;
  /** Why its project's sync windows let no sync start by itself now; undefined while they do, or could not be asked. */
  readonly window: string | undefined;
  /** The Rollouts that it holds: the first few, and with what they say only while it is in flight. */
  readonly rollouts: readonly Rollout[];
  readonly owner: Owner;
  /** Who wrote to it last besides Argo CD's controller, as its managedFields name them. */
  readonly manager: string | undefined;
}

/** What is known of one target now. */
export type Seen =
  | { readonly kind: "Unasked" } // the watch is not live: it has not answered yet, or is being opened again
  | { readonly kind: "Behind" } // the watch is live, and has not come to our own last write yet
  | { readonly kind: "Unreachable"; readonly message: string; readonly gone?: true } // gone: nobody has registered it any more
  | { readonly kind: "Absent" }
  | { readonly kind: "Present"; readonly observation: Observation };

/** Whether two sets of values hold the same; a field that one of them lacks is absent. */
export function sameValues(a: FieldValues, b: FieldValues): boolean {
  for (const field of Object.keys({ ...a, ...b })) if (!sameValue(a[field] ?? null, b[field] ?? null)) return false;
  return true;
}

/** The first field in which two sets of values differ; the revision before all others, for that is what people know. */
export function difference(
  a: FieldValues,
  b: FieldValues,
): { readonly field: string; readonly a: FieldValue; readonly b: FieldValue } | undefined {
  for (const field of new Set(["targetRevision", ...Object.keys(a), ...Object.keys(b)])) {
    const [left, right] = [a[field] ?? null, b[field] ?? null];
    if (!sameValue(left, right)) return { field, a: left, b: right };
  }
  return undefined;
}

function sameValue(a: FieldValue, b: FieldValue): boolean {
  return canonical(a) === canonical(b);
}

/** One spelling for equal values: Argo CD leaves out a false. */
export function canonical(value: FieldValue): string {
  if (value === false) return "null";
  if (value !== null && typeof value === "object" && !Array.isArray(value))
    return JSON.stringify([value.value, value.forceString ?? false]);
  return JSON.stringify(value);
}

/** A value as people read it. */
export function show(value: FieldValue): string {
  if (value === null) return "absent";
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "object" && !Array.isArray(value)) return `"${value.value}"`;
  return JSON.stringify(value);
}
