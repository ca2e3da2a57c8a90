import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { files } from "./apiserver.ts";
import { sources } from "./catalogue.ts";
import type { Cluster } from "./cluster.ts";
import type { Process, Processes } from "./process.ts";

/** What makes pods of Deployments and ReplicaSets, and turns them Ready, on a machine that does not exist. */
export interface Workloads {
  stop(): Promise<void>;
}

export interface WorkloadParts {
  readonly "kube-controller-manager": string;
  readonly "kube-scheduler": string;
  readonly kwok: string;
  /** Folder of kwok's stages: without any it does nothing to nodes and pods. */
  readonly stages: string;
}

interface WorkloadsSpec {
  readonly cluster: Pick<Cluster, "name" | "kubeconfigFor" | "get" | "create" | "delete">;
  /** Of the cluster: the key of its service accounts is there. */
  readonly folder: string;
  readonly parts: WorkloadParts;
}

interface Conditions {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** One user for each process, so that the audit log says who did what. */
export const workloadUsers = ["kube-controller-manager", "kube-scheduler", "kwok"] as const;

const room = { cpu: "256", memory: "1Ti", pods: "1000" };
const node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "kwok", labels: { "kubernetes.io/hostname": "kwok", "kubernetes.io/os": "linux" } },
  status: { allocatable: room, capacity: room },
};
const probe = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "plane-probe", namespace: "kube-system" },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "probe", image: "probe" }] },
};
const probePath = "/api/v1/namespaces/kube-system/pods";

/** Resolves when a pod became Ready: that takes all three of them. */
export async function startWorkloads({ cluster, folder, parts }: WorkloadsSpec, processes: Processes): Promise<Workloads> {
  const home = join(folder, "workloads");
  await mkdir(home, { recursive: true });
  const run = async (name: (typeof workloadUsers)[number], args: readonly string[]): Promise<Process> => {
    const kubeconfig = join(home, `${name}.kubeconfig`);
    await writeFile(kubeconfig, cluster.kubeconfigFor(name), { mode: 0o600 });
    return processes.start({
      name: `${cluster.name}-${name}`,
      command: parts[name],
      args: ["--kubeconfig", kubeconfig, ...args],
      env: { HOME: home },
    });
  };
  const alone = ["--leader-elect=false", "--secure-port=0"];
  const stages = sources.find(({ name }) => name === "kwok-stages")?.files ?? [];
  const all = await Promise.all([
    run("kube-controller-manager", [
      ...alone,
      `--service-account-private-key-file=${files(folder).serviceAccountKey}`,
      // kwok may be late with its heartbeats on a busy machine, or while the API server is down: no pod shall be evicted for that.
      "--node-monitor-grace-period=24h",
    ]),
    run("kube-scheduler", alone),
    run("kwok", ["--manage-all-nodes", ...stages.flatMap((file) => ["--config", join(parts.stages, file)])]),
  ]);
  await cluster.create("/api/v1/nodes", node);
  await cluster.create(probePath, probe);
  // None of them has a check of its own without a port: each is asked for what it has done, and says why if it ended instead.
  const [manager, scheduler, kwok] = all;
  await Promise.all([
    manager.ready(async () => (await cluster.get("/api/v1/namespaces/default/serviceaccounts/default")) !== undefined),
    kwok.ready(async () => isReady(await cluster.get("/api/v1/nodes/kwok"))),
    scheduler.ready(async () => isReady(await cluster.get(`${probePath}/plane-probe`))),
  ]);
  await cluster.delete(`${probePath}/plane-probe`);
  return {
    async stop() {
      await Promise.all(all.map((process) => process.stop()));
    },
  };
}

function isReady({ status }: Conditions): boolean {
  return status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true;
}
