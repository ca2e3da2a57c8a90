import { z } from "zod";
import { gate } from "./gates.ts";
import { cel, label, LIMITS, resource, text, timestamp } from "./rules.ts";

/** The longest name of a user that may decide. */
const USER = 253;
const DECISIONS = 50;
/** Of a ServiceAccount it is system:serviceaccount:<namespace>:<name>. */
const AUTHOR = 512;

const PURPOSES = ["Wave", "FreezeOverride"] as const;

const APPROVAL_PHASES = ["Pending", "Approved", "Rejected", "Expired", "Void"] as const;

const { groups, users, serviceAccounts } = gate.shape.approval.unwrap().shape;

const decision = z
  .object({
    decision: z.enum(["Approve", "Reject"]),
    reason: z.string().max(512).optional().describe("Why. A Reject needs one."),
  })
  .meta(
    cel({
      rule: "self.decision != 'Reject' || (has(self.reason) && self.reason.matches('[^ ]'))",
      message: 'a Reject needs a reason, for whoever released: {"decision":"Reject","reason":"…"}',
    }),
  );

/** What is asked, of whom and until when. */
const question = {
  run: z.object({
    name: z.string().max(253),
    uid: z.string().max(64),
    planHash: text(64, /^[0-9a-f]{64}$/, "run.planHash must be 64 hex digits").describe("SHA-256 of the run's spec: of what was planned."),
  }),
  purpose: z.enum(PURPOSES).describe("Wave: a wave of the run may begin. FreezeOverride: the run may write in spite of a freeze."),
  wave: label("wave").optional().describe("The wave that waits for it."),
  freeze: text(317, /^[a-z0-9-]+\/[a-z0-9.-]+$/, "freeze is written <namespace>/<name>")
    .optional()
    .describe("The FreezeWindow that would be overridden, as <namespace>/<name>."),
  service: label("service"),
  environment: label("environment"),
  revision: z.string().max(128),
  changes: z
    .object({
      clusters: z.array(z.string().max(63)).max(LIMITS.approvedClusters).describe("The clusters that would be written to; the first 200."),
      clusterCount: z.int().min(0).describe("How many they are in all."),
      from: z.array(z.string().max(253)).max(10).describe("What the revision would replace there, as far as it is known; at most 10."),
      message: z.string().max(LIMITS.message),
    })
    .describe("What would change, and where."),
  author: z.string().max(AUTHOR).optional().describe("Who released: this user cannot approve. Absent when that is not known."),
  count: z.int().min(1).max(10).describe("How many must approve."),
  groups: groups.describe(
    "Who may decide, of those that RBAC lets: members of these groups. Absent, with users and serviceAccounts absent too: all of them.",
  ),
  users: users.describe("Who may decide besides: these users."),
  serviceAccounts: serviceAccounts.describe("ServiceAccounts that may decide, as <namespace>/<name>. None, unless listed."),
  expiresAt: timestamp.describe("Until when it is waited for."),
};

const unchanged = Object.entries(question).map(([field, schema]) => {
  const same = `self.${field} == oldSelf.${field}`;
  return schema instanceof z.ZodOptional ? `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || ${same})` : same;
});

const spec = z
  .object({
    ...question,
    decisions: z
      .record(z.string().max(USER), decision)
      .meta({ maxProperties: DECISIONS })
      .optional()
      .describe("By the name of the user who decides: everybody writes one's own, and nobody another's."),
  })
  .meta(
    cel(
      {
        rule: unchanged.join(" && "),
        message: "what is asked for is immutable: of an approval only spec.decisions may be written",
      },
      {
        rule: "self.purpose == 'Wave' ? has(self.wave) && !has(self.freeze) : has(self.freeze) && !has(self.wave)",
        message: "purpose Wave takes wave, and purpose FreezeOverride takes freeze",
      },
    ),
  );

const status = z.object({
  observedGeneration: z.int().optional(),
  phase: z.enum(APPROVAL_PHASES).optional().describe("All but Pending are final."),
  message: z.string().max(LIMITS.message).optional(),
  approvals: z.string().max(32).optional().describe("have/need, for kubectl get."),
  decidedAt: timestamp.optional().describe("When the conductor saw that it was decided."),
});

export const releaseApproval = resource("ReleaseApproval", spec, status);
export type ReleaseApproval = z.infer<typeof releaseApproval>;
export type ApprovalSpec = ReleaseApproval["spec"];
export type ApprovalStatus = z.infer<typeof status>;

export const releaseApprovalCrd = {
  kind: "ReleaseApproval",
  plural: "releaseapprovals",
  shortNames: ["rapp"],
  description: "A question of a ReleaseRun that people answer: the conductor asks, and whoever may decides in spec.decisions.",
  schema: { spec, status },
  rules: [],
  columns: [
    { name: "Service", type: "string", jsonPath: ".spec.service" },
    { name: "Revision", type: "string", jsonPath: ".spec.revision" },
    { name: "Environment", type: "string", jsonPath: ".spec.environment" },
    { name: "Wave", type: "string", jsonPath: ".spec.wave" },
    { name: "Approvals", type: "string", jsonPath: ".status.approvals" },
    { name: "Phase", type: "string", jsonPath: ".status.phase" },
    // Not a date: kubectl shows how long a date is ago, and of one to come <invalid>.
    { name: "Expires", type: "string", jsonPath: ".spec.expiresAt" },
    { name: "Author", type: "string", jsonPath: ".spec.author", priority: 1 },
    { name: "Message", type: "string", jsonPath: ".status.message", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
} as const;
