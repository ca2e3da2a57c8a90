import type { KubeRequest } from "#kube/ports.ts";
import { stays, type Behaviour } from "#simulation/behaviour.ts";
import type { JsonObject } from "#simulation/json.ts";
import { commit } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";

export const NAME = "checkout.production";
/** Revisions: one that works, a newer one that works, and one that crashes everywhere. */
export const [GOOD, NEWER, BAD] = [commit("1"), commit("2"), commit("b")];

const CRASHES: Behaviour = stays("Degraded", "a pod crashes");

/** Three clusters; all at once and without a soak unless `strategy` says otherwise. */
export function fleet(strategy: JsonObject = { waves: [{ name: "all" }], maxConcurrency: "100%", minSuccessTime: "0s" }): Simulation {
  return new Simulation({
    seed: "cli",
    clusters: ["eu-west-1", "us-east-1", "ap-south-1"].map((name) => ({ name })),
    environments: [{ name: "production", spec: { strategy } }],
    behaviours: (_, revision) => (revision === BAD ? CRASHES : {}),
  });
}

/** A release that has been verified everywhere, or has otherwise come to its end. */
export async function ended(simulation: Simulation, revision: string): Promise<Simulation> {
  simulation.wishes.apply(NAME, revision);
  if (!(await simulation.runUntil(() => simulation.wishes.finished(NAME), 3_600_000))) throw new Error(`${revision} does not end`);
  return simulation;
}

/** A Role without rights on runs. */
export function withoutRuns({ path }: KubeRequest): 403 | undefined {
  return path.includes("/releaseruns") ? 403 : undefined;
}
