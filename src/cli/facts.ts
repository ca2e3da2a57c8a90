import type { WavePhase } from "#api/reasons.ts";
import type { Course } from "./course.ts";
import type { Mark, RunRecord, TargetRecord } from "./record.ts";
import type { ClusterReport, RollbackReport, RunReport, Segment, SegmentKind, WaveReport } from "./report.ts";

/** Seconds to a tenth. */
export function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

function orNull(ms: number | undefined): number | null {
  return ms === undefined ? null : seconds(ms);
}

export function runsOf({ runs }: Course): readonly RunReport[] {
  return runs.map((run): RunReport => {
    return {
      name: run.name,
      kind: run.kind,
      start: seconds(run.plannedAt),
      end: orNull(run.ended?.at),
      outcome: run.ended?.outcome ?? null,
      message: run.ended?.message ?? "",
      waves: run.spec.waves.map((_, index) => waveOf(run, index)),
      rollback: rollbackOf(run),
    };
  });
}

function waveOf(run: RunRecord, index: number): WaveReport {
  const { name = "", maxConcurrency = 1 } = run.spec.waves[index] ?? {};
  const targets = [...run.targets.values()].filter(({ wave }) => wave === index);
  const start = run.marks.find((mark) => isBegun(mark, index))?.at;
  const end = run.marks.find((mark) => isOver(mark, index))?.at;
  const isPassed = run.marks.some((mark) => phaseIn(mark, index) === "Soaking" || phaseIn(mark, index) === "Verified");
  return {
    name,
    clusters: targets.length,
    maxConcurrency,
    start: orNull(start),
    end: orNull(end),
    phase: run.marks.at(-1)?.waves[index]?.phase ?? "Pending",
    segments: segmentsOf(run, index, end ?? run.ended?.at),
    failed: targets.flatMap(({ cluster, failed }) =>
      failed === undefined ? [] : [{ cluster, at: seconds(failed.at), reason: failed.reason, message: failed.message }],
    ),
    leftOut: isPassed ? targets.filter(isLeftOut).map(({ cluster }) => cluster) : [],
  };
}

function phaseIn(mark: Mark, index: number): WavePhase {
  return mark.waves[index]?.phase ?? "Pending";
}

function isBegun(mark: Mark, index: number): boolean {
  return phaseIn(mark, index) !== "Pending";
}

function isOver(mark: Mark, index: number): boolean {
  return phaseIn(mark, index) === "Verified" || phaseIn(mark, index) === "Failed";
}

function segmentsOf(run: RunRecord, index: number, until: number | undefined): readonly Segment[] {
  const own = run.marks.filter((mark) => isBegun(mark, index) && !isOver(mark, index));
  const found: { kind: SegmentKind; from: number; to: number | undefined }[] = [];
  for (const [at, mark] of own.entries()) {
    const kind = kindOf(mark, index);
    const last = found.at(-1);
    // A soak is reported somewhat later than it began, and says how much of it has passed.
    const from = kind === "Soak" && last?.kind !== "Soak" ? Math.max(last?.from ?? 0, mark.at - (mark.waves[index]?.soaked ?? 0)) : mark.at;
    if (last !== undefined) last.to = last.kind === kind ? last.to : from;
    if (last?.kind !== kind) found.push({ kind, from, to: from });
    const open = found.at(-1);
    if (open !== undefined) open.to = own[at + 1]?.at ?? until;
  }
  return found
    .map(({ kind, from, to }) => ({ kind, from: seconds(from), to: orNull(to) }))
    .filter(({ from, to }) => to === null || to > from);
}

function kindOf(mark: Mark, index: number): SegmentKind {
  if (mark.phase === "Paused") return "Paused";
  if (phaseIn(mark, index) === "Soaking") return "Soak";
  return mark.phase === "Waiting" ? "Waiting" : "Rollout";
}

function rollbackOf(run: RunRecord): RollbackReport | null {
  const begun = run.marks.find(({ rollback }) => rollback !== undefined);
  if (begun === undefined) return null;
  const back = [...run.targets.values()].filter(({ goingBack }) => goingBack);
  const restored = back.filter(({ phase }) => phase === "RolledBack");
  return {
    start: seconds(begun.at),
    end: orNull(run.ended?.at),
    reason: begun.rollback ?? "",
    restored: restored.map(({ cluster }) => cluster),
    missed: back.filter(({ phase }) => phase !== "RolledBack").map(({ cluster, message }) => ({ cluster, message })),
  };
}

/** Never written to, and out of reach when its run went on without it. */
function isLeftOut({ phase, patchedAt }: TargetRecord): boolean {
  return phase === "Unreachable" && patchedAt === undefined;
}

export function clustersOf({ runs }: Course, names: readonly string[]): readonly ClusterReport[] {
  const [first, ...others] = runs;
  return names.map((name): ClusterReport => {
    const target = first?.targets.get(name);
    const later = others.filter(({ targets }) => targets.has(name));
    const last = later.at(-1)?.targets.get(name) ?? target;
    const caught = later.find(({ kind, targets }) => kind === "CatchUp" && targets.get(name)?.readyAt !== undefined)?.targets.get(name);
    return {
      name,
      wave: target === undefined ? null : target.wave + 1,
      phase: last?.phase ?? null,
      patched: orNull(target?.patchedAt),
      ready: orNull(target?.readyAt),
      failed: orNull(target?.failed?.at),
      rolledBack: orNull(target?.backAt),
      leftOut: target !== undefined && isLeftOut(target),
      caughtUp: orNull(caught?.readyAt),
    };
  });
}
