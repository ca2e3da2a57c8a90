import { hasStopped, stoppedBy } from "./verdicts.ts";
import { phaseOf, revisionAt, targetOf } from "./books.ts";
import { steering, stored, type Sight } from "./sight.ts";

/** 1: no more targets of a wave in flight than it allows, and none is started once too many have failed. */

const OVER = new Set(["Failed", "Reverted", "Skipped", "RolledBack", "Drifted"]);

export function* budget(sight: Sight): Iterable<string> {
  yield* inFlight(sight);
  yield* afterFailures(sight);
}

/** In flight is what was patched by this run and has not arrived, by what the Applications themselves have said since. */
function* inFlight(sight: Sight): Iterable<string> {
  const steered = steering(sight);
  if (steered?.steers !== true) return;
  const { book, target } = steered;
  if (book === undefined || target === undefined || book.run.status?.rollback !== undefined) return;
  const { at } = sight.write;
  const { settle } = sight.weather;
  const names = book.run.spec.targets.filter((one) => {
    if (one.wave !== target.wave) return false;
    if (one.cluster === target.cluster) return true;
    const since = book.steered.get(one.cluster);
    if (since === undefined || OVER.has(phaseOf(book.run, one.cluster))) return false;
    return sight.books.timeline(one)?.arrivedAt(revisionAt(book.run, one.desired) ?? "", since, settle, at) === undefined;
  });
  const allowed = book.run.spec.waves[target.wave - 1]?.maxConcurrency ?? 0;
  if (names.length > allowed)
    yield `${names.map(({ cluster }) => cluster).join(", ")} of wave ${target.wave} are in flight at once, and ${allowed} may be`;
}

function* afterFailures(sight: Sight): Iterable<string> {
  const found = stored(sight);
  if (found === undefined || !hasStopped(found.before)) return;
  const { before, next } = found;
  if (!hasStopped(next)) return;
  for (const { cluster } of before.spec.targets) {
    const [was, is] = [targetOf(before, cluster), targetOf(next, cluster)];
    if (was?.started !== true && is?.started === true && is.goingBack !== true) yield `${cluster} is started, though ${stoppedBy(before)}`;
  }
}
