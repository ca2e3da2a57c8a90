import type { Environment } from "#api/environment.ts";
import type { RunSpec } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Strategy } from "#api/strategy.ts";
import type { DependencySeen } from "#engine/gates/seen.ts";
import { fill } from "#engine/template.ts";
import type { Reflector } from "#kube/ports.ts";

/** The releases that must be ready before another begins: those of its environment's strategy, in its own namespace. */

export type Dependency = NonNullable<RunSpec["dependsOn"]>[number];

type Wish = Pick<ServiceRelease["spec"], "service" | "revision">;

/** What a release depends on, with names and revisions filled in. */
export function dependenciesOf({ dependsOn = [] }: Pick<Strategy, "dependsOn">, { service, revision }: Wish): readonly Dependency[] {
  return dependsOn.map((one) => ({
    name: `${fill(one.service, { service })}.${one.environment}`,
    ...(one.revision === undefined ? {} : { revision: fill(one.revision, { revision }) }),
  }));
}

/** Whether another release is ready, at the revision that is asked for or at what it wishes for itself. */
export function dependencySeen({ name, revision }: Dependency, namespace: string, releases: Reflector<ServiceRelease>): DependencySeen {
  const message = missing(releases.get(`${namespace}/${name}`), name, revision);
  return { name, ready: message === undefined, message: message ?? "ready" };
}

function missing(release: ServiceRelease | undefined, name: string, revision: string | undefined): string | undefined {
  if (release === undefined) return `there is no ServiceRelease ${name}: create it`;
  const { spec, metadata, status } = release;
  if (revision !== undefined && spec.revision !== revision) return `it wishes for ${spec.revision}, and ${revision} must be ready there`;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready === undefined || ready.observedGeneration !== metadata.generation) return "the conductor has not looked at it yet";
  return ready.status === "True" ? undefined : `it is ${status?.phase ?? "not ready"}: ${ready.message}`;
}

/**
 * The way from a release over what it depends on back to itself, as names; undefined when there is none. All that a cycle can be
 * made of are Environments of one namespace.
 */
export function cycleOf(release: ServiceRelease, environments: Pick<Reflector<Environment>, "get">): readonly string[] | undefined {
  const { namespace } = release.metadata;
  const { service, environment } = release.spec;
  const start = `${service}.${environment}`;
  const known = new Set<string>();
  const search = (at: string, of: string, path: readonly string[]): readonly string[] | undefined => {
    const { spec } = environments.get(`${namespace}/${at.slice(of.length + 1)}`) ?? {};
    for (const { service: template, environment: next } of spec?.strategy.dependsOn ?? []) {
      const other = fill(template, { service: of });
      const name = `${other}.${next}`;
      if (name === start) return [...path, name];
      if (known.has(name)) continue;
      known.add(name);
      const found = search(name, other, [...path, name]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(start, service, [start]);
}
