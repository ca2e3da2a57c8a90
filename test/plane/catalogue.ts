import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type PartName = "etcd" | "kube-apiserver" | "kubectl" | "argocd" | "redis" | "helm";

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
];

export const argocdModule = "github.com/argoproj/argo-cd/v3";
export const crdsVariable = "RELEASE_CONDUCTOR_ARGOCD_CRDS";

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
