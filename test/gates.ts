/** Builders of gates: what is planned of them, what is decided, and what is seen. Every default is the dull case. */
import type { PlannedGate } from "#api/releaserun.ts";
import { UNGATED, type AnalysisSeen, type ApprovalSeen, type Freeze, type GatesSeen } from "#engine/gates/seen.ts";
import { newGate, type GateState } from "#engine/gates/state.ts";
import type { GatePhase } from "#api/reasons.ts";
import { T0 } from "./application.ts";

type Planned<Kind extends keyof PlannedGate> = NonNullable<PlannedGate[Kind]>;

/** People who decide before a wave begins. */
export function approvalGate(more: Partial<Planned<"approval">> = {}): PlannedGate {
  return { approval: { count: 1, expiresAfterSeconds: 86_400, ...more } };
}

/** Metrics that decide before a wave is verified. */
export function analysisGate(more: Partial<Planned<"analysis">> = {}): PlannedGate {
  return { analysis: { templateName: "error-rate", clusterScope: false, args: [], background: false, ...more } };
}

export function gateState(phase: GatePhase, more: Partial<GateState> = {}): GateState {
  return { ...newGate(T0), phase, ...more };
}

/** Nobody has decided yet, and there is a day for it. */
export const pending = { kind: "Pending", have: [], need: 1, expiresAt: T0 + 86_400_000 } as const satisfies ApprovalSeen;
export const approved: ApprovalSeen = { kind: "Approved", by: ["ann"] };
export const rejected: ApprovalSeen = { kind: "Rejected", by: "bob", reason: "not today" };
export const expired: ApprovalSeen = { kind: "Expired", expiresAt: T0 };
export const absent = { kind: "Absent" } as const;

type Present = Extract<AnalysisSeen, { kind: "Present" }>;

/** An AnalysisRun with two metrics, each of which was measured. */
export function analysis(phase: Present["phase"], more: Partial<Present> = {}): Present {
  return {
    kind: "Present",
    phase,
    message: "",
    fingerprint: "measured",
    patience: 0,
    metrics: 2,
    measured: 2,
    ending: false,
    measurements: [],
    ...more,
  };
}

export function freeze(name: string, more: Partial<Freeze> = {}): Freeze {
  return { name: `team-a/${name}`, reason: "holidays", until: T0 + 3_600_000, ...more };
}

export interface SeenShape extends Partial<GatesSeen> {
  /** What is seen of every approval, and of every analysis. */
  readonly approvals?: ApprovalSeen;
  readonly analyses?: AnalysisSeen;
  readonly overrides?: ApprovalSeen;
  /** What holds every cluster. */
  readonly frozen?: readonly Freeze[];
}

/** Nothing is there, and nothing holds anybody, unless told. */
export function gatesSeen({ approvals, analyses, overrides, frozen, ...more }: SeenShape = {}): GatesSeen {
  return {
    ...UNGATED,
    ...(approvals === undefined ? {} : { approval: () => approvals }),
    ...(analyses === undefined ? {} : { analysis: () => analyses }),
    ...(overrides === undefined ? {} : { override: () => overrides }),
    ...(frozen === undefined ? {} : { freezes: () => frozen }),
    ...more,
  };
}
