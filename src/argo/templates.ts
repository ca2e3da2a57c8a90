import { z } from "zod";
import type { KubeObject } from "#kube/ports.ts";

/**
 * What an AnalysisTemplate of Argo Rollouts asks for, and whether an AnalysisRun may be made of it. Source: argo-rollouts
 * pkg/apis/rollouts/v1alpha1/analysis_types.go, utils/analysis.
 */

export const ANALYSIS_TEMPLATES = { group: "argoproj.io", version: "v1alpha1", plural: "analysistemplates" } as const;
export const CLUSTER_ANALYSIS_TEMPLATES = { group: "argoproj.io", version: "v1alpha1", plural: "clusteranalysistemplates" } as const;

/** What an installer may allow for a namespace, besides what asks a metrics system that the template's author has chosen. */
export const RESTRICTED = ["job", "web", "plugin", "secret"] as const;
export type Restricted = (typeof RESTRICTED)[number];

const WHY: Readonly<Record<Restricted, string>> = {
  job: "runs pods",
  web: "calls any URL",
  plugin: "runs a plugin",
  secret: "reads a Secret by argument",
};

const intOrText = z.union([z.int(), z.string()]);
const metric = z
  .looseObject({
    name: z.string(),
    interval: z.string().optional(),
    initialDelay: z.string().optional(),
    count: intOrText.optional(),
    provider: z.looseObject({}),
  })
  .readonly();
export type Metric = z.infer<typeof metric>;

const argument = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.looseObject({ secretKeyRef: z.unknown() }).optional(),
});

const template = z.object({
  spec: z.looseObject({
    metrics: z.array(metric).optional(),
    args: z.array(argument).optional(),
    dryRun: z.array(z.unknown()).optional(),
    templates: z.array(z.unknown()).optional(),
    measurementRetention: z.array(z.unknown()).optional(),
  }),
});

export interface Argument {
  readonly name: string;
  readonly value: string;
}

/** What is asked of a template. */
export interface Request {
  /** What the gate names: the template must have them. */
  readonly args: readonly Argument[];
  /** What a template gets if it has them. */
  readonly given: readonly Argument[];
  readonly background: boolean;
  readonly allowed: ReadonlySet<Restricted>;
}

/** The spec of an AnalysisRun, as it is created. */
export type AnalysisRunSpec = Readonly<Record<string, unknown>> & { readonly metrics: readonly Metric[] };

/** What an AnalysisRun of this template would be; or why there can be none, and what to change. Never throws. */
export function analysisRunSpec(raw: KubeObject, request: Request): AnalysisRunSpec | string {
  const parsed = template.safeParse(raw);
  if (!parsed.success) return `it cannot be read: ${parsed.error.issues[0]?.path.join(".") ?? ""} ${parsed.error.issues[0]?.message ?? ""}`;
  const { metrics = [], args = [], dryRun, templates, measurementRetention } = parsed.data.spec;
  const fault =
    (metrics.length === 0 ? "it has no metrics" : undefined) ??
    (dryRun !== undefined && dryRun.length > 0 ? "it has spec.dryRun, which lets a metric fail: leave that out" : undefined) ??
    (templates !== undefined && templates.length > 0 ? "it has spec.templates: name these as gates of their own" : undefined) ??
    metrics.map((one) => providerFault(one, request)).find((one) => one !== undefined);
  if (fault !== undefined) return fault;
  const values = argumentsOf(args, request);
  if (typeof values === "string") return values;
  const known = new Map(values.map(({ name, value = "" }) => [name, value]));
  const endless = request.background ? undefined : metrics.find((one) => isEndless(one, known));
  if (endless !== undefined)
    return `metric ${endless.name} has an interval and no count, and would never end: give it a count, or set background: true on the gate`;
  return {
    metrics,
    ...(values.length === 0 ? {} : { args: values }),
    ...(measurementRetention === undefined ? {} : { measurementRetention }),
  };
}

function providerFault({ name, provider }: Metric, { allowed }: Request): string | undefined {
  const kinds = Object.keys(provider);
  if (kinds.length !== 1) return `metric ${name} has ${kinds.length === 0 ? "no provider" : "more than one provider"}`;
  const restricted = RESTRICTED.find((one) => one !== "secret" && kinds.includes(one));
  if (restricted !== undefined && !allowed.has(restricted))
    return `metric ${name} has provider ${restricted}, which ${WHY[restricted]}: use another, or let the installer allow it (--allow-analysis)`;
  return undefined;
}

/** Whether it is measured until somebody ends it: without a count, or with 0, as Argo Rollouts reads it. */
function isEndless({ interval, count }: Metric, args: ReadonlyMap<string, string>): boolean {
  return interval !== undefined && (count === undefined || Number(withArguments(String(count), args)) === 0);
}

/** Puts arguments into a text, as Argo Rollouts does. */
export function withArguments(text: string, args: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\{\{ *args\.([\w.-]+) *\}\}/g, (whole, name: string) => args.get(name) ?? whole);
}

/** An argument of an AnalysisRun. */
interface Given {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

function argumentsOf(declared: readonly z.infer<typeof argument>[], { args, given, allowed }: Request): readonly Given[] | string {
  const known = new Set(declared.map(({ name }) => name));
  const extra = args.find(({ name }) => !known.has(name));
  if (extra !== undefined) return `it has no argument ${extra.name}: it takes ${[...known].join(", ") || "none"}`;
  const values = new Map([...given, ...args].map(({ name, value }) => [name, value]));
  const made: Given[] = [];
  for (const { name, value, valueFrom } of declared) {
    const said = values.get(name) ?? value;
    if (said !== undefined) {
      const isGiven = given.some((one) => one.name === name) && !args.some((one) => one.name === name);
      if (isGiven && !isHarmless(said))
        return `argument ${name} would be ${JSON.stringify(said)}, which could end the quotes that a query has around it`;
      made.push({ name, value: said });
    } else if (valueFrom === undefined) return `its argument ${name} has no value: give it one under args of the gate`;
    else if (valueFrom.secretKeyRef !== undefined && !allowed.has("secret"))
      return `its argument ${name} ${WHY.secret}: let its provider name the Secret, or let the installer allow it (--allow-analysis)`;
    else made.push({ name, valueFrom });
  }
  return made;
}

/** Whether a text stays inside the quotes of a query, and of a YAML text: Argo Rollouts puts it in as it is. */
export function isHarmless(text: string): boolean {
  return !/["'`\\{}\p{Cc}]/u.test(text);
}
