import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { GROUP } from "#api/rules.ts";

/** What Argo CD shall know of our kinds: its scripts, from the chart's folder, in the one ConfigMap that it reads. */

const FOLDER = "helm/release-conductor/argocd";
const root = join(import.meta.dirname, "..", "..");
const script = (name: string): string => readFileSync(join(root, FOLDER, `${name}.lua`), "utf8");

/** Kinds by the script that tells their health. */
const HEALTH = {
  ServiceRelease: "release.health",
  ReleaseRun: "release.health",
  Environment: "conditions.health",
  FreezeWindow: "conditions.health",
  ReleaseApproval: "approval.health",
} as const;

/** What Argo CD's UI offers on a ServiceRelease and a ReleaseRun. Not to approve: it acts under its own identity, and an approval is a person's. */
export const ARGO_ACTIONS = ["pause", "resume", "abort", "retry"] as const;

export const ARGOCD_CM = `${FOLDER}/argocd-cm.yaml`;

/** The data of argocd-cm. */
function customizations(): Readonly<Record<string, string>> {
  const healths = Object.entries(HEALTH).map(([kind, name]) => [`resource.customizations.health.${GROUP}_${kind}`, script(name)] as const);
  const actions = stringify(
    {
      "discovery.lua": script("release.discovery"),
      definitions: ARGO_ACTIONS.map((name) => ({ name, "action.lua": script("release.action").replaceAll("{{action}}", name) })),
    },
    { lineWidth: 0 },
  );
  const acting = ["ServiceRelease", "ReleaseRun"].map((kind) => [`resource.customizations.actions.${GROUP}_${kind}`, actions] as const);
  return Object.fromEntries([...healths, ...acting]);
}

/** The ConfigMap to apply over the one that is there: by server-side apply its other keys stay. */
export function argocdConfigMap() {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argocd-cm", namespace: "argocd", labels: { "app.kubernetes.io/part-of": "argocd" } },
    data: customizations(),
  };
}
