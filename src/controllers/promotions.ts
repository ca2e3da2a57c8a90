import { ROLLOUTS } from "#argo/application.ts";
import type { Projected } from "#argo/read.ts";
import { repetition, steering } from "#argo/rollouts.ts";
import type { CanaryWrite } from "#engine/world.ts";
import type { Instance } from "#fleet/fleet.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { KubeObject } from "#kube/ports.ts";
import { isLocal } from "./canaries.ts";

/**
 * Tells the Rollouts of an Application that was just read to skip their steps, or to begin again; each patch is guarded by
 * the version that was read. Whether anything was written. Rejects with KubeFailure.
 */
export async function steer(
  instance: Instance<Projected>,
  app: Projected,
  kind: CanaryWrite,
  signal: AbortSignal,
): Promise<"us" | "before"> {
  let by: "us" | "before" = "before";
  for (const { namespace, name } of isLocal(app) ? app.rollouts : []) {
    const raw = await instance.client.get<KubeObject>(object(ROLLOUTS, namespace, name), signal);
    const wanted = steering(raw, kind);
    if (wanted === undefined) continue;
    await instance.client.mergePatch(object(ROLLOUTS, namespace, name, "status"), wanted, signal);
    by = "us";
  }
  return by;
}

/** Which Rollouts repeat their canary when the Application goes back; undefined where none does, or none can be asked. */
export async function repetitionOf(instance: Instance<Projected>, app: Projected, signal: AbortSignal): Promise<string | undefined> {
  const found = await Promise.all(
    (isLocal(app) ? app.rollouts : []).map(async ({ namespace, name }) => {
      try {
        const why = repetition(await instance.client.get<KubeObject>(object(ROLLOUTS, namespace, name), signal));
        return why === undefined ? [] : [`Rollout ${namespace}/${name} ${why}`];
      } catch (error) {
        // An optional right, and no reason not to go back.
        if (failed(error)) return [];
        throw error;
      }
    }),
  );
  const warnings = found.flat();
  return warnings.length === 0 ? undefined : warnings.join("; ");
}
