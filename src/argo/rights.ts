import type { RightName } from "#api/environment.ts";
import type { Access } from "#kube/reviews.ts";

/** What the conductor asks an API server for about Argo CD, and why: examples/rbac-target.yaml grants it, Role by Role. */
export interface Right {
  readonly name: RightName;
  /** Whether nothing goes without it. */
  readonly required: boolean;
  readonly verbs: readonly string[];
  readonly resource: Pick<Access, "group" | "resource" | "subresource" | "name">;
  /** Where it must hold: in the namespace of the Applications, in Argo CD's, or in every namespace that Argo CD deploys to. */
  readonly where: "Applications" | "ArgoCD" | "Everywhere";
  /** What is not possible without it, for people. */
  readonly without: string;
  /** The Role or ClusterRole of examples/rbac-target.yaml. */
  readonly role: string;
}

/** Argo CD's own namespace where nothing else is said. */
export const ARGOCD_NAMESPACE = "argocd";

const argo = (resource: string, subresource?: string): Right["resource"] => ({
  group: "argoproj.io",
  resource,
  ...(subresource === undefined ? {} : { subresource }),
});

/** In the order in which they are shown. */
export const RIGHTS: readonly Right[] = [
  {
    name: "Applications",
    required: true,
    verbs: ["get", "list", "watch", "patch"],
    resource: argo("applications"),
    where: "Applications",
    without: "nothing can be released there",
    role: "release-conductor",
  },
  {
    name: "AppProjects",
    required: false,
    verbs: ["get"],
    resource: argo("appprojects"),
    where: "ArgoCD",
    without: "the consent of an AppProject is not seen, and sync windows that are closed are not named",
    role: "release-conductor-projects",
  },
  {
    name: "ApplicationSets",
    required: false,
    verbs: ["get"],
    resource: argo("applicationsets"),
    where: "ArgoCD",
    without: "an ApplicationSet that would write over a release is not noticed before the first patch",
    role: "release-conductor-owners",
  },
  {
    name: "Rollouts",
    required: false,
    verbs: ["get"],
    resource: argo("rollouts"),
    where: "Everywhere",
    without: "the steps of canaries are not shown",
    role: "release-conductor-rollouts",
  },
  {
    name: "AnalysisRuns",
    required: false,
    verbs: ["get"],
    resource: argo("analysisruns"),
    where: "Everywhere",
    without: "why a canary was aborted is not shown",
    role: "release-conductor-rollouts",
  },
  {
    name: "RolloutStatus",
    required: false,
    verbs: ["patch"],
    resource: argo("rollouts", "status"),
    where: "Everywhere",
    without: "an aborted canary is not begun again by a retry, and strategy.rollback.promoteFull does nothing",
    role: "release-conductor-rollouts-steer",
  },
  {
    name: "ArgoCDVersion",
    required: false,
    verbs: ["get"],
    resource: { group: "apps", resource: "statefulsets", name: "argocd-application-controller" },
    where: "ArgoCD",
    without: "Argo CD's version is not known",
    role: "release-conductor-version",
  },
];
