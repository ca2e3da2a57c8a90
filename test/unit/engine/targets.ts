/** Targets of a run in the states that decisions turn on. */
import type { TargetMemo } from "#engine/memo.ts";
import type { Target, World } from "#engine/world.ts";
import { T0, target, type TargetShape } from "#test/build.ts";

type Memo = Partial<TargetMemo>;
const touched = { started: true, written: true } as const;

/** Verified by evidence that is there, and heard of since. */
export const ready = (cluster: string, more: Memo = {}, shape?: TargetShape): Target =>
  target(
    cluster,
    { phase: "Ready", reason: "Verified", evidenceSince: T0, heard: true, heardAgain: true, wasReady: true, ...touched, ...more },
    shape,
  );
export const syncing = (cluster: string, more: Memo = {}, shape?: TargetShape): Target =>
  target(cluster, { phase: "Syncing", reason: "Progressing", message: "health is Progressing", ...touched, ...more }, shape);
export const failed = (cluster: string, more: Memo = {}, shape?: TargetShape): Target =>
  target(cluster, { phase: "Failed", reason: "SyncFailed", message: "boom", ...touched, ...more }, shape);
/** Touched, and its cluster does not answer. */
export const lost = (cluster: string, more: Memo = {}, shape?: TargetShape): Target =>
  target(cluster, { phase: "Unknown", reason: "WatchLost", message: "no answer", lostSince: T0 - 60_000, ...touched, ...more }, shape);
/** Not touched, and its cluster does not answer. */
export const away = (cluster: string, more: Memo = {}, shape?: TargetShape): Target =>
  target(cluster, { phase: "Unreachable", reason: "Unreachable", message: "no answer", lostSince: T0 - 60_000, ...more }, shape);
export const waiting = (cluster: string, more: Memo = {}, shape?: TargetShape): Target =>
  target(cluster, { phase: "Waiting", reason: "SyncWindow", message: "blocked", ...touched, ...more }, shape);

export const inWave = (wave: number, one: Target): Target => ({ ...one, wave });
export const later = (world: World, seconds: number): World => ({ ...world, now: world.now + seconds * 1000 });
