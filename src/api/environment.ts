import { z } from "zod";
import { conditions } from "./conditions.ts";
import { notification, receiverStatus } from "./notifications.ts";
import { REVISION_KINDS } from "./revision.ts";
import { cel, label, labels, LIMITS, NAME_VARIABLES, resource, template, text, timestamp, VALUE_VARIABLES } from "./rules.ts";
import { strategy } from "./strategy.ts";

const clusterEntry = z
  .object({
    name: label("clusters[].name").optional().describe("One registered cluster."),
    selector: z
      .object({ matchLabels: labels.describe("All of these labels on the cluster's registration. Empty selects every cluster.") })
      .optional()
      .describe("Every registered cluster with these labels, in the order of their names."),
  })
  .meta(cel({ rule: "has(self.name) != has(self.selector)", message: "an entry of clusters takes exactly one of name and selector" }));

const source = z
  .object({
    name: text(253, /^.+$/, "source.name must not be empty").optional().describe("The name of the source in spec.sources."),
    repoURL: text(1024, /^.+$/, "source.repoURL must not be empty").optional(),
    path: text(1024, /^.+$/, "source.path must not be empty").optional(),
    chart: text(253, /^.+$/, "source.chart must not be empty").optional(),
  })
  .meta(
    cel(
      { rule: "has(self.name) != has(self.repoURL)", message: "source takes exactly one of name and repoURL (with path or chart)" },
      {
        rule: "!has(self.name) || (!has(self.path) && !has(self.chart))",
        message: "source.name stands alone: path and chart go with repoURL",
      },
      { rule: "!(has(self.path) && has(self.chart))", message: "source takes path or chart, not both" },
    ),
  );

const helm = z.object({
  valueFiles: z
    .array(template(512, "helm.valueFiles", NAME_VARIABLES))
    .min(1)
    .max(LIMITS.valueFiles)
    .meta({ "x-kubernetes-list-type": "set" })
    .optional()
    .describe("Replaces the Application's list of values files, later ones win."),
  ignoreMissingValueFiles: z
    .boolean()
    .optional()
    .describe(
      "Whether a values file may be absent, as one for a single cluster is. Written only when given; give true beside files by cluster.",
    ),
  parameters: z
    .record(
      text(253, /^[^{}]+$/, "helm.parameters: {{revision}} and other variables belong in values, never in names or paths"),
      template(1024, "helm.parameters", VALUE_VARIABLES),
    )
    .meta({ maxProperties: LIMITS.parameters })
    .optional()
    .describe("Helm parameters by name. One with a variable in it is written as a string, so that a tag such as 1.10 stays one."),
});

const kustomize = z.object({
  images: z
    .array(template(512, "kustomize.images", VALUE_VARIABLES))
    .min(1)
    .max(LIMITS.images)
    .meta({ "x-kubernetes-list-type": "set" })
    .describe("Image overrides as [old=]new:tag or new@digest; each replaces the Application's override of the same image."),
});

const plugin = z.object({
  env: z
    .record(
      text(
        253,
        /^[A-Za-z_][A-Za-z0-9_]*$/,
        "plugin.env names must be of letters, digits and '_'; variables such as {{revision}} belong in values",
      ),
      template(1024, "plugin.env", VALUE_VARIABLES),
    )
    .meta({ maxProperties: LIMITS.env })
    .describe("Environment variables of the config management plugin, by name."),
});

const application = z
  .object({
    name: template(253, "application.name", NAME_VARIABLES)
      .prefault("{{service}}")
      .describe("The Application's name. With {{cluster}} in it where one Argo CD serves several clusters."),
    namespace: template(63, "application.namespace", NAME_VARIABLES).prefault("argocd").describe("The Application's namespace."),
    source: source.optional().describe("Which source the release steers; needed when the Application has several."),
    targetRevision: template(256, "application.targetRevision", VALUE_VARIABLES)
      .optional()
      .describe("What to write as the source's targetRevision, most often {{revision}}."),
    helm: helm.optional(),
    kustomize: kustomize.optional(),
    plugin: plugin.optional(),
  })
  .meta(
    cel({
      rule: "has(self.targetRevision) || has(self.helm) || has(self.kustomize) || has(self.plugin)",
      message: "application must name what a release writes: targetRevision, helm, kustomize or plugin",
    }),
  );

export const environmentSpec = z.object({
  clusters: z
    .array(clusterEntry)
    .min(1)
    .max(LIMITS.clusters)
    .describe("The environment's clusters, in the order in which they are released to."),
  revision: z.enum(REVISION_KINDS).prefault("Commit").describe("The kind of revision that a release names."),
  application: application.describe("Where a service's Application is, and what a release changes in it."),
  strategy: strategy.prefault({}).describe("How a release proceeds."),
  notifications: z
    .array(notification)
    .min(1)
    .max(LIMITS.receivers)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["receiver"] })
    .optional()
    .describe("Who is told of releases. Nobody here holds a release up."),
});

const PROBLEMS = ["Unknown", "Forbidden", "Refused", "Unreachable"] as const;

/** What the conductor may be allowed to do where Applications are. All but the first are optional: examples/rbac-target.yaml. */
export const RIGHT_NAMES = [
  "Applications",
  "AppProjects",
  "ApplicationSets",
  "Rollouts",
  "AnalysisRuns",
  "RolloutStatus",
  "ArgoCDVersion",
] as const;
export type RightName = (typeof RIGHT_NAMES)[number];

const instance = z.object({
  name: z.string().max(63).describe("The registration of the API server that holds the Applications, or in-cluster."),
  clusters: z.int().describe("How many clusters of this Environment it serves."),
  serves: z
    .array(z.string().max(63))
    .max(LIMITS.clusters)
    .meta({ "x-kubernetes-list-type": "set" })
    .optional()
    .describe("The clusters that it serves. Absent: the one of its own name."),
  argocdVersion: z.string().max(64).optional().describe("The version of its Argo CD. Absent: not known."),
  credential: z
    .object({
      since: timestamp.optional().describe("When the Secret of its registration was last given a credential, as far as that is known."),
      expiresAt: timestamp.optional().describe("When the API server will refuse it. Absent: it does not say."),
    })
    .optional()
    .describe("How old the credential is, and how long it is good. Absent: it is the conductor's own."),
  missingRights: z
    .array(z.enum(RIGHT_NAMES))
    .max(RIGHT_NAMES.length)
    .meta({ "x-kubernetes-list-type": "set" })
    .optional()
    .describe("What the conductor may not do there, Applications first, without which nothing goes. Absent: not known."),
});

const status = z.object({
  observedGeneration: z.int().optional(),
  conditions: conditions.optional(),
  clusters: z
    .object({
      covered: z.int().describe("Clusters that the spec names or selects."),
      usable: z.int(),
      unknown: z.int().describe("Named, and not registered."),
      forbidden: z.int().describe("Their registration does not allow this namespace."),
      refused: z.int().describe("Their registration cannot be used."),
      unreachable: z.int().describe("Their API server does not answer, or refuses our credential."),
      summary: z.string().max(32).describe("usable/covered, for kubectl get."),
    })
    .optional(),
  problems: z
    .array(z.object({ cluster: z.string().max(63), problem: z.enum(PROBLEMS), message: z.string().max(LIMITS.message), since: timestamp }))
    .max(LIMITS.statusClusters)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["cluster"] })
    .optional()
    .describe("The clusters that cannot be used now, at most 50, each with the remedy."),
  instances: z
    .array(instance)
    .max(LIMITS.instances)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .optional()
    .describe("The Argo CDs that serve the clusters, those with a problem first, at most 1000."),
  receivers: z
    .array(receiverStatus)
    .max(LIMITS.receivers)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["receiver"] })
    .optional()
    .describe("Whom spec.notifications names."),
});

export const environment = resource("Environment", environmentSpec, status);
export type Environment = z.infer<typeof environment>;
export type EnvironmentSpec = Environment["spec"];
export type EnvironmentStatus = z.infer<typeof status>;
export type InstanceStatus = z.infer<typeof instance>;
export type ClusterProblem = (typeof PROBLEMS)[number];

export const environmentCrd = {
  kind: "Environment",
  plural: "environments",
  shortNames: ["cenv"],
  description: "A project's own list of clusters and how it releases to them.",
  schema: { spec: environmentSpec, status },
  rules: [
    {
      rule: "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 63",
      message: "metadata.name must be a DNS label: a ServiceRelease names it in <service>.<environment>",
    },
  ],
  columns: [
    { name: "Clusters", type: "string", jsonPath: ".status.clusters.summary" },
    { name: "Unreachable", type: "integer", jsonPath: ".status.clusters.unreachable" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Message", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
} as const;
