import { z } from "zod";
import { conditions } from "./conditions.ts";
import { delivery } from "./notifications.ts";
import {
  ACTIONS,
  GATE_PHASES,
  OUTCOMES,
  RUN_KINDS,
  RUN_PHASES,
  TARGET_PHASES,
  TARGET_REASONS,
  WAITING_REASONS,
  WAVE_PHASES,
} from "./reasons.ts";
import { fieldValues, planned } from "./planned.ts";
import { cel, label, LIMITS, resource, timestamp } from "./rules.ts";

const cause = z
  .object({
    action: z
      .enum([...ACTIONS, "window", "restore", "catch-up"])
      .describe(
        "window: the revision was verified recently. restore: an earlier rollback could not reach these targets. catch-up: they were left out, or joined later.",
      ),
    value: z.string().max(LIMITS.message).optional().describe("The annotation's value, for what a person asked for."),
    run: z.string().max(253).optional().describe("The run that it follows from."),
  })
  .describe("Why this run was made; absent for a new wish.");

const spec = z
  .object({
    release: z.object({
      name: z.string().max(253),
      uid: z.string().max(64),
      generation: z.int(),
      hash: z.string().max(64).describe("Identity of the wish: its revision and clusters."),
    }),
    kind: z.enum(RUN_KINDS),
    cause: cause.optional(),
    service: label("service"),
    environment: label("environment"),
    revision: z.string().max(128),
    source: z
      .object({ name: z.string().max(253), repoURL: z.string().max(1024), path: z.string().max(1024), chart: z.string().max(253) })
      .partial()
      .optional()
      .describe("Which source of the Applications is steered; absent for the only one."),
    strategy: planned.strategy,
    waves: planned.waves,
    commit: z
      .string()
      .max(64)
      .optional()
      .describe(
        "The commit that hears of the outcome: the release's annotation conductor.dev/commit then, else the revision, if it is one.",
      ),
    author: z
      .string()
      .max(512)
      .optional()
      .describe("Who released, as admission has noted it: the approvals of the run are not theirs to give."),
    dependsOn: planned.dependsOn,
    warnings: planned.warnings,
    values: planned.values,
    targets: planned.targets,
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
  started: z.boolean().optional().describe("Whether writing to it was decided: from then until it has arrived it is in flight."),
  changed: z.boolean().optional().describe("Whether this run had written to it before it was taken back."),
  goingBack: z.boolean().optional().describe("Whether it is being taken back, or was."),
  failure: z
    .object({ reason: z.enum(TARGET_REASONS), message: z.string().max(LIMITS.message) })
    .optional()
    .describe("Why it failed, of a target that is taken back."),
  contact: z
    .object({
      live: fieldValues,
      lastOperation: z.string().max(64).optional(),
      baseline: fieldValues.optional().describe("What to go back to, if it was Synced and Healthy then and nothing else is known."),
    })
    .optional()
    .describe("What the target held when it first answered, where the plan could not ask."),
});

/** What must happen next, in words. */
export const waitingOn = z.object({
  reason: z.enum(WAITING_REASONS),
  message: z.string().max(LIMITS.message),
  since: timestamp,
  nextCheck: timestamp.optional().describe("When that may have happened by the passing of time alone. Absent: something else must happen."),
});

const gateStatus = z.object({
  kind: z.enum(["Approval", "Analysis"]),
  object: z.string().max(253).describe("The ReleaseApproval or AnalysisRun of this namespace that decides it."),
  phase: z.enum(GATE_PHASES),
  message: z.string().max(LIMITS.message),
  since: timestamp.describe("When the phase began."),
  accepted: z.boolean().optional().describe("Whether it was gone on in spite of it."),
  measurements: z
    .array(z.object({ metric: z.string().max(253), value: z.string().max(64), phase: z.string().max(32), at: z.string().max(64) }))
    .max(LIMITS.measurements)
    .optional()
    .describe("What was measured last, newest last."),
});

const status = z.object({
  observedGeneration: z.int().optional(),
  phase: z.enum([...RUN_PHASES, ...OUTCOMES]).optional(),
  conditions: conditions.optional(),
  startedAt: timestamp.optional(),
  finishedAt: timestamp.optional(),
  observedAt: timestamp
    .optional()
    .describe("When this was last looked at and stored: what passes from then to a restart counts for nothing."),
  waves: z
    .array(
      z.object({
        name: z.string().max(63),
        phase: z.enum(WAVE_PHASES),
        startedAt: timestamp.optional(),
        verifiedAt: timestamp.optional(),
        soakedSeconds: z.int().optional(),
        gates: z
          .array(gateStatus)
          .max(LIMITS.gates * LIMITS.waves)
          .optional(),
      }),
    )
    .max(LIMITS.waves)
    .optional(),
  rollback: z
    .object({ startedAt: timestamp, message: z.string().max(LIMITS.message) })
    .optional()
    .describe("The verdict that the run has failed and is taken back; from then on only that is written."),
  stop: z
    .object({ startedAt: timestamp, message: z.string().max(LIMITS.message) })
    .optional()
    .describe("The verdict that the run has failed and waits for a person."),
  acceptedFailures: z.int().optional().describe("Failures that a person has accepted by resuming."),
  overrides: z
    .array(z.object({ freeze: z.string().max(317), until: timestamp, by: z.string().max(LIMITS.message), at: timestamp }))
    .max(LIMITS.overrides)
    .optional()
    .describe("Freezes that people have let this run go through."),
  actions: z
    .array(z.object({ action: z.enum(ACTIONS), value: z.string().max(LIMITS.message), at: timestamp }))
    .max(LIMITS.actions)
    .optional()
    .describe("What people asked of this run, oldest first."),
  notifications: z.array(delivery).max(LIMITS.deliveries).optional().describe("Who was told what, oldest first."),
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

export type { FieldValue, FieldValues } from "./planned.ts";

export const releaseRun = resource("ReleaseRun", spec, status);
export type ReleaseRun = z.infer<typeof releaseRun>;
export type RunSpec = ReleaseRun["spec"];
export type RunTarget = RunSpec["targets"][number];
export type RunCause = NonNullable<RunSpec["cause"]>;
export type PlannedWave = RunSpec["waves"][number];
export type PlannedGate = NonNullable<PlannedWave["gates"]>[number];
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
