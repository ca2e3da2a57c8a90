import type { FieldValue, FieldValues, PlannedWave } from "#api/releaserun.ts";
import type { PreviewPlan, ReleasePreview } from "#api/releasepreview.ts";

/**
 * What a release would do, as `plan -o json` prints it. Fields are added in later versions, and none changes its meaning within
 * one `version`.
 */
export interface PlanView {
  readonly version: 1;
  readonly name: string;
  readonly namespace: string;
  readonly revision: string;
  readonly phase: "Planned" | "Refused";
  readonly message: string;
  /** Why it would not start; null when it would. */
  readonly reason: string | null;
  /** What speaks against it on single clusters. */
  readonly refused: readonly { readonly cluster: string; readonly reason: string; readonly message: string }[];
  /** Nothing would be done: this very wish was tried, or is on its way. */
  readonly unchanged: boolean;
  readonly kind: PreviewPlan["kind"] | null;
  readonly waves: readonly PlannedWaveView[];
  readonly blockers: readonly { readonly reason: string; readonly message: string; readonly until: string | null }[];
  readonly warnings: readonly { readonly cluster: string; readonly message: string }[];
}

export interface PlannedWaveView extends Pick<
  PlannedWave,
  "name" | "maxConcurrency" | "maxFailures" | "maxUnreachable" | "minSuccessSeconds"
> {
  /** What must open, a sentence each. */
  readonly gates: readonly string[];
  readonly targets: readonly PlannedTargetView[];
}

export interface PlannedTargetView {
  readonly cluster: string;
  readonly instance: string;
  /** namespace/name. */
  readonly application: string;
  /** What would be written over; empty where it holds all of it already. */
  readonly changes: readonly Change[];
  /** Whether it answered: else what it holds is not known, and neither is what would change. */
  readonly seen: boolean;
  /** Whether it was Healthy; null where that is not known. */
  readonly healthy: boolean | null;
  /** Whether something is known to go back to. */
  readonly baseline: boolean;
}

/** `from`: null where the field is absent or not known; `to`: null where it would be taken away. */
export interface Change {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

export function planOf({ metadata, spec, status }: ReleasePreview): PlanView {
  const { service, environment, revision } = spec.release;
  const { plan } = status ?? {};
  return {
    version: 1,
    name: `${service}.${environment}`,
    namespace: metadata.namespace,
    revision,
    phase: status?.phase === "Planned" ? "Planned" : "Refused",
    message: status?.message ?? "",
    reason: status?.reason ?? null,
    refused: (status?.clusters ?? []).map(({ name, reason, message }) => ({ cluster: name, reason, message })),
    unchanged: status?.unchanged === true,
    kind: plan?.kind ?? null,
    waves: plan === undefined ? [] : wavesOf(plan),
    blockers: (status?.blockers ?? []).map(({ reason, message, until }) => ({ reason, message, until: until ?? null })),
    warnings: plan?.warnings ?? [],
  };
}

function wavesOf({ waves, targets, values }: PreviewPlan): readonly PlannedWaveView[] {
  return waves.map(({ gates = [], ...wave }, index): PlannedWaveView => {
    const { name, maxConcurrency, maxFailures, maxUnreachable, minSuccessSeconds } = wave;
    return {
      name,
      maxConcurrency,
      maxFailures,
      maxUnreachable,
      minSuccessSeconds,
      gates: gates.map(sentence),
      targets: targets
        .filter((target) => target.wave === index + 1)
        .map(({ cluster, instance, application, live, desired, healthy, baseline }) => ({
          cluster,
          instance,
          application: `${application.namespace}/${application.name}`,
          changes: changes(live === undefined ? undefined : values[live], values[desired] ?? {}),
          seen: live !== undefined,
          healthy: healthy ?? null,
          baseline: baseline !== undefined,
        })),
    };
  });
}

/** The fields in which what a target holds differs from what it shall hold; all of them where that is not known. */
function changes(live: FieldValues | undefined, desired: FieldValues): readonly Change[] {
  return Object.entries(desired).flatMap(([field, value]) => {
    const [from, to] = [live === undefined ? null : text(live[field] ?? null), text(value)];
    return live !== undefined && from === to ? [] : [{ field, from, to }];
  });
}

function text(value: FieldValue): string | null {
  if (value === null) return null;
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "object" ? value.value : String(value);
}

function sentence({ approval, analysis }: NonNullable<PlannedWave["gates"]>[number]): string {
  if (approval !== undefined) {
    const who = [
      ...(approval.groups ?? []).map((one) => `group ${one}`),
      ...(approval.users ?? []).map((one) => `user ${one}`),
      ...(approval.serviceAccounts ?? []).map((one) => `ServiceAccount ${one}`),
    ];
    return `approval by ${approval.count} of ${who.length === 0 ? "those who may" : who.join(", ")}, before it begins`;
  }
  if (analysis === undefined) return "";
  const kind = analysis.clusterScope ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
  return `analysis by ${kind} ${analysis.templateName}${analysis.background ? ", beside the rollout" : ""}, before it is verified`;
}
