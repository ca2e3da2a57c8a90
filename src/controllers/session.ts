import { stamp } from "#api/conditions.ts";
import type { ReleaseRun, RunTarget, TargetStatus } from "#api/releaserun.ts";
import type { Seen } from "#engine/observation.ts";
import { judge } from "#engine/judge.ts";
import { valuesOf } from "#engine/plan.ts";
import { newMemo, type Target, type TargetMemo, type Want, type WriteKind } from "#engine/world.ts";
import { backoff } from "#kube/backoff.ts";
import type { Clock, Random } from "#kube/ports.ts";
import type { Sightings } from "./sightings.ts";
import type { WriteResult } from "./writer.ts";

interface Tracked {
  readonly spec: RunTarget;
  readonly want: Want;
  memo: TargetMemo;
  /** The resourceVersion that what is looked at must have reached: our own write's. */
  atLeast: string | undefined;
  writing: boolean;
  attempts: number;
  /** Not written before then, milliseconds since the epoch. */
  notBefore: number;
  changed: boolean;
}

/** What one process remembers of a run in flight between two looks. All that matters of it is in the run's status. */
export class Session {
  readonly #tracked = new Map<string, Tracked>();
  readonly #follows: (() => void)[];
  readonly #sightings: Sightings;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #source: ReleaseRun["spec"]["source"];

  constructor(
    run: ReleaseRun,
    parts: { readonly sightings: Sightings; readonly clock: Clock; readonly random: Random; readonly settleTime: number },
    wake: () => void,
  ) {
    this.#sightings = parts.sightings;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#source = run.spec.source;
    const stored = new Map((run.status?.targets ?? []).map((target) => [target.cluster, target]));
    for (const spec of run.spec.targets) {
      const memo = restored(stored.get(spec.cluster), parts.clock.now());
      this.#tracked.set(spec.cluster, {
        spec,
        want: wantOf(run, spec, parts.settleTime),
        memo,
        atLeast: undefined,
        writing: false,
        attempts: 0,
        notBefore: 0,
        changed: true,
      });
    }
    this.#follows = run.spec.targets.map((target) =>
      parts.sightings.follow(target, () => {
        const tracked = this.#tracked.get(target.cluster);
        if (tracked !== undefined) tracked.changed = true;
        wake();
      }),
    );
  }

  close(): void {
    for (const end of this.#follows) end();
  }

  /** Looks at every target that changed, whose time has come, or that cannot be seen well. */
  look(): readonly Target[] {
    const now = this.#clock.now();
    for (const tracked of this.#tracked.values()) if (!tracked.writing && isDue(tracked, now)) this.#judge(tracked, now);
    return [...this.#tracked.values()].map(({ spec, want, memo }) => ({ cluster: spec.cluster, want, memo }));
  }

  #judge(tracked: Tracked, now: number): void {
    const seen: Seen = this.#sightings.see(tracked.spec, this.#source, tracked.want.desired, tracked.atLeast);
    tracked.changed = seen.kind !== "Present" && seen.kind !== "Absent";
    tracked.memo = judge(tracked.want, seen, tracked.memo, now);
  }

  /** The target of a write that may begin now; undefined when one is under way, or waits for its time. */
  begin(cluster: string): RunTarget | undefined {
    const tracked = this.#tracked.get(cluster);
    if (tracked === undefined || tracked.writing || tracked.notBefore > this.#clock.now()) return undefined;
    tracked.writing = true;
    return tracked.spec;
  }

  /** When the next write that waits for its time may begin, milliseconds since the epoch. */
  get nextWrite(): number | undefined {
    const times = [...this.#tracked.values()]
      .filter(({ memo, writing, notBefore }) => memo.need !== undefined && !writing && notBefore > 0)
      .map(({ notBefore }) => notBefore);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** What came of a write. */
  end(cluster: string, kind: WriteKind, result: WriteResult): void {
    const tracked = this.#tracked.get(cluster);
    if (tracked === undefined) return;
    const now = this.#clock.now();
    tracked.writing = false;
    tracked.changed = true;
    const { memo } = tracked;
    switch (result.kind) {
      case "Done":
        tracked.attempts = 0;
        tracked.notBefore = 0;
        tracked.atLeast = result.resourceVersion;
        tracked.memo = afterWrite(memo, kind, now);
        return;
      case "Changed":
        if (result.resourceVersion !== undefined) tracked.atLeast = result.resourceVersion;
        return this.#later(tracked, undefined, now);
      case "NotAuthorized":
        tracked.memo = { ...memo, phase: "Failed", reason: "NotAuthorized", message: result.message, since: now, need: undefined };
        return;
      case "Refused":
        tracked.memo = { ...memo, refused: result.message };
        return this.#later(tracked, undefined, now);
      case "Retry":
        tracked.memo = { ...memo, refused: result.message };
        return this.#later(tracked, result.retryAfter, now);
    }
  }

  #later(tracked: Tracked, retryAfter: number | undefined, now: number): void {
    tracked.notBefore = now + backoff(tracked.attempts, { base: 200, cap: 30_000 }, this.#random, retryAfter);
    tracked.attempts += 1;
  }
}

function isDue({ changed, memo }: Tracked, now: number): boolean {
  return changed || (memo.lookAt !== undefined && memo.lookAt <= now);
}

function afterWrite(memo: TargetMemo, kind: WriteKind, now: number): TargetMemo {
  if (kind === "Refresh") return { ...memo, refreshAskedAt: now, refused: undefined, need: undefined };
  if (kind === "Terminate") return { ...memo, need: undefined };
  return {
    ...memo,
    phase: "Patched",
    reason: "NotObserved",
    message: "Argo CD has not compared the values that were written",
    since: now,
    progressAt: now,
    written: true,
    refused: undefined,
    need: undefined,
  };
}

function wantOf(run: ReleaseRun, target: RunTarget, settleTime: number): Want {
  return {
    run: run.metadata.uid,
    desired: valuesOf(run.spec, target.desired) ?? {},
    live: valuesOf(run.spec, target.live),
    lastOperation: target.lastOperation,
    healthyBefore: target.healthy === true,
    progressDeadline: run.spec.progressDeadlineSeconds * 1000,
    settleTime,
  };
}

/** Since when no progress was observed. Where no deadline ran, as in a sync window or out of reach, it begins now. */
function progressOf({ reason, since, progressAt }: TargetStatus, now: number): number {
  const counted = reason === "WriteRefused" || reason === "Missing" ? since : undefined;
  return Math.min(now, Date.parse(progressAt ?? counted ?? stamp(now)));
}

/** Stamps that a conductor stored are ours; one from the future is a clock that went back. */
function restored(stored: TargetStatus | undefined, now: number): TargetMemo {
  const memo = newMemo(now);
  if (stored === undefined) return memo;
  const { phase, reason, message, written = false, contact } = stored;
  return {
    ...memo,
    phase,
    reason,
    message,
    written,
    since: Math.min(now, Date.parse(stored.since)),
    progressAt: progressOf(stored, now),
    heard: phase === "Ready",
    contact: contact === undefined ? undefined : { live: contact.live, lastOperation: contact.lastOperation },
  };
}
