import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** Manifests of the scene: those that users are given, and an Application and a chart of our own. */

const root = join(import.meta.dirname, "..", "..");

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

/** The objects in a file of examples/ or crds/. */
export function manifests(path: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(join(root, path), "utf8")).map((document) => document.toJS() as Manifest);
}

/** RBAC as users apply it, but bound to the plane's user of that name: its API servers issue no tokens for service accounts. */
export function forUser(objects: readonly Manifest[]): readonly Manifest[] {
  const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "release-conductor" }];
  return objects
    .filter(({ kind }) => kind !== "Secret" && kind !== "ServiceAccount")
    .map((object) => ("subjects" in object ? { ...object, subjects } : object));
}

/** A chart of one ConfigMap whose contents show which values took effect. `broken` does not render. */
export function chart(version: number): Readonly<Record<string, string>> {
  return {
    "chart/Chart.yaml": "apiVersion: v2\nname: checkout\nversion: 1.0.0\n",
    "chart/values.yaml": `version: v${version}\nreplicas: 1\ngreeting: hello\ncluster: none\nimage: {tag: none}\n`,
    "chart/values-production.yaml": "replicas: 3\n",
    "chart/templates/configmap.yaml": [
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata:",
      "  name: {{ .Release.Name }}",
      "data:",
      "  version: {{ .Values.version | quote }}",
      "  replicas: {{ .Values.replicas | quote }}",
      "  greeting: {{ .Values.greeting | quote }}",
      "  cluster: {{ .Values.cluster | quote }}",
      "  tag: {{ .Values.image.tag | quote }}",
      "",
    ].join("\n"),
  };
}

/** The values of one cluster: the last file wins. */
export function clusterValues(cluster: string, greeting: string): Readonly<Record<string, string>> {
  return { [`chart/values-production-${cluster}.yaml`]: `cluster: ${cluster}\ngreeting: ${greeting}\n` };
}

export interface ApplicationSpec {
  readonly repoURL: string;
  readonly name?: string;
  readonly revision?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly automated?: boolean;
  /** The namespace that its resources go to. */
  readonly destination?: string;
}

/** An Application of Argo CD as a team would write it, with its consent. */
export function application({
  repoURL,
  name = "checkout",
  revision = "main",
  annotations,
  automated = true,
  destination = "default",
}: ApplicationSpec): Manifest {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: "argocd", annotations: annotations ?? { "conductor.dev/authorized": "team-a/checkout.production" } },
    spec: {
      project: "default",
      source: { repoURL, path: "chart", targetRevision: revision },
      destination: { server: "https://kubernetes.default.svc", namespace: destination },
      ...(automated ? { syncPolicy: { automated: {} } } : {}),
    },
  };
}

export interface RegistrationSpec {
  readonly name: string;
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A registration in Argo CD's format of cluster Secrets. */
export function registration({ name, url, ca, token, labels = {}, annotations = {} }: RegistrationSpec): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: `cluster-${name}`,
      namespace: "release-conductor",
      labels: { "argocd.argoproj.io/secret-type": "cluster", ...labels },
      annotations: { "conductor.dev/allowed-namespaces": "team-a", ...annotations },
    } as Manifest["metadata"],
    stringData: {
      name,
      server: url,
      config: JSON.stringify({ bearerToken: token, tlsClientConfig: { caData: Buffer.from(ca).toString("base64") } }),
    },
  };
}

/** A cluster that a hub serves: a name and no credential. */
export function served(name: string, hub: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: `cluster-${name}`,
      namespace: "release-conductor",
      labels: { "conductor.dev/secret-type": "cluster" },
      annotations: { "conductor.dev/argocd": hub, "conductor.dev/allowed-namespaces": "team-a", "conductor.dev/cluster-name": name },
    } as Manifest["metadata"],
  };
}
