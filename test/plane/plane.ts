import { mkdir, mkdtemp, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { attach } from "./attach.ts";
import { acquireFor } from "./cluster-parts.ts";
import type { Cluster, ClusterOptions } from "./cluster.ts";
import { type Etcd, startEtcd } from "./etcd.ts";
import { type Repository, createRepository } from "./git.ts";
import { Guard } from "./guard.ts";
import { acquire } from "./parts.ts";
import { Ports, onFreePorts } from "./ports.ts";
import { type Process, type ProcessSpec, Processes } from "./process.ts";
import { type Progress, reporter } from "./progress.ts";
import { FaultProxy } from "./proxy.ts";
import { startCluster } from "./running-cluster.ts";
import { type SharedPlane, readState } from "./state.ts";

export interface PlaneOptions {
  /** Where lines for people go; stderr by default. */
  readonly progress?: Progress;
}

/** Real API servers, Argo CDs and git repositories as processes on loopback. Ends with the process that made it. */
export class Plane implements AsyncDisposable {
  readonly folder: string;
  readonly #guard: Guard;
  readonly #ports = new Ports();
  readonly #processes: Processes;
  readonly #progress: Progress;
  readonly #clusters = new Map<string, Promise<Cluster>>();
  readonly #closers: (() => Promise<void>)[] = [];
  #etcd: Pick<Etcd, "url"> | undefined;
  #shared: SharedPlane | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(folder: string, progress: Progress) {
    this.folder = folder;
    this.#progress = progress;
    this.#guard = new Guard(folder);
    this.#processes = new Processes(join(folder, "logs"), this.#guard);
  }

  /** An etcd and a temporary folder. */
  static async start(options: PlaneOptions = {}): Promise<Plane> {
    const progress = options.progress ?? reporter(process.stderr);
    const parts = await acquire(["etcd", "kube-apiserver", "kubectl"], progress);
    const folder = await realpath(await mkdtemp(join(tmpdir(), "release-conductor-plane-")));
    const plane = new Plane(folder, progress);
    try {
      plane.#etcd = await startEtcd(parts.etcd, folder, plane.#processes, plane.#ports);
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** With the etcd and clusters that `npm run plane -- up` keeps, if it does: quicker, and shared with other tests. Else like start(). */
  static async attachOrStart(options: PlaneOptions = {}): Promise<Plane> {
    const shared = await readState();
    if (shared === undefined) return Plane.start(options);
    const folder = await realpath(await mkdtemp(join(tmpdir(), "release-conductor-plane-")));
    const plane = new Plane(folder, options.progress ?? reporter(process.stderr));
    plane.#shared = shared;
    plane.#etcd = { url: shared.etcd };
    return plane;
  }

  /** What another process needs to attach. */
  async state(): Promise<SharedPlane> {
    const clusters = await Promise.all(this.#clusters.values());
    return {
      pid: process.pid,
      folder: this.folder,
      etcd: this.#etcd?.url ?? "",
      clusters: clusters.map(({ name, url, kubeconfig, argocd }) => ({
        name,
        url,
        folder: dirname(kubeconfig),
        argocd: argocd !== undefined,
      })),
    };
  }

  /** Process ids of everything that runs for this plane, its guard included. */
  pids(): readonly number[] {
    const running = this.#processes.all.filter((process) => process.running).map(({ pid }) => pid);
    return this.#guard.pid === undefined ? running : [...running, this.#guard.pid];
  }

  /** An API server, with what else the options ask for; or the shared one of that name. Several may start at once. */
  cluster(name: string, options: ClusterOptions = {}): Promise<Cluster> {
    if (this.#clusters.has(name)) return Promise.reject(new Error(`This plane has a cluster ${name} already: choose another name.`));
    const cluster = this.#startCluster(name, options);
    this.#clusters.set(name, cluster);
    return cluster;
  }

  async #startCluster(name: string, options: ClusterOptions): Promise<Cluster> {
    const etcd = this.#etcd;
    if (etcd === undefined || this.#stopped !== undefined) throw new Error("This plane is stopped: start another one.");
    const shared = this.#shared?.clusters.find((candidate) => candidate.name === name);
    if (shared !== undefined) {
      const { kubectl } = await acquire(["kubectl"], this.#progress);
      const attached = await attach(shared, options, kubectl);
      this.#closers.push(() => attached.stop());
      return attached;
    }
    const parts = await acquireFor(options, this.#progress);
    const folder = join(this.folder, "clusters", name);
    const cluster = await startCluster({ ...options, name, folder, etcd: etcd.url, parts }, this.#processes, this.#ports);
    this.#closers.push(() => cluster.stop());
    return cluster;
  }

  /** An empty bare git repository. */
  repository(name: string): Promise<Repository> {
    return createRepository(join(this.folder, "repositories", `${name}.git`));
  }

  /** Stands in front of a cluster's API server: give its url to what is tested. */
  async proxy(cluster: Cluster): Promise<FaultProxy> {
    const proxy = await onFreePorts(this.#ports, 1, (port) => FaultProxy.start(cluster, port));
    this.#closers.push(() => proxy.stop());
    return proxy;
  }

  /** Any other process, which ends with this plane. */
  run(spec: ProcessSpec): Process {
    return this.#processes.start(spec);
  }

  /** A free port on 127.0.0.1. */
  port(): Promise<number> {
    return this.#ports.next();
  }

  /** For a failed test: the last hundred lines of each process, below .artifacts/ of the project. Resolves with the folder. */
  async keepLogs(label: string): Promise<string> {
    const folder = join(import.meta.dirname, "..", "..", ".artifacts", label.replaceAll(/[^\w.-]+/g, "-"));
    await mkdir(folder, { recursive: true });
    for (const process of this.#processes.all) {
      await writeFile(join(folder, `${process.name}.log`), `${await process.tail(100)}\n`);
    }
    return folder;
  }

  /** For node:test: `afterEach((t) => plane.keepLogsIfFailed(t))`. */
  async keepLogsIfFailed(test: { readonly name: string; readonly passed: boolean }): Promise<void> {
    if (!test.passed) this.#progress(`plane: the logs are in ${await this.keepLogs(test.name)}.`);
  }

  /** Ends every process and removes the folder. May be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#processes.end();
    await Promise.allSettled(this.#clusters.values());
    await Promise.allSettled(this.#closers.map((close) => close()));
    await this.#guard.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
