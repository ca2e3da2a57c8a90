import { releaseRun } from "#api/releaserun.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { placeOfTarget } from "./books.ts";
import type { Sight } from "./sight.ts";

/** 5: at most one run of a release in flight, and one release for an Application. */
export function* unique({ write, books }: Sight): Iterable<string> {
  if (write.resource !== RESOURCES.runs || write.verb !== "create" || write.after === undefined) return;
  const run = releaseRun.parse(write.after);
  const places = new Set(run.spec.targets.map(placeOfTarget));
  for (const { run: other } of books.active(write.at)) {
    if (other.spec.release.uid === run.spec.release.uid) yield `${run.metadata.name} is made while ${other.metadata.name} is in flight`;
    const shared = other.spec.targets.find((target) => places.has(placeOfTarget(target)));
    if (shared !== undefined && other.spec.release.uid !== run.spec.release.uid)
      yield `${run.spec.release.name} and ${other.spec.release.name} both steer ${placeOfTarget(shared)}`;
  }
}
