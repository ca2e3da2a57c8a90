import type { Behaviour } from "#simulation/behaviour.ts";
import type { CallFault, Outage, Stale, WatchFault } from "#simulation/faults.ts";
import type { JsonObject } from "#simulation/json.ts";
import type { Outcome } from "#api/reasons.ts";

/** What somebody or something besides the conductor does. Plain data: a plan is kept as JSON. */
export type Act =
  /** An annotation that asks the newest run for something. */
  | { readonly does: "Ask"; readonly action: string; readonly argument?: string }
  | { readonly does: "Apply"; readonly revision: string; readonly more?: JsonObject; readonly release?: string; readonly author?: string }
  /** Says yes to the newest question about a wave; with a reason no. */
  | { readonly does: "Decide"; readonly who: string; readonly reason?: string }
  /** A FreezeWindow from now on, for so many milliseconds. */
  | { readonly does: "Freeze"; readonly name: string; readonly lasts: number; readonly clusters?: readonly string[] }
  | { readonly does: "Delete" }
  /** Another revision in an Application, by a person. */
  | { readonly does: "Steer"; readonly cluster: string; readonly revision: string }
  | { readonly does: "PatchApplication"; readonly cluster: string; readonly patch: JsonObject }
  | { readonly does: "Sync"; readonly cluster: string; readonly revision?: string }
  | { readonly does: "Terminate"; readonly cluster: string }
  | { readonly does: "DeleteApplication"; readonly cluster: string }
  | { readonly does: "Deploy"; readonly cluster: string }
  /** An ApplicationSet or a parent puts an Application back whenever it is changed. */
  | { readonly does: "Revert"; readonly cluster: string; readonly after: number; readonly times?: number }
  | { readonly does: "Silence"; readonly cluster: string; readonly silent: boolean }
  | { readonly does: "Window"; readonly cluster: string; readonly state: "open" | "closed" }
  | { readonly does: "DropRefresh"; readonly cluster: string; readonly times: number }
  /** From now on a revision behaves so in a cluster. */
  | { readonly does: "Behave"; readonly cluster: string; readonly revision: string; readonly behaviour: Behaviour }
  | {
      readonly does: "Register";
      readonly cluster: string;
      readonly token?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    }
  | { readonly does: "Unregister"; readonly cluster: string }
  /** A merge patch of an object of ours, by somebody who should not. */
  | { readonly does: "Meddle"; readonly kind: "release" | "run"; readonly patch: JsonObject }
  | { readonly does: "EditEnvironment"; readonly patch: JsonObject }
  | { readonly does: "BreakStreams"; readonly server: string }
  | { readonly does: "Compact"; readonly server: string };

/** What goes wrong. Times are milliseconds from the beginning, and calls are named as in the trace of the run without faults. */
export type Fault =
  | { readonly kind: "Call"; readonly call: string; readonly fault: CallFault }
  /** A call without its number stands for all of its kind, up to `times` of them. */
  | { readonly kind: "Watch"; readonly call: string; readonly fault: WatchFault; readonly times?: number }
  /** The conductor dies; where `stale` is given, what it lists afterwards is older by so many changes. */
  | { readonly kind: "Crash"; readonly at: number; readonly restartAfter: number; readonly stale?: Stale & { readonly resource: string } }
  /** `breaks`: the streams that were open are broken as well, as the outages that are Down do by themselves. */
  | {
      readonly kind: "Outage";
      readonly at: number;
      readonly server: string;
      readonly outage: Outage;
      readonly lasts: number;
      readonly breaks?: true;
    }
  | { readonly kind: "Act"; readonly at: number; readonly act: Act };

export type Ending = Outcome | "Stalled" | "Drifted" | "Unknown" | "Gone" | "Pending" | "Paused";

/** How a plan's end compares with that of the run without faults. */
export interface Expectation {
  /** In words. */
  readonly says: string;
  /** The release's phase at the end; absent: that of the run without faults. */
  readonly outcomes?: readonly Ending[];
  /** What need not be equal, because the class of fault changes it by its meaning. */
  readonly free?: readonly Aspect[];
  /** The revision that every Application holds at the end, by outcome. */
  readonly revisions?: Readonly<Record<string, string>>;
  /** How many patches of values more an Application may get: where Argo CD lost one of them, or a person asked again. */
  readonly retries?: number;
  /** How many it may lack: where a run went on without a cluster, it skips a revision. */
  readonly fewer?: number;
}

export const ASPECTS = ["outcome", "applications", "targets", "patches", "creates"] as const;
export type Aspect = (typeof ASPECTS)[number];

export interface Plan {
  readonly row: string;
  readonly workload: string;
  readonly seed: string;
  /** What happens, in words. */
  readonly says: string;
  readonly faults: readonly Fault[];
  readonly expects: Expectation;
}

export const SAME: Expectation = { says: "everything ends as it does without the fault" };

/** Runs may be more, and targets be verified by another of them: what the Applications hold in the end is the same. */
export const SAME_IN_THE_END: Expectation = {
  says: "the Applications end as they do without the fault, if need be caught up by another run",
  free: ["outcome", "targets", "creates"],
};
