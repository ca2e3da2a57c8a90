import type { PlannedGate } from "#api/releaserun.ts";
import type { AnalysisSeen, ApprovalSeen, Freeze, GatesSeen } from "#engine/gates/seen.ts";
import type { Ask } from "#engine/world.ts";
import type { Fault } from "./faults.ts";
import { PAUSE, T0 } from "./times.ts";

/** What gates look at in the small world: one approval before the second wave, one analysis of the first, one freeze, one other release. */
export interface Outside {
  readonly approval: Said;
  readonly override: Said;
  readonly analysis: Run;
  readonly frozen: boolean;
  /** Whether the release that this one depends on is ready. */
  readonly ready: boolean;
}

/** What people have said on one ReleaseApproval. */
type Said = ApprovalSeen["kind"];

/** An AnalysisRun with one metric. */
interface Run {
  readonly phase: Extract<AnalysisSeen, { kind: "Present" }>["phase"] | "Absent";
  readonly measured: boolean;
  readonly ending: boolean;
}

/** Which gates a world has. */
export interface Gated {
  readonly approval?: true;
  readonly analysis?: "soak" | "background";
  readonly freeze?: true;
  readonly dependency?: true;
}

const ABSENT: Run = { phase: "Absent", measured: false, ending: false };
export const NOBODY: Outside = { approval: "Absent", override: "Absent", analysis: ABSENT, frozen: false, ready: false };

/** Of the first wave, and of the second. */
export function plannedGates({ approval, analysis }: Gated): readonly [PlannedGate[], PlannedGate[]] {
  const metrics = { templateName: "errors", clusterScope: false, args: [], background: analysis === "background" };
  return [analysis === undefined ? [] : [{ analysis: metrics }], approval ? [{ approval: { count: 1, expiresAfterSeconds: 3600 } }] : []];
}

/** It ends later than anybody looks next: that it has ended is a move of its own, as is that nobody has decided in time. */
const UNTIL = T0 + PAUSE;
const FREEZE: Freeze = { name: "shop/holidays", reason: "holidays", until: UNTIL };

export function seenOf({ approval, override, analysis, frozen, ready }: Outside): GatesSeen {
  const metric: AnalysisSeen = analysisOf(analysis);
  return {
    freezes: () => (frozen ? [FREEZE] : []),
    override: () => approvalOf(override),
    approval: () => approvalOf(approval),
    analysis: () => metric,
    dependencies: [{ name: DEPENDENCY, ready, message: "it is Progressing" }],
  };
}

export const DEPENDENCY = "checkout.staging";

function approvalOf(said: Said): ApprovalSeen {
  switch (said) {
    case "Absent":
      return { kind: said };
    case "Pending":
      return { kind: said, have: [], need: 1, expiresAt: UNTIL };
    case "Approved":
      return { kind: said, by: ["ann"] };
    case "Rejected":
      return { kind: said, by: "bob", reason: "no" };
    case "Expired":
      return { kind: said, expiresAt: T0 };
  }
}

function analysisOf({ phase, measured, ending }: Run): AnalysisSeen {
  if (phase === "Absent") return { kind: "Absent" };
  const fingerprint = `${phase} ${measured}`;
  return {
    kind: "Present",
    phase,
    message: "",
    fingerprint,
    patience: 0,
    metrics: 1,
    measured: Number(measured),
    ending,
    measurements: [],
  };
}

/** What becomes of it by itself. */
export interface OutsideMove {
  readonly label: string;
  readonly outside: Outside;
  readonly fault?: Fault;
  readonly isTrouble?: true;
}

export function outsideMoves(outside: Outside, gated: Gated): readonly OutsideMove[] {
  const { approval, override, analysis, frozen, ready } = outside;
  const moves: OutsideMove[] = [];
  if (approval === "Pending")
    moves.push(
      { label: "people approve", outside: { ...outside, approval: "Approved" } },
      { label: "people reject", outside: { ...outside, approval: "Rejected" }, isTrouble: true },
      { label: "nobody decides in time", outside: { ...outside, approval: "Expired" }, isTrouble: true },
    );
  if (approval !== "Absent")
    moves.push({ label: "somebody deletes the ReleaseApproval", outside: { ...outside, approval: "Absent" }, fault: "gates" });
  if (override === "Pending")
    moves.push(
      { label: "people let it go through the freeze", outside: { ...outside, override: "Approved" } },
      { label: "people do not let it go through the freeze", outside: { ...outside, override: "Rejected" } },
    );
  if (gated.freeze && !frozen) moves.push({ label: "a freeze begins", outside: { ...outside, frozen: true }, fault: "freeze" });
  if (frozen) moves.push({ label: "the freeze ends", outside: { ...outside, frozen: false } });
  if (gated.dependency && !ready) moves.push({ label: "the other release is ready", outside: { ...outside, ready: true } });
  if (ready) moves.push({ label: "the other release is ready no more", outside: { ...outside, ready: false }, fault: "gates" });
  return [...moves, ...measuring(outside, analysis)];
}

function measuring(outside: Outside, run: Run): OutsideMove[] {
  if (run.phase === "Absent") return [];
  const become = (label: string, more: Partial<Run>): OutsideMove => ({ label, outside: { ...outside, analysis: { ...run, ...more } } });
  const bad = (label: string, more: Partial<Run>): OutsideMove => ({ ...become(label, more), isTrouble: true });
  const deleted: OutsideMove = {
    label: "somebody deletes the AnalysisRun",
    outside: { ...outside, analysis: ABSENT },
    fault: "gates",
  };
  if (run.phase === "Pending") return [become("Argo Rollouts begins with the analysis", { phase: "Running" }), deleted];
  if (run.phase !== "Running") return [deleted];
  return [
    deleted,
    ...(run.measured ? [] : [become("the metric is measured", { measured: true })]),
    // Argo Rollouts calls what it was told to end Successful, also where nothing was measured.
    ...(run.measured || run.ending ? [become("the analysis succeeds", { phase: "Successful" })] : []),
    bad("the analysis fails", { phase: "Failed" }),
    bad("the analysis cannot be made", { phase: "Error" }),
    bad("the analysis says neither", { phase: "Inconclusive" }),
  ];
}

/** What the conductor asked for is made. */
export function made(outside: Outside, ask: Ask): OutsideMove {
  switch (ask.kind) {
    case "Approval":
      return { label: "people are asked to approve", outside: { ...outside, approval: "Pending" } };
    case "Override":
      return { label: "people are asked to let it go through the freeze", outside: { ...outside, override: "Pending" } };
    case "Analysis":
      return { label: "the AnalysisRun is made", outside: { ...outside, analysis: { ...ABSENT, phase: "Pending" } } };
    case "EndAnalysis":
      return { label: "the analysis is told to end", outside: { ...outside, analysis: { ...outside.analysis, ending: true } } };
  }
}

export function outsideKey({ approval, override, analysis, frozen, ready }: Outside): string {
  const { phase, measured, ending } = analysis;
  return `${approval},${override},${phase},${[measured, ending, frozen, ready].map(Number).join("")}`;
}
