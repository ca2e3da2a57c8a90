import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ArgoCDSpec } from "./argocd.ts";
import { argocdObjects } from "./argocd-objects.ts";
import { applyCrds } from "./crds.ts";

/** Definitions, then what Argo CD expects to find. */
export async function install(spec: ArgoCDSpec): Promise<void> {
  await applyCrds(spec.cluster, spec.parts.crds);
  await spec.cluster.apply(argocdObjects);
}

/** Folders and environment of one Argo CD, apart from every other one's. */
export async function prepare(spec: ArgoCDSpec): Promise<Readonly<Record<string, string>>> {
  const at = (...path: string[]) => join(spec.folder, ...path);
  for (const name of ["bin", "home", "tmp", "tls", "ssh", "plugins"]) await mkdir(at(name), { recursive: true });
  await writeFile(at("kubeconfig"), spec.cluster.kubeconfigFor("argocd"), { mode: 0o600 });
  await writeFile(at("ssh", "ssh_known_hosts"), "");
  await symlink(spec.parts.helm, at("bin", "helm"));
  // Argo CD 3.6.1 calls it although GPG is off; without it every sync fails with "permission denied".
  await writeFile(at("bin", "git-verify-wrapper.sh"), '#!/bin/sh\ngit verify-commit "$1" 2>&1\nexit 0\n');
  await chmod(at("bin", "git-verify-wrapper.sh"), 0o755);
  return {
    PATH: `${at("bin")}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    HOME: at("home"),
    TMPDIR: at("tmp"),
    KUBECONFIG: at("kubeconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    ARGOCD_FAKE_IN_CLUSTER: "true",
    ARGOCD_GPG_ENABLED: "false",
    ARGOCD_TLS_DATA_PATH: at("tls"),
    ARGOCD_SSH_DATA_PATH: at("ssh"),
    ARGOCD_PLUGINSOCKFILEPATH: at("plugins"),
    ARGOCD_ASK_PASS_SOCK: at("ask-pass.sock"),
  };
}
