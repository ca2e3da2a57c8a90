import { releaseRun } from "#api/releaserun.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import { textAt } from "#simulation/json.ts";
import { baselineOf, liveOf, phaseOf, revisionAt, targetOf } from "./books.ts";
import { factsOf } from "./facts.ts";
import { steering, stored, type Sight } from "./sight.ts";

/**
 * 4: after the verdict to go back only baselines are written, over what is ours; what somebody else wrote stays; and in the end
 * everything that is ours is back.
 */
export function* rollback(sight: Sight): Iterable<string> {
  yield* writes(sight);
  yield* baselines(sight);
  yield* coverage(sight);
}

function* writes(sight: Sight): Iterable<string> {
  const found = steering(sight);
  if (found === undefined) return;
  const { book, target, before, after } = found;
  if (book === undefined || target === undefined)
    return void (yield `${sight.write.server} ${sight.write.key} is written for no run in flight`);
  if (!found.steers) return;
  const { run } = book;
  const [was, is] = [factsOf(before), factsOf(after)];
  const desired = revisionAt(run, target.desired) ?? "";
  const live = liveOf(run, target);
  const back = run.status?.rollback !== undefined;
  const wanted = back ? baselineOf(run, target) : desired;
  if (is.revision !== wanted)
    yield `${target.cluster} is written ${short(is.revision)} while its run ${back ? "goes back" : "goes forward"} to ${short(wanted)}`;
  const asked = found.operation ? (textAt(is.operation, "sync", "revision") ?? is.revision) : is.revision;
  if (asked !== wanted) yield `${target.cluster} is synced to ${short(asked)} while its run wants ${short(wanted)}`;
  const ours = back ? [desired, ...(target.ours === true && live !== undefined ? [live] : [])] : live === undefined ? [] : [live];
  if (found.values && was.revision !== is.revision && !ours.includes(was.revision))
    yield `${target.cluster} held ${short(was.revision)}, which somebody else had written, and it is written over with ${short(is.revision)}`;
}

/** A plan's baselines are the revisions last verified; at first contact what was there, Synced and Healthy. */
function* baselines({ write, books }: Sight): Iterable<string> {
  if (write.who !== CONDUCTOR || write.resource !== RESOURCES.runs || write.verb !== "create" || write.after === undefined) return;
  const run = releaseRun.parse(write.after);
  for (const target of run.spec.targets) {
    const known = books.verified(run, target);
    const baseline = revisionAt(run, target.baseline);
    // A plan may be made on what was seen some time ago: only what it says can be wrong.
    if (known !== undefined && baseline !== undefined && baseline !== known)
      yield `the baseline of ${target.cluster} is ${short(baseline)}, and last verified there was ${short(known)}`;
  }
}

/** What a rollback that says it is complete has left behind. */
function* coverage(sight: Sight): Iterable<string> {
  const found = stored(sight);
  if (found === undefined || found.next.status?.finishedAt === undefined || found.next.status.rollback === undefined) return;
  const { book, next } = found;
  const { phase } = next.status ?? {};
  if (phase !== "RolledBack" || next.spec.strategy.rollbackScope === "Target") return;
  for (const target of next.spec.targets) {
    if (!book.steered.has(target.cluster) && target.ours !== true) continue;
    const [baseline, desired] = [baselineOf(next, target), revisionAt(next, target.desired)];
    const now = sight.books.timeline(target)?.facts?.revision;
    const said = targetOf(next, target.cluster);
    if (now === desired && desired !== baseline && said?.reason !== "SkippedByPerson" && phaseOf(next, target.cluster) !== "Skipped")
      yield `the run says ${phase}, and ${target.cluster} still holds ${short(now)}`;
  }
}

function short(revision: string | undefined): string {
  return revision === undefined ? "nothing" : revision.slice(0, 8);
}
