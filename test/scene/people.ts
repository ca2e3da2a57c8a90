import { readFileSync } from "node:fs";
import { join } from "node:path";
import { API_VERSION, GROUP } from "#api/rules.ts";
import type { Cluster } from "#plane/cluster.ts";
import type { Plane } from "#plane/plane.ts";
import { RESOURCES } from "#tools/generate/outputs.ts";

/** Who asks the API server: a user in groups, by kubectl's impersonation. The API server treats them as if they had come themselves. */
export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
}

export const person = (name: string, ...groups: string[]): Person => ({ name, groups });
export const serviceAccount = (namespace: string, name: string): Person => person(`system:serviceaccount:${namespace}:${name}`);
export const CONDUCTOR = serviceAccount("release-conductor", "release-conductor");
/** The plane's own: may do everything that RBAC can give. */
export const ADMIN = person("admin", "system:masters");

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** An API server with our definitions, a namespace team-a and the rights that the examples give. */
export async function management(plane: Plane, name: string): Promise<Cluster> {
  const cluster = await plane.cluster(name);
  for (const { plural } of RESOURCES) await cluster.apply(read(`crds/${GROUP}_${plural}.yaml`));
  await cluster.kubectl([
    "wait",
    "--for=condition=Established",
    "--timeout=30s",
    ...RESOURCES.map(({ plural }) => `crd/${plural}.${GROUP}`),
  ]);
  await cluster.kubectl(["create", "namespace", "team-a"]);
  await cluster.apply(read("examples/rbac-management.yaml"));
  await cluster.apply(read("examples/rbac-approver.yaml"));
  return cluster;
}

/** kubectl as that person, in team-a. Resolves with what it said, a refusal too. */
export async function said(cluster: Cluster, { name, groups }: Person, args: readonly string[], input?: object | string): Promise<string> {
  const as = ["--as", name, ...groups.flatMap((group) => ["--as-group", group])];
  try {
    return await cluster.kubectl([...args, "--namespace", "team-a", ...as], typeof input === "object" ? JSON.stringify(input) : input);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly resourceVersion: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** As it is stored. */
export function stored(cluster: Cluster, plural: string, name: string): Promise<Stored> {
  return cluster.get(`/apis/${API_VERSION}/namespaces/team-a/${plural}/${name}`);
}

export const object = (kind: string, name: string, spec: object, annotations?: Readonly<Record<string, string>>): object => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, namespace: "team-a", ...(annotations === undefined ? {} : { annotations }) },
  spec,
});
