/** Fluent builders: tests that read like prose. Every default is the dull case; a test names only what it is about. */
import { UNGATED } from "#engine/gates/seen.ts";
import { environment, type Environment } from "#api/environment.ts";
import type { WavePhase } from "#api/reasons.ts";
import { releaseRun, type FieldValues, type PlannedWave, type ReleaseRun, type RunSpec, type RunTarget } from "#api/releaserun.ts";
import { serviceRelease, type ServiceRelease } from "#api/servicerelease.ts";
import { strategy, type Strategy } from "#api/strategy.ts";
import type { SourceSelector } from "#argo/fields.ts";
import { judge } from "#engine/judge.ts";
import { afterWrite, newMemo, type TargetMemo } from "#engine/memo.ts";
import type { Seen } from "#engine/observation.ts";
import type { Orders, RunPlan, RunState, Target, Want, WaveState, World } from "#engine/world.ts";
import { application, ApplicationBuilder, at, T0 } from "./application.ts";

export { application, ApplicationBuilder, at, T0 };

/** Commits, oldest first: what runs, what is released, what comes after. */
export const [R1, R2, R3] = ["1".repeat(40), "2".repeat(40), "3".repeat(40)] as const;
/** UID of the run that a test is about, and what its operations carry on the way back. */
export const RUN = "0d9e9a52-run";
export const BACK = `${RUN}/back`;
/** What an Application holds that tracks `targetRevision`. */
export const tracks = (targetRevision: string): FieldValues => ({ targetRevision });

type Json = Record<string, unknown>;

/** A run that moves one target from R1 to R2. */
export function want(more: Partial<Want> = {}): Want {
  return {
    direction: "Forward",
    tag: RUN,
    desired: tracks(R2),
    over: [tracks(R1)],
    untouched: undefined,
    lastOperation: "2026-11-20T10:00:00Z",
    healthyBefore: true,
    canary: "Run",
    progressDeadline: 900_000,
    settleTime: 5000,
    graceTime: 300_000,
    ...more,
  };
}

/** The way back, from R2 to R1. */
export function wantBack(more: Partial<Want> = {}): Want {
  return want({
    direction: "Back",
    tag: BACK,
    desired: tracks(R1),
    over: [tracks(R2)],
    untouched: tracks(R1),
    lastOperation: undefined,
    healthyBefore: false,
    canary: "GoBack",
    ...more,
  });
}

export const memo = (more: Partial<TargetMemo> = {}): TargetMemo => ({ ...newMemo(T0), ...more });

/** One look at a target: when, in seconds; what is seen; what is thought of it. */
export type Look = readonly [seconds: number, seen: ApplicationBuilder | Exclude<Seen, { kind: "Present" }>, thought?: string];

interface Told {
  readonly wanted?: Want;
  readonly from?: TargetMemo;
  readonly source?: SourceSelector;
  /** Whether its turn has come. */
  readonly active?: boolean;
}

/** Looks at one target again and again. Returns every look and what was thought of it, as the looks themselves are written. */
export function story(
  looks: readonly Look[],
  { wanted = want(), from = memo({ started: looks[0]?.[1] instanceof ApplicationBuilder }), source, active = true }: Told = {},
) {
  let now = from;
  const thoughts = looks.map(([seconds, seen]): Look => {
    const sight: Seen = seen instanceof ApplicationBuilder ? { kind: "Present", observation: seen.observed(wanted.desired, source) } : seen;
    const time = T0 + seconds * 1000;
    const look = (): void => void (now = judge(wanted, sight, now, time, active));
    look();
    // What the controller does: it reads anew what looks wrong, and sees the same; and it asks Argo CD to look again.
    if (now.need === "Confirm") {
      now = afterWrite(now, "Confirm", time);
      look();
    }
    const { need } = now;
    if (need === "Refresh") now = afterWrite(now, need, time);
    return [seconds, seen, `${now.phase} ${now.reason}${need === undefined ? "" : `, needs ${need}`}`];
  });
  return {
    thoughts: thoughts.map(([seconds, , thought]) => `${seconds}: ${thought}`),
    expected: looks.map(([seconds, , thought]) => `${seconds}: ${thought}`),
    memo: now,
  };
}

export type TargetShape = Partial<Omit<Target, "cluster" | "memo" | "forward" | "back">> & {
  readonly forward?: Partial<Want>;
  /** null where nothing is known to go back to. */
  readonly back?: Partial<Want> | null;
};

/** A target in the first wave, on an Argo CD of its own, that this process has seen. */
export function target(cluster: string, memory: Partial<TargetMemo> = {}, { forward, back, ...more }: TargetShape = {}): Target {
  return {
    cluster,
    instance: cluster,
    wave: 0,
    forward: want(forward),
    back: back === null ? undefined : wantBack(back),
    ours: false,
    memo: memo({ fingerprint: "seen", ...memory }),
    ...more,
  };
}

export function plannedWave(name: string, more: Partial<PlannedWave> = {}): PlannedWave {
  return { name, maxConcurrency: 100, maxFailures: 0, maxUnreachable: 0, minSuccessSeconds: 0, ...more };
}

export function waveState(phase: WavePhase, more: Partial<WaveState> = {}): WaveState {
  const startedAt = phase === "Pending" ? undefined : T0;
  return { phase, startedAt, verifiedAt: phase === "Verified" ? T0 : undefined, soaked: 0, countedAt: undefined, gates: [], ...more };
}

export interface WorldShape extends Partial<Omit<World, "plan" | "state" | "orders" | "targets">> {
  readonly plan?: Partial<RunPlan>;
  readonly state?: Partial<RunState>;
  readonly orders?: Partial<Orders>;
}

/** A run in its first wave, of which nobody wants anything special. One wave, unless the plan says otherwise. */
export function world(targets: readonly Target[], { plan, state, orders, ...more }: WorldShape = {}): World {
  const waves = plan?.waves ?? [plannedWave("all")];
  return {
    now: T0,
    plan: {
      kind: "Forward",
      undoes: false,
      onFailure: "RollBack",
      rollbackScope: "Run",
      supersede: "Queue",
      progressDeadline: 900_000,
      dependsOn: [],
      ...plan,
      waves,
    },
    state: {
      startedAt: T0,
      waves: waves.map((_, index) => waveState(index === 0 ? "Progressing" : "Pending")),
      rollback: undefined,
      stop: undefined,
      accepted: 0,
      overrides: [],
      ...state,
    },
    orders: { paused: false, aborted: false, resumed: false, skipped: new Set(), ...orders },
    superseded: false,
    room: () => Infinity,
    gates: UNGATED,
    contactTime: 5000,
    targets,
    ...more,
  };
}

/** A strategy as the API server fills it. */
export const strategyOf = (spec: Json = {}): Strategy => strategy.parse(spec);

const metadata = (name: string, more: Json = {}): Json => ({
  name,
  namespace: "team-a",
  uid: `uid-${name}`,
  resourceVersion: "1",
  generation: 7,
  ...more,
});

export function release(
  spec: Partial<ServiceRelease["spec"]> = {},
  status?: ServiceRelease["status"],
  annotations: Readonly<Record<string, string>> = {},
): ServiceRelease {
  return serviceRelease.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ServiceRelease",
    metadata: metadata("checkout.production", { annotations }),
    spec: { service: "checkout", environment: "production", revision: R2, ...spec },
    ...(status === undefined ? {} : { status }),
  });
}

export function production(spec: Json = {}): Environment {
  return environment.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "Environment",
    metadata: metadata("production"),
    spec: { clusters: [{ name: "eu" }, { name: "us" }], application: { targetRevision: "{{revision}}" }, ...spec },
  });
}

export interface RunShape {
  readonly number?: number;
  readonly revision?: string;
  readonly author?: string;
  readonly kind?: RunSpec["kind"];
  readonly cause?: RunSpec["cause"];
  readonly hash?: string;
  readonly waves?: readonly PlannedWave[];
  readonly strategy?: Partial<RunSpec["strategy"]>;
  readonly values?: readonly FieldValues[];
  readonly targets?: readonly (Partial<RunTarget> & { readonly cluster: string })[];
  readonly status?: ReleaseRun["status"];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A run of R2 over R1, to the clusters eu and us, in one wave. */
export function run({
  number = 1,
  revision = R2,
  author,
  kind = "Forward",
  cause,
  hash = "0123456789abcdef",
  waves = [plannedWave("all")],
  strategy: how = {},
  values = [tracks(revision), tracks(R1)],
  targets = [{ cluster: "eu" }, { cluster: "us" }],
  status,
  annotations = {},
}: RunShape = {}): ReleaseRun {
  return releaseRun.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ReleaseRun",
    metadata: metadata(`checkout.production-${number}`, { generation: 1, uid: RUN, annotations }),
    spec: {
      release: { name: "checkout.production", uid: "uid-checkout.production", generation: 7, hash },
      kind,
      ...(cause === undefined ? {} : { cause }),
      ...(author === undefined ? {} : { author }),
      service: "checkout",
      environment: "production",
      revision,
      strategy: { progressDeadlineSeconds: 900, onFailure: "RollBack", rollbackScope: "Run", supersede: "Queue", ...how },
      waves,
      values,
      targets: targets.map((one) => ({
        instance: one.cluster,
        application: { namespace: "argocd", name: "checkout" },
        wave: 1,
        desired: 0,
        live: 1,
        baseline: 1,
        healthy: true,
        lastOperation: "2026-11-20T10:00:00Z",
        ...one,
      })),
    },
    ...(status === undefined ? {} : { status }),
  });
}
