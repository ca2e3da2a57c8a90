import { isMain } from "#engine/next.ts";
import { jsonOf } from "#simulation/objects.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import { clusterOf, revisionOf, verdictOf } from "./applications.ts";
import { clustersByPhase } from "./runs.ts";
import { servicesOf } from "./setting.ts";
import { short } from "./words.ts";
import type { World } from "./world.ts";

/** How a story ended: the same in every order of events. */
export interface Ending {
  readonly releases: readonly string[];
  readonly runs: readonly string[];
  readonly applications: readonly string[];
}

export function endingOf(world: World): Ending {
  const { simulation, setting } = world;
  const names = Object.keys({ production: true, ...setting.others }).flatMap((environment) =>
    servicesOf(setting).map((service) => `${service}.${environment}`),
  );
  const releases = names.map((name) => {
    const main = simulation.wishes.runs(name).findLast(isMain);
    const phase = simulation.wishes.release(name)?.status?.phase ?? "Pending";
    return `${name} is ${phase}${main === undefined ? "" : ` (${clustersByPhase(main)})`}`;
  });
  const runs = names.flatMap((name) =>
    simulation.wishes
      .runs(name)
      .map(({ metadata, spec, status }) => `${metadata.name} ${spec.kind} to ${short(spec.revision)}: ${status?.phase}`),
  );
  return { releases, runs, applications: applicationsOf(world) };
}

function applicationsOf({ simulation, clusters }: World): readonly string[] {
  return clusters.flatMap((cluster) =>
    simulation
      .applications(cluster)
      .filter((app) => clusterOf(jsonOf(app)) === cluster)
      .map((app) => {
        const key = `argocd/${app.metadata.name}`;
        const patches = simulation
          .conductorWrites()
          .filter(
            (write) =>
              write.server === simulation.server(cluster).name && write.key === key && write.after?.["spec"] !== write.before?.["spec"],
          ).length;
        const times = `${patches} ${patches === 1 ? "patch" : "patches"}`;
        return `${app.metadata.name} on ${cluster} at ${short(revisionOf(jsonOf(app)))}, ${verdictOf(app)}, ${times}`;
      }),
  );
}

/** What the conductor has written since, anywhere. */
export function writesSince({ simulation }: World, at: number): readonly string[] {
  return simulation.writes
    .filter((write) => write.who === CONDUCTOR && write.at > at)
    .map(({ server, verb, resource, key }) => `${server}: ${verb} ${resource} ${key}`);
}
