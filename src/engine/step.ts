import type { Outcome, RunPhase } from "#api/reasons.ts";
import { isVerdict } from "./judge.ts";
import type { Counts, Decision, Target, TargetWrite, WaitingOn, World } from "./world.ts";

/**
 * Looks at a whole run and says what to do now. Pure: the same World gives the same Decision, so a crash loses
 * nothing. Every target of the one wave is started as soon as it can be.
 */
export function step(world: World): Decision {
  // 1. Count.
  const counts = count(world.targets);

  // 2. Has it ended? A run that a newer wish has superseded ends without another write.
  const outcome = ending(world, counts);
  if (outcome !== undefined) return { phase: outcome, outcome, counts, waitingOn: undefined, writes: [], nextLook: undefined };

  // 3. What is there to write?
  const writes = world.targets.flatMap(writeFor);

  // 4. What is awaited, and when to look again?
  return {
    phase: phaseOf(world),
    outcome: undefined,
    counts,
    waitingOn: waitingOn(world.targets),
    writes,
    nextLook: nextLook(world.targets),
  };
}

function count(targets: readonly Target[]): Counts {
  const counts = { total: targets.length, updated: 0, ready: 0, failed: 0, unreachable: 0 };
  for (const { memo } of targets) {
    if (isVerdict(memo)) counts.failed += 1;
    else if (memo.phase === "Unreachable" || memo.phase === "Unknown") counts.unreachable += 1;
    else if (memo.phase === "Ready") counts.ready += 1;
    if (holdsDesired(memo)) counts.updated += 1;
  }
  return counts;
}

function holdsDesired(memo: Target["memo"]): boolean {
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

/** With one wave and no budget: all verified, or one failed and nothing left in flight. Who cannot be reached is never failed, nor done. */
function ending(world: World, counts: Counts): Outcome | undefined {
  if (world.run.superseded) return "Superseded";
  // A target that was Ready before a restart, or before its watch broke, counts once it has been seen again.
  if (world.targets.every(({ memo }) => memo.phase === "Ready" && memo.evidenceSince !== undefined)) return "Succeeded";
  if (counts.failed > 0 && counts.ready + counts.failed + counts.unreachable === counts.total) return "Failed";
  return undefined;
}

function writeFor({ cluster, want, memo }: Target): TargetWrite[] {
  if (memo.need === undefined) return [];
  const holdsOurs = memo.need === "Sync" || memo.need === "Refresh";
  const over = holdsOurs ? want.desired : (want.live ?? memo.contact?.live);
  return over === undefined ? [] : [{ cluster, kind: memo.need, want, over }];
}

function phaseOf({ run, targets }: World): RunPhase {
  if (run.startedAt === undefined) return "Planned";
  const moving = targets.some(({ memo }) => memo.need !== undefined || ["Pending", "Patched", "Syncing", "Arrived"].includes(memo.phase));
  return moving ? "Progressing" : "Waiting";
}

/** What holds the run up, the most telling first: a person looks at one line. */
function waitingOn(targets: readonly Target[]): WaitingOn | undefined {
  const open = targets.filter(({ memo }) => memo.phase !== "Ready" && !isVerdict(memo));
  const [first] = open.toSorted((a, b) => weight(b) - weight(a));
  if (first === undefined) return undefined;
  const others = open.length > 1 ? ` (and ${open.length - 1} more)` : "";
  return { reason: first.memo.reason, message: `${first.cluster}: ${first.memo.message}${others}` };
}

function weight({ memo }: Target): number {
  if (memo.phase === "Unreachable" || memo.phase === "Unknown") return 4;
  if (memo.reason === "ComparisonError" || memo.reason === "Missing" || memo.reason === "Degraded" || memo.reason === "NeedsPrune")
    return 3;
  if (memo.phase === "Waiting") return 2;
  return memo.phase === "Arrived" ? 0 : 1;
}

function nextLook(targets: readonly Target[]): number | undefined {
  const times = targets.flatMap(({ memo }) => (memo.lookAt === undefined ? [] : [memo.lookAt]));
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
}
