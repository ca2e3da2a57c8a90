import { phaseOf, targetOf } from "./books.ts";
import { steering, stored, type Sight } from "./sight.ts";

/** 2: a wave is untouched until the verdict on the one before is stored, and each target until its start is. */

const DONE = new Set(["Ready", "Failed", "Reverted", "Skipped", "Drifted", "RolledBack", "Unreachable", "Unknown"]);

export function* order(sight: Sight): Iterable<string> {
  yield* writes(sight);
  yield* verdicts(sight);
}

function* writes(sight: Sight): Iterable<string> {
  const found = steering(sight);
  if (found?.book === undefined || found.target === undefined) return;
  const { run } = found.book;
  if (run.status?.rollback !== undefined) return;
  const { cluster, wave } = found.target;
  const waves = run.status?.waves ?? [];
  const open = run.spec.waves.slice(0, wave - 1).findIndex((_, index) => waves[index]?.phase !== "Verified");
  if (open >= 0)
    yield `${cluster} of wave ${wave} is written while the stored run says that wave ${open + 1} is ${waves[open]?.phase ?? "not begun"}`;
  if ((waves[wave - 1]?.phase ?? "Pending") === "Pending") yield `${cluster} is written before the beginning of wave ${wave} is stored`;
  if (found.steers && targetOf(run, cluster)?.started !== true) yield `${cluster} is steered before it is stored that it was started`;
}

/** A wave is verified when all that can be had of it is there, and the next begins no sooner. */
function* verdicts(sight: Sight): Iterable<string> {
  const found = stored(sight);
  if (found === undefined) return;
  const { before, next } = found;
  for (const [index, wave] of (next.status?.waves ?? []).entries()) {
    const was = before.status?.waves?.[index]?.phase ?? "Pending";
    if (was === "Verified" && wave.phase !== "Verified") yield `wave ${wave.name} was verified and is ${wave.phase} now`;
    const previous = next.status?.waves?.[index - 1]?.phase;
    if (was === "Pending" && wave.phase !== "Pending" && index > 0 && previous !== "Verified")
      yield `wave ${wave.name} begins while the one before is ${previous}`;
    if (was === "Verified" || wave.phase !== "Verified") continue;
    const open = next.spec.targets.find((target) => target.wave === index + 1 && !DONE.has(phaseOf(next, target.cluster)));
    if (open !== undefined) yield `wave ${wave.name} is verified while ${open.cluster} is ${phaseOf(next, open.cluster)}`;
  }
}
