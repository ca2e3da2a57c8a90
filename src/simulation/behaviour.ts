import type { JsonObject } from "./json.ts";

/** What a service does at one revision in one place: the scenario's choice, which Argo CD finds out. */
export interface Behaviour {
  /** How its health goes on once it is applied: each entry holds from `after` milliseconds on. Default: Healthy after a second. */
  readonly health?: readonly HealthAt[];
  /** Its manifests are those of another revision, so that there is nothing to sync between the two. */
  readonly rendersAs?: string;
  /** What a moving revision resolves to. Default: itself. */
  readonly resolvesTo?: string;
  /** Its manifests cannot be generated, or its project does not allow it. */
  readonly comparison?: ComparisonFault;
  /** What becomes of a sync. Default: it succeeds after a second. */
  readonly sync?: SyncCourse;
}

export type Health = "Healthy" | "Progressing" | "Degraded" | "Suspended" | "Missing" | "Unknown";

export interface HealthAt {
  readonly after: number;
  readonly status: Health;
  readonly message?: string;
}

export type ComparisonFault =
  /** Argo CD says so, and shows the requested revision as if it were there. */
  | { readonly kind: "Error"; readonly message: string }
  /** Argo CD writes nothing at all while it lasts: errors of a repository have a grace time. */
  | { readonly kind: "Swallowed" }
  /** Revision and comparison stay as they were. */
  | { readonly kind: "InvalidSpec"; readonly message: string };

export type SyncCourse =
  | { readonly kind: "Succeeds"; readonly takes?: number }
  /** Every attempt fails, and nothing is applied. */
  | { readonly kind: "Fails"; readonly message: string; readonly takes?: number }
  /** A hook fails: before anything is applied, or after. */
  | { readonly kind: "HookFails"; readonly hook: "PreSync" | "PostSync"; readonly takes?: number }
  | { readonly kind: "Hangs" }
  /** Resources that are no longer wanted stay: OutOfSync until they are pruned. */
  | { readonly kind: "NeedsPrune"; readonly takes?: number };

/** Where an Application is. */
export interface Whereabouts {
  readonly cluster: string;
  readonly instance: string;
  readonly application: string;
}

/** The same answer for the same question: a simulation can be repeated. */
export type Behaviours = (place: Whereabouts, revision: string, sources: readonly JsonObject[]) => Behaviour;

/** How long a sync takes where nobody says, in milliseconds. */
const TAKES = 1000;

export const well: Behaviour = {};

export function healthyAfter(after: number): Behaviour {
  return { health: [{ after, status: "Healthy" }] };
}

/** Healthy, then Degraded: for good, or for a while. */
export function degradedAfter(after: number, lasts?: number, message = "a pod crashes"): Behaviour {
  const healthy: readonly HealthAt[] = after > TAKES ? [{ after: TAKES, status: "Healthy" }] : [];
  const back: readonly HealthAt[] = lasts === undefined ? [] : [{ after: after + lasts, status: "Healthy" }];
  return { health: [...healthy, { after, status: "Degraded", message }, ...back] };
}

/** One health for ever. */
export function stays(status: Health, message?: string): Behaviour {
  return { health: [{ after: 0, status, ...(message === undefined ? {} : { message }) }] };
}

const DEFAULT_HEALTH: readonly HealthAt[] = [{ after: TAKES, status: "Healthy" }];

/** The health of what was applied `ago` milliseconds ago. */
export function healthOf({ health = DEFAULT_HEALTH }: Behaviour, ago: number): Omit<HealthAt, "after"> {
  const { status, message } = health.findLast(({ after }) => after <= ago) ?? { status: "Progressing", message: undefined };
  return { status, ...(message === undefined ? {} : { message }) };
}

/** When health changes after a sync, in milliseconds from it. */
export function turns({ health = DEFAULT_HEALTH }: Behaviour): readonly number[] {
  return health.map(({ after }) => after).filter((after) => after > 0);
}

export function takes({ sync }: Behaviour): number {
  return (sync !== undefined && "takes" in sync ? sync.takes : undefined) ?? TAKES;
}
