/** Runs that have ended. */
import type { Outcome, RunKind, TargetPhase } from "#api/reasons.ts";
import type { ReleaseRun, RunSpec, RunTarget, TargetStatus } from "#api/releaserun.ts";
import { at, R1, R2, run, tracks } from "#test/build.ts";

/** A target as a run that ended lists it: it is not Ready. */
export const said = (cluster: string, phase: TargetPhase, more: Partial<TargetStatus> = {}): TargetStatus => ({
  cluster,
  phase,
  reason: "Planned",
  message: "m",
  since: at(-60),
  ...more,
});

export interface Ended {
  readonly number?: number;
  readonly from?: string;
  readonly to?: string;
  readonly targets?: readonly (Partial<RunTarget> & { readonly cluster: string })[];
  readonly kind?: RunKind;
  readonly cause?: RunSpec["cause"];
  readonly hash?: string;
  /** Seconds since the beginning. */
  readonly finished?: number;
}

/** A run of `to` over `from` that ended so; `open` are its targets that are not Ready. */
export function ended(
  phase: Outcome,
  open: readonly TargetStatus[] = [],
  { number = 1, from = R1, to = R2, finished = -50, ...more }: Ended = {},
): ReleaseRun {
  const status = { startedAt: at(finished - 50), finishedAt: at(finished), phase, targets: [...open] };
  return run({ number, revision: to, values: [tracks(to), tracks(from)], status, ...more });
}
