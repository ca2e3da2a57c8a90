import type { RunPlan, Target, TargetWrite, Want } from "#engine/world.ts";
import { replaceable } from "#engine/judge.ts";
import type { Contact, TargetMemo } from "#engine/memo.ts";
import type { Seen } from "#engine/observation.ts";
import { wantsOf } from "#controllers/wants.ts";
import { observationOf, type App } from "./app.ts";
import type { Local, Writing } from "./local.ts";
import { DEPENDENCY } from "./outside.ts";
import { DEADLINE, GRACE, SETTLE } from "./times.ts";
import { NAMES, WAVE_OF, type SmallWorld } from "./worlds.ts";

type Wants = Pick<Target, "forward" | "back">;

/** What the controllers hand to the engine in one small world, made once of each. */
export class Desk {
  readonly world: SmallWorld;
  readonly plan: RunPlan;
  readonly #wants: Map<string, Wants>[] = NAMES.map(() => new Map());
  readonly #seen = new WeakMap<App, Seen>();

  constructor(world: SmallWorld) {
    this.world = world;
    const { kind, waves, strategy } = world.run.spec;
    this.plan = {
      kind,
      undoes: false,
      waves,
      progressDeadline: DEADLINE,
      dependsOn: world.gated.dependency ? [{ name: DEPENDENCY }] : [],
      ...strategy,
    };
  }

  wants(index: number, contact: Contact | undefined): Wants {
    const known = this.#wants[index];
    const target = this.world.run.spec.targets[index];
    if (known === undefined || target === undefined) throw new Error(`there is no target ${index}`);
    const key = contact === undefined ? "" : JSON.stringify(contact);
    const before = known.get(key);
    if (before !== undefined) return before;
    const wants = wantsOf(this.world.run, target, contact, { settleTime: SETTLE, graceTime: GRACE });
    known.set(key, wants);
    return wants;
  }

  want(index: number, memo: TargetMemo): Want {
    const { forward, back } = this.wants(index, memo.contact);
    return memo.goingBack && back !== undefined ? back : forward;
  }

  target(index: number, memo: TargetMemo): Target {
    const planned = this.world.run.spec.targets[index];
    if (planned === undefined) throw new Error(`there is no target ${index}`);
    const { cluster, instance, ours = false } = planned;
    return { cluster, instance, wave: WAVE_OF[index] ?? 0, ours, memo, ...this.wants(index, memo.contact) };
  }

  /** As sightings.ts looks: a broken watch says nothing until its cluster is known to be down. */
  see({ link, view, behind }: Local): Seen {
    switch (link) {
      case "live":
        return behind ? { kind: "Behind" } : this.#present(view);
      case "opening":
      case "broken":
        return { kind: "Unasked" };
      case "down":
        return { kind: "Unreachable", message: "does not answer" };
      case "gone":
        return { kind: "Unreachable", message: "is not registered any more", gone: true };
    }
  }

  #present(view: App): Seen {
    const known = this.#seen.get(view);
    if (known !== undefined) return known;
    const seen: Seen = view.exists ? { kind: "Present", observation: observationOf(view, this.world.automated) } : { kind: "Absent" };
    this.#seen.set(view, seen);
    return seen;
  }

  /** A write on its way, as budget.ts made it. */
  write(index: number, { memo }: Local, { kind, back }: Writing): TargetWrite {
    const { forward, back: wayBack } = this.wants(index, memo.contact);
    const want = back && wayBack !== undefined ? wayBack : forward;
    const over = kind === "Sync" || kind === "Refresh" ? [want.desired] : replaceable(want, memo);
    return { cluster: NAMES[index] ?? "", kind, want, over: kind === "Terminate" ? [...over, want.desired] : over };
  }
}
