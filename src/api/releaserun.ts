import { z } from "zod";
import { conditions } from "./conditions.ts";
import { OUTCOMES, RUN_PHASES, TARGET_PHASES, TARGET_REASONS, WAITING_REASONS } from "./reasons.ts";
import { cel, label, LIMITS, resource, timestamp } from "./rules.ts";

/**
 * What the conductor steers in an Application, by field: targetRevision, helm.valueFiles,
 * helm.ignoreMissingValueFiles, helm.parameters[NAME], kustomize.images[IMAGE], plugin.env[NAME].
 * null says that the field is absent.
 */
const fieldValue = z.union([
  z.null(),
  z.string(),
  z.boolean(),
  z.array(z.string()),
  z.object({ value: z.string(), forceString: z.boolean().optional() }),
]);
export const fieldValues = z
  .record(z.string(), fieldValue)
  .meta({ override: { type: "object", "x-kubernetes-preserve-unknown-fields": true } });
export type FieldValue = z.infer<typeof fieldValue>;
export type FieldValues = Readonly<z.infer<typeof fieldValues>>;

const index = z.int().min(0).describe("Position in spec.values.");

const target = z.object({
  cluster: label("cluster"),
  instance: z.string().max(253).describe("The Argo CD instance that holds the Application."),
  application: z.object({ namespace: z.string().max(63), name: z.string().max(253) }),
  wave: z.int().min(1),
  desired: index,
  live: index.optional().describe("What the target held when the plan was made; absent when it could not be asked."),
  healthy: z.boolean().optional().describe("Whether it was Healthy when the plan was made: only then is Degraded news."),
  baseline: index.optional().describe("The values last verified there; absent when there are none."),
  lastOperation: z.string().max(64).optional().describe("When the last Argo CD operation seen by the plan started, as Argo CD wrote it."),
});

const spec = z
  .object({
    release: z.object({
      name: z.string().max(253),
      uid: z.string().max(64),
      generation: z.int(),
      hash: z.string().max(64).describe("Identity of the wish: its revision and clusters."),
    }),
    kind: z.enum(["Forward"]),
    service: label("service"),
    environment: label("environment"),
    revision: z.string().max(128),
    source: z
      .object({ name: z.string().max(253), repoURL: z.string().max(1024), path: z.string().max(1024), chart: z.string().max(253) })
      .partial()
      .optional()
      .describe("Which source of the Applications is steered; absent for the only one."),
    progressDeadlineSeconds: z.int().min(1),
    values: z.array(fieldValues).max(6000).describe("Every set of values that the plan speaks of, equal ones once."),
    targets: z
      .array(target)
      .min(1)
      .max(LIMITS.clusters)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["cluster"] }),
  })
  .meta(cel({ rule: "self == oldSelf", message: "a plan is immutable: change the ServiceRelease, and the conductor makes another run" }));

const targetStatus = z.object({
  cluster: z.string().max(63),
  phase: z.enum(TARGET_PHASES),
  reason: z.enum(TARGET_REASONS),
  message: z.string().max(LIMITS.message),
  since: timestamp.describe("When the phase began."),
  progressAt: timestamp.optional().describe("When progress was last observed."),
  written: z.boolean().optional().describe("Whether this run wrote to the target."),
  contact: z
    .object({ live: fieldValues, lastOperation: z.string().max(64).optional() })
    .optional()
    .describe("What the target held when it first answered, where the plan could not ask."),
});

/** What must happen next, in words. */
export const waitingOn = z.object({ reason: z.enum(WAITING_REASONS), message: z.string().max(LIMITS.message), since: timestamp });

const status = z.object({
  observedGeneration: z.int().optional(),
  phase: z.enum([...RUN_PHASES, ...OUTCOMES]).optional(),
  conditions: conditions.optional(),
  startedAt: timestamp.optional(),
  finishedAt: timestamp.optional(),
  waves: z
    .array(
      z.object({
        name: z.string().max(63),
        phase: z.enum(["Progressing", "Verified", "Failed"]),
        startedAt: timestamp,
        verifiedAt: timestamp.optional(),
      }),
    )
    .max(1)
    .optional(),
  counts: z
    .object({
      total: z.int(),
      updated: z.int(),
      ready: z.int(),
      failed: z.int(),
      unreachable: z.int(),
      summary: z.string().max(32),
    })
    .optional(),
  waitingOn: waitingOn.optional().describe("What must happen next, in words. Absent when nothing is awaited."),
  targets: z
    .array(targetStatus)
    .max(LIMITS.clusters)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["cluster"] })
    .optional()
    .describe("One entry for each target; in a run that ended, those that are not Ready."),
});

export const releaseRun = resource("ReleaseRun", spec, status);
export type ReleaseRun = z.infer<typeof releaseRun>;
export type RunSpec = ReleaseRun["spec"];
export type RunTarget = RunSpec["targets"][number];
export type RunStatus = z.infer<typeof status>;
export type TargetStatus = z.infer<typeof targetStatus>;

export const releaseRunCrd = {
  kind: "ReleaseRun",
  plural: "releaseruns",
  shortNames: ["rrun"],
  description: "One attempt to fulfil a ServiceRelease: an immutable plan and a progress report. The conductor writes it.",
  schema: { spec, status },
  rules: [],
  columns: [
    { name: "Service", type: "string", jsonPath: ".spec.service" },
    { name: "Revision", type: "string", jsonPath: ".spec.revision" },
    { name: "Kind", type: "string", jsonPath: ".spec.kind" },
    { name: "Phase", type: "string", jsonPath: ".status.phase" },
    { name: "Ready", type: "string", jsonPath: ".status.counts.summary" },
    { name: "Failed", type: "integer", jsonPath: ".status.counts.failed" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
} as const;
