import { desired, held } from "#argo/fields.ts";
import type { Source } from "#argo/application.ts";
import type { EnvironmentSpec } from "#api/environment.ts";
import type { RevisionKind } from "#api/revision.ts";
import { AUTHORIZED, consentFor } from "#engine/consent.ts";
import { sameValues } from "#engine/observation.ts";
import { fill } from "#engine/template.ts";
import { healthyAfter, stays, type Behaviour, type HealthAt } from "#simulation/behaviour.ts";
import { carried, isObject, type JsonObject } from "#simulation/json.ts";
import { ARGO_NAMESPACE, TEAM, type ApplicationSpec, type ClusterSpec, type Scenario } from "#simulation/scenario.ts";
import type { Faults } from "./faults.ts";
import type { Manifest } from "./manifest.ts";

/** All that a simulation follows from. */
export interface Setup {
  readonly manifest: Manifest;
  readonly clusters: readonly ClusterSpec[];
  readonly entries: EnvironmentSpec["clusters"];
  readonly service: string;
  readonly revision: string;
  readonly seed: string;
  readonly faults: Faults;
  /** How the health of the new revision goes on where it is neither of the usual; by cluster. */
  readonly courses?: ReadonlyMap<string, readonly HealthAt[]>;
}

/** What the conductor is installed with, by default. */
const SETTINGS = { settleTime: 5000, contactTime: 5000, graceTime: 300_000 };

/** How long a sync takes, and then until what it applied is healthy: nobody has said otherwise. Milliseconds. */
export const USUALLY = { sync: 1000, healthy: 1000 };

/** A revision of each kind: what runs before, and what is released where nobody says what. */
export const REVISIONS: Readonly<Record<RevisionKind, { readonly old: string; readonly next: string }>> = {
  Commit: { old: "0".repeat(40), next: "1".repeat(40) },
  Tag: { old: "v1.0.0", next: "v1.1.0" },
  ChartVersion: { old: "1.0.0", next: "1.1.0" },
  Digest: { old: `sha256:${"0".repeat(64)}`, next: `sha256:${"1".repeat(64)}` },
};

/** A fleet on which everything runs at the old revision, and an Environment that is as it was given. */
export function scenarioOf(setup: Setup): Scenario {
  const { manifest, clusters, entries, seed } = setup;
  // Where Applications are is no matter of time: all of a simulation's are in one namespace.
  const application = { ...manifest.spec.application, namespace: ARGO_NAMESPACE };
  const spec = carried({ ...manifest.spec, clusters: entries, application });
  return {
    seed,
    clusters,
    environments: [{ name: manifest.name, spec: isObject(spec) ? spec : {} }],
    applications: (cluster) => [applicationOf(setup, cluster.name)],
    behaviours: behavioursOf(setup),
    settings: SETTINGS,
  };
}

function applicationOf({ manifest, service, revision }: Setup, cluster: string): ApplicationSpec {
  const { application, revision: kind } = manifest.spec;
  const who = { namespace: TEAM, service, environment: manifest.name };
  const known = REVISIONS[kind];
  const old = revision === known.old ? known.next : known.old;
  const sources = sourcesFor(application.source, old);
  return {
    name: fill(application.name, { ...who, cluster }),
    revision: old,
    annotations: { [AUTHORIZED]: consentFor(who) },
    ...(sources === undefined ? {} : { sources }),
  };
}

/** What an Environment says of the source that it steers, as an Application has it. */
function sourcesFor(source: EnvironmentSpec["application"]["source"], targetRevision: string): readonly JsonObject[] | undefined {
  if (source === undefined) return undefined;
  const { name, repoURL = "https://git.example/deploy", path, chart } = source;
  const place = chart === undefined ? { path: path ?? "chart" } : { chart };
  return [{ repoURL, ...place, targetRevision, ...(name === undefined ? {} : { name }) }];
}

function behavioursOf({ manifest, service, revision, faults, courses }: Setup): NonNullable<Scenario["behaviours"]> {
  const isNew = newness(manifest, service, revision);
  return ({ cluster }, _, sources): Behaviour => {
    const usual = healthyAfter(faults.slow.get(cluster) ?? USUALLY.healthy);
    const course = courses?.get(cluster);
    if (course === undefined && !faults.fail.has(cluster)) return usual;
    if (!isNew(cluster, sources)) return usual;
    return course === undefined ? stays("Degraded", "the simulated revision fails here") : { health: course };
  };
}

/** Whether sources hold what the release writes; asked again and again of few of them. */
function newness(
  { name, spec }: Manifest,
  service: string,
  revision: string,
): (cluster: string, sources: readonly JsonObject[]) => boolean {
  const known = new WeakMap<JsonObject, boolean>();
  return (cluster, [source]) => {
    if (source === undefined) return false;
    const before = known.get(source);
    if (before !== undefined) return before;
    const wanted = desired(spec.application, { service, environment: name, cluster, namespace: TEAM, revision });
    // Sources of a simulation's Applications are its own and the conductor's.
    const is = sameValues(wanted, held(source as unknown as Source, wanted));
    known.set(source, is);
    return is;
  };
}
