import { readFile } from "node:fs/promises";
import { files } from "./apiserver.ts";
import { Client } from "./client.ts";
import type { Cluster, ClusterOptions } from "./cluster.ts";
import { RunningCluster } from "./running-cluster.ts";
import type { SharedCluster } from "./state.ts";

/** A cluster that another process keeps: all can be done with it but stopping and starting its parts. */
export async function attach(shared: SharedCluster, options: ClusterOptions, kubectl: string): Promise<Cluster> {
  const refuse = () => {
    throw new Error(`Cluster ${shared.name} is shared: a test that stops parts takes a plane of its own (Plane.start).`);
  };
  const rows = (await readFile(files(shared.folder).tokens, "utf8")).trim().split("\n");
  const tokens = new Map(rows.map((row) => row.split(",")).map(([token = "", user = ""]) => [user, token]));
  const missing = [
    ...(options.users ?? []).filter((user) => !tokens.has(user)).map((user) => `user ${user}`),
    ...(options.argocd === true && !shared.argocd ? ["Argo CD"] : []),
    ...(options.rollouts === true ? ["Argo Rollouts"] : []),
    ...(options.workloads === true ? ["workloads"] : []),
  ];
  if (missing.length > 0) {
    throw new Error(
      `The shared cluster ${shared.name} has no ${missing.join(", no ")}: choose another name, or start the shared plane with it.`,
    );
  }
  const ca = await readFile(files(shared.folder).certificate, "utf8");
  const client = new Client(shared.url, ca, tokens.get("admin") ?? "");
  const server = {
    url: shared.url,
    ca,
    client,
    suspend: refuse,
    stop: async () => refuse(),
    start: async () => refuse(),
  };
  const cluster = new RunningCluster({ name: shared.name, folder: shared.folder, kubectl }, server, tokens);
  if (shared.argocd) {
    cluster.argocd = {
      namespace: "argocd",
      stopController: async () => refuse(),
      pauseController: refuse,
      startController: async () => refuse(),
      stopRepoServer: async () => refuse(),
      startRepoServer: async () => refuse(),
      startApplicationSets: async () => refuse(),
      stop: async () => {},
    };
  }
  cluster.stop = () => client.close();
  return cluster;
}
