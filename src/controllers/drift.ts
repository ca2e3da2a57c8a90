import type { ReleaseRun } from "#api/releaserun.ts";
import { difference, show } from "#engine/observation.ts";
import { valuesOf } from "#engine/baselines.ts";
import type { Drift } from "./releasestatus.ts";
import type { Sightings } from "./sightings.ts";

/** What has become of `verified`, clusters that a run brought to its values; undefined while one of them was not looked at yet. */
export function driftOf(run: ReleaseRun, verified: ReadonlySet<string>, sightings: Sightings): readonly Drift[] | undefined {
  let unasked = false;
  const drift = run.spec.targets.flatMap((target): Drift[] => {
    const { cluster } = target;
    if (!verified.has(cluster)) return [];
    const wanted = valuesOf(run.spec, target.desired) ?? {};
    const seen = sightings.see(target, run.spec.source, wanted);
    switch (seen.kind) {
      case "Unasked":
      case "Behind":
        unasked = true;
        return [];
      case "Unreachable":
        return [{ cluster, phase: "Unknown", reason: "WatchLost", message: seen.message }];
      case "Absent":
        return [{ cluster, phase: "Unknown", reason: "Missing", message: "its Application is gone" }];
      case "Present": {
        const { values, sourceFault } = seen.observation;
        const changed = values === undefined ? undefined : difference(wanted, values);
        if (values === undefined)
          return [{ cluster, phase: "Drifted", reason: "ValuesChanged", message: sourceFault ?? "its source cannot be told" }];
        if (changed === undefined) return [];
        return [
          {
            cluster,
            phase: "Drifted",
            reason: "ValuesChanged",
            message: `${changed.field} was released as ${show(changed.a)} and is ${show(changed.b)}`,
          },
        ];
      }
    }
  });
  return unasked ? undefined : drift;
}
