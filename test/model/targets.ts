import type { RunStatus, TargetStatus } from "#api/releaserun.ts";
import { isBusy } from "./argo.ts";
import type { Desk } from "./desk.ts";
import type { Engine } from "./engine.ts";
import { hasNews } from "./look.ts";
import { agedMemo } from "./memos.ts";
import { movesOf, type Move } from "./moves.ts";
import type { States } from "./state.ts";
import { restored } from "./stored.ts";
import { CONTACT } from "./times.ts";
import { NAMES } from "./worlds.ts";

/** A move of one target, by number. */
export interface TargetMove extends Omit<Move, "local"> {
  readonly local: number;
  /** It makes a version that the watch has to show. */
  readonly isNews: boolean;
}

/** What may become of one target, found out once for all states that it is part of. */
export class Targets {
  readonly #engine: Engine;
  readonly #desk: Desk;
  readonly #states: States;
  readonly #moves = new Map<number, readonly TargetMove[]>();
  readonly #changed = new Map<string, number>();

  constructor(engine: Engine, desk: Desk, states: States) {
    this.#engine = engine;
    this.#desk = desk;
    this.#states = states;
  }

  moves(index: number, id: number): readonly TargetMove[] {
    const key = id * NAMES.length + index;
    const known = this.#moves.get(key);
    if (known !== undefined) return known;
    const moves = movesOf(this.#engine, this.#desk, index, this.#states.localAt(id))
      .map(({ local, ...move }): TargetMove => {
        const after = this.#states.local(local);
        return { ...move, local: after, isNews: hasNews(this.#states.localAt(after)) };
      })
      .filter(({ local, wrong }) => local !== id || wrong.length > 0);
    this.#moves.set(key, moves);
    return moves;
  }

  /** Whether something of it happens soon, unless somebody is slow. */
  isDue(index: number, id: number): boolean {
    return this.moves(index, id).some(({ isDue }) => isDue);
  }

  /** Whether its Argo CD has begun with something, and goes on with it. */
  isBusy(index: number, id: number): boolean {
    return isBusy(this.#states.localAt(id).app) && this.moves(index, id).some(({ isArgo, isDue }) => isArgo && isDue);
  }

  slowed(id: number): number {
    return this.#once(`slow|${id}`, () => ({ ...this.#states.localAt(id), slow: true }));
  }

  /** After so many milliseconds; what there was to report of it was reported before. */
  aged(id: number, passed: number, report: TargetStatus | undefined): number {
    return this.#once(`${id}|${passed}|${textOf(report)}`, () => {
      const before = this.#states.localAt(id);
      // Nobody is unasked for longer than the contact time: then it does not answer.
      const isLost = (before.link === "opening" || before.link === "broken") && passed >= CONTACT;
      const link = isLost ? "down" : before.link;
      const changed = before.changed || isLost;
      return { ...before, link, changed, memo: agedMemo(before.memo, passed), waits: false, stored: report ?? before.stored };
    });
  }

  /** After the process has died and another has begun: with what was stored of it, or has just been reported. */
  restarted(id: number, run: RunStatus | undefined, report: TargetStatus | undefined): number {
    return this.#once(`died|${id}|${textOf(report)}|${run === undefined}`, () => {
      const before = this.#states.localAt(id);
      const stored = report ?? before.stored;
      return {
        ...before,
        link: before.link === "live" || before.link === "broken" ? "opening" : before.link,
        view: before.app,
        memo: restored(this.#desk.world.run, run, stored),
        changed: true,
        behind: false,
        writing: undefined,
        waits: false,
        met: stored?.contact !== undefined,
        stored,
      };
    });
  }

  #once(key: string, made: () => Parameters<States["local"]>[0]): number {
    const known = this.#changed.get(key);
    if (known !== undefined) return known;
    const id = this.#states.local(made());
    this.#changed.set(key, id);
    return id;
  }
}

function textOf(report: TargetStatus | undefined): string {
  return report === undefined ? "" : JSON.stringify(report);
}
