import type { ReleaseRun, RunTarget } from "#api/releaserun.ts";
import { shiftedGates } from "#engine/gates/state.ts";
import { judge } from "#engine/judge.ts";
import { afterRefusal, afterWrite, isVerdict, shifted, type TargetMemo } from "#engine/memo.ts";
import { isActive } from "#engine/wave.ts";
import { wantOf, type Decision, type RunState, type Target, type WriteKind } from "#engine/world.ts";
import { backoff } from "#kube/backoff.ts";
import type { Clock, Random } from "#kube/ports.ts";
import { gapOf, restoredMemo, restoredState } from "./restored.ts";
import type { Sightings } from "./sightings.ts";
import { wantsOf, type Times } from "./wants.ts";
import type { WriteResult } from "./writer.ts";

interface Tracked {
  readonly spec: RunTarget;
  target: Target;
  /** The resourceVersion that what is looked at must have reached: our own write's. */
  atLeast: string | undefined;
  writing: boolean;
  attempts: number;
  /** Not written before then, milliseconds since the epoch. */
  notBefore: number;
  changed: boolean;
}

export interface SessionParts extends Times {
  readonly sightings: Sightings;
  readonly clock: Clock;
  readonly random: Random;
}

/** A run in flight is looked at this often at least, in milliseconds: a longer pause is one in which nobody looked. */
export const LOOK_EVERY = 15_000;

/** What one process remembers of a run in flight between two looks. All that matters of it is in the run's status. */
export class Session {
  readonly #run: ReleaseRun;
  readonly #parts: SessionParts;
  readonly #tracked = new Map<string, Tracked>();
  readonly #follows: readonly (() => void)[];
  #state: RunState;
  #targets: readonly Target[];
  /** Whether a target is no longer what #targets says. */
  #moved = false;
  #lookedAt: number;
  #writing = 0;

  constructor(run: ReleaseRun, parts: SessionParts, wake: () => void) {
    this.#run = run;
    this.#parts = parts;
    const now = parts.clock.now();
    this.#lookedAt = now;
    this.#state = restoredState(run, now);
    const gap = gapOf(run, now);
    const stored = new Map((run.status?.targets ?? []).map((target) => [target.cluster, target]));
    for (const spec of run.spec.targets) {
      const memo = restoredMemo(stored.get(spec.cluster), now, gap);
      const { cluster, instance, wave, ours = false } = spec;
      const target = { cluster, instance, wave: wave - 1, ours, memo, ...wantsOf(run, spec, memo.contact, parts) };
      this.#tracked.set(cluster, { spec, target, atLeast: undefined, writing: false, attempts: 0, notBefore: 0, changed: true });
    }
    this.#targets = this.targets;
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

  get state(): RunState {
    return this.#state;
  }

  get targets(): readonly Target[] {
    return [...this.#tracked.values()].map(({ target }) => target);
  }

  /** Whether a write is under way. */
  get busy(): boolean {
    return this.#writing > 0;
  }

  /** Looks at every target that changed, whose time has come, or that cannot be seen well. Equal arrays: nothing is new. */
  look(): readonly Target[] {
    const now = this.#parts.clock.now();
    const passed = now - this.#lookedAt;
    this.#lookedAt = now;
    // A process that slept, or a clock that was set.
    const gap = passed < 0 ? passed : passed > 2 * LOOK_EVERY ? passed - LOOK_EVERY : 0;
    if (gap !== 0) this.#state = shiftedGates(this.#state, gap);
    for (const tracked of this.#tracked.values()) {
      if (gap !== 0) this.#keep(tracked, shifted(tracked.target.memo, gap));
      if (isDue(tracked, now)) this.#judge(tracked, now);
    }
    if (this.#moved) this.#targets = this.targets;
    this.#moved = false;
    return this.#targets;
  }

  /** What was decided on the targets that `look` gave; called when it is stored, where it must be. */
  adopt({ state, targets }: Decision): void {
    const begun = state.waves.map(({ phase }, wave) => phase !== this.#state.waves[wave]?.phase);
    const looked = this.#targets;
    this.#state = state;
    for (const [index, decided] of targets.entries()) {
      const tracked = this.#tracked.get(decided.cluster);
      if (tracked === undefined) continue;
      if (begun[decided.wave] === true) tracked.changed = true;
      const before = looked[index];
      if (decided !== before) this.#keep(tracked, merged(before?.memo, tracked.target.memo, decided.memo));
    }
  }

  /** The target of a write that may begin now; undefined when it is needed no more, one is under way, or it waits for its time. */
  begin(cluster: string, kind: WriteKind): RunTarget | undefined {
    const tracked = this.#tracked.get(cluster);
    if (tracked === undefined || tracked.writing || tracked.target.memo.need !== kind) return undefined;
    if (tracked.notBefore > this.#parts.clock.now()) return undefined;
    tracked.writing = true;
    this.#writing += 1;
    return tracked.spec;
  }

  /** When the next write that waits for its time may begin, milliseconds since the epoch. */
  get nextWrite(): number | undefined {
    let next: number | undefined;
    for (const { target, writing, notBefore } of this.#tracked.values()) {
      if (target.memo.need === undefined || writing || notBefore === 0) continue;
      next = Math.min(next ?? Infinity, notBefore);
    }
    return next;
  }

  /** What came of a write. */
  end(cluster: string, kind: WriteKind, result: WriteResult): void {
    const tracked = this.#tracked.get(cluster);
    if (tracked === undefined) return;
    const now = this.#parts.clock.now();
    tracked.writing = false;
    tracked.changed = true;
    this.#writing -= 1;
    const { memo } = tracked.target;
    switch (result.kind) {
      case "Done":
        tracked.attempts = 0;
        tracked.notBefore = 0;
        tracked.atLeast = result.resourceVersion;
        return this.#keep(tracked, afterWrite(memo, kind, now));
      case "Changed":
        if (result.resourceVersion !== undefined) tracked.atLeast = result.resourceVersion;
        return this.#later(tracked, undefined, now);
      case "NotAuthorized":
        return this.#keep(tracked, {
          ...memo,
          phase: "Failed",
          reason: "NotAuthorized",
          message: result.message,
          since: now,
          need: undefined,
        });
      case "Refused":
        this.#keep(tracked, afterRefusal(memo, kind, result.message));
        return this.#later(tracked, undefined, now);
      case "Retry":
        this.#keep(tracked, afterRefusal(memo, kind, result.message));
        return this.#later(tracked, result.retryAfter, now);
    }
  }

  #judge(tracked: Tracked, now: number): void {
    const { target, spec, atLeast } = tracked;
    const want = wantOf(target);
    const active = isActive(this.#state, target.wave, target.memo);
    const seen = this.#parts.sightings.see(spec, this.#run.spec.source, want.desired, {
      atLeast,
      closely: active && !isVerdict(target.memo),
    });
    tracked.changed = seen.kind !== "Present" && seen.kind !== "Absent";
    this.#keep(tracked, judge(want, seen, target.memo, now, active));
  }

  #keep(tracked: Tracked, memo: TargetMemo): void {
    const { target, spec } = tracked;
    if (memo === target.memo) return;
    const wants = memo.contact === target.memo.contact ? undefined : wantsOf(this.#run, spec, memo.contact, this.#parts);
    tracked.target = { ...target, ...wants, memo };
    this.#moved = true;
  }

  #later(tracked: Tracked, retryAfter: number | undefined, now: number): void {
    tracked.notBefore = now + backoff(tracked.attempts, { base: 200, cap: 30_000 }, this.#parts.random, retryAfter);
    tracked.attempts += 1;
  }
}

/** What was decided on `before`, where a write has ended since: `now` is what it brought. */
function merged(before: TargetMemo | undefined, now: TargetMemo, decided: TargetMemo): TargetMemo {
  if (now === before) return decided;
  if (isVerdict(decided) || decided.goingBack !== now.goingBack)
    return { ...decided, written: decided.written || (now.written && !decided.goingBack) };
  const begins = decided.started && !now.started ? { progressAt: decided.progressAt } : {};
  return { ...now, ...begins, started: decided.started || now.started, vigilSince: decided.vigilSince };
}

function isDue({ changed, target }: Tracked, now: number): boolean {
  return changed || (target.memo.lookAt !== undefined && target.memo.lookAt <= now);
}
