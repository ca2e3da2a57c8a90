import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "#plane/cluster.ts";
import { run } from "#plane/command.ts";
import { acquire } from "#plane/parts.ts";
import { reporter } from "#plane/progress.ts";

const chart = join(import.meta.dirname, "..", "..", "helm", "release-conductor");

export interface Installed {
  /** Of the API server, as helm learns it. */
  readonly kubeVersion?: string;
  /** By which name the API server knows the conductor. */
  readonly user?: string;
}

/** What `helm install` applies of our chart, as YAML. */
export async function rendered({ kubeVersion = "1.36.3", user }: Installed = {}): Promise<string> {
  const { helm } = await acquire(["helm"], reporter(process.stderr));
  const values = user === undefined ? [] : ["--set-string", `conductor.user=${user}`];
  return run(helm, ["template", "release-conductor", chart, "--kube-version", kubeVersion, ...values], {});
}

/** Installs the admission policies, and waits until the API server, which learns of each a moment later, acts on all of them: it is asked as admin. */
export async function installPolicies(cluster: Cluster, installed: Installed = {}): Promise<void> {
  const yaml = await rendered(installed);
  await cluster.apply(yaml);
  const metadata = { name: "checkout.probe", namespace: "default" };
  const release = { service: "checkout", environment: "probe", revision: "v1" };
  const probes: readonly (readonly [kind: string, object: object, says: string])[] = [
    ["ReleaseApproval", { metadata, spec: question }, "only the conductor asks"],
    ["ReleaseRun", { metadata, spec: plan }, "only the conductor makes"],
    [
      "ServiceRelease",
      { metadata: { ...metadata, annotations: { "conductor.dev/author": "nobody" } }, spec: release },
      "here it must be admin",
    ],
  ];
  for (const [kind, object, says] of probes) await until(`the policy that says "${says}"`, () => tries(cluster, kind, object, says));
  if (yaml.includes("kind: MutatingAdmissionPolicy"))
    await until("the policy that names authors", () =>
      tries(cluster, "ServiceRelease", { metadata, spec: release }, "conductor.dev/author: admin"),
    );
}

const question = {
  run: { name: "probe", uid: "probe", planHash: "0".repeat(64) },
  purpose: "Wave",
  wave: "probe",
  service: "checkout",
  environment: "probe",
  revision: "v1",
  changes: { clusters: [], clusterCount: 0, from: [], message: "" },
  count: 1,
  expiresAt: "2026-11-23T00:00:00Z",
};

const plan = {
  release: { name: "probe", uid: "probe", generation: 1, hash: "probe" },
  kind: "Forward",
  service: "checkout",
  environment: "probe",
  revision: "v1",
  strategy: { progressDeadlineSeconds: 900, onFailure: "RollBack", rollbackScope: "Run", supersede: "Queue" },
  waves: [{ name: "all", maxConcurrency: 1, maxFailures: 0, maxUnreachable: 0, minSuccessSeconds: 0 }],
  values: [{ targetRevision: "v1" }],
  targets: [{ cluster: "eu", instance: "eu", application: { namespace: "argocd", name: "checkout" }, wave: 1, desired: 0 }],
};

async function tries(cluster: Cluster, kind: string, object: object, says: string): Promise<boolean> {
  const body = JSON.stringify({ apiVersion: "conductor.dev/v1alpha1", kind, ...object });
  const answer = await cluster
    .kubectl(["create", "--dry-run=server", "-o", "yaml", "-f", "-"], body)
    .catch((error: Error) => error.message);
  return answer.includes(says);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await holds()); await sleep(100))
    if (Date.now() > deadline) throw new Error(`${what} is not in force after 30 s`);
}
