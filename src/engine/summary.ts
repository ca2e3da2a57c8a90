import { cut } from "#api/conditions.ts";
import { hasFailed, isLost, isVerdict } from "./memo.ts";
import type { Counts, Target, WaitingOn } from "./world.ts";

/** Many targets in few words. */

export function count(targets: readonly Target[]): Counts {
  const counts = { total: targets.length, updated: 0, ready: 0, failed: 0, unreachable: 0 };
  for (const { memo } of targets) {
    if (hasFailed(memo)) counts.failed += 1;
    else if (isLost(memo)) counts.unreachable += 1;
    else if (memo.phase === "Ready") counts.ready += 1;
    if (holdsDesired(memo)) counts.updated += 1;
  }
  return counts;
}

function holdsDesired(memo: Target["memo"]): boolean {
  if (memo.goingBack) return false;
  switch (memo.phase) {
    case "Patched":
    case "Syncing":
    case "Arrived":
    case "Ready":
      return true;
    case "Pending":
    case "Unreachable":
    case "Reverted":
    case "Skipped":
    case "RolledBack":
    case "Drifted":
      return false;
    case "Waiting":
    case "Failed":
    case "Unknown":
      return memo.written;
  }
}

/** What holds them up, the most telling first: a person looks at one line. */
export function waitingFor(
  targets: readonly Target[],
  busy: string | undefined,
  otherwise: "Targets" | "Rollback",
  prefix = "",
): WaitingOn | undefined {
  const open = targets.filter(({ memo }) => memo.phase !== "Ready" && !isVerdict(memo));
  let first = open[0];
  if (first === undefined) return undefined;
  for (const one of open) if (weight(one) > weight(first)) first = one;
  if (busy !== undefined && weight(first) < 2)
    return {
      reason: "InstanceBusy",
      message: `${prefix}${busy} has as many targets in flight as it may, over all releases (conductor.dev/max-in-flight on its registration)`,
    };
  const others = open.length > 1 ? ` (and ${open.length - 1} more)` : "";
  const reason = first.memo.reason === "Planned" ? otherwise : first.memo.reason;
  return { reason, message: `${prefix}${first.cluster}: ${first.memo.message}${others}` };
}

function weight({ memo }: Target): number {
  if (isLost(memo)) return 4;
  switch (memo.reason) {
    case "ComparisonError":
    case "Missing":
    case "Degraded":
    case "NeedsPrune":
    case "WriteRefused":
      return 3;
    default:
      return memo.phase === "Waiting" ? 2 : memo.phase === "Arrived" || memo.phase === "Pending" ? 0 : 1;
  }
}

export function nextLook(targets: readonly Target[], others: readonly number[]): number | undefined {
  let next = others.reduce((a, b) => Math.min(a, b), Infinity);
  for (const { memo } of targets) if (memo.lookAt !== undefined && memo.lookAt < next) next = memo.lookAt;
  return next === Infinity ? undefined : next;
}

/** Names of some of them. */
export function nameSome(targets: readonly Target[]): string {
  const names = targets.slice(0, 5).map(({ cluster }) => cluster);
  return `${names.join(", ")}${targets.length > names.length ? ` and ${targets.length - names.length} more` : ""}`;
}

/** Who failed, and why, in a sentence. */
export function failuresIn(targets: readonly Target[]): string {
  const failed = targets.filter(({ memo }) => hasFailed(memo));
  const room = Math.floor(800 / Math.min(5, Math.max(1, failed.length)));
  const shown = failed
    .slice(0, 5)
    .map(({ cluster, memo }) => `${cluster}: ${cut((memo.failure?.message ?? memo.message).replace(/\.+$/, ""), room)}`);
  const more = failed.length > shown.length ? `; and ${failed.length - shown.length} more` : "";
  return `${ofTargets(failed.length, targets.length)} failed: ${shown.join("; ")}${more}`;
}

/** 1 of 1 target, 2 of 5 targets. */
export function ofTargets(some: number, all: number): string {
  return `${some} of ${all} ${all === 1 ? "target" : "targets"}`;
}
