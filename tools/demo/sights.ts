import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "#plane/client.ts";
import type { Cluster } from "#plane/cluster.ts";
import { PODS } from "./chart.ts";

/** What there is to see of the service in one cluster. */
export interface Sight {
  /** The targetRevision of its Application. */
  readonly revision: string;
  /** What Argo CD has compared and found the same, if it has: a commit. */
  readonly synced: string | undefined;
  readonly health: string;
  /** The version in the Rollout's pod template, such as v1. */
  readonly version: string;
  /** Whether all pods are of that version, and ready. */
  readonly complete: boolean;
  /** Pods of that version; none while Argo Rollouts has not seen it. */
  readonly updated: number;
  readonly greeting: string;
  /** How far the canary is, in words. */
  readonly canary: string;
}

interface Application {
  readonly spec: { readonly source: { readonly targetRevision: string } };
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly health?: { readonly status?: string };
  };
}

interface Rollout {
  readonly metadata: { readonly generation: number };
  readonly spec: {
    readonly strategy: { readonly canary: { readonly steps: readonly { readonly setWeight?: number }[] } };
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly image: string; readonly env: readonly { readonly value: string }[] }[] };
    };
  };
  readonly status?: {
    readonly phase?: string;
    readonly observedGeneration?: string;
    readonly currentStepIndex?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly replicas?: number;
  };
}

/** Looks at the clusters again and again, until it is stopped: what is shown, and what the metrics server answers, is from here. */
export class Sights {
  #clusters: readonly Cluster[] = [];
  readonly #seen = new Map<string, Sight>();
  readonly #stop = new AbortController();
  #done: Promise<void> | undefined;

  start(clusters: readonly Cluster[]): void {
    this.#clusters = clusters;
    this.#done ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  of(cluster: string): Sight | undefined {
    return this.#seen.get(cluster);
  }

  /** Looks once, at all of them. */
  async look(): Promise<void> {
    await Promise.all(
      this.#clusters.map(async (cluster) => {
        const sight = await look(cluster);
        if (sight !== undefined) this.#seen.set(cluster.name, sight);
      }),
    );
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // A cluster that does not answer is seen as it was; who waits for it says when that takes too long.
      await this.look().catch(() => undefined);
      await sleep(300, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

async function look(cluster: Cluster): Promise<Sight | undefined> {
  try {
    const [app, rollout] = await Promise.all([
      cluster.get<Application>("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout"),
      cluster.get<Rollout>("/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/checkout"),
    ]);
    const { sync, health } = app.status ?? {};
    return {
      revision: app.spec.source.targetRevision,
      synced: sync?.status === "Synced" ? sync.revision : undefined,
      health: health?.status ?? "Unknown",
      ...canary(rollout),
    };
  } catch (error) {
    // Argo CD has not made it yet.
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** Without traffic routing the weight is that of the last setWeight: Argo Rollouts brings about as many pods as that takes. */
function canary({ metadata, spec, status = {} }: Rollout): Pick<Sight, "version" | "complete" | "updated" | "greeting" | "canary"> {
  const [container] = spec.template.spec.containers;
  const version = container?.image.split(":").at(-1) ?? "?";
  const greeting = container?.env[0]?.value ?? "";
  // A number as text, of the generation that its controller has seen.
  const isSeen = status.observedGeneration === `${metadata.generation}`;
  const { steps } = spec.strategy.canary;
  const step = status.currentStepIndex ?? steps.length;
  const updated = isSeen ? (status.updatedReplicas ?? 0) : 0;
  const complete =
    isSeen && status.phase === "Healthy" && updated === PODS && status.availableReplicas === PODS && status.replicas === PODS;
  const weight =
    step >= steps.length
      ? 100
      : (steps
          .slice(0, step + 1)
          .map(({ setWeight }) => setWeight)
          .findLast((set) => set !== undefined) ?? 0);
  const canaryOf = complete
    ? `${PODS} of ${PODS} pods`
    : isSeen
      ? `${updated} of ${PODS} pods, ${weight} %, step ${Math.min(step + 1, steps.length)}/${steps.length}${status.phase === "Paused" ? ", paused" : ""}`
      : "";
  return { version, complete, updated, greeting, canary: canaryOf };
}
