import { isDeepStrictEqual } from "node:util";
import { settle, stamp } from "#api/conditions.ts";
import type { FreezeWindow, FreezeWindowStatus } from "#api/freezewindow.ts";
import type { KubeClient } from "#kube/client.ts";
import type { Clock, Reflector } from "#kube/ports.ts";
import type { WorkQueue } from "#kube/queue.ts";
import { Echoes } from "./echoes.ts";
import type { SeenWindow } from "./freezes/seenwindow.ts";
import { timesOf } from "./freezes/times.ts";
import { FREEZE_WINDOWS } from "./parts.ts";
import { putStatus } from "./putstatus.ts";

export interface FreezeParts {
  /** The management cluster. */
  readonly home: KubeClient;
  readonly windows: Reflector<SeenWindow>;
  readonly clock: Clock;
}

/** Keeps each FreezeWindow's own account of when it holds: written when it turns, and in between not at all. */
export class FreezeWindowController {
  readonly #parts: FreezeParts;
  readonly #queue: WorkQueue;
  readonly #echoes: Echoes;

  constructor(parts: FreezeParts, queue: WorkQueue) {
    this.#parts = parts;
    this.#queue = queue;
    this.#echoes = new Echoes(parts.windows, queue, parts.clock);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { home, windows, clock } = this.#parts;
    const window = windows.get(key);
    if (window === undefined) return this.#echoes.forget(key);
    // There is no telling what to write into a status beside a spec that cannot be read; releases say it.
    if ("unreadable" in window) return;
    if (!this.#echoes.arrived(key)) return;

    const now = clock.now();
    const { status, turn } = account(window, now);
    if (!isDeepStrictEqual(status, window.status)) this.#echoes.expect(key, await putStatus(home, FREEZE_WINDOWS, window, status, signal));
    if (turn !== undefined) this.#queue.addAfter(key, turn - clock.now());
  }
}

/** What a window says of itself at `now`, and when that is true no more. */
function account(window: FreezeWindow, now: number): { readonly status: FreezeWindowStatus; readonly turn: number | undefined } {
  const { generation } = window.metadata;
  const before = window.status?.conditions ?? [];
  const status = (
    ready: { readonly status: boolean; readonly reason: string; readonly message: string },
    active: boolean,
  ): FreezeWindowStatus => ({
    observedGeneration: generation,
    conditions: settle(before, { Ready: ready }, generation, now),
    active,
  });

  const times = timesOf(window.spec);
  if ("fault" in times) {
    const message = `${times.fault}. Until that is corrected, no release starts that it could be for`;
    return { status: status({ status: false, reason: "Invalid", message }, false), turn: undefined };
  }
  const { holds, until } = times.at(now);
  if (until === undefined)
    return {
      status: status({ status: true, reason: "Over", message: "it does not hold any more, and can be deleted" }, false),
      turn: undefined,
    };
  if (!holds) {
    const message = `it holds from ${stamp(until)} on`;
    return { status: { ...status({ status: true, reason: "Waiting", message }, false), next: stamp(until) }, turn: until };
  }
  const next = times.at(until).until;
  const message = `no release starts on a further target in its scope until ${stamp(until)}`;
  return {
    status: {
      ...status({ status: true, reason: "Active", message }, true),
      until: stamp(until),
      ...(next === undefined ? {} : { next: stamp(next) }),
    },
    turn: until,
  };
}
