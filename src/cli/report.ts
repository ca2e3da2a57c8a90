import type { Outcome, RunKind, TargetPhase, WavePhase } from "#api/reasons.ts";
import type { OnFailure } from "#api/strategy.ts";

/**
 * The one JSON document that `simulate -o json` prints. Times are seconds from the moment at which the ServiceRelease is applied, to a
 * tenth; null where something has not come to pass. The same command gives the same document; fields are added in later versions, and
 * none changes its meaning within one `version`.
 */
export interface Report {
  readonly version: 1;
  readonly release: { readonly name: string; readonly environment: string; readonly revision: string; readonly before: string };
  readonly seed: string;
  readonly fleet: {
    readonly clusters: number;
    readonly invented: number;
    /** What is good to know of them, a sentence each. */
    readonly notes: readonly string[];
  };
  readonly faults: {
    readonly fail: readonly string[];
    /** seconds: null for ever. */
    readonly unreachable: readonly { readonly cluster: string; readonly seconds: number | null }[];
    readonly slow: readonly { readonly cluster: string; readonly seconds: number }[];
  };
  readonly outcome: {
    /** The phase of the ServiceRelease at the end. */
    readonly phase: string;
    /** false: it waits for something that does not come by itself. */
    readonly ended: boolean;
    readonly at: number;
    readonly message: string;
  };
  /** In the order in which they were made: the release itself, then what catches up or restores. */
  readonly runs: readonly RunReport[];
  readonly clusters: readonly ClusterReport[];
  readonly longest: Longest;
}

export interface RunReport {
  readonly name: string;
  readonly kind: RunKind;
  readonly start: number;
  readonly end: number | null;
  readonly outcome: Outcome | null;
  readonly message: string;
  readonly waves: readonly WaveReport[];
  readonly rollback: RollbackReport | null;
}

export const SEGMENTS = ["Rollout", "Soak", "Waiting", "Paused"] as const;
/** What a wave does: it rolls out, it soaks, it waits for something outside, or it is stopped until a person decides. */
export type SegmentKind = (typeof SEGMENTS)[number];

export interface Segment {
  readonly kind: SegmentKind;
  readonly from: number;
  /** null: it goes on. */
  readonly to: number | null;
}

export interface WaveReport {
  readonly name: string;
  readonly clusters: number;
  readonly maxConcurrency: number;
  /** null: it was never started. */
  readonly start: number | null;
  readonly end: number | null;
  readonly phase: WavePhase;
  readonly segments: readonly Segment[];
  readonly failed: readonly { readonly cluster: string; readonly at: number; readonly reason: string; readonly message: string }[];
  /** It went on without them, for they did not answer. */
  readonly leftOut: readonly string[];
}

export interface RollbackReport {
  readonly start: number;
  readonly end: number | null;
  readonly reason: string;
  /** Taken back, and verified there again. */
  readonly restored: readonly string[];
  /** Those that were to go back and are not. */
  readonly missed: readonly { readonly cluster: string; readonly message: string }[];
}

export interface ClusterReport {
  readonly name: string;
  /** The number of its wave in the first run, from 1; null where it was not planned. */
  readonly wave: number | null;
  /** Its phase in the last run that it was in. */
  readonly phase: TargetPhase | null;
  /** When the new revision was written, when it was verified, and when it failed. */
  readonly patched: number | null;
  readonly ready: number | null;
  readonly failed: number | null;
  readonly rolledBack: number | null;
  /** Out of reach, and never written to by the first run. */
  readonly leftOut: boolean;
  readonly caughtUp: number | null;
}

/**
 * How long it may take. `good`: the release to this fleet, with clusters as slow as asked for and nothing failing, until the last wave is
 * verified. `bad`: the same until the last moment of the last wave's soak, when as many clusters as its failure budget does not allow stop
 * being healthy without being Degraded; they are given up after the progress deadline, and what onFailure says is done.
 */
export interface Longest {
  readonly good: { readonly at: number; readonly ended: boolean; readonly phase: string; readonly message: string };
  /** null where the good one does not succeed. */
  readonly bad: {
    readonly at: number;
    readonly ended: boolean;
    readonly phase: string;
    readonly clusters: readonly string[];
    readonly failFrom: number;
    readonly progressDeadline: number;
    readonly onFailure: OnFailure;
  } | null;
}
