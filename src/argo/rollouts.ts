import { z } from "zod";
import type { Abort, Analysis, Canary, Pause } from "#engine/observation.ts";
import type { CanaryWrite } from "#engine/world.ts";
import type { KubeObject } from "#kube/ports.ts";
import { said } from "./said.ts";

/**
 * What we read of a Rollout and of its AnalysisRuns (argoproj.io/v1alpha1), and nothing else. Source: Argo Rollouts'
 * pkg/apis/rollouts/v1alpha1, and how its own plugin shows them.
 */

const analysisStatus = z.object({ name: z.string().default(""), status: z.string().default(""), message: z.string().optional() }).nullish();

/** A duration is a string with a unit, or a number of seconds. */
const pauseStep = z.object({ duration: z.union([z.string(), z.number()]).nullish() });

const rollout = z.object({
  metadata: z.object({
    generation: z.number().optional(),
    resourceVersion: z.string().default(""),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({
    paused: z.boolean().nullish(),
    workloadRef: z.unknown().optional(),
    rollbackWindow: z.object({ revisions: z.number().default(0) }).nullish(),
    strategy: z
      .object({
        canary: z.object({ steps: z.array(z.object({ setWeight: z.number().nullish(), pause: pauseStep.nullish() })).nullish() }).nullish(),
        blueGreen: z.unknown().optional(),
      })
      .default({}),
  }),
  status: z
    .object({
      abort: z.boolean().nullish(),
      abortedAt: z.string().nullish(),
      promoteFull: z.boolean().nullish(),
      pauseConditions: z.array(z.object({ reason: z.string().default("") })).nullish(),
      currentStepIndex: z.number().nullish(),
      currentPodHash: z.string().default(""),
      stableRS: z.string().default(""),
      observedGeneration: z.string().default(""),
      workloadObservedGeneration: z.string().default(""),
      message: z.string().optional(),
      canary: z
        .object({
          weights: z.object({ canary: z.object({ weight: z.number().default(0) }) }).nullish(),
          currentStepAnalysisRunStatus: analysisStatus,
          currentBackgroundAnalysisRunStatus: analysisStatus,
        })
        .nullish(),
      blueGreen: z.object({ prePromotionAnalysisRunStatus: analysisStatus, postPromotionAnalysisRunStatus: analysisStatus }).nullish(),
    })
    .nullish(),
});
type Rollout = z.infer<typeof rollout>;
type Status = NonNullable<Rollout["status"]>;

/**
 * What a Rollout's controller says of it; undefined while it has not looked at the present spec, as Argo CD's health check
 * asks it too (resource_customizations/argoproj.io/Rollout/health.lua), and for what cannot be read. Never throws.
 */
export function canaryOf(raw: unknown): Canary | undefined {
  const parsed = rollout.safeParse(raw);
  const status = parsed.data?.status;
  if (!parsed.success || !status || !isObserved(parsed.data, status)) return undefined;
  const { spec } = parsed.data;
  const steps = spec.strategy.canary?.steps ?? [];
  const index = Math.min(status.currentStepIndex ?? steps.length, steps.length);
  const abort = abortOf(status);
  return {
    step: index + 1,
    steps: steps.length,
    weight: weightOf(parsed.data, status, index),
    isStable: status.stableRS !== "" && status.stableRS === status.currentPodHash,
    isPromoting: status.promoteFull === true,
    pause: abort === undefined ? pauseOf(spec, status, index) : undefined,
    abort,
    analyses: analysesOf(status),
  };
}

/** Versions before 0.10 wrote a hash where later ones write the generation. */
function isObserved({ metadata, spec }: Rollout, status: Status): boolean {
  const seen = Number(status.observedGeneration);
  if (status.observedGeneration === "" || seen < (metadata.generation ?? 0)) return false;
  const workload = metadata.annotations?.["rollout.argoproj.io/workload-generation"];
  return spec.workloadRef === undefined || workload === undefined || workload === status.workloadObservedGeneration;
}

/** What traffic routing has set; else what the steps ask for (GetCurrentSetWeight). */
function weightOf({ spec }: Rollout, status: Status, index: number): number | undefined {
  const { canary } = spec.strategy;
  if (!canary) return undefined;
  if (status.canary?.weights) return status.canary.weights.canary.weight;
  if (status.abort === true) return 0;
  const steps = canary.steps ?? [];
  if (index >= steps.length) return 100;
  return steps.slice(0, index + 1).findLast(({ setWeight }) => setWeight !== undefined && setWeight !== null)?.setWeight ?? 0;
}

function pauseOf(spec: Rollout["spec"], { pauseConditions }: Status, index: number): Pause | undefined {
  if (spec.paused === true) return { kind: "ByHand" };
  const [first] = pauseConditions ?? [];
  switch (first?.reason) {
    case undefined:
      return undefined;
    case "InconclusiveAnalysisRun":
    case "InconclusiveExperiment":
      return { kind: "Inconclusive" };
    case "BlueGreenPause":
      return { kind: "BlueGreen" };
    default: {
      const duration = spec.strategy.canary?.steps?.[index]?.pause?.duration ?? undefined;
      if (duration === undefined) return { kind: "Step" };
      return { kind: "Timed", duration: /^\d+$/.test(`${duration}`) ? `${duration}s` : `${duration}` };
    }
  }
}

function abortOf({ abort, abortedAt, message }: Status): Abort | undefined {
  if (abort !== true) return undefined;
  return { at: abortedAt ?? "", message: said(message).replace(/^RolloutAborted: /, "") };
}

function analysesOf({ canary, blueGreen }: Status): readonly Analysis[] {
  return [
    canary?.currentStepAnalysisRunStatus,
    canary?.currentBackgroundAnalysisRunStatus,
    blueGreen?.prePromotionAnalysisRunStatus,
    blueGreen?.postPromotionAnalysisRunStatus,
  ].flatMap((one): Analysis[] =>
    one ? [{ name: one.name, phase: one.status, message: said(one.message), measured: 0, failing: undefined }] : [],
  );
}

const analysisRun = z.object({
  status: z
    .object({
      phase: z.string().default(""),
      message: z.string().optional(),
      metricResults: z
        .array(
          z.object({
            name: z.string().default(""),
            phase: z.string().default(""),
            count: z.number().default(0),
            error: z.number().default(0),
            measurements: z.array(z.object({ value: z.string().optional() })).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** How an AnalysisRun is, in more detail than its Rollout says; undefined for what cannot be read. Never throws. */
export function analysisOf(raw: unknown, name: string): Analysis | undefined {
  const { status } = analysisRun.safeParse(raw).data ?? {};
  if (!status) return undefined;
  const results = status.metricResults ?? [];
  const failed = results.find(({ phase }) => phase === "Failed" || phase === "Error" || phase === "Inconclusive");
  const value = failed?.measurements?.at(-1)?.value;
  return {
    name,
    phase: status.phase,
    message: said(status.message),
    measured: results.reduce((sum, { count, error }) => sum + count + error, 0),
    failing: failed === undefined || !value ? undefined : said(`${failed.name} ${value}`),
  };
}

/** Why a Rollout that goes back repeats its steps, as far as can be said before; undefined where nothing speaks for that. */
export function repetition(raw: unknown): string | undefined {
  const { data } = rollout.safeParse(raw);
  const steps = data?.spec.strategy.canary?.steps?.length ?? 0;
  if (data === undefined || steps === 0 || (data.spec.rollbackWindow?.revisions ?? 0) > 0) return undefined;
  // What is not stable yet goes back to what is at once.
  if (data.status && data.status.currentPodHash !== data.status.stableRS) return undefined;
  return `repeats the ${steps} steps of its canary on the way back: give it spec.rollbackWindow, or the Environment strategy.rollback.promoteFull`;
}

/**
 * The status that makes a Rollout do `kind`, as Argo Rollouts' own plugin patches it, guarded by the version that was read;
 * undefined when there is nothing to do.
 */
export function steering(raw: KubeObject, kind: CanaryWrite): object | undefined {
  const canary = canaryOf(raw);
  const { resourceVersion } = raw.metadata;
  if (canary === undefined || canary.isStable) return undefined;
  switch (kind) {
    case "PromoteFull":
      return canary.isPromoting || canary.abort !== undefined
        ? undefined
        : { metadata: { resourceVersion }, status: { promoteFull: true } };
    case "RetryCanary":
      return canary.abort === undefined ? undefined : { metadata: { resourceVersion }, status: { abort: false } };
  }
}
