import { cut, settle } from "#api/conditions.ts";
import type { PreviewReason } from "#api/reasons.ts";
import type { Blocker, PreviewPlan, ReleasePreview, ReleasePreviewStatus } from "#api/releasepreview.ts";
import { LIMITS } from "#api/rules.ts";
import type { Objection } from "#engine/plan.ts";
import { planned, type Blueprint } from "../newrun.ts";

/** What is known of a preview. Only a pending one is looked at again. */
export type Verdict =
  | { readonly kind: "Pending"; readonly message: string }
  | { readonly kind: "Refused"; readonly reason: PreviewReason; readonly message: string; readonly objections: readonly Objection[] }
  | {
      readonly kind: "Planned";
      /** Undefined where nothing would be done, and no plan could be made either. */
      readonly blueprint: Blueprint | undefined;
      readonly blockers: readonly Blocker[];
      /** Why nothing would be done. */
      readonly unchanged: string | undefined;
      /** Why clusters of the plan do not answer. */
      readonly silence: (cluster: string) => string;
    };

/** The whole status of a preview. Equal input gives equal output, so that nothing is written for nothing. */
export function previewStatus({ metadata, status }: ReleasePreview, verdict: Verdict, now: number): ReleasePreviewStatus {
  const message = cut(messageOf(verdict));
  const reason = verdict.kind === "Refused" ? verdict.reason : verdict.kind;
  const ready = { Ready: { status: verdict.kind === "Planned", reason, message } };
  return {
    observedGeneration: metadata.generation,
    phase: verdict.kind,
    conditions: settle(status?.conditions ?? [], ready, metadata.generation, now),
    message,
    ...(verdict.kind === "Refused" ? refusal(verdict) : {}),
    ...(verdict.kind === "Planned" ? plan(verdict) : {}),
  };
}

function messageOf(verdict: Verdict): string {
  if (verdict.kind !== "Planned") return verdict.message;
  const { blueprint, unchanged } = verdict;
  if (unchanged !== undefined) return `nothing would be done: ${unchanged}`;
  return blueprint === undefined ? "nothing would be done" : said(blueprint);
}

/** As the Event of a run has it. */
function said({ intent, waves, planned: { targets, unreachable } }: Blueprint): string {
  const how = intent.kind === "Forward" ? "" : ` (${intent.kind})`;
  const left = unreachable.length === 0 ? "" : `; out of reach now: ${unreachable.slice(0, 10).join(", ")}`;
  return `revision ${intent.revision} to ${several(targets.length, "cluster")} in ${several(waves.length, "wave")}${how}${left}`;
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function refusal({ reason, objections }: Extract<Verdict, { kind: "Refused" }>): Partial<ReleasePreviewStatus> {
  const named = new Set<string>();
  // Two objections to one cluster would be two entries with one key.
  const first = objections.filter(({ cluster }) => !named.has(cluster) && named.add(cluster)).slice(0, LIMITS.statusClusters);
  const clusters = first.map(({ cluster, ...one }) => ({ name: cluster, reason: one.reason, message: cut(one.message) }));
  return { reason, ...(clusters.length === 0 ? {} : { clusters }) };
}

function plan(verdict: Extract<Verdict, { kind: "Planned" }>): Partial<ReleasePreviewStatus> {
  const { blueprint, blockers, unchanged, silence } = verdict;
  return {
    ...(blueprint === undefined ? {} : { plan: planOf(blueprint, silence) }),
    ...(unchanged === undefined ? {} : { unchanged: true }),
    ...(blockers.length === 0 ? {} : { blockers: [...blockers] }),
  };
}

function planOf(blueprint: Blueprint, silence: (cluster: string) => string): PreviewPlan {
  const { intent, planned: made, warnings } = blueprint;
  const silent = made.unreachable.map((cluster) => ({ cluster, message: cut(`planned without having been seen: ${silence(cluster)}`) }));
  return {
    kind: intent.kind,
    revision: intent.revision,
    ...planned({ ...blueprint, warnings: [...silent, ...warnings].slice(0, LIMITS.statusClusters) }),
  };
}
