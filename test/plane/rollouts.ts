import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "./cluster.ts";
import { applyCrds } from "./crds.ts";
import { type Ports, onFreePorts } from "./ports.ts";
import type { Processes } from "./process.ts";

/** Argo Rollouts in one cluster: it moves Rollouts through their steps, and executes AnalysisRuns. */
export interface Rollouts {
  readonly namespace: "argo-rollouts";
  /** The controller is killed at once; its definitions stay. */
  stop(): Promise<void>;
  /** Resolves when it is ready. */
  start(): Promise<void>;
}

export interface RolloutsParts {
  readonly "rollouts-controller": string;
  /** Folder of the definitions. */
  readonly crds: string;
}

interface RolloutsSpec {
  readonly cluster: Pick<Cluster, "name" | "kubeconfigFor" | "apply">;
  readonly folder: string;
  readonly parts: RolloutsParts;
}

export const rolloutsUser = "argo-rollouts";
const namespace = "argo-rollouts";

export async function startRollouts({ cluster, folder, parts }: RolloutsSpec, processes: Processes, ports: Ports): Promise<Rollouts> {
  await mkdir(folder, { recursive: true });
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfigFor(rolloutsUser), { mode: 0o600 });
  await applyCrds(cluster, parts.crds);
  await cluster.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }]);
  return onFreePorts(ports, 2, async (metrics, healthz) => {
    const run = () =>
      processes
        .start({
          name: `${cluster.name}-rollouts-controller`,
          command: parts["rollouts-controller"],
          args: ["--kubeconfig", kubeconfig, "--namespace", namespace, "--leader-elect=false", "--qps", "200", "--burst", "400"].concat([
            ...["--metricsPort", `${metrics}`, "--healthzPort", `${healthz}`],
          ]),
          env: { HOME: folder },
        })
        .ready(async () => (await fetch(`http://127.0.0.1:${healthz}/healthz`, { signal: AbortSignal.timeout(2000) })).ok);
    let controller = await run();
    return {
      namespace,
      stop: () => controller.stop(),
      async start() {
        if (!controller.running) controller = await run();
      },
    };
  });
}
