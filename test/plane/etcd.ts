import { join } from "node:path";
import { type Ports, onFreePorts } from "./ports.ts";
import type { Process, Processes } from "./process.ts";

export interface Etcd {
  readonly url: string;
  readonly process: Process;
}

/** One etcd serves all API servers of a plane, each below its own prefix. */
export async function startEtcd(binary: string, folder: string, processes: Processes, ports: Ports): Promise<Etcd> {
  return onFreePorts(ports, 2, async (client, peer) => {
    const url = `http://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const process = processes.start({
      name: "etcd",
      command: binary,
      args: [
        `--data-dir=${join(folder, `etcd-${client}`)}`,
        "--unsafe-no-fsync",
        "--log-level=warn",
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
        "--quota-backend-bytes=4294967296",
      ],
    });
    await process.ready(() => isHealthy(url));
    return { url, process };
  });
}

export async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) });
  return (await response.text()).includes('"true"');
}
