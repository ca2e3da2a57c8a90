import type { ArgoCD } from "./argocd.ts";
import type { AuditEvent, AuditFilter } from "./audit.ts";
import type { PatchType } from "./client.ts";
import type { Rule } from "./rbac.ts";
import type { Rollouts } from "./rollouts.ts";

/** One API server, its users, and what else runs for it when it was asked for. */
export interface Cluster {
  readonly name: string;
  /** https://127.0.0.1:PORT */
  readonly url: string;
  /** PEM of what signs the serving certificate. */
  readonly ca: string;
  /** Path of the admin's kubeconfig. */
  readonly kubeconfig: string;
  /** Paths of the serving certificate and its key, for servers that stand in front of this one. */
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly users: readonly string[];
  readonly argocd: ArgoCD | undefined;
  /** Its Argo Rollouts. */
  readonly rollouts: Rollouts | undefined;
  /** The bearer token of "admin" (system:masters, the default), "release-conductor" (may do nothing until a test grants it), or a user asked for. */
  token(user?: string): string;
  /** YAML text; `url` for a proxy in between. */
  kubeconfigFor(user: string, url?: string): string;
  /** stdout; rejects with stderr in the message. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Server-side apply as admin; waits for CRDs that were applied a moment ago. */
  apply(manifests: string | readonly object[]): Promise<void>;
  /** Grants by RBAC, in one namespace or everywhere; resolves when the API server acts on it. */
  allow(user: string, rules: readonly Rule[], namespace?: string): Promise<void>;
  /** As admin. Rejects with ApiError. */
  get<T>(path: string): Promise<T>;
  create<T>(path: string, body: object): Promise<T>;
  replace<T>(path: string, body: object): Promise<T>;
  patch<T>(path: string, body: object, type?: PatchType): Promise<T>;
  delete(path: string): Promise<void>;
  /** Every request that was answered before this call and matches, oldest first. */
  audit(filter?: AuditFilter): Promise<readonly AuditEvent[]>;
  /** Connections stay open and nothing is answered. */
  suspendApiServer(): Promise<void>;
  /** Killed at once. */
  stopApiServer(): Promise<void>;
  /** Undoes both: the same port, the same data. Resolves when it is ready. */
  startApiServer(): Promise<void>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly argocd?: boolean;
  /** Argo Rollouts' definitions and controller. Alone it executes AnalysisRuns; Rollouts need `workloads`, too. */
  readonly rollouts?: boolean;
  /** Deployments, ReplicaSets and Rollouts get pods that turn Ready, on one node that does not exist. */
  readonly workloads?: boolean;
  /** Besides admin and release-conductor; without any right until a test grants it. */
  readonly users?: readonly string[];
}
