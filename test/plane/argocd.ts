import { basename } from "node:path";
import { connect } from "node:net";
import { install, prepare } from "./argocd-setup.ts";
import type { Cluster } from "./cluster.ts";
import { type Ports, onFreePorts } from "./ports.ts";
import type { Process, Processes } from "./process.ts";

export interface ArgoCD {
  readonly namespace: "argocd";
  /** Killed at once, as by a crash. */
  stopController(): Promise<void>;
  /** Keeps its connections and does nothing. */
  pauseController(): void;
  /** Undoes both. Resolves when it is ready. */
  startController(): Promise<void>;
  stopRepoServer(): Promise<void>;
  startRepoServer(): Promise<void>;
  /** The controller of ApplicationSets, which runs only where a test is about it. Resolves when it is ready. */
  startApplicationSets(): Promise<void>;
}

export interface ArgoCDSpec {
  readonly cluster: Pick<Cluster, "name" | "kubeconfigFor" | "apply">;
  readonly folder: string;
  /** Binaries, and the folder of the CRDs. */
  readonly parts: {
    readonly argocd: string;
    readonly redis: string;
    readonly helm: string;
    readonly crds: string;
  };
}

export async function startArgoCD(spec: ArgoCDSpec, processes: Processes, ports: Ports): Promise<ArgoCD & { stop(): Promise<void> }> {
  const environment = await prepare(spec);
  const program = (name: string) => ({
    name: `${spec.cluster.name}-${name}`,
    command: spec.parts.argocd,
    env: { ...environment, ARGOCD_BINARY_NAME: `argocd-${name}` },
  });
  const redis = startRedis(spec, processes, ports);
  const repoServer = redis.then(({ address }) =>
    onFreePorts(ports, 2, async (port, metrics) => {
      const run = () =>
        processes
          .start({
            ...program("repo-server"),
            args: ["--address", "127.0.0.1", "--port", `${port}`, "--metrics-address", "127.0.0.1", "--metrics-port", `${metrics}`].concat([
              "--redis",
              address,
              "--disable-tls",
              "--client-ca-path",
              "",
            ]),
          })
          .ready(() => isHealthy(metrics));
      return { port, run, process: await run() };
    }),
  );
  const [cache, repo] = await Promise.all([redis, repoServer, install(spec)]);
  const controller = await onFreePorts(ports, 1, async (metrics) => {
    const run = () =>
      processes
        .start({
          ...program("application-controller"),
          args: ["--namespace", "argocd", "--repo-server", `127.0.0.1:${repo.port}`, "--repo-server-plaintext"]
            .concat(["--redis", cache.address, "--metrics-port", `${metrics}`, "--app-resync", "10", "--app-resync-jitter", "0"])
            .concat(["--repo-error-grace-period-seconds", "5", "--status-processors", "5", "--operation-processors", "5"]),
        })
        .ready(() => isHealthy(metrics));
    return { run, process: await run() };
  });
  const applicationSets = () =>
    onFreePorts(ports, 3, async (metrics, probe, webhook) => {
      const started = processes.start({
        ...program("applicationset-controller"),
        args: ["--namespace", "argocd", "--argocd-repo-server", `127.0.0.1:${repo.port}`, "--repo-server-plaintext"].concat([
          ...["--metrics-addr", `127.0.0.1:${metrics}`, "--probe-addr", `127.0.0.1:${probe}`, "--webhook-addr", `127.0.0.1:${webhook}`],
          "--enable-leader-election=false",
        ]),
      });
      // It has no check of its own that it is ready.
      return started.ready(() => answers(`http://127.0.0.1:${metrics}/metrics`));
    });
  return running(cache.process, repo, controller, applicationSets);
}

interface Restartable {
  process: Process;
  readonly run: () => Promise<Process>;
}

function running(
  redis: Process,
  repo: Restartable,
  controller: Restartable,
  applicationSets: () => Promise<Process>,
): ArgoCD & { stop(): Promise<void> } {
  const others: Process[] = [];
  const start = async (part: Restartable) => {
    if (part.process.running) part.process.resume();
    else part.process = await part.run();
  };
  return {
    namespace: "argocd",
    stopController: () => controller.process.stop(),
    pauseController: () => controller.process.suspend(),
    startController: () => start(controller),
    stopRepoServer: () => repo.process.stop(),
    startRepoServer: () => start(repo),
    async startApplicationSets() {
      others.push(await applicationSets());
    },
    async stop() {
      await Promise.all([controller.process, repo.process, redis, ...others].map((process) => process.stop()));
    },
  };
}

async function startRedis(spec: ArgoCDSpec, processes: Processes, ports: Ports): Promise<{ address: string; process: Process }> {
  return onFreePorts(ports, 1, async (port) => {
    const real = /^(redis|valkey)-server/.test(basename(spec.parts.redis));
    const process = processes.start({
      name: `${spec.cluster.name}-redis`,
      command: spec.parts.redis,
      args: real ? ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--port", `${port}`] : [`127.0.0.1:${port}`],
    });
    await process.ready(() => accepts(port));
    return { address: `127.0.0.1:${port}`, process };
  });
}

function isHealthy(port: number): Promise<boolean> {
  return answers(`http://127.0.0.1:${port}/healthz`);
}

async function answers(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
