import assert from "node:assert/strict";
import { releasePreview, type ReleasePreview, type ReleasePreviewStatus } from "#api/releasepreview.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { JsonObject } from "#simulation/json.ts";
import { commit, pathOf, RESOURCES, TEAM, type Scenario } from "#simulation/scenario.ts";
import { CONDUCTOR, Simulation } from "#simulation/simulation.ts";

/** Somebody who asks what a release to three clusters would do, in virtual time. */

export const [A, B] = [commit("a"), commit("b")];
export const RELEASE = "checkout.production";
export const CLUSTERS = [{ name: "eu" }, { name: "us" }, { name: "sa" }];
export const MINUTE = 60_000;
export const WAVES = { waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }], minSuccessTime: "0s" };

export function simulate(scenario: Partial<Scenario> = {}): Simulation {
  const environments = [{ name: "production", spec: { strategy: WAVES } }];
  return new Simulation({ seed: "previews", clusters: CLUSTERS, environments, shuffled: false, ...scenario });
}

interface Asked {
  readonly name?: string;
  readonly namespace?: string;
  readonly environment?: JsonObject;
  readonly author?: string;
}

/** Somebody asks what a release would do. */
export function ask(
  simulation: Simulation,
  revision: string,
  { name = "asked", namespace = TEAM, environment: env, author }: Asked = {},
  more: JsonObject = {},
): void {
  const annotations = author === undefined ? {} : { annotations: { "conductor.dev/author": author } };
  const body = {
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ReleasePreview",
    metadata: { name, namespace, ...annotations },
    spec: {
      release: { service: "checkout", environment: "production", revision, ...more },
      ...(env === undefined ? {} : { environment: env }),
    },
  };
  simulation.home.handle({ method: "POST", path: pathOf(RESOURCES.previews, namespace), body }, "person");
}

export function find(simulation: Simulation, name = "asked", namespace = TEAM): ReleasePreview | undefined {
  const found = simulation.home.find(pathOf(RESOURCES.previews, namespace, name));
  return found === undefined ? undefined : releasePreview.parse(found);
}

export const isDecided = (simulation: Simulation, name = "asked", namespace = TEAM): boolean =>
  ["Planned", "Refused"].includes(find(simulation, name, namespace)?.status?.phase ?? "");

/** The status of a preview once it is decided. */
export async function decided(simulation: Simulation, name = "asked", namespace = TEAM): Promise<ReleasePreviewStatus> {
  assert.ok(await simulation.runUntil(() => isDecided(simulation, name, namespace), 2 * MINUTE), "it is not decided");
  return find(simulation, name, namespace)?.status ?? assert.fail();
}

export async function finished(simulation: Simulation): Promise<void> {
  assert.ok(await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 60 * MINUTE));
}

/** What a plan and a run have in common. */
export function planOf({ spec }: ReleaseRun): ReleasePreviewStatus["plan"] {
  const { kind, revision, strategy, waves, values, targets, warnings, dependsOn } = spec;
  const rest = { ...(warnings === undefined ? {} : { warnings }), ...(dependsOn === undefined ? {} : { dependsOn }) };
  return { kind, revision, strategy, waves, values, targets, ...rest };
}

/** What the conductor has written besides previews, as `server verb resource`. */
export function written(simulation: Simulation): readonly string[] {
  return simulation.writes
    .filter(({ who, resource }) => who === CONDUCTOR && resource !== RESOURCES.previews && resource !== RESOURCES.environments)
    .map(({ server, verb, resource }) => `${server} ${verb} ${resource}`);
}
