/** What is known of the things that gates look at, as the controllers read them. */

/** A freeze that holds a target now. */
export interface Freeze {
  /** FreezeWindow, as <namespace>/<name>. */
  readonly name: string;
  readonly reason: string;
  /** When it ends, milliseconds since the epoch. */
  readonly until: number;
}

/** What people have decided on one ReleaseApproval. */
export type ApprovalSeen =
  | { readonly kind: "Absent" }
  | { readonly kind: "Pending"; readonly have: readonly string[]; readonly need: number; readonly expiresAt: number }
  | { readonly kind: "Approved"; readonly by: readonly string[] }
  | { readonly kind: "Rejected"; readonly by: string; readonly reason: string }
  | { readonly kind: "Expired"; readonly expiresAt: number };

/** Another release that must be ready first. */
export interface DependencySeen {
  readonly name: string;
  readonly ready: boolean;
  /** What is missing, in words. */
  readonly message: string;
}

/** One measurement of an AnalysisRun's metric. */
export interface Measurement {
  readonly metric: string;
  /** As the provider answered; cut. */
  readonly value: string;
  readonly phase: string;
  /** When it ended, as Argo Rollouts wrote it. */
  readonly at: string;
}

/** How one AnalysisRun stands. */
export type AnalysisSeen =
  | { readonly kind: "Absent" }
  | {
      readonly kind: "Present";
      /** Pending: Argo Rollouts has not begun with it. */
      readonly phase: "Pending" | "Running" | "Successful" | "Failed" | "Error" | "Inconclusive";
      /** Why, in its words or the failing metric's. */
      readonly message: string;
      /** Another one whenever something was measured: what progress is. */
      readonly fingerprint: string;
      /** The longest time that may pass between two measurements as its metrics are written, milliseconds. */
      readonly patience: number;
      /** Metrics, and of how many at least one measurement succeeded. */
      readonly metrics: number;
      readonly measured: number;
      /** It was told to end. */
      readonly ending: boolean;
      /** The newest, at most 5 in all, newest last. */
      readonly measurements: readonly Measurement[];
    };

/** All of it. Freezes and approvals that are asked for often cost little. */
export interface GatesSeen {
  /** All that hold a target of a cluster now, the one that ends last first. */
  readonly freezes: (cluster: string) => readonly Freeze[];
  readonly override: (freeze: Freeze) => ApprovalSeen;
  /** Of the gate at position `gate` of the wave at position `wave`, both from 0. */
  readonly approval: (wave: number, gate: number) => ApprovalSeen;
  readonly analysis: (wave: number, gate: number) => AnalysisSeen;
  readonly dependencies: readonly DependencySeen[];
}

/** Where there are no gates. */
export const UNGATED: GatesSeen = {
  freezes: () => [],
  override: () => ({ kind: "Absent" }),
  approval: () => ({ kind: "Absent" }),
  analysis: () => ({ kind: "Absent" }),
  dependencies: [],
};
