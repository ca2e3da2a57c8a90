import { z } from "zod";

/**
 * Building blocks of the schemas. A rule is written once: zod checks it where we parse, and the same rule
 * becomes CEL in the CRD, so that the API server refuses a bad manifest with the same sentence.
 */

export const GROUP = "conductor.dev";
export const VERSION = "v1alpha1";
export const API_VERSION = `${GROUP}/${VERSION}`;

export interface CelRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
}

/** The CRD side of a rule that zod cannot express: an object with several fields, an immutable field. */
export function cel(...rules: readonly CelRule[]): { "x-kubernetes-validations": readonly CelRule[] } {
  return { "x-kubernetes-validations": rules };
}

/** A string of at most `max` characters that matches `pattern`, which must be RE2 without look-around. */
export function text(max: number, pattern: RegExp, message: string): z.ZodString {
  return z
    .string()
    .max(max)
    .regex(pattern, { error: message })
    .meta(cel({ rule: `self.matches(${celString(pattern.source)})`, message }));
}

/** A CEL string literal; raw, because a pattern is mostly backslashes. */
function celString(value: string): string {
  if (value.includes("'")) throw new Error(`a pattern may not hold an apostrophe: ${value}`);
  return `r'${value}'`;
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** A DNS-1123 label: Kubernetes' "Object Names and IDs". `what` begins the refusal. */
export function label(what: string): z.ZodString {
  return text(63, LABEL, `${what} must be a DNS label: at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit`);
}

/** What may stand in a name or a path of an Application. The revision may not: it would make another Application of it. */
export const NAME_VARIABLES = ["service", "environment", "cluster", "namespace"] as const;
/** What may stand in a value that a release writes. */
export const VALUE_VARIABLES = [...NAME_VARIABLES, "revision"] as const;
export type Variable = (typeof VALUE_VARIABLES)[number];

/** Text with `{{variable}}` in it. A single brace is itself: Helm writes lists as {a,b}. */
export function template(max: number, what: string, variables: readonly string[]): z.ZodString {
  const pattern = new RegExp(`^([^{]|\\{[^{]|\\{\\{ *(${variables.join("|")}) *\\}\\})*\\{?$`);
  const known = variables.map((name) => `{{${name}}}`).join(", ");
  const revision = variables.includes("revision") ? "" : "; {{revision}} belongs in values, never in names or paths";
  return text(max, pattern, `${what} may use the variables ${known} and no others${revision}`);
}

/** A Go duration of whole hours, minutes and seconds, such as 15m or 1h30m, longer than nothing. */
export function duration(what: string): z.ZodString {
  return text(
    16,
    /^([1-9][0-9]*h)?([1-9][0-9]*m)?([1-9][0-9]*s)?$/,
    `${what} must be a duration of hours, minutes and seconds, such as 90s, 15m or 1h30m`,
  ).min(2);
}

/** A duration, or 0s for none. */
export function durationOrNone(what: string): z.ZodString {
  return text(
    16,
    /^(0s|([1-9][0-9]*h)?([1-9][0-9]*m)?([1-9][0-9]*s)?)$/,
    `${what} must be a duration of hours, minutes and seconds, such as 90s, 15m or 1h30m, or 0s for none`,
  ).min(2);
}

/** A number of at least `least`, or a part of the whole: int-or-string, as maxUnavailable of a Deployment is. */
export function share(what: string, least: 0 | 1, why = "") {
  const percent = least === 0 ? /^(100|[1-9]?[0-9])%$/ : /^(100|[1-9][0-9]?)%$/;
  const message = `${what} must be a whole number of at least ${least}, or a percentage from "${least}%" to "100%"${why}`;
  return z
    .union([z.int({ error: message }).min(least, { error: message }).max(1_000_000), z.string().regex(percent, { error: message })])
    .meta({
      override: {
        "x-kubernetes-int-or-string": true,
        maxLength: 4,
        ...cel({ rule: `type(self) == int ? self >= ${least} && self <= 1000000 : self.matches(${celString(percent.source)})`, message }),
      },
    });
}
export type Share = z.infer<ReturnType<typeof share>>;

/** How many of `total` a share is: a part is rounded down. */
export function portion(value: Share, total: number): number {
  return typeof value === "number" ? value : Math.floor((Number(value.slice(0, -1)) * total) / 100);
}

/** Milliseconds of a duration that `duration` accepted. */
export function milliseconds(value: string): number {
  const [, hours = "0", minutes = "0", seconds = "0"] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(value) ?? [];
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

/** RFC 3339, UTC, whole seconds: what Kubernetes writes. */
export const timestamp = z.string().max(64).meta({ format: "date-time" });

export const LIMITS = {
  clusters: 2000,
  instances: 1000,
  valueFiles: 32,
  parameters: 64,
  images: 32,
  env: 64,
  statusClusters: 50,
  history: 10,
  waves: 16,
  waveNames: 200,
  actions: 20,
  gates: 4,
  dependencies: 16,
  measurements: 5,
  overrides: 10,
  args: 16,
  approvers: 20,
  approvedClusters: 200,
  message: 1024,
  receivers: 10,
  deliveries: 120,
  deliveryMessage: 256,
} as const;

/** Kubernetes objects as we parse them: our own parts strictly, metadata as far as we read it. */
export function resource<Kind extends string, Spec extends z.ZodType, Status extends z.ZodType>(kind: Kind, spec: Spec, status: Status) {
  return z.object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(kind),
    metadata,
    spec,
    status: status.optional(),
  });
}

/** Labels of a registration that a selector asks for. */
export const labels = z.record(z.string().max(317), z.string().max(63)).meta({ maxProperties: 16 });

const metadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().default(1),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  annotations: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.object({ kind: z.string(), name: z.string(), uid: z.string() })).default([]),
});
