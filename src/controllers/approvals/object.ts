import { createHash } from "node:crypto";
import { cut, stamp } from "#api/conditions.ts";
import type { ApprovalSpec, ReleaseApproval } from "#api/releaseapproval.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { API_VERSION, LIMITS } from "#api/rules.ts";
import type { Freeze } from "#engine/gates/seen.ts";

/** The questions of a run, as objects that people answer. */

/** How many old revisions a question names. */
const FROM = 10;

export type NewApproval = Pick<ReleaseApproval, "apiVersion" | "kind"> & { readonly metadata: object; readonly spec: ApprovalSpec };

/** The name of the approval of a gate; positions are from 0. */
export function approvalName({ metadata }: ReleaseRun, wave: number, gate: number): string {
  return `${metadata.name}-w${wave + 1}-g${gate + 1}`;
}

/** Positions of the gate that an approval of this name is of, from 0. */
export function gateOf(name: string): { readonly wave: number; readonly gate: number } | undefined {
  const [, wave, gate] = /-w(\d+)-g(\d+)$/.exec(name) ?? [];
  return wave === undefined ? undefined : { wave: Number(wave) - 1, gate: Number(gate) - 1 };
}

/** One freeze that ends at another time is another question. */
export function overrideName({ metadata }: ReleaseRun, { name, until }: Pick<Freeze, "name" | "until">): string {
  return `${metadata.name}-freeze-${createHash("sha256")
    .update(`${name} ${stamp(until)}`)
    .digest("hex")
    .slice(0, 10)}`;
}

/** Identity of what was planned: an approval is of this plan and of no other. */
export function planHash({ spec }: Pick<ReleaseRun, "spec">): string {
  return createHash("sha256").update(canonical(spec)).digest("hex");
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

/** Asks whether the wave at `wave` may begin; undefined where the gate is no approval. */
export function waveApproval(run: ReleaseRun, wave: number, gate: number, now: number): NewApproval | undefined {
  const planned = run.spec.waves[wave];
  const approval = planned?.gates?.[gate]?.approval;
  if (planned === undefined || approval === undefined) return undefined;
  const { expiresAfterSeconds, count, groups, users, serviceAccounts } = approval;
  const own = run.spec.targets.filter((target) => target.wave === wave + 1);
  const message = `wave ${planned.name}, ${wave + 1} of ${run.spec.waves.length}: revision ${run.spec.revision} to ${named(own)}`;
  return question(run, approvalName(run, wave, gate), own, message, {
    purpose: "Wave",
    wave: planned.name,
    count,
    ...(groups === undefined ? {} : { groups }),
    ...(users === undefined ? {} : { users }),
    ...(serviceAccounts === undefined ? {} : { serviceAccounts }),
    expiresAt: stamp(now + expiresAfterSeconds * 1000),
  });
}

/** Asks whether a run may go on in spite of a freeze, for as long as that holds. */
export function overrideApproval(run: ReleaseRun, freeze: Freeze): NewApproval {
  const message = `FreezeWindow ${freeze.name} (${freeze.reason}) holds targets of ${run.metadata.name} until ${stamp(freeze.until)}: shall they be written in spite of it?`;
  const specific = { purpose: "FreezeOverride", freeze: freeze.name, count: 1, expiresAt: stamp(freeze.until) } as const;
  return question(run, overrideName(run, freeze), run.spec.targets, message, specific);
}

type Specific = Pick<ApprovalSpec, "purpose" | "wave" | "freeze" | "count" | "groups" | "users" | "serviceAccounts" | "expiresAt">;

function question(run: ReleaseRun, name: string, targets: ReleaseRun["spec"]["targets"], message: string, specific: Specific): NewApproval {
  const { service, environment, revision, author, values } = run.spec;
  const { namespace, uid } = run.metadata;
  const before = targets.flatMap(({ live }) => {
    const tracked = live === undefined ? undefined : values[live]?.["targetRevision"];
    return typeof tracked === "string" && tracked !== revision ? [cut(tracked, 253)] : [];
  });
  const owner = { apiVersion: API_VERSION, kind: "ReleaseRun", name: run.metadata.name, uid, controller: true };
  return {
    apiVersion: API_VERSION,
    kind: "ReleaseApproval",
    metadata: { name, namespace, ownerReferences: [owner] },
    spec: {
      run: { name: run.metadata.name, uid, planHash: planHash(run) },
      service,
      environment,
      revision,
      changes: {
        clusters: targets.slice(0, LIMITS.approvedClusters).map(({ cluster }) => cluster),
        clusterCount: targets.length,
        from: [...new Set(before)].slice(0, FROM),
        message: cut(message),
      },
      ...(author === undefined ? {} : { author }),
      ...specific,
    },
  };
}

function named(targets: ReleaseRun["spec"]["targets"]): string {
  const names = targets.slice(0, 5).map(({ cluster }) => cluster);
  return `${names.join(", ")}${targets.length > names.length ? ` and ${targets.length - names.length} more` : ""}`;
}
