import type { OnFailure, RollbackScope, Supersede } from "#api/strategy.ts";
import type { ReleaseRun, RunTarget } from "#api/releaserun.ts";
import { RUN, settledAt, startedAt, valuesOf, type App, type Value } from "./app.ts";
import { plannedGates, type Gated } from "./outside.ts";
import { DEADLINE_SECONDS, SOAK_SECONDS } from "./times.ts";
import { FAULTS, type Fault } from "./faults.ts";
import type { Place } from "./triples.ts";

/** The small worlds: two waves over three clusters, each with another strategy or another beginning. */

/**
 * What the plan found on a target. plain: healthy, at what was last verified. mid: at what an earlier run wrote and nobody
 * verified. bare: nothing to go back to. sick: not healthy before. there: at the new values already. away: it could not be asked.
 */
export type Beginning = "plain" | "mid" | "bare" | "sick" | "there" | "away";

export interface Shape {
  readonly name: string;
  readonly onFailure?: OnFailure;
  readonly rollbackScope?: RollbackScope;
  readonly supersede?: Supersede;
  /** Of the second wave. */
  readonly maxConcurrency?: 1 | 2;
  readonly maxUnreachable?: 0 | 1;
  readonly soak?: boolean;
  /** Whether Argo CD syncs by itself. */
  readonly automated?: boolean;
  /** The place of a target where no sync of the new revision succeeds. */
  readonly doomed?: Place;
  /** What may go wrong; everything, unless told. */
  readonly faults?: readonly Fault[];
  /** How many targets may be in flight at once on the one Argo CD instance of all. */
  readonly room?: number;
  /** An approval before the second wave, an analysis of the first, a freeze that comes and goes, another release that must be ready. */
  readonly gated?: Gated;
  /** Of the first wave's target, and of the two of the second. */
  readonly beginnings?: readonly [Beginning, Beginning, Beginning];
}

export const NAMES = ["canary", "east", "west"] as const;
export const WAVE_OF = [0, 1, 1] as const;

export interface SmallWorld {
  readonly name: string;
  readonly run: ReleaseRun;
  readonly automated: boolean;
  readonly room: number | undefined;
  readonly doomed: Place | undefined;
  readonly faults: ReadonlySet<Fault>;
  readonly gated: Gated;
  readonly beginnings: readonly [Beginning, Beginning, Beginning];
  /** Whether the two targets of the second wave may change places. */
  readonly symmetric: boolean;
}

const VALUES: readonly Value[] = ["old", "new", "mid", "foreign"];
const at = (value: Value): number => VALUES.indexOf(value);

export function smallWorld(shape: Shape): SmallWorld {
  const {
    name,
    onFailure = "RollBack",
    rollbackScope = "Run",
    supersede = "Queue",
    automated = true,
    room,
    soak = true,
    doomed,
    faults = FAULTS,
    gated = {},
  } = shape;
  const { maxConcurrency = 1, maxUnreachable = 0, beginnings = ["plain", "plain", "plain"] } = shape;
  const wave = { maxFailures: 0, minSuccessSeconds: soak ? SOAK_SECONDS : 0 };
  const [first, second] = plannedGates(gated).map((gates) => (gates.length === 0 ? {} : { gates }));
  const run: ReleaseRun = {
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ReleaseRun",
    metadata: {
      name: RUN,
      namespace: "shop",
      uid: RUN,
      resourceVersion: "1",
      generation: 1,
      annotations: {},
      labels: {},
      ownerReferences: [],
    },
    spec: {
      release: { name: "checkout.production", uid: "release", generation: 1, hash: "new" },
      kind: "Forward",
      service: "checkout",
      environment: "production",
      revision: "new",
      strategy: { progressDeadlineSeconds: DEADLINE_SECONDS, onFailure, rollbackScope, supersede },
      waves: [
        { ...wave, name: "one", maxConcurrency: 1, maxUnreachable: 0, ...first },
        { ...wave, name: "two", maxConcurrency, maxUnreachable, ...second },
      ],
      values: VALUES.map(valuesOf),
      targets: NAMES.map((cluster, index) => planned(cluster, (WAVE_OF[index] ?? 0) + 1, beginnings[index] ?? "plain")),
    },
  };
  const symmetric = beginnings[1] === beginnings[2] && (doomed === undefined || doomed === 0);
  return { name, run, automated, room, doomed, faults: new Set(faults), gated, beginnings, symmetric };
}

function planned(cluster: string, wave: number, beginning: Beginning): RunTarget {
  const shared = { cluster, instance: "hub", application: { namespace: "argocd", name: cluster }, wave, desired: at("new") };
  const asked = { ...shared, healthy: true, lastOperation: startedAt("plan") };
  switch (beginning) {
    case "plain":
      return { ...asked, live: at("old"), baseline: at("old") };
    case "sick":
      return { ...asked, healthy: false, live: at("old"), baseline: at("old") };
    case "mid":
      return { ...asked, live: at("mid"), baseline: at("old"), ours: true };
    case "bare":
      return { ...asked, live: at("old") };
    case "there":
      return { ...asked, live: at("new"), baseline: at("old") };
    case "away":
      return shared;
  }
}

/** What is there when the run begins. */
export function appAt(beginning: Beginning): App {
  switch (beginning) {
    case "plain":
    case "bare":
    case "away":
      return settledAt("old");
    case "sick":
      return { ...settledAt("old"), health: "Degraded" };
    case "mid":
      return settledAt("mid");
    case "there":
      return settledAt("new");
  }
}
