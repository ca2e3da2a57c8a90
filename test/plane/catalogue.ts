import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type PartName =
  | "etcd"
  | "kube-apiserver"
  | "kubectl"
  | "argocd"
  | "redis"
  | "helm"
  | "rollouts-controller"
  | "kwok"
  | "kube-controller-manager"
  | "kube-scheduler";

export interface Part {
  readonly name: PartName;
  /** Folder of its Go module, below parts/. */
  readonly module: string;
  readonly package: string;
  readonly ldflags: string;
  /** Measured on 2 cores and a fast network, with nothing downloaded or compiled but what the parts before it left. */
  readonly coldSeconds: number;
  /** Points at a binary. */
  readonly variable: string;
  /** Whether KUBEBUILDER_ASSETS may hold it. */
  readonly envtest: boolean;
}

const stamp = ["gitVersion=v1.36.3", "gitMajor=1", "gitMinor=36"].map((value) => ` -X k8s.io/component-base/version.${value}`).join("");

function part(name: PartName, module: string, path: string, coldSeconds: number, ldflags = "", envtest = false): Part {
  const variable = `RELEASE_CONDUCTOR_${name.replaceAll("-", "_").toUpperCase()}`;
  return {
    name,
    module,
    package: path,
    ldflags: `-s -w ${ldflags}`,
    coldSeconds,
    variable,
    envtest,
  };
}

/** In the order in which they are built. */
export const catalogue: readonly Part[] = [
  part("etcd", "kubernetes", "go.etcd.io/etcd/server/v3", 60, "", true),
  part("kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", 180, stamp.trim(), true),
  part("kubectl", "kubernetes", "k8s.io/kubernetes/cmd/kubectl", 25, stamp.trim(), true),
  part("argocd", "argocd", "github.com/argoproj/argo-cd/v3/cmd", 265),
  part("redis", "argocd", "./redis", 5),
  part("helm", "helm", "helm.sh/helm/v3/cmd/helm", 60),
  part("rollouts-controller", "rollouts", "github.com/argoproj/argo-rollouts/cmd/rollouts-controller", 250),
  part("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", 130),
  part("kube-controller-manager", "kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager", 75, stamp.trim()),
  part("kube-scheduler", "kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler", 40, stamp.trim()),
];

export type SourcesName = "argocd-crds" | "rollouts-crds" | "kwok-stages";

/** Files that a part needs beside its binary, and that come with the source of its module. */
export interface Sources {
  readonly name: SourcesName;
  /** What people call them. */
  readonly title: string;
  readonly part: PartName;
  /** Where they are: Go module, and a folder in it. */
  readonly module: string;
  readonly folder: string;
  readonly files: readonly string[];
  /** Their folder in the cache. */
  readonly cached: string;
  /** Points at a folder that is like the one in the source. */
  readonly variable: string;
}

export const sources: readonly Sources[] = [
  {
    name: "argocd-crds",
    title: "Argo CD's CRDs",
    part: "argocd",
    module: "github.com/argoproj/argo-cd/v3",
    folder: "manifests/crds",
    files: ["application-crd.yaml", "applicationset-crd.yaml", "appproject-crd.yaml"],
    cached: "crds",
    variable: "RELEASE_CONDUCTOR_ARGOCD_CRDS",
  },
  {
    name: "rollouts-crds",
    title: "Argo Rollouts' CRDs",
    part: "rollouts-controller",
    module: "github.com/argoproj/argo-rollouts",
    folder: "manifests/crds",
    files: ["analysis-run", "analysis-template", "cluster-analysis-template", "experiment", "rollout"].map((kind) => `${kind}-crd.yaml`),
    cached: "crds",
    variable: "RELEASE_CONDUCTOR_ROLLOUTS_CRDS",
  },
  {
    name: "kwok-stages",
    title: "kwok's stages",
    part: "kwok",
    module: "sigs.k8s.io/kwok",
    folder: "kustomize/stage",
    files: [
      "node/fast/node-initialize.yaml",
      "node/heartbeat/node-heartbeat.yaml",
      "pod/fast/pod-ready.yaml",
      "pod/fast/pod-complete.yaml",
      "pod/fast/pod-delete.yaml",
    ],
    cached: "stages",
    variable: "RELEASE_CONDUCTOR_KWOK_STAGES",
  },
];

export const moduleFolder = (module: string) => join(import.meta.dirname, "parts", module);

export const cacheFolder = (): string =>
  process.env["RELEASE_CONDUCTOR_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "release-conductor");

/** Where a part lives in the cache: another version, flag, source or platform is another folder. */
export function cachedPath(part: Pick<Part, "module" | "package" | "ldflags">, name: string): string {
  const folder = moduleFolder(part.module);
  const hash = createHash("sha256").update([process.platform, process.arch, part.package, part.ldflags].join("\n"));
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) hash.update(file.name).update(readFileSync(join(file.parentPath, file.name)));
  }
  return join(cacheFolder(), "parts", hash.digest("hex").slice(0, 16), name);
}
