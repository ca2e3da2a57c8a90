import { GATE_PHASES, OUTCOMES, RUN_PHASES, TARGET_PHASES, TARGET_REASONS, WAITING_REASONS, WAVE_PHASES } from "#api/reasons.ts";
import type { TargetMemo } from "#engine/memo.ts";
import type { Ask, Decision } from "#engine/world.ts";

const ASKS: readonly Ask["kind"][] = ["Approval", "Analysis", "EndAnalysis", "Override"];

/** Which words of the closed vocabulary the engine has said. */
export class Coverage {
  readonly #said = {
    targets: new Set<string>(),
    reasons: new Set<string>(),
    waves: new Set<string>(),
    gates: new Set<string>(),
    asked: new Set<string>(),
    runs: new Set<string>(),
    waiting: new Set<string>(),
  };

  decided({ phase, state, waitingOn, asks }: Decision): void {
    this.#said.runs.add(phase);
    for (const wave of state.waves) {
      this.#said.waves.add(wave.phase);
      for (const gate of wave.gates) this.#said.gates.add(gate.phase);
    }
    for (const { kind } of asks) this.#said.asked.add(kind);
    if (waitingOn !== undefined) this.#said.waiting.add(waitingOn.reason);
  }

  remembered({ phase, reason, failure }: TargetMemo): void {
    this.#said.targets.add(phase);
    this.#said.reasons.add(reason);
    if (failure !== undefined) this.#said.reasons.add(failure.reason);
  }

  lines(): readonly string[] {
    const { targets, reasons, waves, gates, asked, runs, waiting } = this.#said;
    return [
      ...told("phases of a target", TARGET_PHASES, targets),
      ...told("reasons of a target", TARGET_REASONS, reasons),
      ...told("phases of a wave", WAVE_PHASES, waves),
      ...told("phases of a gate", GATE_PHASES, gates),
      ...told("what gates ask for", ASKS, asked),
      ...told("phases of a run", RUN_PHASES, runs),
      ...told("outcomes", OUTCOMES, runs),
      ...told("what is waited for", WAITING_REASONS, waiting),
    ];
  }
}

const PLANNING = "planning and the release say so, before there is a run";
const DETAIL = "an Application of this world has no such detail; test/unit/engine/judge.test.ts has";
const RELEASE = "the release says so, after the run";

const VERDICT = "a verdict or an end: nothing waits for it";

/** Why a word is not said in a small world. */
const SILENT: Readonly<Record<string, string>> = {
  ...silent(DETAIL, "NeedsPrune RevisionMoved HealthUnknown CanaryFailed RollbackRepeatsCanary"),
  SyncUnknown: "it comes with an error here, which is told instead (trap A)",
  NotCovered: RELEASE,
  ...silent(VERDICT, "Verified SyncFailed ChangedSincePlan RevertedByOwner ArgoCDSilent DeadlineExceeded ClusterGone ValuesChanged"),
  ...silent(VERDICT, "SkippedByPerson NoBaseline Untouched NotAuthorized SourceNotFound"),
  Planned: "Targets or Rollback is said for it",
  ...silent(
    PLANNING,
    "EnvironmentNotFound RevisionNotOfKind ClusterUnknown ClusterRefused NoClusters DuplicateApplication ApplicationTaken",
  ),
  ...silent(PLANNING, "InvalidName StrategyInvalid NotOverridable MembershipShrunk ClusterLost Observing"),
  ...silent(PLANNING, "FreezeInvalid ApprovalUnsafe ApprovalsUnguarded AnalysisInvalid AnalysisUnavailable DependencyCycle"),
};

function silent(why: string, words: string): Readonly<Record<string, string>> {
  return Object.fromEntries(words.split(" ").map((word) => [word, why]));
}

function told(what: string, words: readonly string[], said: ReadonlySet<string>): string[] {
  const all = [...new Set(words)];
  const reached = all.filter((word) => said.has(word));
  const rest = all.filter((word) => !said.has(word));
  return [
    `${what}: ${reached.length} of ${all.length} reached: ${reached.join(", ")}`,
    ...rest.map((word) => `  not reached: ${word}${SILENT[word] ? ` (${SILENT[word]})` : ""}`),
  ];
}
