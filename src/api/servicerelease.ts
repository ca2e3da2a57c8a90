import { z } from "zod";
import { conditions } from "./conditions.ts";
import { overrides } from "./strategy.ts";
import { ACTION_RESULTS, ACTIONS, OUTCOMES, RELEASE_PHASES, RUN_KINDS, TARGET_PHASES, TARGET_REASONS, STALLED_REASONS } from "./reasons.ts";
import { waitingOn } from "./releaserun.ts";
import { REVISION } from "./revision.ts";
import { cel, label, LIMITS, resource, text, timestamp } from "./rules.ts";

/** What is wished: the same of a release that is, and of one that is only looked at before. */
export const wish = {
  service: label("service").describe("The service that is released. Immutable."),
  environment: label("environment").describe("The Environment in this namespace that the service is released to. Immutable."),
  revision: text(REVISION.max, REVISION.pattern, REVISION.message).describe(
    "What the Applications shall track: one fixed thing of the kind that the Environment declares.",
  ),
  clusters: z
    .array(label("clusters"))
    .min(1)
    .max(LIMITS.clusters)
    .meta({ "x-kubernetes-list-type": "set" })
    .optional()
    .describe("Narrows the environment's clusters to these. Absent means all of them."),
  strategy: overrides.optional().describe("What this release does otherwise, of what the Environment lists as overridable."),
};

/** What of a revision can be refused without knowing its kind. */
export const wishRules = [
  {
    rule: "!self.revision.matches('^[0-9a-f]{7,39}$') || self.revision.matches('^[0-9]+$')",
    messageExpression: "'revision ' + self.revision + ' is a short hash: write all 40 hex digits (git rev-parse ' + self.revision + ')'",
  },
  {
    rule: "self.revision != 'HEAD'",
    message: "revision HEAD would move: write a commit of 40 hex digits, a tag, a chart version or a digest",
  },
];

const spec = z
  .object({
    ...wish,
    paused: z
      .boolean()
      .prefault(false)
      .describe("Finishes what is in flight and starts no target. A rollback is not held up. Pausing is no new release."),
  })
  .meta(
    cel(
      { rule: "self.service == oldSelf.service", message: "service is immutable: delete this ServiceRelease and create another" },
      {
        rule: "self.environment == oldSelf.environment",
        message: "environment is immutable: delete this ServiceRelease and create another",
      },
      ...wishRules,
    ),
  );

const status = z.object({
  observedGeneration: z.int().optional().describe("The generation that the rest of this status speaks of."),
  phase: z.enum(RELEASE_PHASES).optional().describe("For people. Machines read conditions."),
  conditions: conditions.optional(),
  revision: z
    .object({
      desired: z.string().max(REVISION.max),
      stable: z.string().max(REVISION.max).optional().describe("The revision last verified on every target."),
    })
    .optional(),
  wave: z.object({ current: z.int(), total: z.int(), summary: z.string().max(32).describe("current/total, for kubectl get.") }).optional(),
  targets: z
    .object({
      total: z.int(),
      updated: z.int().describe("Hold the desired values."),
      ready: z.int().describe("Verified by evidence."),
      failed: z.int(),
      unreachable: z.int(),
      summary: z.string().max(32).describe("ready/total, for kubectl get."),
    })
    .optional(),
  waitingOn: waitingOn.optional().describe("What must happen next, in words. Absent when nothing is awaited."),
  clusters: z
    .array(
      z.object({
        name: z.string().max(63),
        phase: z.enum(TARGET_PHASES),
        reason: z.enum([...TARGET_REASONS, ...STALLED_REASONS]),
        message: z.string().max(LIMITS.message),
      }),
    )
    .max(LIMITS.statusClusters)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .optional()
    .describe("The clusters that are not done, at most 50; the run lists all."),
  run: z.string().max(253).optional().describe("The newest ReleaseRun of this release."),
  url: z.string().max(2048).optional().describe("Where people see it, as the conductor's --release-url says."),
  actions: z
    .array(
      z.object({
        action: z.enum(ACTIONS),
        value: z.string().max(LIMITS.message).describe("The annotation's value that was handled."),
        result: z.enum(ACTION_RESULTS),
        message: z.string().max(LIMITS.message),
      }),
    )
    .max(ACTIONS.length)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["action"] })
    .optional()
    .describe("What became of the annotations conductor.dev/<action>: <run>[/<argument>] that are on the release or its runs."),
  history: z
    .array(
      z.object({
        run: z.string().max(253),
        kind: z.enum(RUN_KINDS).optional().describe("Absent for Forward."),
        revision: z.string().max(REVISION.max),
        outcome: z.enum(OUTCOMES),
        startedAt: timestamp,
        finishedAt: timestamp,
      }),
    )
    .max(LIMITS.history)
    .optional()
    .describe("The newest runs that ended, newest first."),
});

export const serviceRelease = resource("ServiceRelease", spec, status);
export type ServiceRelease = z.infer<typeof serviceRelease>;
export type ServiceReleaseStatus = z.infer<typeof status>;

export const serviceReleaseCrd = {
  kind: "ServiceRelease",
  plural: "servicereleases",
  shortNames: ["sr"],
  description: "One wish: this service at this revision in this environment. CI and Git own its spec, the conductor owns its status.",
  schema: { spec, status },
  rules: [
    {
      rule: "self.metadata.name == self.spec.service + '.' + self.spec.environment",
      messageExpression:
        "'metadata.name must be <service>.<environment>, here ' + self.spec.service + '.' + self.spec.environment + ', so that there is one ServiceRelease for each'",
    },
  ],
  columns: [
    { name: "Service", type: "string", jsonPath: ".spec.service" },
    { name: "Revision", type: "string", jsonPath: ".spec.revision" },
    { name: "Environment", type: "string", jsonPath: ".spec.environment" },
    { name: "Phase", type: "string", jsonPath: ".status.phase" },
    { name: "Wave", type: "string", jsonPath: ".status.wave.summary" },
    { name: "Ready", type: "string", jsonPath: ".status.targets.summary" },
    { name: "Failed", type: "integer", jsonPath: ".status.targets.failed" },
    { name: "Waiting-On", type: "string", jsonPath: ".status.waitingOn.reason" },
    { name: "Message", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
} as const;
