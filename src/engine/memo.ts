import type { TargetPhase, TargetReason } from "#api/reasons.ts";
import type { FieldValues } from "#api/releaserun.ts";
import type { Finding } from "./evidence.ts";
import { isQuestion, type WriteKind } from "./world.ts";

/** What is remembered of one target between looks. What is marked stored survives a restart; the rest is observed again. */
export interface TargetMemo {
  readonly phase: TargetPhase; // stored
  readonly reason: TargetReason; // stored
  readonly message: string; // stored
  /** When the phase began, milliseconds since the epoch, our clock. Stored, for people: no duration is measured from it. */
  readonly since: number;
  /** When progress was last observed. Stored. */
  readonly progressAt: number;
  /** Writing to it was decided. Stored before the first write. */
  readonly started: boolean;
  /** Whether this run wrote to it, in this direction. Stored. */
  readonly written: boolean;
  /** Whether this run had written to it before it was taken back. Stored. */
  readonly changed: boolean;
  /** It is being taken back, or was. Stored. */
  readonly goingBack: boolean;
  /** Why it failed, of a target that is taken back. Stored. */
  readonly failure: { readonly reason: TargetReason; readonly message: string } | undefined;
  /** Why its API server refuses our write, in its words; undefined when it does not. */
  readonly refused: string | undefined;
  /** What it held at first contact, where the plan could not ask. Stored before the first write. */
  readonly contact: Contact | undefined;
  /** Since when all evidence has been there without a break. */
  readonly evidenceSince: number | undefined;
  readonly degradedSince: number | undefined;
  /** Since when its cluster does not answer, or its registration is gone. */
  readonly lostSince: number | undefined;
  /** reconciledAt at the moment it had settled, and again when it became Ready: Argo CD must move it once more. */
  readonly heartbeat: string | undefined;
  /** Argo CD has been heard since it settled. */
  readonly heard: boolean;
  /** Argo CD has been heard since it was Ready. */
  readonly heardAgain: boolean;
  /** Since when its wave waits for Argo CD to be heard again. */
  readonly vigilSince: number | undefined;
  /** It was Ready once in this run: from then on Degraded is news. */
  readonly wasReady: boolean;
  /** It was read anew since it looked wrong: what is seen now is no older than our own writes. */
  readonly confirmed: boolean;
  /** When Argo CD was last asked to look again, milliseconds since the epoch. */
  readonly refreshAskedAt: number | undefined;
  readonly canary: CanaryMemo;
  /** What progress is measured on; empty until it was seen in this process. */
  readonly fingerprint: string;
  /** The write that it needs now. */
  readonly need: WriteKind | undefined;
  /** When to look again though nothing changes, milliseconds since the epoch. */
  readonly lookAt: number | undefined;
}

/** What is remembered of its Rollouts. Nothing of it is stored. */
export interface CanaryMemo {
  /** How far they had come; undefined until they were asked. */
  readonly progress: string | undefined;
  /** The abort that it was asked to forget, as Argo Rollouts dated it. */
  readonly retried: string | undefined;
  /** When it was last asked to skip its steps, milliseconds since the epoch. */
  readonly promotedAt: number | undefined;
  /** Why it does not skip them, in its API server's words. */
  readonly refused: string | undefined;
}

/** What a target held when it first answered. */
export interface Contact {
  readonly live: FieldValues;
  readonly lastOperation: string | undefined;
  /** What to go back to, if it was Synced and Healthy. */
  readonly baseline: FieldValues | undefined;
}

export function newMemo(now: number): TargetMemo {
  return {
    phase: "Pending",
    reason: "Planned",
    message: "in the plan, not touched yet",
    since: now,
    progressAt: now,
    started: false,
    written: false,
    changed: false,
    goingBack: false,
    failure: undefined,
    refused: undefined,
    contact: undefined,
    evidenceSince: undefined,
    degradedSince: undefined,
    lostSince: undefined,
    heartbeat: undefined,
    heard: false,
    heardAgain: false,
    vigilSince: undefined,
    wasReady: false,
    confirmed: false,
    refreshAskedAt: undefined,
    canary: { progress: undefined, retried: undefined, promotedAt: undefined, refused: undefined },
    fingerprint: "",
    need: undefined,
    lookAt: undefined,
  };
}

/** What is decided for this run, whatever the target does later. */
export function isVerdict({ phase, goingBack }: TargetMemo): boolean {
  switch (phase) {
    case "Failed":
    case "Reverted":
    case "Skipped":
    case "RolledBack":
      return true;
    case "Drifted":
      return goingBack;
    default:
      return false;
  }
}

/** Whether it counts as failed. */
export function hasFailed({ phase, failure }: TargetMemo): boolean {
  return phase === "Failed" || phase === "Reverted" || failure !== undefined;
}

/** Started, and not arrived: it holds a slot. */
export function isInFlight(memo: TargetMemo): boolean {
  return memo.started && !isVerdict(memo) && memo.phase !== "Arrived" && memo.phase !== "Ready";
}

/** Whether it needs a first write. */
export function isWaitingForStart({ need, started }: TargetMemo): boolean {
  return !started && need !== undefined && !isQuestion(need);
}

/** Its cluster does not answer. */
export function isLost({ phase }: TargetMemo): boolean {
  return phase === "Unreachable" || phase === "Unknown";
}

export function withoutEvidence(memo: TargetMemo): TargetMemo {
  return {
    ...memo,
    evidenceSince: undefined,
    degradedSince: undefined,
    heartbeat: undefined,
    heard: false,
    heardAgain: false,
    vigilSince: undefined,
    refreshAskedAt: undefined,
    need: undefined,
    lookAt: undefined,
  };
}

/** After `kind` was written. */
export function afterWrite(memo: TargetMemo, kind: WriteKind, now: number): TargetMemo {
  if (kind === "Refresh") return { ...memo, refreshAskedAt: now, refused: undefined, need: undefined, lookAt: undefined };
  if (kind === "Terminate") return { ...memo, need: undefined };
  if (kind === "Confirm") return { ...memo, confirmed: true, need: undefined };
  const { canary } = memo;
  if (kind === "PromoteFull") return { ...memo, canary: { ...canary, promotedAt: now, refused: undefined }, need: undefined };
  // It was taken out while the write was under way.
  if (isVerdict(memo)) return { ...memo, written: true, need: undefined };
  if (kind === "RetryCanary") return { ...memo, written: true, refused: undefined, progressAt: now, need: undefined, lookAt: undefined };
  return {
    ...memo,
    phase: "Patched",
    reason: "NotObserved",
    message: "Argo CD has not compared the values that were written",
    since: now,
    progressAt: now,
    written: true,
    refused: undefined,
    need: undefined,
    lookAt: undefined,
  };
}

/** After its API server has refused `kind`, or has not answered. Going back step by step is no failure, only slower. */
export function afterRefusal(memo: TargetMemo, kind: WriteKind, message: string): TargetMemo {
  return kind === "PromoteFull" ? { ...memo, canary: { ...memo.canary, refused: message } } : { ...memo, refused: message };
}

/** `gap` milliseconds in which nobody looked, or by which a clock was set, count for nothing. */
export function shifted(memo: TargetMemo, gap: number): TargetMemo {
  const later = (at: number | undefined): number | undefined => (at === undefined ? undefined : at + gap);
  return {
    ...memo,
    progressAt: memo.progressAt + gap,
    evidenceSince: later(memo.evidenceSince),
    degradedSince: later(memo.degradedSince),
    lostSince: later(memo.lostSince),
    vigilSince: later(memo.vigilSince),
    refreshAskedAt: later(memo.refreshAskedAt),
    canary: { ...memo.canary, promotedAt: later(memo.canary.promotedAt) },
    lookAt: later(memo.lookAt),
  };
}

/** With what was found; `since` stays while the phase does. */
export function moved(memo: TargetMemo, { phase, reason, message }: Finding, now: number): TargetMemo {
  return { ...memo, phase, reason, message, since: phase === memo.phase ? memo.since : now };
}
