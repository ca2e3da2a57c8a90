import type { PartName } from "./catalogue.ts";
import type { ClusterOptions } from "./cluster.ts";
import { acquire, acquireSources } from "./parts.ts";
import type { Progress } from "./progress.ts";
import type { RolloutsParts } from "./rollouts.ts";
import type { WorkloadParts } from "./workloads.ts";

const SERVER = ["kube-apiserver", "kubectl"] as const;
const ARGOCD = ["argocd", "redis", "helm"] as const;
const ROLLOUTS = ["rollouts-controller"] as const;
const WORKLOADS = ["kube-controller-manager", "kube-scheduler", "kwok"] as const;

/** Paths of what a cluster runs; undefined is what was not asked for. */
export interface ClusterParts {
  readonly server: { readonly "kube-apiserver": string; readonly kubectl: string };
  readonly argocd: { readonly argocd: string; readonly redis: string; readonly helm: string; readonly crds: string } | undefined;
  readonly rollouts: RolloutsParts | undefined;
  readonly workloads: WorkloadParts | undefined;
}

/** The binaries of a cluster like that. */
export function partsOf({ argocd = false, rollouts = false, workloads = false }: ClusterOptions): readonly PartName[] {
  return [...SERVER, ...(argocd ? ARGOCD : []), ...(rollouts ? ROLLOUTS : []), ...(workloads ? WORKLOADS : [])];
}

export async function acquireFor(options: ClusterOptions, progress: Progress): Promise<ClusterParts> {
  // All at once: what must be built is announced as a whole, and not part by part.
  await acquire(partsOf(options), progress);
  return {
    server: await acquire(SERVER, progress),
    argocd: options.argocd ? { ...(await acquire(ARGOCD, progress)), crds: await acquireSources("argocd-crds", progress) } : undefined,
    rollouts: options.rollouts
      ? { ...(await acquire(ROLLOUTS, progress)), crds: await acquireSources("rollouts-crds", progress) }
      : undefined,
    workloads: options.workloads
      ? { ...(await acquire(WORKLOADS, progress)), stages: await acquireSources("kwok-stages", progress) }
      : undefined,
  };
}
