import { RESOURCES } from "#simulation/scenario.ts";
import type { KubeObject } from "#kube/ports.ts";
import type { Write } from "#simulation/writes.ts";
import { overhear, type Asked } from "./invariants/overhear.ts";
import { Watcher } from "./invariants/watcher.ts";
import { Weather } from "./invariants/weather.ts";
import { execute } from "./plans/execute.ts";
import { workloadNamed } from "./workloads/workloads.ts";

/** All that a watcher sees of one run of a workload, to be shown to another one with something wrong in it. */
export interface Recording {
  readonly events: readonly ({ readonly write: Write } | { readonly asked: Asked })[];
  readonly apps: readonly { readonly server: string; readonly app: KubeObject }[];
  readonly from: number;
}

export async function record(name: string): Promise<Recording> {
  const events: ({ write: Write } | { asked: Asked })[] = [];
  const apps: { server: string; app: KubeObject }[] = [];
  let from = 0;
  const workload = workloadNamed(name);
  await execute({
    workload,
    seed: "1",
    faults: [],
    begun: (simulation) => {
      from = simulation.clock.now();
      for (const server of new Set(workload.clusters.map((cluster) => simulation.server(cluster.name)))) {
        for (const app of server.all(RESOURCES.applications)) apps.push({ server: server.name, app });
        overhear(server, (asked) => events.push({ asked }));
      }
      simulation.onWrite((write) => events.push({ write }));
    },
  });
  return { events, apps, from };
}

/** What a watcher says of a recording, with each write and request as `change` makes it. */
export function shown(
  { events, apps, from }: Recording,
  change: { readonly write?: (write: Write) => Write; readonly asked?: (asked: Asked) => Asked },
): Watcher {
  const watcher = new Watcher(new Weather(false, 5000));
  for (const { server, app } of apps) watcher.books.adopt(server, app, from);
  for (const event of events)
    if ("asked" in event) watcher.hear(change.asked?.(event.asked) ?? event.asked);
    else watcher.look(change.write?.(event.write) ?? event.write);
  return watcher;
}

/** `object` with `value` at a path; numbers are positions in a list. */
export function having<T>(object: T, path: readonly (string | number)[], value: unknown): T {
  const [key, ...rest] = path;
  if (key === undefined) return value as T; // the path leads to something of T's place
  const copy: unknown = Array.isArray(object) ? [...object] : { ...object };
  return Object.assign(Object(copy), { [key]: having(Object(object)[key], rest, value) }) as T; // a copy with one part changed
}
