import { z } from "zod";
import { AUTHORIZED } from "#engine/consent.ts";
import { globMatches } from "./glob.ts";
import { ignoreRules, ignoresAnnotation, isIgnored, pointerTo, type IgnoreRule, type SteeredSource } from "./ignored.ts";

/**
 * Whether the owner of an Application lets a release's values stand, by the owner's own rules
 * (Controlling-Resource-Modification.md, cluster-bootstrapping.md). Rules that cannot be read let nothing stand.
 */

export interface Risk {
  /** Who writes over what, when, and what to give the owner so that it does not. */
  readonly message: string;
}

/** What a release writes to one Application. */
export interface Steered extends SteeredSource {
  readonly application: { readonly namespace: string; readonly name: string };
  readonly fields: readonly string[];
  /** Whether the Application's own annotation consents: an ApplicationSet removes what it does not know. */
  readonly annotated: boolean;
}

const applicationSet = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    ignoreApplicationDifferences: ignoreRules,
    preservedFields: z.object({ annotations: z.array(z.string()).nullish() }).nullish(),
    syncPolicy: z.object({ applicationsSync: z.string().nullish() }).nullish(),
    template: z.object({ metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }).nullish() }).nullish(),
    templatePatch: z.string().nullish(),
  }),
});

/** What an ApplicationSet does to an Application that it generates: it puts back whatever differs, within a second. */
export function riskOfSet(raw: unknown, name: string, steered: Steered): Risk | undefined {
  const parsed = applicationSet.safeParse(raw);
  if (!parsed.success) return unreadable(`ApplicationSet ${name}`, parsed.error);
  const { spec } = parsed.data;
  // The controller's --policy may overrule it, by a flag that is off where no --policy is given.
  if (["create-only", "create-delete"].includes(spec.syncPolicy?.applicationsSync ?? "")) return undefined;
  const rules = (spec.ignoreApplicationDifferences ?? []).filter((one) => one.name === "" || one.name === steered.application.name);
  const open = steered.fields.filter((field) => !isIgnored(rules, field, steered));
  const forgets = steered.annotated && !keepsAnnotation(spec, rules);
  if (open.length === 0 && !forgets) return undefined;
  const remedies = [
    ...(open.length === 0 ? [] : [`spec.ignoreApplicationDifferences: [{jsonPointers: [${pointers(open, steered).join(", ")}]}]`]),
    ...(forgets ? [`spec.preservedFields.annotations: [${AUTHORIZED}]`] : []),
  ];
  const what = [...open, ...(forgets ? [`the annotation ${AUTHORIZED}`] : [])];
  return {
    message: `ApplicationSet ${name} generates this Application and puts back at once what a release writes to ${listed(what)}: give it ${remedies.join(" and ")}${wholeList(open, steered)}`,
  };
}

function keepsAnnotation(spec: z.infer<typeof applicationSet>["spec"], rules: readonly IgnoreRule[]): boolean {
  return (
    spec.preservedFields?.annotations?.includes(AUTHORIZED) === true ||
    spec.template?.metadata?.annotations?.[AUTHORIZED] !== undefined ||
    spec.templatePatch?.includes(AUTHORIZED) === true ||
    ignoresAnnotation(rules, AUTHORIZED)
  );
}

/** The set's patch is a merge patch: one difference in a list writes all of the list (argo-cd#15975). */
function wholeList(open: readonly string[], { index }: Steered): string {
  return index === undefined || open.length === 0
    ? ""
    : "; any other change that the set makes to spec.sources still writes the whole list, unless /spec/sources is ignored";
}

const parent = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    ignoreDifferences: ignoreRules,
    syncPolicy: z
      .object({
        automated: z.object({ enabled: z.boolean().optional(), selfHeal: z.boolean().optional() }).nullish(),
        syncOptions: z.array(z.string()).nullish(),
      })
      .nullish(),
  }),
});

const RESPECT = "RespectIgnoreDifferences=true";

/** What a parent Application does to an Application that it applies: each of its syncs writes what stands in git. */
export function riskOfParent(raw: unknown, name: string, steered: Steered): Risk | undefined {
  const parsed = parent.safeParse(raw);
  if (!parsed.success) return unreadable(`Application ${name}`, parsed.error);
  const { ignoreDifferences, syncPolicy } = parsed.data.spec;
  const rules = (ignoreDifferences ?? []).filter((one) => speaksOf(one, steered.application));
  const open = steered.fields.filter((field) => !isIgnored(rules, field, steered));
  const respects = syncPolicy?.syncOptions?.includes(RESPECT) === true;
  if (open.length === 0 && respects) return undefined;
  const ignore = `{group: argoproj.io, kind: Application, jsonPointers: [${[...pointers(open, steered), "/operation"].join(", ")}]}`;
  const remedies = [
    ...(open.length === 0 ? [] : [`spec.ignoreDifferences: [${ignore}]`]),
    ...(respects ? [] : [`spec.syncPolicy.syncOptions: [${RESPECT}]`]),
  ];
  const overwritten = listed(open.length === 0 ? steered.fields : open);
  return {
    message: `Application ${name} applies this one and puts back what a release writes to ${overwritten} ${whenever(syncPolicy)}: give it ${remedies.join(" and ")}`,
  };
}

/** Argo CD matches group and kind as globs, and the names as they are (diff_normalizer.go). */
function speaksOf(one: IgnoreRule, application: Steered["application"]): boolean {
  return (
    globMatches(one.group, "argoproj.io") &&
    globMatches(one.kind, "Application") &&
    (one.name === "" || one.name === application.name) &&
    (one.namespace === "" || one.namespace === application.namespace)
  );
}

function whenever(policy: z.infer<typeof parent>["spec"]["syncPolicy"]): string {
  const automated = policy?.automated;
  if (automated === undefined || automated === null || automated.enabled === false)
    return "at its next sync, which somebody starts by hand";
  return automated.selfHeal === true ? "as soon as it sees it (selfHeal)" : "at its next sync, when its own source changes";
}

function pointers(fields: readonly string[], at: SteeredSource): readonly string[] {
  return [...new Set(fields.map((field) => pointerTo(field, at)))];
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function unreadable(owner: string, error: z.ZodError): Risk {
  const why = error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  return {
    message: `${owner} owns this Application, and its rules cannot be read (${why.slice(0, 300)}): it may write over what a release writes`,
  };
}
