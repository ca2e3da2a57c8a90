import { cut, stamp } from "#api/conditions.ts";
import type { BlockerReason } from "#api/reasons.ts";
import type { Blocker } from "#api/releasepreview.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { LIMITS } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { owedBy } from "#engine/baselines.ts";
import { awaitedFreeze } from "#engine/gates/gates.ts";
import type { DependencySeen, Freeze } from "#engine/gates/seen.ts";
import { unsafe } from "../approvals/unsafe.ts";
import type { Blueprint } from "../newrun.ts";
import type { Draft } from "./draft.ts";

/** What is known of the things that hold a release up. */
export interface Held {
  readonly draft: Draft;
  /** Identity of the wish. */
  readonly hash: string;
  /** The runs of the release, oldest first. */
  readonly runs: readonly ReleaseRun[];
  readonly freezes: (cluster: string) => readonly Freeze[];
  readonly dependencies: readonly DependencySeen[];
  /** Why a cluster of the plan does not answer. */
  readonly silence: (cluster: string) => string;
}

/** What would hold a run of this blueprint up if it began now, in the order in which it would meet it. */
export function blockersOf(blueprint: Blueprint, held: Held): readonly Blocker[] {
  const all = [
    ...inFlight(held),
    ...paused(held.draft.existing),
    ...owed(held.runs),
    ...authors(blueprint, held.draft),
    ...held.dependencies.flatMap(({ name, ready, message }) => (ready ? [] : [blocker("Dependency", `${name}: ${message}`)])),
    ...frozen(blueprint, held.freezes),
    ...unreachable(blueprint, held.silence),
  ];
  return all.slice(0, LIMITS.statusClusters);
}

function blocker(reason: BlockerReason, message: string): Blocker {
  return { reason, message: cut(message) };
}

function inFlight({ runs, hash }: Held): readonly Blocker[] {
  const run = runs.at(-1);
  if (run === undefined || run.status?.finishedAt !== undefined || run.spec.release.hash === hash) return [];
  const what = `${run.metadata.name} (revision ${run.spec.revision}) is in flight`;
  return [blocker("RunInFlight", `${what}${whatBecomesOf(run)}`)];
}

/** What a newer wish does to a run in flight, as engine/step.ts decides it. */
function whatBecomesOf({ metadata, spec, status }: ReleaseRun): string {
  if (status?.rollback !== undefined) return " and going back to what was verified: that ends first";
  const wave = status?.waves?.find(({ phase }) => phase !== "Verified");
  const isTouched = (status?.targets ?? []).some(({ started, written }) => started === true || written === true);
  if (spec.strategy.supersede === "Replace") return ": it starts no more targets, and this takes over (supersede: Replace)";
  if (spec.kind === "CatchUp" || status?.stop !== undefined || wave?.phase === "Waiting" || !isTouched) return ": this takes over at once";
  const how = status?.phase === "Paused" ? `, and is paused: resume it, or abort it (conductor.dev/abort: ${metadata.name})` : "";
  return `: it ends first (supersede: Queue)${how}`;
}

function paused(existing: ServiceRelease | undefined): readonly Blocker[] {
  return existing?.spec.paused === true ? [blocker("Paused", "the release is paused: nothing is planned until spec.paused is false")] : [];
}

function owed(runs: readonly ReleaseRun[]): readonly Blocker[] {
  return owedBy(runs).map(({ cluster, run }) =>
    blocker(
      "Rollback",
      `${cluster} must first go back to what was verified before, as ${run} could not reach it: until then it is left out`,
    ),
  );
}

/** Gates that would be refused if a machine released, where it is not known who would. */
function authors({ waves }: Blueprint, { author }: Draft): readonly Blocker[] {
  if (author !== undefined) return [];
  return waves.flatMap(({ name, gates = [] }) =>
    gates.flatMap(({ approval }) => {
      const why = approval === undefined ? undefined : unsafe(approval, undefined);
      return why === undefined ? [] : [blocker("ApprovalUnsafe", `wave ${name}: refused if a ServiceAccount releases: ${why}`)];
    }),
  );
}

/** Every freeze that holds one of the targets. What goes back is not frozen. */
function frozen({ intent, planned }: Blueprint, freezes: Held["freezes"]): readonly Blocker[] {
  if (intent.kind === "Rollback") return [];
  const found = new Map<string, { readonly freeze: Freeze; readonly clusters: string[] }>();
  for (const { cluster } of planned.targets)
    for (const freeze of freezes(cluster)) {
      const known = found.get(freeze.name) ?? { freeze, clusters: [] };
      known.clusters.push(cluster);
      found.set(freeze.name, known);
    }
  return [...found.values()].map(({ freeze, clusters }) => ({
    ...blocker("Freeze", awaitedFreeze(freeze, clusters).message),
    until: stamp(freeze.until),
  }));
}

/** The waves that would wait for clusters that do not answer, as engine/wave.ts leaves them out. */
function unreachable({ waves, planned: { targets, unreachable: silent } }: Blueprint, silence: Held["silence"]): readonly Blocker[] {
  return waves.flatMap(({ name, maxUnreachable }, index) => {
    const own = targets.filter(({ wave }) => wave === index + 1).map(({ cluster }) => cluster);
    const away = own.filter((cluster) => silent.includes(cluster));
    const [first] = away;
    if (first === undefined || (away.length <= maxUnreachable && away.length < own.length)) return [];
    const more = away.length > 1 ? ` (and ${away.length - 1} more)` : "";
    return [blocker("Unreachable", `wave ${name} waits for ${first}${more}: ${silence(first)}`)];
  });
}
