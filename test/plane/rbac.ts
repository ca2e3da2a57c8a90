import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";

/** As in a Role: "" is the core group; subresources as "applications/status". */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const version = "rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";

/** Grants by a Role in `namespace`, or a ClusterRole without one, and waits until the API server, which learns of it a moment later, agrees. */
export async function allow(
  cluster: Pick<Cluster, "apply" | "create">,
  user: string,
  rules: readonly Rule[],
  namespace?: string,
): Promise<void> {
  const name = `plane-${user}-${createHash("sha256").update(JSON.stringify(rules)).digest("hex").slice(0, 8)}`;
  const prefix = namespace === undefined ? "Cluster" : "";
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  await cluster.apply([
    { apiVersion: version, kind: `${prefix}Role`, metadata, rules },
    {
      apiVersion: version,
      kind: `${prefix}RoleBinding`,
      metadata,
      roleRef: { apiGroup, kind: `${prefix}Role`, name },
      subjects: [{ apiGroup, kind: "User", name: user }],
    },
  ]);
  for (const rule of rules) await allowed(cluster, user, rule, namespace);
}

async function allowed(cluster: Pick<Cluster, "create">, user: string, rule: Rule, namespace: string | undefined): Promise<void> {
  const [resource, subresource] = (rule.resources[0] ?? "").split("/");
  const resourceAttributes = {
    group: rule.apiGroups[0],
    resource,
    subresource,
    verb: rule.verbs[0],
    namespace,
  };
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: { user, resourceAttributes },
  };
  for (const deadline = Date.now() + 10_000; ; await sleep(20)) {
    const answer = await cluster.create<{ status: { allowed: boolean } }>("/apis/authorization.k8s.io/v1/subjectaccessreviews", review);
    if (answer.status.allowed) return;
    if (Date.now() > deadline) throw new Error(`The API server still refuses ${user}: ${JSON.stringify(resourceAttributes)}`);
  }
}
