import type { Freeze } from "#engine/gates/seen.ts";
import type { Reflector } from "#kube/ports.ts";
import { calendar, type Calendar, type InvalidFreeze, type Placed, type Released } from "./calendar.ts";
import type { SeenWindow } from "./seenwindow.ts";

/** The FreezeWindows of all namespaces, as the releases look at them. */
export class Freezes {
  readonly #windows: Reflector<SeenWindow>;
  readonly #namespace: string;
  #calendar: Calendar | undefined;

  /** `namespace` is the conductor's own. */
  constructor(windows: Reflector<SeenWindow>, namespace: string) {
    this.#windows = windows;
    this.#namespace = namespace;
    windows.onChange(() => (this.#calendar = undefined));
  }

  /** Whether all that may hold somebody is known. */
  get synced(): boolean {
    return this.#windows.synced;
  }

  at(target: Placed, now: number): readonly Freeze[] {
    return this.#read().freezesAt(target, now);
  }

  invalidFor(release: Released): InvalidFreeze | undefined {
    return this.#read().invalidFor(release);
  }

  #read(): Calendar {
    return (this.#calendar ??= calendar(this.#windows.list(), this.#namespace));
  }
}
