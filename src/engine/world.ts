import type { Outcome, RunPhase, TargetPhase, TargetReason, WaitingReason } from "#api/reasons.ts";
import type { FieldValues } from "#api/releaserun.ts";

/** What one target shall hold, and what the run knows of it from its plan. */
export interface Want {
  /** UID of the run: our operations carry it. */
  readonly run: string;
  readonly desired: FieldValues;
  /** What it held when the plan was made; undefined where the plan could not ask. */
  readonly live: FieldValues | undefined;
  /** When the last operation that the plan saw had started, as Argo CD wrote it. */
  readonly lastOperation: string | undefined;
  /** Whether it was healthy when the plan was made: only then is Degraded news. */
  readonly healthyBefore: boolean;
  /** Milliseconds without observed progress after which it has failed. */
  readonly progressDeadline: number;
  /** Milliseconds that the evidence must hold. */
  readonly settleTime: number;
}

/** What is remembered of one target between looks. What is marked stored survives a restart; the rest is observed again. */
export interface TargetMemo {
  readonly phase: TargetPhase; // stored
  readonly reason: TargetReason; // stored
  readonly message: string; // stored
  /** When the phase began, milliseconds since the epoch, our clock. Stored. */
  readonly since: number;
  /** When progress was last observed. Stored. */
  readonly progressAt: number;
  /** Whether this run wrote to it. Stored. */
  readonly written: boolean;
  /** Why its API server refuses our write, in its words; undefined when it does not. */
  readonly refused: string | undefined;
  /** What it held at first contact, where the plan could not ask. Stored before the first write. */
  readonly contact: { readonly live: FieldValues; readonly lastOperation: string | undefined } | undefined;
  /** Since when all evidence has been there without a break. */
  readonly evidenceSince: number | undefined;
  readonly degradedSince: number | undefined;
  /** reconciledAt at the moment it had settled: Argo CD must move it once more. */
  readonly heartbeat: string | undefined;
  /** Argo CD has been heard since it settled. */
  readonly heard: boolean;
  /** When Argo CD was last asked to look again, milliseconds since the epoch. */
  readonly refreshAskedAt: number | undefined;
  /** What progress is measured on. */
  readonly fingerprint: string;
  /** The write that it needs now. */
  readonly need: WriteKind | undefined;
  /** When to look again though nothing changes, milliseconds since the epoch. */
  readonly lookAt: number | undefined;
}

export function newMemo(now: number): TargetMemo {
  return {
    phase: "Pending",
    reason: "Planned",
    message: "in the plan, not touched yet",
    since: now,
    progressAt: now,
    written: false,
    refused: undefined,
    contact: undefined,
    evidenceSince: undefined,
    degradedSince: undefined,
    heartbeat: undefined,
    heard: false,
    refreshAskedAt: undefined,
    fingerprint: "",
    need: undefined,
    lookAt: undefined,
  };
}

export interface Target {
  readonly cluster: string;
  readonly want: Want;
  readonly memo: TargetMemo;
}

/** All that a decision about a run may look at. */
export interface World {
  readonly now: number;
  /** The run as it was stored last. */
  readonly run: {
    readonly startedAt: number | undefined;
    /** A newer wish exists: start nothing more. */
    readonly superseded: boolean;
  };
  readonly targets: readonly Target[];
}

/**
 * Patch: the values. PatchAndSync: the values, and an operation in the same write. Sync: an operation. Refresh: ask
 * Argo CD to look again. Terminate: end the operation of an older run.
 */
export type WriteKind = "Patch" | "PatchAndSync" | "Sync" | "Refresh" | "Terminate";

export interface TargetWrite {
  readonly cluster: string;
  readonly kind: WriteKind;
  readonly want: Want;
  /** The only values that may be written over. */
  readonly over: FieldValues;
}

export interface Counts {
  readonly total: number;
  readonly updated: number;
  readonly ready: number;
  readonly failed: number;
  readonly unreachable: number;
}

export interface WaitingOn {
  readonly reason: WaitingReason;
  readonly message: string;
}

/** What to do now. In this order: store; if that was possible, writes; then report. */
export interface Decision {
  readonly phase: RunPhase | Outcome;
  readonly outcome: Outcome | undefined;
  readonly counts: Counts;
  readonly waitingOn: WaitingOn | undefined;
  readonly writes: readonly TargetWrite[];
  /** When to look again though nothing changes, milliseconds since the epoch. */
  readonly nextLook: number | undefined;
}
