import { z } from "zod";
import { dependency, gates } from "./gates.ts";
import { cel, duration, durationOrNone, label, labels, LIMITS, share } from "./rules.ts";

/** How a release proceeds. docs/strategy.md has an example of every field. */

export const ON_FAILURE = ["RollBack", "Pause", "Continue"] as const;
export type OnFailure = (typeof ON_FAILURE)[number];

export const ROLLBACK_SCOPES = ["Run", "Target"] as const;
export type RollbackScope = (typeof ROLLBACK_SCOPES)[number];

export const SUPERSEDE = ["Queue", "Replace"] as const;
export type Supersede = (typeof SUPERSEDE)[number];

const maxConcurrency = share("maxConcurrency", 1, "; 0 could never finish");
const maxFailures = share("maxFailures", 0);
const maxUnreachable = share("maxUnreachable", 0);

const waveClusters = z
  .object({
    names: z
      .array(label("strategy.waves[].clusters.names"))
      .min(1)
      .max(LIMITS.waveNames)
      .meta({ "x-kubernetes-list-type": "set" })
      .optional()
      .describe("These clusters."),
    selector: z
      .object({ matchLabels: labels.describe("All of these labels on the cluster's registration.") })
      .optional()
      .describe("The clusters with these labels that no wave before has taken."),
    count: share("count", 1)
      .optional()
      .describe("So many, or such a part, of the clusters that no wave before has taken; a part is rounded down, at least 1."),
  })
  .meta(
    cel({
      rule: "(has(self.names) ? 1 : 0) + (has(self.selector) ? 1 : 0) + (has(self.count) ? 1 : 0) == 1",
      message: "clusters of a wave takes exactly one of names, selector and count; leave clusters out for all that are left",
    }),
  );

const wave = z.object({
  name: label("strategy.waves[].name"),
  clusters: waveClusters.optional().describe("Absent for all that are left: the last wave's."),
  maxConcurrency: maxConcurrency.optional().describe("Instead of the strategy's."),
  minSuccessTime: durationOrNone("strategy.waves[].minSuccessTime").optional().describe("Instead of the strategy's."),
  maxFailures: maxFailures.optional().describe("Instead of the strategy's."),
  maxUnreachable: maxUnreachable
    .optional()
    .describe("Instead of the strategy's. The first wave waits for all of its clusters whatever this says."),
  gates: gates.optional(),
});

const waves = z
  .array(wave)
  .min(1)
  .max(LIMITS.waves)
  .meta({
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    ...cel({
      rule: "self.filter(w, !has(w.clusters)).all(w, w.name == self[size(self) - 1].name)",
      message: "only the last wave may leave out clusters: it takes all that are left, and nothing is left for waves after it",
    }),
  });

const settings = {
  maxConcurrency: maxConcurrency.describe(
    "Targets of a wave in flight at once, as a number or a part of the wave, rounded down, at least 1. In flight is what was patched and has not arrived.",
  ),
  minSuccessTime: durationOrNone("strategy.minSuccessTime").describe(
    "Soak: how long all targets of a wave must stay verified, by the conductor's own observation, before the next wave starts or the release has succeeded.",
  ),
  progressDeadline: duration("strategy.progressDeadline").describe(
    "The longest time that a target may go without observed progress before it has failed. Waiting for a person, a sync window or somebody else's operation does not count.",
  ),
  maxFailures: maxFailures.describe(
    "Targets of a wave that may fail, as a number or a part of the wave, rounded down, before onFailure is done.",
  ),
  onFailure: z
    .enum(ON_FAILURE)
    .describe(
      "RollBack takes the targets back to what was last verified there. Pause starts no more and waits for a person. Continue goes on to the end.",
    ),
  rollbackScope: z.enum(ROLLBACK_SCOPES).describe("Run takes back every target that the release changed, Target only those that failed."),
  maxUnreachable: maxUnreachable.describe(
    "Targets of a wave that may be left out because their cluster does not answer, as a number or a part of the wave, rounded down. They are caught up when they return. The first wave waits for all of its clusters.",
  ),
  supersede: z
    .enum(SUPERSEDE)
    .describe(
      "What a newer wish does to a run in flight. Queue: the run ends first. Replace: it starts no more targets and the newer wish takes over.",
    ),
};

/** What an Environment may let a release change. */
export const OVERRIDABLE = Object.keys(settings) as readonly (keyof typeof settings)[]; // Object.keys forgets the names

/** Safe for somebody who writes none of it; docs/strategy.md gives the reason of each. */
export const STRATEGY_DEFAULTS = {
  waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }],
  maxConcurrency: "25%",
  minSuccessTime: "1m",
  progressDeadline: "15m",
  maxFailures: 0,
  onFailure: "RollBack",
  rollbackScope: "Run",
  maxUnreachable: "10%",
  supersede: "Queue",
  rollbackWindow: { revisions: 3, age: "168h" },
} as const;

export const strategy = z.object({
  waves: waves
    .prefault([{ name: "first", clusters: { count: 1 } }, { name: "rest" }])
    .describe("Ordered groups of clusters: one starts when all before it are verified. Absent: one cluster, then the rest."),
  maxConcurrency: settings.maxConcurrency.prefault(STRATEGY_DEFAULTS.maxConcurrency),
  minSuccessTime: settings.minSuccessTime.prefault(STRATEGY_DEFAULTS.minSuccessTime),
  progressDeadline: settings.progressDeadline.prefault(STRATEGY_DEFAULTS.progressDeadline),
  maxFailures: settings.maxFailures.prefault(STRATEGY_DEFAULTS.maxFailures),
  onFailure: settings.onFailure.prefault(STRATEGY_DEFAULTS.onFailure),
  rollbackScope: settings.rollbackScope.prefault(STRATEGY_DEFAULTS.rollbackScope),
  maxUnreachable: settings.maxUnreachable.prefault(STRATEGY_DEFAULTS.maxUnreachable),
  supersede: settings.supersede.prefault(STRATEGY_DEFAULTS.supersede),
  rollbackWindow: z
    .object({
      revisions: z
        .int()
        .min(0)
        .max(LIMITS.history)
        .prefault(STRATEGY_DEFAULTS.rollbackWindow.revisions)
        .describe("How many revisions verified before the present one; 0 for none."),
      age: duration("strategy.rollbackWindow.age")
        .prefault(STRATEGY_DEFAULTS.rollbackWindow.age)
        .describe("How long ago they may have been verified."),
    })
    .prefault({})
    .describe("A release of a revision that was verified so recently is a rollback: it goes everywhere at once, without waves or soak."),
  rollback: z
    .object({
      promoteFull: z
        .boolean()
        .prefault(false)
        .describe(
          "Whether a Rollout of Argo Rollouts that repeats its canary on the way back skips its steps, pauses and analyses (status.promoteFull). It needs the optional right to patch rollouts/status.",
        ),
    })
    .optional()
    .describe("How targets go back."),
  dependsOn: z
    .array(dependency)
    .min(1)
    .max(LIMITS.dependencies)
    .optional()
    .describe("Other releases that must be ready before the first wave begins, such as the same revision in staging."),
  orderByLabel: z
    .string()
    .min(1)
    .max(317)
    .optional()
    .describe(
      "A label of the registrations that orders the clusters, for waves by count and inside each wave: numbers ascending, then other values, then those without. Absent: the order of spec.clusters.",
    ),
  overridable: z
    .array(z.enum(OVERRIDABLE))
    .max(OVERRIDABLE.length)
    .meta({ "x-kubernetes-list-type": "set" })
    .prefault([])
    .describe("What a ServiceRelease may change for itself. Nothing by default: who releases cannot drop what protects the environment."),
});
export type Strategy = z.infer<typeof strategy>;

/** What a ServiceRelease may say instead of its Environment, where that allows it. */
export const overrides = z.object({
  maxConcurrency: settings.maxConcurrency.optional(),
  minSuccessTime: settings.minSuccessTime.optional(),
  progressDeadline: settings.progressDeadline.optional(),
  maxFailures: settings.maxFailures.optional(),
  onFailure: settings.onFailure.optional(),
  rollbackScope: settings.rollbackScope.optional(),
  maxUnreachable: settings.maxUnreachable.optional(),
  supersede: settings.supersede.optional(),
});
export type Overrides = z.infer<typeof overrides>;
