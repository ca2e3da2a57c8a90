import type { TargetMemo } from "#engine/memo.ts";
import type { Want } from "#engine/world.ts";
import { isCompared, reconciledAt, valueOf, type App } from "./app.ts";
import type { Local } from "./local.ts";
import { isFinal } from "./memos.ts";
import { DEADLINE, DEGRADED, SETTLE, T0 } from "./times.ts";

/**
 * What must hold of one look at one target (invariants 6 and 7), found out without the engine's own words: each claim of the memo
 * after it must follow from what was seen or from a claim of the memo before it.
 */
export function judgedWrongly(before: Local, after: TargetMemo, want: Want, active: boolean): readonly string[] {
  const { memo, view, link } = before;
  const seen = link === "live" && !before.behind ? view : undefined;
  const wrong: string[] = [];
  const must = (holds: boolean, rule: string): void => {
    if (!holds) wrong.push(rule);
  };
  const proven = seen !== undefined && isEvidence(seen, want);
  const held = memo.evidenceSince !== undefined && T0 - memo.evidenceSince >= SETTLE;
  const verified = after.phase === "Ready" || (after.phase === "RolledBack" && after.reason === "Verified");

  if (isFinal(memo)) must(after.phase === memo.phase && after.reason === memo.reason, "7: a verdict stands");
  if (verified && memo.phase !== after.phase) {
    must(proven, "6: verified without all evidence");
    must(held || memo.heard, "6: verified before the evidence has held for the settle time");
    must(
      memo.heard || (memo.heartbeat !== undefined && seen !== undefined && memo.heartbeat !== reconciledAt(seen.beat)),
      "6: verified without a heartbeat",
    );
  }
  if (after.phase === "Ready" && seen !== undefined)
    must(proven || (after.need === "Confirm" && after.evidenceSince === undefined), "6: Ready though evidence is missing");
  if (after.evidenceSince !== undefined && !before.behind) {
    must(proven, "6: evidence is claimed that was not seen");
    must(after.evidenceSince === (memo.evidenceSince ?? T0), "7: evidence is dated back");
  }
  if (after.heard && !memo.heard) must(verified, "6: heard, and not verified");
  if (after.heardAgain && !memo.heardAgain)
    must(
      memo.heard && seen !== undefined && memo.heartbeat !== undefined && memo.heartbeat !== reconciledAt(seen.beat),
      "7: silence is taken for a sign of life",
    );
  if (after.heartbeat !== undefined && after.heartbeat !== memo.heartbeat)
    must(seen !== undefined && after.heartbeat === reconciledAt(seen.beat), "7: a heartbeat that nobody has seen");
  if (after.heartbeat !== undefined && memo.heartbeat === undefined && !memo.heard)
    must(held, "6: a heartbeat is awaited before the evidence has settled");
  if (seen === undefined) {
    must(after.phase === memo.phase || !["Failed", "Reverted", "Ready"].includes(after.phase), "7: a verdict on what cannot be seen");
    must(after.evidenceSince === undefined || before.behind, "7: evidence of what cannot be seen");
  }
  must(after.progressAt >= memo.progressAt, "7: progress is dated back");
  const isLate = T0 - memo.progressAt >= DEADLINE || (memo.vigilSince !== undefined && T0 - memo.vigilSince >= DEADLINE);
  const isOver = !isFinal(memo) && after.phase === "Failed";
  if (isOver && (after.reason === "ArgoCDSilent" || OF_DEADLINE.includes(after.reason))) must(isLate, "7: failed before its deadline");
  if (isOver && after.reason === "Degraded")
    must(isLate || (memo.degradedSince !== undefined && T0 - memo.degradedSince >= DEGRADED), "7: Degraded for a moment is no failure");
  if (
    after.phase === "Waiting" &&
    ["SyncWindow", "ForeignOperation", "CanaryPaused", "ReconcilePaused"].includes(after.reason) &&
    after.phase !== memo.phase
  )
    must(after.progressAt === T0, "7: time that others take is counted");
  if (memo.phase === "Ready" && after.phase === "Failed")
    must(!OF_DEADLINE.includes(after.reason), "7: a deadline is over that began before it was Ready");
  const isFirst =
    active &&
    seen !== undefined &&
    seen.spec !== "untold" &&
    memo.fingerprint === "" &&
    memo.phase === "Pending" &&
    !memo.started &&
    !memo.written &&
    !memo.goingBack;
  if (isFirst) must(after.progressAt === T0, "7: its deadline began before its turn");
  if (memo.phase === "Reverted" || after.phase !== "Reverted") return wrong;
  must(memo.written && seen !== undefined && !holds(seen, want), "4: Reverted, and nobody has written over ours");
  return wrong;
}

/** What a target fails with at its deadline, and not sooner. Silence has a deadline of its own at the end of the soak. */
const OF_DEADLINE: readonly string[] = ["DeadlineExceeded", "ComparisonError", "WriteRefused", "Missing", "NeedsPrune"];

/** The predicate of docs/evidence.md, at one moment. */
function isEvidence(app: App, want: Want): boolean {
  const isFailure =
    app.last?.phase === "Failed" && app.last.token !== "plan" && app.last.token !== "kept" && app.last.revision === app.spec;
  return (
    app.exists &&
    holds(app, want) &&
    isCompared(app) &&
    app.sync === "Synced" &&
    app.health === "Healthy" &&
    !app.error &&
    !app.skip &&
    app.op === undefined &&
    app.fresh &&
    !isFailure
  );
}

function holds(app: App, want: Want): boolean {
  return app.spec === valueOf(want.desired);
}
