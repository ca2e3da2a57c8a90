import type { TargetMemo } from "#engine/memo.ts";
import type { Decision, RunPlan, Target, World } from "#engine/world.ts";
import { gatedWrongly, isShutIn } from "./gated.ts";
import { isFinal } from "./memos.ts";
import { CONTACT, LONGEST_STEP, SOAK_SECONDS, T0 } from "./times.ts";

/**
 * What must hold of one decision about the run (invariants 1 to 4 and 7), found out without the engine's own words. `before` is what
 * the decision was made on.
 */
export function decidedWrongly(before: World, after: Decision): readonly string[] {
  const wrong: string[] = [];
  const must = (holds: boolean, rule: string): void => {
    if (!holds) wrong.push(rule);
  };
  const { plan, state } = before;
  const [waves, phasesBefore] = [after.state.waves, state.waves.map(({ phase }) => phase)];
  const memoBefore = new Map(before.targets.map(({ cluster, memo }) => [cluster, memo]));
  const old = ({ cluster }: Pick<Target, "cluster">): TargetMemo => memoBefore.get(cluster) ?? fail(cluster);
  const now = new Map(after.targets.map((target) => [target.cluster, target]));

  // 1. Who is started, and how many at a time.
  const started = after.targets.filter((target) => target.memo.started && !old(target).started);
  if (started.some(({ memo }) => !memo.goingBack)) must(after.turns, "1: started before it is stored");
  for (const target of started.filter(({ memo }) => !memo.goingBack)) {
    must(["Progressing", "Soaking"].includes(phasesBefore[target.wave] ?? ""), "2: started before its wave");
    must(
      phasesBefore.slice(0, target.wave).every((phase) => phase === "Verified"),
      "2: started before the waves before are verified",
    );
    must(state.rollback === undefined && state.stop === undefined, "4: started after the run has failed");
    must(!before.orders.paused && !before.orders.aborted, "1: started against a person's order");
    must(!(before.superseded && plan.supersede === "Replace"), "1: started though a newer wish replaces it");
  }
  for (const [index, { maxConcurrency }] of plan.waves.entries()) {
    const own = after.targets.filter(({ wave }) => wave === index);
    if (!started.some((target) => target.wave === index && !target.memo.goingBack)) continue;
    must(own.filter(({ memo }) => isUnderWay(memo)).length <= maxConcurrency, "1: more in flight than maxConcurrency");
  }
  if (started.some(({ memo }) => !memo.goingBack)) must(!hasFailed(before), "1: started though too many have failed");

  wrong.push(
    ...gatedWrongly(
      before,
      after,
      started.filter(({ memo }) => !memo.goingBack),
    ),
  );

  // 2. What is written.
  must(after.outcome === undefined || after.writes.length === 0, "9: a run that ends writes");
  for (const { cluster, kind, want } of after.writes) {
    const { memo, wave } = now.get(cluster) ?? fail(cluster);
    must(!isFinal(memo), "4: written after the verdict on it");
    if (kind === "Refresh" || kind === "Confirm") continue;
    must(memo.started, "1: written, and was not started");
    const back = want.direction === "Back";
    must(back === memo.goingBack, "4: written in the wrong direction");
    if (state.rollback !== undefined) must(back, "4: written forward after the run has failed");
    if (!back)
      must(
        phasesBefore.slice(0, wave).every((phase) => phase === "Verified"),
        "2: written before the waves before are verified",
      );
    if (!back) must(phasesBefore[wave] !== "Pending" && phasesBefore[wave] !== "Waiting", "2: written before its wave is stored");
  }

  // 3. Which waves are verified, and how long they soaked.
  for (const [index, wave] of waves.entries()) {
    const was = state.waves[index] ?? fail("wave");
    const own = after.targets.filter((target) => target.wave === index);
    if (was.phase === "Verified") must(wave.phase === "Verified", "2: a verified wave is verified no more");
    if (was.phase === "Pending" && wave.phase !== "Pending") {
      must(after.turns, "2: a wave begins before that is stored");
      must(
        waves.slice(0, index).every(({ phase }) => phase === "Verified"),
        "2: a wave begins before the ones before are verified",
      );
    }
    if (wave.soaked > was.soaked) {
      const seen = was.countedAt === undefined ? 0 : Math.min(LONGEST_STEP, T0 - was.countedAt);
      must(wave.soaked - was.soaked <= seen, "7: soak that nobody has seen");
    }
    if (wave.soaked > 0 || wave.countedAt !== undefined) {
      if (wave.phase === "Soaking" && after.outcome === undefined)
        must(
          own.every(({ memo }) => memo.phase === "Ready" || isFinal(memo) || isOut(memo)),
          "7: it soaks though evidence was lost",
        );
    }
    if (wave.countedAt !== undefined && wave.phase === "Soaking" && after.outcome === undefined)
      must(
        own.every(({ memo }) => memo.phase !== "Ready" || memo.evidenceSince !== undefined),
        "7: soak counts though a target is not seen",
      );
  }
  for (const [index, { phase }] of waves.entries()) {
    if (phase !== "Verified" || phasesBefore[index] === "Verified") continue;
    must(after.turns, "2: a wave is verified before that is stored");
    const last = index === waves.length - 1;
    must(isVerified(plan, index, after.targets), "2: a wave is verified whose targets are not");
    if (last)
      for (let other = 0; other < index; other += 1)
        must(
          after.targets.every((target) => target.wave !== other || isStillGood(target.memo)),
          "6: the run ends well, and what was verified is not any more",
        );
    must(state.rollback === undefined && !hasFailed(before), "1: a wave is verified though too many have failed");
    const soaks = after.targets.some(({ wave, memo }) => wave === index && memo.phase === "Ready");
    must(!soaks || (waves[index]?.soaked ?? 0) >= (plan.waves[index]?.minSuccessSeconds ?? 0) * 1000, "7: verified before it has soaked");
  }

  // 4. Verdicts on the run.
  const isWrong = hasFailed(before);
  if (state.rollback !== undefined) must(after.state.rollback !== undefined, "4: a failure verdict is taken back");
  else if (after.state.rollback !== undefined)
    must(isWrong && after.turns && after.writes.length === 0, "4: a failure verdict out of nothing, or not stored before what follows");
  if (state.stop === undefined && after.state.stop !== undefined) must(isWrong && after.turns, "4: stopped for nothing, or not stored");
  if (after.state.accepted !== state.accepted) must(after.turns, "4: failures are accepted, and that is not stored");
  if (after.state.accepted > state.accepted)
    must(
      plan.onFailure === "Continue" || (state.stop !== undefined && before.orders.resumed),
      "4: failures are accepted that nobody has accepted",
    );
  if (after.outcome !== undefined) must(after.turns && after.halts, "9: a run ends before that is stored");
  for (const target of after.targets) {
    const was = old(target);
    const { memo } = target;
    if (isFinal(was) && !memo.goingBack)
      must(memo.phase === was.phase || memo.phase === "Skipped", "4: a verdict on a target is forgotten");
    if (was.goingBack) must(memo.goingBack, "4: a target that goes back turns again");
    if (memo.phase === "Skipped" && was.phase !== "Skipped") must(after.turns, "4: a target is taken out, and that is not stored");
    if (!memo.goingBack || isFinal(memo) || memo.need === undefined || memo.need === "Refresh" || memo.need === "Confirm") continue;
    if (after.outcome === undefined && memo.started)
      must(
        after.writes.some(({ cluster }) => cluster === target.cluster),
        "4: a rollback waits",
      );
    if (after.outcome === undefined && !memo.started) must(before.room(target.instance) < Infinity, "4: a rollback waits");
  }
  if (after.outcome === "Succeeded")
    must(
      after.targets.every(({ memo }) => memo.phase === "Ready" && memo.evidenceSince !== undefined),
      "6: Succeeded without evidence",
    );
  if (after.outcome === "SucceededWithSkips")
    must(
      after.targets.every(({ memo }) => memo.phase !== "Failed" && memo.phase !== "Reverted"),
      "6: a failure is passed over",
    );
  if (after.outcome === "RolledBack")
    must(
      after.targets.every(
        ({ memo, ours }) =>
          memo.phase === "Skipped" ||
          !(memo.started || memo.written || ours) ||
          (memo.goingBack && ["RolledBack", "Drifted"].includes(memo.phase)),
      ),
      "4: RolledBack, and not all is back",
    );
  return wrong;
}

function fail(what: string): never {
  throw new Error(`${what} is not part of the run`);
}

/** Patched, and not arrived. */
function isUnderWay(memo: TargetMemo): boolean {
  return (memo.started || memo.written) && !isFinal(memo) && memo.phase !== "Arrived" && memo.phase !== "Ready";
}

/** Whether it must not go on by itself. */
function hasFailed(world: World): boolean {
  return hasTooManyFailures(world.plan, world) || isShutIn(world);
}

function hasTooManyFailures({ waves }: RunPlan, { targets, orders, state }: World): boolean {
  const failed = targets.filter(({ cluster, memo }) => {
    if (orders.skipped.has(cluster) && !memo.goingBack) return false;
    return memo.phase === "Failed" || memo.phase === "Reverted" || memo.failure !== undefined;
  });
  return (
    failed.length > state.accepted &&
    waves.some(({ maxFailures }, index) => failed.filter(({ wave }) => wave === index).length > maxFailures)
  );
}

function isOut(memo: TargetMemo): boolean {
  return memo.phase === "Unreachable" && !memo.started && !memo.written;
}

function isStillGood(memo: TargetMemo): boolean {
  return isFinal(memo) || isOut(memo) || memo.phase === "Pending" || (memo.phase === "Ready" && memo.evidenceSince !== undefined);
}

/** The verdict on a wave: every target verified and heard again, taken out, failed within what is allowed, or left out. */
function isVerified({ waves }: RunPlan, index: number, targets: readonly Target[]): boolean {
  const own = targets.filter(({ wave }) => wave === index);
  const soaks = (waves[index]?.minSuccessSeconds ?? SOAK_SECONDS) > 0;
  const left = own.filter(({ memo }) => isOut(memo));
  const patient = left.every(({ memo }) => memo.lostSince !== undefined && T0 - memo.lostSince >= CONTACT);
  const rest = own.filter(({ memo }) => !isOut(memo));
  const good = rest.every(
    ({ memo }) => isFinal(memo) || (memo.phase === "Ready" && memo.evidenceSince !== undefined && (memo.heardAgain || !soaks)),
  );
  return patient && good && left.length <= (waves[index]?.maxUnreachable ?? 0);
}
