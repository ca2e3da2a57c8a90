import { cut } from "#api/conditions.ts";
import { sinceStart, startBack, writesOf } from "./budget.ts";
import { hasFailed, isInFlight, isLost, isVerdict, moved, newMemo } from "./memo.ts";
import { count, nextLook, nameSome, ofTargets, waitingFor } from "./summary.ts";
import { isShut } from "./gates/state.ts";
import type { Draft } from "./hold.ts";
import { isQuestion, type RunState, type Target, type Verdict, type World } from "./world.ts";

/**
 * A run that has failed is taken back: every target that was changed since it was last verified, or with scope Target those that
 * failed, goes back to that, at once. What cannot be reached, or has nothing to go back to, is named.
 */
export function takeBack(world: World, verdict: Verdict): Draft {
  const { now, state, contactTime } = world;

  // 1. Turn round what has to go back.
  const turned = world.targets.map((target) => (hasToTurn(target, world) ? turn(target, now) : target));

  // 2. Is everything back that can be? A cluster is waited for as long as a plan would wait for it.
  const own = turned.filter(({ memo }) => memo.goingBack);
  const patience = own.filter(({ memo }) => isLost(memo)).map(({ memo }) => (memo.lostSince ?? now) + contactTime);
  const open = own.filter(({ memo }) => !isVerdict(memo) && !(isLost(memo) && now >= (memo.lostSince ?? now) + contactTime));
  // Started and not written is not on its way any more: the verdict has fallen first.
  const onTheWay = turned.filter(({ memo }) => !memo.goingBack && memo.written && isInFlight(memo) && !isLost(memo));
  if (open.length === 0 && onTheWay.length === 0) return ended(world, turned, own, verdict, state);

  // 3. Write, as many as the instances take.
  const { targets: begun, busy } = startBack(turned, world.room);
  const targets = sinceStart(turned, begun, now);
  return {
    phase: "RollingBack",
    outcome: undefined,
    message: verdict.message,
    state,
    targets,
    turns: false,
    halts: false,
    counts: count(targets),
    waitingOn: waitingFor(open.length > 0 ? open : onTheWay, busy, "Rollback", "going back: "),
    writes: writesOf(targets).filter(({ want, kind }) => want.direction === "Back" || isQuestion(kind)),
    nextLook: nextLook(
      targets,
      patience.filter((at) => at > now),
    ),
  };
}

/** Whether it was changed since it was last verified, as far as this rollback covers. What the metrics of a wave speak against has failed in all of it. */
function hasToTurn({ memo, ours, wave }: Target, { plan, state }: World): boolean {
  if (memo.goingBack || memo.phase === "Skipped") return false;
  const touched = memo.started || memo.written;
  if (plan.rollbackScope === "Run") return touched || ours;
  return touched && (hasFailed(memo) || state.waves[wave]?.gates.some(isShut) === true);
}

function turn(target: Target, now: number): Target {
  const { memo, back } = target;
  const failure = hasFailed(memo) ? { reason: memo.reason, message: memo.message } : undefined;
  const turned = { ...newMemo(now), contact: memo.contact, lostSince: memo.lostSince, changed: memo.written, goingBack: true, failure };
  if (back !== undefined) {
    const { reason, message } = isLost(memo) ? memo : { reason: turned.reason, message: "has to go back to what was last verified" };
    return { ...target, memo: { ...turned, phase: isLost(memo) ? "Unknown" : "Pending", reason, message, lookAt: now } };
  }
  const message = "nothing was ever verified here, so there is nothing to go back to: it stays as it is. Release a revision that works";
  return { ...target, memo: moved(turned, { phase: "Failed", reason: "NoBaseline", message }, now) };
}

function ended(world: World, targets: readonly Target[], own: readonly Target[], verdict: Verdict, state: RunState): Draft {
  const missed = own.filter(({ memo }) => ["Failed", "Reverted", "Skipped"].includes(memo.phase) || isLost(memo));
  const drifted = own.filter(({ memo }) => memo.phase === "Drifted");
  const back = own.length - missed.length - drifted.length;
  const outcome =
    missed.length > 0 ? "RollbackIncomplete" : own.length === 0 || world.plan.rollbackScope === "Target" ? "Failed" : "RolledBack";
  const kept = targets.filter(({ memo }) => !memo.goingBack && memo.written);
  const parts = [
    verdict.message,
    own.length === 0
      ? kept.length > 0
        ? "Nothing was taken back"
        : "Nothing had been changed"
      : `Back at what was last verified: ${ofTargets(back, own.length)}`,
    ...(kept.length > 0 ? [`Left at the new revision: ${nameSome(kept)}`] : []),
    ...(drifted.length > 0 ? [`Left alone because somebody else has changed them: ${nameSome(drifted)}`] : []),
    ...(missed.length > 0
      ? [
          `Not taken back: ${missed
            .slice(0, 5)
            .map(({ cluster, memo }) => `${cluster} (${cut(memo.message, 200)})`)
            .join("; ")}`,
        ]
      : []),
  ];
  return {
    phase: outcome,
    outcome,
    message: parts.join(". "),
    state,
    targets,
    turns: true,
    halts: true,
    counts: count(targets),
    waitingOn: undefined,
    writes: [],
    nextLook: undefined,
  };
}
