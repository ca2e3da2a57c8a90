import type { Outcome, RunKind, RunPhase, WaitingReason, WavePhase } from "#api/reasons.ts";
import type { FieldValues, PlannedWave } from "#api/releaserun.ts";
import type { OnFailure, RollbackScope, Supersede } from "#api/strategy.ts";
import type { GateState } from "./gates/state.ts";
import type { Freeze, GatesSeen } from "./gates/seen.ts";
import type { TargetMemo } from "./memo.ts";

/** What one target shall hold, in one direction, and what the run knows of it from its plan. */
export interface Want {
  /** Forward: to what is released. Back: to what was last verified. */
  readonly direction: "Forward" | "Back";
  /** What our operations carry: the run, and whether they take it back. */
  readonly tag: string;
  readonly desired: FieldValues;
  /** The values that may be written over; empty where the plan could not ask. */
  readonly over: readonly FieldValues[];
  /** Back: what it held before the run wrote. Found there, nothing of ours is to be taken back. */
  readonly untouched: FieldValues | undefined;
  /** When the last operation that the plan saw had started, as Argo CD wrote it. */
  readonly lastOperation: string | undefined;
  /** Whether it was healthy when the plan was made: only then is Degraded news. */
  readonly healthyBefore: boolean;
  readonly canary: CanaryWish;
  /** Milliseconds without observed progress after which it has failed. */
  readonly progressDeadline: number;
  /** Milliseconds that the evidence must hold. */
  readonly settleTime: number;
  /** Milliseconds after which a cluster whose registration is gone counts as gone. */
  readonly graceTime: number;
  /** Annotations that we write besides the values: of no account, but to who would take them away. */
  readonly annotations?: readonly string[];
}

/**
 * What is wanted of a canary in its cluster. Run: what its Rollout says. Retry: the same, and one that was aborted is begun
 * again, once. GoBack: it may be repeated on the way back. Promote: then its steps are skipped.
 */
export type CanaryWish = "Run" | "Retry" | "GoBack" | "Promote";

export interface Target {
  readonly cluster: string;
  readonly instance: string;
  /** Position of its wave, from 0. */
  readonly wave: number;
  readonly forward: Want;
  /** The way back; undefined where nothing is known to go back to. */
  readonly back: Want | undefined;
  /** What it held when the plan was made is ours and was never verified. */
  readonly ours: boolean;
  readonly memo: TargetMemo;
}

/** The want that a target is judged by now. */
export function wantOf({ forward, back, memo }: Pick<Target, "forward" | "back" | "memo">): Want {
  return memo.goingBack && back !== undefined ? back : forward;
}

/** How far a wave has come. Milliseconds since the epoch, and of soak. */
export interface WaveState {
  readonly phase: WavePhase;
  readonly startedAt: number | undefined;
  readonly verifiedAt: number | undefined;
  readonly soaked: number;
  /** When soak was last counted, in this process. */
  readonly countedAt: number | undefined;
  /** Of each gate of the plan, in its order. */
  readonly gates: readonly GateState[];
}

/** A freeze that people have let this run go through. */
export interface Override extends Pick<Freeze, "name" | "until"> {
  readonly by: string;
  readonly at: number;
}

/** A verdict on a run, and when it was made. */
export interface Verdict {
  readonly at: number;
  readonly message: string;
}

/** What is decided of a run. Once stored it stands, whatever is seen later. */
export interface RunState {
  readonly startedAt: number | undefined;
  readonly waves: readonly WaveState[];
  /** It has failed, and is taken back. */
  readonly rollback: Verdict | undefined;
  /** It has failed, and waits for a person. */
  readonly stop: Verdict | undefined;
  /** Failures that a person has accepted by resuming. */
  readonly accepted: number;
  readonly overrides: readonly Override[];
}

/** What never changes of a run. */
export interface RunPlan {
  readonly kind: RunKind;
  /** Whether success means that a wish was taken back, and to what. */
  readonly undoes: boolean;
  readonly revision?: string;
  readonly waves: readonly PlannedWave[];
  readonly onFailure: OnFailure;
  readonly rollbackScope: RollbackScope;
  readonly supersede: Supersede;
  /** Milliseconds without observed progress after which an analysis has failed. */
  readonly progressDeadline: number;
  /** The releases that must be ready before the first wave begins. */
  readonly dependsOn: readonly { readonly name: string }[];
}

/** What people want of a run now. */
export interface Orders {
  readonly paused: boolean;
  readonly aborted: boolean;
  /** The revision that whoever aborted it goes back to. */
  readonly backTo?: string;
  /** A person has accepted the failures that stopped it. */
  readonly resumed: boolean;
  readonly skipped: ReadonlySet<string>;
}

/** All that a decision about a run may look at. */
export interface World {
  readonly now: number;
  readonly plan: RunPlan;
  /** As it was stored last. */
  readonly state: RunState;
  readonly orders: Orders;
  /** A newer wish exists. */
  readonly superseded: boolean;
  /** How many more targets may be started now on an Argo CD instance. */
  readonly room: (instance: string) => number;
  /** Milliseconds for which a cluster may be silent before anything is decided without it. */
  readonly contactTime: number;
  readonly gates: GatesSeen;
  readonly targets: readonly Target[];
}

/**
 * Patch: the values. PatchAndSync: the values, and an operation in the same write. Sync: an operation. Refresh: ask
 * Argo CD to look again. Terminate: end an operation that we, or our values, began. Confirm: nothing, only read it anew:
 * no verdict is made on a view that may be older than our own write. PromoteFull, RetryCanary: to its Rollouts, that
 * what is left of their steps is skipped, or that what was aborted is tried again.
 */
export type WriteKind = "Patch" | "PatchAndSync" | "Sync" | "Refresh" | "Terminate" | "Confirm" | CanaryWrite;
export type CanaryWrite = "PromoteFull" | "RetryCanary";

export function isCanaryWrite(kind: WriteKind): kind is CanaryWrite {
  return kind === "PromoteFull" || kind === "RetryCanary";
}

/** Whether it changes nothing that Argo CD deploys: it may be asked of who was not started. */
export function isQuestion(kind: WriteKind): boolean {
  return kind === "Refresh" || kind === "Confirm";
}

export interface TargetWrite {
  readonly cluster: string;
  readonly kind: WriteKind;
  readonly want: Want;
  /** The only values that may be written over. */
  readonly over: readonly FieldValues[];
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
  /** When that may have happened by the passing of time alone, milliseconds since the epoch. */
  readonly nextCheck?: number;
}

/** An object that a gate needs in the management cluster, or an analysis that shall end. Positions are from 0. */
export type Ask =
  | { readonly kind: "Approval" | "Analysis" | "EndAnalysis"; readonly wave: number; readonly gate: number }
  | { readonly kind: "Override"; readonly freeze: Freeze };

/** What to do now, in this order: store, if `turns`; if that was possible, writes; then report. */
export interface Decision {
  readonly phase: RunPhase | Outcome;
  readonly outcome: Outcome | undefined;
  /** How it stands, in a sentence. */
  readonly message: string;
  readonly state: RunState;
  /** The targets, with what was decided of them. */
  readonly targets: readonly Target[];
  /** Something was decided that must be stored before anything is written because of it. */
  readonly turns: boolean;
  /** The direction changes or the run ends: what is being written ends first. */
  readonly halts: boolean;
  readonly counts: Counts;
  readonly waitingOn: WaitingOn | undefined;
  readonly writes: readonly TargetWrite[];
  /** What its gates need, done after what was decided is stored. */
  readonly asks: readonly Ask[];
  /** When to look again though nothing changes, milliseconds since the epoch. */
  readonly nextLook: number | undefined;
}
