import type { Settings } from "#controllers/parts.ts";
import type { Fence, Log } from "#kube/ports.ts";
import type { Post } from "#notify/post.ts";
import type { ArgoParts } from "./argocd.ts";
import type { Behaviours } from "./behaviour.ts";
import type { Latency } from "./connection.ts";
import type { JsonObject } from "./json.ts";
import type { AnalysisScripts } from "./rollouts.ts";

/** What a simulation begins with. */
export interface Scenario {
  readonly seed: string;
  readonly clusters: readonly ClusterSpec[];
  /** Default: `production`, over all clusters in their order, whose Applications track the revision. */
  readonly environments?: readonly EnvironmentSpec[];
  /** The Applications of one cluster. Default: checkout. */
  readonly applications?: (cluster: ClusterSpec) => readonly ApplicationSpec[];
  /** Default: every revision is well. */
  readonly behaviours?: Behaviours;
  /** When it begins, milliseconds since the epoch. */
  readonly start?: number;
  readonly latency?: Partial<Latency>;
  readonly argo?: Pick<ArgoParts, "timings" | "refreshWhileComparing">;
  readonly settings?: Partial<Settings>;
  readonly log?: Log;
  /** Whether the conductor may write. Default: always. */
  readonly fence?: Fence;
  /** How receivers of messages answer. Default: nobody answers. */
  readonly post?: Post;
  /** The templates that Argo Rollouts in the management cluster finds, and what it measures. Default: none. */
  readonly analyses?: AnalysisScripts;
  /** Whether the chart's admission policies are installed. Default: they are. */
  readonly policies?: boolean;
  /** Timers of one moment fire in an order drawn from the seed, unless this is false. */
  readonly shuffled?: boolean;
}

export interface ClusterSpec {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the registration, for example conductor.dev/max-in-flight. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The cluster whose Argo CD holds its Applications, or in-cluster; its own where absent. */
  readonly instance?: string;
}

export interface EnvironmentSpec {
  readonly name: string;
  /** As in a manifest; `clusters` and `application` have defaults. */
  readonly spec?: JsonObject;
}

export interface ApplicationSpec {
  readonly name: string;
  readonly revision?: string;
  /** Default: true. */
  readonly automated?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of an ApplicationSet that owns it. */
  readonly ownedBy?: { readonly name: string; readonly uid: string };
  /** In place of its one source. */
  readonly sources?: readonly JsonObject[];
  readonly syncPolicy?: JsonObject;
}

export const TEAM = "team-a";
export const REGISTRY = "release-conductor";
export const ARGO_NAMESPACE = "argocd";
/** What every Application holds before its first release. */
export const OLD = "0".repeat(40);

export const RESOURCES = {
  releases: "conductor.dev/v1alpha1/servicereleases",
  runs: "conductor.dev/v1alpha1/releaseruns",
  environments: "conductor.dev/v1alpha1/environments",
  applications: "argoproj.io/v1alpha1/applications",
  secrets: "/v1/secrets",
  events: "events.k8s.io/v1/events",
  approvals: "conductor.dev/v1alpha1/releaseapprovals",
  freezes: "conductor.dev/v1alpha1/freezewindows",
  previews: "conductor.dev/v1alpha1/releasepreviews",
  analysisRuns: "argoproj.io/v1alpha1/analysisruns",
  analysisTemplates: "argoproj.io/v1alpha1/analysistemplates",
  clusterAnalysisTemplates: "argoproj.io/v1alpha1/clusteranalysistemplates",
  policies: "admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  policyBindings: "admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
} as const;

/** The path of the objects of a resource in a namespace, or of one of them; without a namespace of one that has none. */
export function pathOf(resource: string, namespace: string | undefined, name?: string): string {
  const [group = "", version = "", plural = ""] = resource.split("/");
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}${name === undefined ? "" : `/${name}`}`;
}

export function serverUrl(name: string): string {
  return `https://${name}.simulated`;
}

/** A commit: `digit` forty times. */
export function commit(digit: string): string {
  return digit.repeat(40);
}

/** A registration in Argo CD's format of cluster Secrets; of a cluster that another's Argo CD serves, one without a credential. */
export function registration({ name, labels = {}, annotations = {}, instance }: ClusterSpec, token = "token-1"): JsonObject {
  const namespaces = { "conductor.dev/allowed-namespaces": TEAM };
  const served = instance !== undefined && instance !== name;
  const given = served
    ? { "conductor.dev/argocd": instance, "conductor.dev/cluster-name": name, ...namespaces, ...annotations }
    : { ...namespaces, ...annotations };
  const label = served ? { "conductor.dev/secret-type": "cluster" } : { "argocd.argoproj.io/secret-type": "cluster" };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `cluster-${name}`, namespace: REGISTRY, labels: { ...label, ...labels }, annotations: given },
    ...(served ? {} : { stringData: { name, server: serverUrl(name), config: JSON.stringify({ bearerToken: token }) } }),
  };
}

export function environment({ name, spec = {} }: EnvironmentSpec, clusters: readonly ClusterSpec[]): JsonObject {
  const defaults = { clusters: clusters.map((cluster) => ({ name: cluster.name })), application: { targetRevision: "{{revision}}" } };
  return { apiVersion: "conductor.dev/v1alpha1", kind: "Environment", metadata: { name, namespace: TEAM }, spec: { ...defaults, ...spec } };
}

/** An Application that consents to releases of its service to `production`. Its destination names the cluster. */
export function application(spec: ApplicationSpec, cluster: string): JsonObject {
  const { name, revision = OLD, automated = true, annotations, ownedBy, sources, syncPolicy } = spec;
  const service = name.endsWith(`-${cluster}`) ? name.slice(0, -cluster.length - 1) : name;
  const source = { repoURL: "https://git.example/deploy", path: "chart", targetRevision: revision };
  const owner =
    ownedBy === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "ApplicationSet", ...ownedBy, controller: true }] };
  const policy = syncPolicy ?? (automated ? { automated: {} } : undefined);
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: {
      name,
      namespace: ARGO_NAMESPACE,
      annotations: annotations ?? { "conductor.dev/authorized": `${TEAM}/${service}.production` },
      ...owner,
    },
    spec: {
      project: "default",
      ...(sources === undefined ? { source } : { sources }),
      destination: { name: cluster, namespace: "default" },
      ...(policy === undefined ? {} : { syncPolicy: policy }),
    },
  };
}

/** Where admission notes who released. */
export const AUTHOR = "conductor.dev/author";

export function serviceRelease(name: string, revision: string, more: JsonObject = {}, author?: string): JsonObject {
  const [service = "", environmentName = ""] = name.split(".");
  return {
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ServiceRelease",
    metadata: { name, namespace: TEAM, ...(author === undefined ? {} : { annotations: { [AUTHOR]: author } }) },
    spec: { service, environment: environmentName, revision, ...more },
  };
}
