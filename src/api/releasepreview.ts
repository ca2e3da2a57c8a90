import { z } from "zod";
import { conditions } from "./conditions.ts";
import { environmentSpec } from "./environment.ts";
import { BLOCKERS, PREVIEW_PHASES, PREVIEW_REASONS, RUN_KINDS, STALLED_REASONS } from "./reasons.ts";
import { planned } from "./planned.ts";
import { REVISION } from "./revision.ts";
import { cel, LIMITS, resource, timestamp } from "./rules.ts";
import { wish, wishRules } from "./servicerelease.ts";

/** A question: what would this release do? docs/decisions/0017 says why it is no ReleaseRun. */

const spec = z
  .object({
    release: z
      .object(wish)
      .meta(cel(...wishRules))
      .describe("The release that is looked at, as its ServiceRelease would have it, whether there is one or not."),
    environment: environmentSpec
      .optional()
      .describe("The Environment as it would be, whether there is one or not. Absent: as it is in this namespace."),
  })
  .meta(cel({ rule: "self == oldSelf", message: "a preview is immutable: create another one" }));

const plan = z.object({
  kind: z
    .enum(RUN_KINDS)
    .describe("Forward; Rollback for a revision that was verified recently; CatchUp where only some clusters are left."),
  revision: z.string().max(REVISION.max),
  ...planned,
});

const blocker = z.object({
  reason: z.enum(BLOCKERS),
  message: z.string().max(LIMITS.message),
  until: timestamp.optional().describe("When it ends by itself, where that is known."),
});

const status = z.object({
  observedGeneration: z.int().optional(),
  phase: z.enum(PREVIEW_PHASES).optional().describe("Planned and Refused are final: a preview is decided once."),
  conditions: conditions.optional(),
  message: z.string().max(LIMITS.message).optional().describe("What the release would do, who is waited for, or why it could not start."),
  reason: z.enum(PREVIEW_REASONS).optional().describe("Why it is refused."),
  clusters: z
    .array(z.object({ name: z.string().max(63), reason: z.enum(STALLED_REASONS), message: z.string().max(LIMITS.message) }))
    .max(LIMITS.statusClusters)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .optional()
    .describe("What speaks against it on single clusters, at most 50 of them."),
  plan: plan.optional().describe("What the release's run would be, had it been made then."),
  unchanged: z.boolean().optional().describe("True when nothing would be done: this very wish was tried, or is on its way."),
  blockers: z.array(blocker).max(LIMITS.statusClusters).optional().describe("What would hold it up if it began now."),
});

export const releasePreview = resource("ReleasePreview", spec, status);
export type ReleasePreview = z.infer<typeof releasePreview>;
export type ReleasePreviewStatus = z.infer<typeof status>;
export type PreviewPlan = z.infer<typeof plan>;
export type Blocker = z.infer<typeof blocker>;

export const releasePreviewCrd = {
  kind: "ReleasePreview",
  plural: "releasepreviews",
  shortNames: ["rpre"],
  description: "A question what a release would do, and its answer. It does nothing, and is deleted ten minutes after it was asked.",
  schema: { spec, status },
  rules: [],
  columns: [
    { name: "Service", type: "string", jsonPath: ".spec.release.service" },
    { name: "Revision", type: "string", jsonPath: ".spec.release.revision" },
    { name: "Environment", type: "string", jsonPath: ".spec.release.environment" },
    { name: "Phase", type: "string", jsonPath: ".status.phase" },
    { name: "Kind", type: "string", jsonPath: ".status.plan.kind" },
    { name: "Unchanged", type: "boolean", jsonPath: ".status.unchanged" },
    { name: "Reason", type: "string", jsonPath: ".status.reason" },
    { name: "Message", type: "string", jsonPath: ".status.message", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
} as const;
