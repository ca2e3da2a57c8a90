import { z } from "zod";
import { cel, duration, label, LIMITS, template, text } from "./rules.ts";

/** What must open before a release goes on. docs/gates.md has a recipe for each. */

const name253 = (what: string) =>
  text(253, /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, `${what} must be the name of an object: at most 253 of a-z, 0-9, '-' and '.'`);

const approval = z
  .object({
    count: z.int().min(1).max(10).prefault(1).describe("How many people must approve."),
    groups: z
      .array(text(253, /^.+$/, "approval.groups must name groups"))
      .min(1)
      .max(LIMITS.approvers)
      .meta({ "x-kubernetes-list-type": "set" })
      .optional()
      .describe("Who may decide: members of these groups. Absent, with users and serviceAccounts absent too: everybody whom RBAC lets."),
    users: z
      .array(text(253, /^.+$/, "approval.users must name users"))
      .min(1)
      .max(LIMITS.approvers)
      .meta({ "x-kubernetes-list-type": "set" })
      .optional()
      .describe("Who may decide besides: these users."),
    serviceAccounts: z
      .array(text(317, /^[a-z0-9-]+\/[a-z0-9.-]+$/, "approval.serviceAccounts are written <namespace>/<name>"))
      .min(1)
      .max(LIMITS.approvers)
      .meta({ "x-kubernetes-list-type": "set" })
      .optional()
      .describe("ServiceAccounts that may decide, as <namespace>/<name>: external systems. None, unless listed."),
    expiresAfter: duration("approval.expiresAfter").prefault("24h").describe("How long it is waited for. Then it counts as rejected."),
  })
  .meta(
    cel({
      rule: "has(self.groups) || (!has(self.users) && !has(self.serviceAccounts)) || self.count <= (has(self.users) ? size(self.users) : 0) + (has(self.serviceAccounts) ? size(self.serviceAccounts) : 0)",
      message: "approval.count is more than there are users and serviceAccounts to approve: name more of them, or groups",
    }),
  );

const analysis = z.object({
  templateName: name253("analysis.templateName").describe("An AnalysisTemplate of Argo Rollouts in this namespace."),
  clusterScope: z.boolean().prefault(false).describe("It is a ClusterAnalysisTemplate."),
  args: z
    .array(
      z.object({
        name: text(63, /^[A-Za-z0-9_.-]+$/, "analysis.args[].name must be of letters, digits, '_', '.' and '-'"),
        value: template(1024, "analysis.args[].value", ["service", "environment", "namespace", "revision"]),
      }),
    )
    .min(1)
    .max(LIMITS.args)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .optional()
    .describe(
      "Arguments of the template. service, environment, revision, wave, clusters (a,b) and clusters-regex (a|b) are given by themselves to a template that has them.",
    ),
  background: z
    .boolean()
    .prefault(false)
    .describe("It lasts from the wave's first write to the end of its soak. Otherwise it begins with the soak, and must succeed after it."),
});

export const gate = z
  .object({
    approval: approval.optional().describe("People decide before the wave begins."),
    analysis: analysis.optional().describe("Metrics of the wave's clusters decide before the wave is verified."),
  })
  .meta(cel({ rule: "has(self.approval) != has(self.analysis)", message: "a gate takes exactly one of approval and analysis" }));
export type Gate = z.infer<typeof gate>;

export const gates = z.array(gate).min(1).max(LIMITS.gates).describe("What must open before the wave begins, or before it is verified.");

/** Another release that must be ready first. */
export const dependency = z.object({
  service: template(256, "dependsOn[].service", ["service"]).prefault("{{service}}").describe("The other release's service."),
  environment: label("dependsOn[].environment").describe("The other release's environment, in the same namespace."),
  revision: template(256, "dependsOn[].revision", ["revision"])
    .optional()
    .describe("What it must be ready at: {{revision}} for the same. Absent: at what it wishes for."),
});
