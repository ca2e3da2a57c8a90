import { z } from "zod";
import { argoCredential } from "./argosecret.ts";
import { checkServer, type Credential } from "./credential.ts";
import { kubeconfigCredential } from "./kubeconfig.ts";
import { isLabel, Refused } from "./refused.ts";
import { Sealed } from "./sealed.ts";
import { expiryOf, written, writtenAt, type Validity } from "./validity.ts";

/** The Argo CD of the management cluster. */
export const inCluster = "in-cluster";

export const argoLabel = "argocd.argoproj.io/secret-type";
export const conductorLabel = "conductor.dev/secret-type";

const annotation = {
  argocd: "conductor.dev/argocd",
  name: "conductor.dev/cluster-name",
  namespaces: "conductor.dev/allowed-namespaces",
  maxInFlight: "conductor.dev/max-in-flight",
};
const capiLabel = "cluster.x-k8s.io/cluster-name";
const defaultMaxInFlight = 50;

interface Common {
  /** The cluster's name. */
  readonly name: string;
  /** The Secret's name. */
  readonly secret: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a Secret says about a cluster, checked as far as one Secret can tell. */
export type Registration = Connected | Served | RefusedRegistration;

/** Its own API server holds its Applications, and we have a credential for it. */
export interface Connected extends Common {
  readonly type: "connected";
  readonly allowedNamespaces: "*" | readonly string[];
  readonly server: string;
  readonly credential: Sealed<Credential>;
  readonly validity: Validity;
  /** Requests at once. */
  readonly maxInFlight: number;
}

/** Another registration's Argo CD, or the management cluster's, holds its Applications. */
export interface Served extends Common {
  readonly type: "served";
  readonly allowedNamespaces: "*" | readonly string[];
  readonly by: string;
  /** The API server's URL where the Secret tells: what Applications name as their destination. */
  readonly server: string | undefined;
}

export interface RefusedRegistration extends Common {
  readonly type: "refused";
  /** A sentence with the remedy. */
  readonly refusal: string;
  /** Whether `name` is the cluster's; else it could not be read, and the Secret's name stands in for it. */
  readonly named: boolean;
}

const secretSchema = z.object({
  metadata: z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
    ...written,
  }),
  data: z.record(z.string(), z.string()).default({}),
});

type Secret = z.infer<typeof secretSchema>;

/** Reads a registration out of a Secret as the API server sends it. Pure; it never throws, and quotes no data of the Secret. */
export function parseRegistration(raw: unknown): Registration {
  const parsed = secretSchema.safeParse(raw);
  if (!parsed.success) {
    return {
      type: "refused",
      name: "",
      secret: "",
      labels: {},
      refusal: "this is not a Secret",
      named: false,
    };
  }
  const secret = parsed.data;
  const common = { secret: secret.metadata.name, labels: secret.metadata.labels };
  let name: string | undefined;
  try {
    name = nameOf(secret);
    return { ...common, name, ...placed(secret, name) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return {
      ...common,
      type: "refused",
      name: name ?? secret.metadata.name,
      refusal: error.message,
      named: name !== undefined,
    };
  }
}

function placed(secret: Secret, name: string): Omit<Connected, keyof Common> | Omit<Served, keyof Common> {
  const { annotations } = secret.metadata;
  const allowedNamespaces = namespacesOf(annotations);
  const maxInFlight = positive(annotations[annotation.maxInFlight]);
  const by = annotations[annotation.argocd]?.trim() || "self";
  if (by !== "self" && !isLabel(by)) {
    throw new Refused(`${annotation.argocd} must be self, ${inCluster} or the name of another registration`);
  }
  const kind = kindOf(secret);
  if (kind === "served" && by === "self") {
    throw new Refused(
      `it has no credential: annotate ${annotation.argocd} with ${inCluster} or the name of the registration whose Argo CD serves it`,
    );
  }
  const server = kind === "argocd" ? checkServer(datum(secret, "server") ?? "", "data.server") : undefined;
  if (by !== "self") return { type: "served", allowedNamespaces, by, server };
  // The address under which Argo CD knows the cluster that it runs in: it has no credential for that, and needs none.
  if (server === "https://kubernetes.default.svc") return { type: "served", allowedNamespaces, by: inCluster, server };
  if (name === inCluster) {
    throw new Refused(`the name ${inCluster} is the management cluster's: choose another, or annotate ${annotation.argocd}: ${inCluster}`);
  }
  const credential = kind === "argocd" ? argoCredential(server ?? "", datum(secret, "config") ?? "{}") : fromKubeconfig(secret);
  return {
    type: "connected",
    allowedNamespaces,
    server: credential.server,
    credential: new Sealed(credential),
    validity: { since: writtenAt(secret.metadata), expiresAt: expiryOf(credential) },
    maxInFlight,
  };
}

function kindOf({ metadata: { labels } }: Secret): "argocd" | "kubeconfig" | "served" {
  const own = labels[conductorLabel];
  if (own === "kubeconfig") return "kubeconfig";
  if (own === "cluster") return labels[argoLabel] === "cluster" ? "argocd" : "served";
  if (own === undefined && labels[argoLabel] === "cluster") return "argocd";
  throw new Refused(`the label ${conductorLabel} must be kubeconfig or cluster`);
}

function nameOf(secret: Secret): string {
  const { name, labels, annotations } = secret.metadata;
  const given = annotations[annotation.name] ?? (kindOf(secret) === "argocd" ? datum(secret, "name") : labels[capiLabel]);
  const chosen = given?.trim() || name;
  if (!isLabel(chosen)) {
    throw new Refused(`its name must be of lower-case letters, digits and '-', at most 63: set one with the annotation ${annotation.name}`);
  }
  if (chosen === "self") throw new Refused(`its name must not be self: set another with the annotation ${annotation.name}`);
  return chosen;
}

function fromKubeconfig(secret: Secret): Credential {
  const text = datum(secret, "kubeconfig") ?? datum(secret, "value");
  if (text === undefined) throw new Refused("it has no kubeconfig: put it under data.kubeconfig or data.value");
  return kubeconfigCredential(text, datum(secret, "context")?.trim() || undefined);
}

/** Whose releases a Secret of ours is for: `*`, or the namespaces that its annotation lists. Throws Refused. */
export function namespacesOf(annotations: Readonly<Record<string, string>>): "*" | readonly string[] {
  const names = (annotations[annotation.namespaces] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 1 && names[0] === "*") return "*";
  if (names.every(isLabel)) return names;
  throw new Refused(`${annotation.namespaces} must be * or names of namespaces with commas between`);
}

function positive(value: string | undefined): number {
  if (value === undefined) return defaultMaxInFlight;
  if (/^[1-9]\d{0,3}$/.test(value.trim())) return Number(value);
  throw new Refused(`${annotation.maxInFlight} must be a number from 1 to 9999`);
}

function datum({ data }: Secret, key: string): string | undefined {
  const value = data[key];
  return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8");
}
