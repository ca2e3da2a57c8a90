import type { ReleaseRun, RunCause, RunTarget } from "#api/releaserun.ts";
import { valuesOf } from "#engine/baselines.ts";
import type { Contact } from "#engine/memo.ts";
import type { Want } from "#engine/world.ts";

export interface Times {
  /** How long the evidence must hold, in milliseconds. */
  readonly settleTime: number;
  /** How long a cluster whose registration is gone may come back, in milliseconds. */
  readonly graceTime: number;
  /** Annotations that we write besides the values. */
  readonly annotations?: readonly string[];
}

/** What a target shall hold in each direction. `contact` is what it held where the plan could not ask. */
export function wantsOf(
  { metadata, spec }: ReleaseRun,
  target: RunTarget,
  contact: Contact | undefined,
  { settleTime, graceTime, annotations }: Times,
): { readonly forward: Want; readonly back: Want | undefined } {
  const desired = valuesOf(spec, target.desired) ?? {};
  const live = valuesOf(spec, target.live);
  const baseline = valuesOf(spec, target.baseline) ?? contact?.baseline;
  const shared = {
    progressDeadline: spec.strategy.progressDeadlineSeconds * 1000,
    settleTime,
    graceTime,
    ...(annotations && { annotations }),
  };
  const lastOperation = target.lastOperation ?? contact?.lastOperation;
  const goingBack = spec.strategy.promoteFull === true ? "Promote" : "GoBack";
  const forward: Want = {
    ...shared,
    direction: "Forward",
    tag: metadata.uid,
    desired,
    over: live === undefined ? [] : [live],
    untouched: undefined,
    lastOperation,
    healthyBefore: target.healthy === true || contact?.baseline !== undefined,
    canary: spec.kind === "Rollback" ? goingBack : isRetry(spec.cause) ? "Retry" : "Run",
  };
  if (baseline === undefined) return { forward, back: undefined };
  const isOurs = target.ours === true && live !== undefined;
  const back: Want = {
    ...shared,
    direction: "Back",
    tag: `${metadata.uid}/back`,
    desired: baseline,
    over: isOurs ? [desired, live] : [desired],
    untouched: isOurs ? undefined : live,
    lastOperation: undefined,
    // It is taken back because something is wrong: only the deadline decides that it does not recover.
    healthyBefore: false,
    canary: goingBack,
  };
  return { forward, back };
}

/** Whether a person asked for the same revision once more. */
function isRetry(cause: RunCause | undefined): boolean {
  return cause?.action === "retry" || cause?.action === "retry-failed";
}
