import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { readFile } from "node:fs/promises";
import { run } from "#plane/command.ts";
import type { Cluster } from "#plane/cluster.ts";
import { acquire } from "#plane/parts.ts";
import type { Progress } from "#plane/progress.ts";
import type { Design } from "./statistics.ts";

export const KINDS = ["error-rate", "latency"] as const;
export type Kind = (typeof KINDS)[number];
export const PROVIDERS = ["datadog", "prometheus"] as const;
export type Provider = (typeof PROVIDERS)[number];

export type TemplateName = `conductor-${Kind}-${Provider}`;

const chart = join(import.meta.dirname, "..", "..", "..", "helm", "release-conductor");

const template = z.looseObject({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    args: z.array(z.object({ name: z.string(), value: z.string().optional() })),
    metrics: z.array(z.looseObject({ name: z.string() })),
  }),
});
export type Template = z.infer<typeof template>;

/** The chart's templates as Helm makes them, by name; `settings` are of its values' `analysisTemplates`. */
export async function render(settings: readonly string[], progress: Progress): Promise<ReadonlyMap<string, Template>> {
  const { helm } = await acquire(["helm"], progress);
  const set = settings.flatMap((setting) => ["--set", `analysisTemplates.${setting}`]);
  const text = await run(helm, ["template", "release-conductor", chart, "--kube-version", "1.36.0", ...set], {});
  const objects = parseAllDocuments(text).map((document) => z.looseObject({ kind: z.string() }).parse(document.toJS()));
  const templates = objects.filter(({ kind }) => kind === "ClusterAnalysisTemplate").map((object) => template.parse(object));
  return new Map(templates.map((one) => [one.metadata.name, one]));
}

const values = z.object({
  analysisTemplates: z.object({
    args: z.object({
      "window-seconds": z.coerce.number(),
      interval: z.literal("1m"),
      count: z.coerce.number(),
      "error-rate-threshold": z.coerce.number(),
      "errors-at-threshold": z.coerce.number(),
      "latency-threshold": z.coerce.number(),
      percentile: z.coerce.number(),
      "min-requests": z.coerce.number(),
    }),
  }),
});

/** The default test of each kind. Of latencies a request is bad that takes longer than the threshold, and 5 % may at the 95th percentile. */
export async function defaults(): Promise<{ readonly designs: Readonly<Record<Kind, Design>>; readonly latencyThreshold: number }> {
  const { args } = values.parse(parse(await readFile(join(chart, "values.yaml"), "utf8"))).analysisTemplates;
  const pace = { window: args["window-seconds"] / 60, interval: 1, looks: args.count };
  const slow = (100 - args.percentile) / 100;
  return {
    designs: {
      "error-rate": { ...pace, threshold: args["error-rate-threshold"], errorsAtThreshold: args["errors-at-threshold"] },
      latency: { ...pace, threshold: slow, errorsAtThreshold: args["min-requests"] * slow },
    },
    latencyThreshold: args["latency-threshold"],
  };
}

/** An AnalysisRun as a conductor makes it of a template: its metrics, and its arguments with what the wave gives. */
export function analysisRun({ spec }: Template, namespace: string, name: string, given: Readonly<Record<string, string>>): object {
  const args = spec.args.map((arg) => ({ name: arg.name, value: given[arg.name] ?? arg.value }));
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name, namespace },
    spec: { args, metrics: spec.metrics },
  };
}

const status = z.object({
  phase: z.string().default("Pending"),
  message: z.string().default(""),
  metricResults: z
    .array(
      z.object({
        name: z.string(),
        phase: z.string(),
        count: z.int().default(0),
        measurements: z.array(z.object({ phase: z.string(), value: z.string().default(""), message: z.string().default("") })).default([]),
      }),
    )
    .default([]),
});
export type Status = z.infer<typeof status>;

const runs = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }), status: status.optional() })) });

export const runsPath = (namespace: string): string => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/analysisruns`;

/** What every AnalysisRun of the namespace says. */
export async function statuses(cluster: Cluster, namespace: string): Promise<ReadonlyMap<string, Status>> {
  const { items } = runs.parse(await cluster.get(runsPath(namespace)));
  return new Map(items.map((item) => [item.metadata.name, item.status ?? status.parse({})]));
}

export function hasEnded({ phase }: Status): boolean {
  return phase !== "Pending" && phase !== "Running" && phase !== "";
}
