import { z } from "zod";
import type { AnalysisSeen, Measurement } from "#engine/gates/seen.ts";
import { LIMITS } from "#api/rules.ts";
import type { KubeObject } from "#kube/ports.ts";
import { said } from "./said.ts";
import { duration } from "./schedule.ts";
import { withArguments } from "./templates.ts";

/** How an AnalysisRun of Argo Rollouts stands. Source: argo-rollouts pkg/apis/rollouts/v1alpha1/analysis_types.go. */

/** The run whose gate it is, by its uid; also what we select ours by. */
export const RUN_LABEL = "conductor.dev/run-uid";

const PHASES = ["Pending", "Running", "Successful", "Failed", "Error", "Inconclusive"] as const;

/** Argo Rollouts asks again so long after an error (analysis/analysis.go, DefaultErrorRetryInterval); milliseconds. */
const ERROR_RETRY = 10_000;

const measurement = z.looseObject({
  phase: z.string().default(""),
  value: z.string().optional(),
  message: z.string().optional(),
  startedAt: z.string().nullish(),
  finishedAt: z.string().nullish(),
});
const result = z.looseObject({
  name: z.string(),
  phase: z.string().default(""),
  message: z.string().optional(),
  count: z.int().default(0),
  successful: z.int().default(0),
  error: z.int().default(0),
  measurements: z.array(measurement).nullish(),
});
const analysisRun = z.object({
  spec: z.looseObject({
    terminate: z.boolean().optional(),
    args: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).nullish(),
    metrics: z.array(z.looseObject({ name: z.string(), interval: z.string().optional(), initialDelay: z.string().optional() })).default([]),
  }),
  status: z
    .looseObject({
      phase: z.string().default(""),
      message: z.string().optional(),
      metricResults: z.array(result).nullish(),
    })
    .nullish(),
});

/** What is kept of an AnalysisRun. */
export interface Analysed {
  readonly name: string;
  readonly namespace: string;
  readonly owners: readonly string[];
  readonly seen: Extract<AnalysisSeen, { kind: "Present" }>;
}

/** Never throws: one that cannot be read is an Error, which opens nothing. */
export function analysed(raw: KubeObject): Analysed {
  const { name, namespace = "", ownerReferences = [] } = raw.metadata;
  return { name, namespace, owners: ownerReferences.map(({ uid }) => uid), seen: seenOf(raw) };
}

function seenOf(raw: KubeObject): Analysed["seen"] {
  const parsed = analysisRun.safeParse(raw);
  if (!parsed.success) return { ...BLANK, phase: "Error", message: "its AnalysisRun cannot be read" };
  const { spec, status } = parsed.data;
  const results = status?.metricResults ?? [];
  const phase = PHASES.find((one) => one === status?.phase) ?? "Pending";
  const worst = results.find((one) => one.phase === phase && one.message !== undefined && one.message !== "");
  const measured = spec.metrics.filter(({ name }) => results.some((one) => one.name === name && one.successful > 0)).length;
  const values = new Map((spec.args ?? []).map(({ name, value = "" }) => [name, value]));
  const waits = spec.metrics.flatMap(({ interval, initialDelay }) => [interval, initialDelay]).map((text) => milliseconds(text, values));
  return {
    kind: "Present",
    phase,
    message: said(status?.message || worst?.message),
    fingerprint: JSON.stringify([phase, results.map((one) => [one.name, one.count, one.error, one.phase])]),
    patience: Math.max(...waits, 0) + ERROR_RETRY,
    metrics: spec.metrics.length,
    measured,
    ending: spec.terminate === true,
    measurements: newest(results),
  };
}

const BLANK: Analysed["seen"] = {
  kind: "Present",
  phase: "Pending",
  message: "",
  fingerprint: "",
  patience: 0,
  metrics: 0,
  measured: 0,
  ending: false,
  measurements: [],
};

function newest(results: readonly z.infer<typeof result>[]): readonly Measurement[] {
  const all = results.flatMap(({ name, measurements }) =>
    (measurements ?? []).flatMap(({ phase, value, message, finishedAt }): Measurement[] =>
      finishedAt === null || finishedAt === undefined
        ? []
        : [
            {
              metric: name.slice(0, 253),
              value: said(value || message).slice(0, 64),
              phase: phase.slice(0, 32),
              at: finishedAt.slice(0, 64),
            },
          ],
    ),
  );
  return all.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-LIMITS.measurements);
}

/** A duration of a metric, which may come from an argument. */
function milliseconds(text: string | undefined, values: ReadonlyMap<string, string>): number {
  const found = text === undefined ? 0 : duration(withArguments(text, values));
  return typeof found === "number" ? found : 0;
}
