import { z } from "zod";
import { ON_FAILURE, ROLLBACK_SCOPES, SUPERSEDE } from "./strategy.ts";
import { label, LIMITS } from "./rules.ts";

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

const index = z.int().min(0).describe("Position in values.");

const target = z.object({
  cluster: label("cluster"),
  instance: z.string().max(253).describe("The Argo CD instance that holds the Application."),
  application: z.object({ namespace: z.string().max(63), name: z.string().max(253) }),
  wave: z.int().min(1),
  desired: index,
  live: index.optional().describe("What the target held when the plan was made; absent when it could not be asked."),
  healthy: z.boolean().optional().describe("Whether it was Healthy when the plan was made: only then is Degraded news."),
  baseline: index.optional().describe("The values last verified there; absent when there are none."),
  ours: z
    .boolean()
    .optional()
    .describe("Whether what it held then had been written by an earlier run and never verified: going back takes it to the baseline too."),
  lastOperation: z.string().max(64).optional().describe("When the last Argo CD operation seen by the plan started, as Argo CD wrote it."),
});

const name = z.string().max(253);
const names = z.array(name).max(LIMITS.approvers).optional();

const approval = z.object({
  count: z.int().min(1),
  groups: names,
  users: names,
  serviceAccounts: names,
  expiresAfterSeconds: z.int().min(1),
});

const analysis = z.object({
  templateName: name,
  clusterScope: z.boolean(),
  args: z.array(z.object({ name: z.string().max(63), value: z.string().max(1024) })).max(LIMITS.args),
  background: z.boolean(),
});

const gate = z.object({ approval: approval.optional(), analysis: analysis.optional() }).describe("One of them.");

const wave = z.object({
  name: label("waves[].name"),
  maxConcurrency: z.int().min(1),
  maxFailures: z.int().min(0),
  maxUnreachable: z.int().min(0),
  minSuccessSeconds: z.int().min(0),
  gates: z
    .array(gate)
    .max(LIMITS.gates * LIMITS.waves)
    .optional()
    .describe("What must open: approvals before it begins, analyses before it is verified."),
});

/** What a plan says, of a run as of a preview. */
export const planned = {
  strategy: z.object({
    progressDeadlineSeconds: z.int().min(1),
    onFailure: z.enum(ON_FAILURE),
    rollbackScope: z.enum(ROLLBACK_SCOPES),
    supersede: z.enum(SUPERSEDE),
    promoteFull: z.boolean().optional().describe("Whether a Rollout that goes back skips its steps."),
  }),
  waves: z
    .array(wave)
    .min(1)
    .max(LIMITS.waves)
    .describe("In order, with numbers as they come out for this run. A target names its wave by position, from 1."),
  dependsOn: z
    .array(z.object({ name: name.describe("The other ServiceRelease."), revision: z.string().max(128).optional() }))
    .max(LIMITS.dependencies)
    .optional()
    .describe("Releases that must be ready before the first wave begins; at this revision, where one is given."),
  warnings: z
    .array(z.object({ cluster: z.string().max(63), message: z.string().max(LIMITS.message) }))
    .max(LIMITS.statusClusters)
    .optional()
    .describe("What may go wrong, found while planning: owners of Applications that would write over ours."),
  values: z.array(fieldValues).max(6000).describe("Every set of values that the plan speaks of, equal ones once."),
  targets: z
    .array(target)
    .min(1)
    .max(LIMITS.clusters)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["cluster"] }),
};
