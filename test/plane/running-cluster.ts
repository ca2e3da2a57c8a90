import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiServer, type Server, files } from "./apiserver.ts";
import { type ArgoCD, startArgoCD } from "./argocd.ts";
import { type AuditEvent, type AuditFilter, AuditLog } from "./audit.ts";
import type { Client, PatchType } from "./client.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import type { Cluster, ClusterOptions } from "./cluster.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { type KubectlSpec, apply, kubectl } from "./kubectl.ts";
import type { Ports } from "./ports.ts";
import type { Processes } from "./process.ts";
import { type Rule, allow } from "./rbac.ts";
import { type Rollouts, rolloutsUser, startRollouts } from "./rollouts.ts";
import { type Workloads, startWorkloads, workloadUsers } from "./workloads.ts";

export interface ClusterSpec extends ClusterOptions {
  readonly name: string;
  readonly folder: string;
  readonly etcd: string;
  readonly parts: ClusterParts;
}

const admins = ["admin", "argocd", rolloutsUser, ...workloadUsers];

export async function startCluster(spec: ClusterSpec, processes: Processes, ports: Ports): Promise<Cluster> {
  const users = [...new Set([...admins, "release-conductor", ...(spec.users ?? [])])];
  const tokens = new Map(users.map((user) => [user, `${user}-${randomBytes(16).toString("hex")}`]));
  const server = await ApiServer.start(
    {
      name: spec.name,
      binary: spec.parts.server["kube-apiserver"],
      folder: spec.folder,
      etcd: spec.etcd,
      prefix: `/${spec.name}-${randomBytes(4).toString("hex")}`,
      tokens,
      admins,
    },
    processes,
    ports,
  );
  const cluster = new RunningCluster({ ...spec, kubectl: spec.parts.server.kubectl }, server, tokens);
  await writeFile(cluster.kubeconfig, cluster.kubeconfigFor("admin"), { mode: 0o600 });
  const { argocd, rollouts, workloads } = spec.parts;
  const at = (name: string) => join(spec.folder, name);
  await Promise.all([
    argocd && startArgoCD({ cluster, folder: at("argocd"), parts: argocd }, processes, ports).then((up) => (cluster.argocd = up)),
    rollouts && startRollouts({ cluster, folder: at("rollouts"), parts: rollouts }, processes, ports).then((up) => (cluster.rollouts = up)),
    workloads && startWorkloads({ cluster, folder: spec.folder, parts: workloads }, processes).then((up) => (cluster.workloads = up)),
  ]);
  return cluster;
}

export class RunningCluster implements Cluster {
  readonly name: string;
  readonly url: string;
  readonly ca: string;
  readonly kubeconfig: string;
  readonly serving: Cluster["serving"];
  readonly users: readonly string[];
  argocd: (ArgoCD & { stop(): Promise<void> }) | undefined;
  rollouts: Rollouts | undefined;
  workloads: Workloads | undefined;
  readonly #server: Server;
  readonly #client: Client;
  readonly #tokens: ReadonlyMap<string, string>;
  readonly #kubectl: KubectlSpec;
  readonly #audit: AuditLog;

  constructor(
    spec: { readonly name: string; readonly folder: string; readonly kubectl: string },
    server: Server,
    tokens: ReadonlyMap<string, string>,
  ) {
    this.name = spec.name;
    this.url = server.url;
    this.ca = server.ca;
    this.kubeconfig = join(spec.folder, "kubeconfig");
    this.serving = files(spec.folder);
    this.users = [...tokens.keys()];
    this.#server = server;
    this.#client = server.client;
    this.#tokens = tokens;
    this.#kubectl = {
      binary: spec.kubectl,
      kubeconfig: this.kubeconfig,
      cache: join(spec.folder, "kubectl"),
    };
    this.#audit = new AuditLog(files(spec.folder).audit);
  }

  token(user = "admin"): string {
    const token = this.#tokens.get(user);
    if (token === undefined) throw new Error(`Cluster ${this.name} has no user ${user}: name it in the option "users".`);
    return token;
  }

  kubeconfigFor(user: string, url = this.url): string {
    return kubeconfig({ cluster: this.name, url, ca: this.ca, user, token: this.token(user) });
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return kubectl(this.#kubectl, args, input);
  }

  apply(manifests: string | readonly object[]): Promise<void> {
    return apply(this.#kubectl, manifests);
  }

  allow(user: string, rules: readonly Rule[], namespace?: string): Promise<void> {
    return allow(this, user, rules, namespace);
  }

  // The caller names the type it expects: these four are for tests, which assert on what they got.
  async get<T>(path: string): Promise<T> {
    return (await this.#client.request("GET", path)) as T;
  }

  async create<T>(path: string, body: object): Promise<T> {
    return (await this.#client.request("POST", path, body)) as T;
  }

  async replace<T>(path: string, body: object): Promise<T> {
    return (await this.#client.request("PUT", path, body)) as T;
  }

  async patch<T>(path: string, body: object, type: PatchType = "application/merge-patch+json"): Promise<T> {
    return (await this.#client.request("PATCH", path, body, type)) as T;
  }

  async delete(path: string): Promise<void> {
    await this.#client.request("DELETE", path);
  }

  audit(filter: AuditFilter = {}): Promise<readonly AuditEvent[]> {
    return this.#audit.read(filter, async (text) => void (await this.#client.request("GET", `/version?mark=${text}`)));
  }

  async suspendApiServer(): Promise<void> {
    this.#server.suspend();
  }

  async stopApiServer(): Promise<void> {
    await this.#server.stop();
  }

  async startApiServer(): Promise<void> {
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.argocd?.stop(), this.rollouts?.stop(), this.workloads?.stop()]);
    await this.#server.stop();
    await this.#client.close();
  }
}
