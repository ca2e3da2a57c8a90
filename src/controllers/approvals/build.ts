import { cut, stamp } from "#api/conditions.ts";
import type { ApprovalSpec, ReleaseApproval } from "#api/releaseapproval.ts";
import type { FieldValue, ReleaseRun, RunSpec, RunTarget } from "#api/releaserun.ts";
import { API_VERSION, LIMITS } from "#api/rules.ts";
import type { Freeze } from "#engine/gates/seen.ts";
import { sha256, type HashedRun } from "./plan.ts";

/** What people are asked about: an approval gate of a wave, positions from 0, or a freeze that holds the run. */
export type Question =
  | { readonly purpose: "Wave"; readonly wave: number; readonly gate: number }
  | { readonly purpose: "FreezeOverride"; readonly freeze: Freeze };

/** How many former revisions are named. */
const FROM = 10;

/** The same for the same question of a run; a freeze that ends at another time is another question. At most 253 characters. */
export function approvalName({ metadata }: Pick<ReleaseRun, "metadata">, question: Question): string {
  if (question.purpose === "Wave") return `${metadata.name}-w${question.wave + 1}-g${question.gate + 1}`;
  const { name, until } = question.freeze;
  return `${metadata.name}-freeze-${sha256(`${name}@${stamp(until)}`).slice(0, 10)}`;
}

/** The gate that an approval of this name is of; positions from 0. Undefined for one of a freeze. */
export function gateOf(name: string): { readonly wave: number; readonly gate: number } | undefined {
  const [, wave, gate] = /-w(\d+)-g(\d+)$/.exec(name) ?? [];
  return wave === undefined ? undefined : { wave: Number(wave) - 1, gate: Number(gate) - 1 };
}

/**
 * The ReleaseApproval by which people are asked, as it is created: Kubernetes deletes it with its run. Undefined where the plan has no such gate.
 */
export function newApproval({ run, planHash }: HashedRun, question: Question, now: number) {
  const { name, namespace, uid } = run.metadata;
  const { service, environment, revision, author } = run.spec;
  const asked = question.purpose === "Wave" ? ofWave(run.spec, question, now) : ofFreeze(run.spec, question.freeze);
  if (asked === undefined) return undefined;
  const spec: ApprovalSpec = {
    run: { name, uid, planHash },
    ...{ service, environment, revision },
    ...(author === undefined ? {} : { author }),
    ...asked,
  };
  const kind: ReleaseApproval["kind"] = "ReleaseApproval";
  const owner = { apiVersion: API_VERSION, kind: run.kind, name, uid, controller: true };
  const labels = { "conductor.dev/service": service, "conductor.dev/environment": environment };
  const metadata = { name: approvalName(run, question), namespace, labels, ownerReferences: [owner] };
  return { apiVersion: API_VERSION, kind, metadata, spec };
}

type Asked = Omit<ApprovalSpec, "run" | "service" | "environment" | "revision" | "author" | "decisions">;

function ofWave(spec: RunSpec, { wave, gate }: { readonly wave: number; readonly gate: number }, now: number): Asked | undefined {
  const planned = spec.waves[wave];
  const approval = planned?.gates?.[gate]?.approval;
  if (planned === undefined || approval === undefined) return undefined;
  const { expiresAfterSeconds, ...who } = approval;
  const targets = spec.targets.filter((target) => target.wave === wave + 1);
  return {
    purpose: "Wave",
    wave: planned.name,
    changes: changesOf(spec, targets, `, wave ${planned.name}`),
    ...who,
    expiresAt: stamp(now + expiresAfterSeconds * 1000),
  };
}

function ofFreeze(spec: RunSpec, { name, reason, until }: Freeze): Asked {
  const through = ` in spite of FreezeWindow ${name} (${reason})`;
  return { purpose: "FreezeOverride", freeze: name, changes: changesOf(spec, spec.targets, through), count: 1, expiresAt: stamp(until) };
}

function changesOf(spec: RunSpec, targets: readonly RunTarget[], more: string): ApprovalSpec["changes"] {
  const { service, environment, revision } = spec;
  const from = [...new Set(targets.flatMap((target) => replaced(spec, target)))].slice(0, FROM);
  const what = from.length === 0 ? "" : ` from ${from.slice(0, 3).join(", ")}${from.length > 3 ? " and others" : ""}`;
  const where = `${targets.length} cluster${targets.length === 1 ? "" : "s"} of ${environment}`;
  return {
    clusters: targets.slice(0, LIMITS.approvedClusters).map(({ cluster }) => cluster),
    clusterCount: targets.length,
    from,
    message: cut(`${service}${what} to ${revision} on ${where}${more}`),
  };
}

/** What a target holds in the fields that will name the revision; of one that could not be asked, what was verified there last. */
function replaced({ revision, values }: RunSpec, { desired, live, baseline }: RunTarget): readonly string[] {
  const held = values[live ?? baseline ?? -1] ?? {};
  return Object.entries(values[desired] ?? {})
    .filter(([, value]) => textOf(value)?.includes(revision) === true)
    .flatMap(([field]) => textOf(held[field] ?? null) ?? [])
    .map((text) => cut(text, 253));
}

function textOf(value: FieldValue): string | undefined {
  if (typeof value === "string") return value;
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value.value : undefined;
}
