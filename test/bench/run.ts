import type { ReleaseRun } from "#api/releaserun.ts";
import { PACE_PER_TARGET } from "#controllers/parts.ts";
import { Session } from "#controllers/session.ts";
import { demandsOf, Slots } from "#controllers/slots.ts";
import type { Sightings } from "#controllers/sightings.ts";
import type { Observation } from "#engine/observation.ts";
import { step } from "#engine/step.ts";
import type { Decision, RunPlan, World } from "#engine/world.ts";
import { chance } from "#simulation/random.ts";
import { UNGATED } from "#engine/gates/seen.ts";
import { Timers } from "#simulation/timers.ts";

/** One whole release through what decides: Session, Slots and step, paced as RunController paces them, and an Argo CD that says what is scripted. */

const START = Date.UTC(2026, 0, 1);
const [OLD, NEW] = ["0".repeat(40), "1".repeat(40)];
/** A run is looked at so often at least, as in session.ts. */
const LOOK_EVERY = 15_000;
const PLAN: RunPlan = {
  kind: "Forward",
  undoes: false,
  waves: [],
  onFailure: "RollBack",
  rollbackScope: "Run",
  supersede: "Queue",
  progressDeadline: 900_000,
  dependsOn: [],
};

export interface Driven {
  /** How often the run was looked at. */
  readonly looks: number;
  /** What was seen of all targets together. */
  readonly observations: number;
  /** A world from the middle of the release, to measure a single step with. */
  readonly middle: World;
}

/** Drives a release to `count` targets to its end. */
export function drive(count: number, seed: string): Driven {
  const run = runOf(count);
  const plan: RunPlan = { ...PLAN, waves: run.spec.waves };
  const script = new Script(seed, count);
  const parts = {
    // All that a session asks of its sightings.
    sightings: script as unknown as Sightings,
    clock: script.clock,
    random: () => 0.5,
    settleTime: 5000,
    graceTime: 300_000,
  };
  const session = new Session(run, parts, () => script.wake());
  const slots = new Slots(
    () => Infinity,
    () => undefined,
  );
  const pause = Math.floor(count * PACE_PER_TARGET);
  let middle: World | undefined;
  let looks = 0;
  script.wake();
  for (;;) {
    script.rest(pause);
    looks += 1;
    const now = script.clock.now();
    const targets = session.look();
    slots.update("run", demandsOf(session.state, targets));
    const orders = { paused: false, aborted: false, resumed: false, skipped: NOBODY };
    const world: World = {
      now,
      plan,
      state: session.state,
      orders,
      superseded: false,
      room: (instance) => slots.room("run", instance),
      contactTime: 10_000,
      gates: UNGATED,
      targets,
    };
    const decision: Decision = step(world);
    if (decision.counts.ready * 2 >= count) middle ??= world;
    slots.update("run", demandsOf(decision.state, decision.targets));
    session.adopt(decision);
    if (decision.outcome !== undefined) {
      session.close();
      if (decision.outcome !== "Succeeded" || middle === undefined) throw new Error(`the release ended as ${decision.outcome}`);
      return { looks, observations: script.observations, middle };
    }
    for (const { cluster, kind } of decision.writes) {
      if (session.begin(cluster, kind) === undefined) continue;
      script.write(cluster, kind === "Refresh", () => session.end(cluster, kind, { kind: "Done", resourceVersion: "1", by: "us" }));
    }
    script.later(Math.min(decision.nextLook ?? Infinity, session.nextWrite ?? Infinity, now + LOOK_EVERY));
  }
}

const NOBODY: ReadonlySet<string> = new Set();

/** Time, and what Argo CD says when. */
class Script {
  readonly #timers = new Timers();
  readonly #seen = new Map<string, Observation>();
  readonly #behind = new Set<string>();
  readonly #follows = new Map<string, () => void>();
  readonly #chance;
  #now = START;
  #order = 0;
  #woken = false;
  #lookedAt = -Infinity;
  observations = 0;

  constructor(seed: string, count: number) {
    this.#chance = chance(seed);
    for (let index = 0; index < count; index += 1) this.#seen.set(nameOf(index), resting(OLD));
  }

  readonly clock = { now: () => this.#now, sleep: () => Promise.resolve() };

  follow(place: { readonly cluster?: string }, changed: () => void): () => void {
    this.#follows.set(place.cluster ?? "", changed);
    return () => undefined;
  }

  see(place: { readonly cluster?: string }) {
    // Until our own write is seen nothing older is looked at.
    if (this.#behind.has(place.cluster ?? "")) return { kind: "Behind" };
    const observation = this.#seen.get(place.cluster ?? "");
    return observation === undefined ? { kind: "Unasked" } : { kind: "Present", observation };
  }

  wake(): void {
    this.#woken = true;
  }

  later(due: number): void {
    this.#after(Math.max(1, due - this.#now), () => this.wake());
  }

  /** Lets time pass until the run is woken, and may be looked at again. */
  rest(pause: number): void {
    while (!this.#woken || this.#now - this.#lookedAt < pause || this.#timers.first?.due === this.#now) {
      const { first } = this.#timers;
      const open = this.#lookedAt + pause;
      if (this.#woken && (first === undefined || first.due > open)) {
        this.#now = Math.max(this.#now, open);
        break;
      }
      if (first === undefined) throw new Error("nothing moves any more");
      this.#timers.take();
      this.#now = first.due;
      first.action?.();
    }
    this.#woken = false;
    this.#lookedAt = this.#now;
  }

  /** A write is answered, and what Argo CD makes of it is seen. */
  write(cluster: string, refresh: boolean, end: () => void): void {
    this.#behind.add(cluster);
    this.#after(5, () => {
      end();
      this.wake();
    });
    const before = this.#seen.get(cluster) ?? resting(OLD);
    if (refresh) return this.#show(cluster, 400 + this.#chance.below(400), () => ({ ...before, reconciledAt: stamp(this.#now) }));
    const spec = { ...before, values: { targetRevision: NEW }, pinned: NEW };
    const operation = { run: undefined, automated: true, revision: NEW };
    const running = {
      ...operation,
      phase: "Running",
      message: "syncing",
      startedAt: "",
      finishedAt: undefined,
      retryCount: 0,
      hasResult: false,
    };
    const at = (ms: number): string => stamp(this.#now + ms);
    // No two are equally fast, and none overtakes itself.
    const pace = 1 + this.#chance.next();
    const show = (ms: number, seen: () => Observation): void => this.#show(cluster, Math.floor(ms * pace), seen);
    show(10, () => ({ ...spec, compared: false }));
    show(500, () => ({
      ...spec,
      revision: NEW,
      sync: "OutOfSync",
      operation,
      lastOperation: { ...running, startedAt: at(0) },
    }));
    const last = { ...running, phase: "Succeeded", startedAt: at(500), finishedAt: at(1500), hasResult: true };
    show(1500, () => ({ ...spec, revision: NEW, sync: "OutOfSync", lastOperation: last }));
    const progressing = { status: "Progressing", message: "" };
    show(2500, () => ({ ...spec, revision: NEW, lastOperation: last, health: progressing, reconciledAt: stamp(this.#now) }));
    show(4000, () => ({ ...resting(NEW), lastOperation: last, reconciledAt: stamp(this.#now) }));
  }

  #show(cluster: string, ms: number, seen: () => Observation): void {
    this.#after(ms, () => {
      this.observations += 1;
      this.#behind.delete(cluster);
      this.#seen.set(cluster, seen());
      this.#follows.get(cluster)?.();
    });
  }

  #after(ms: number, action: () => void): void {
    this.#order += 1;
    this.#timers.add({ due: this.#now + ms, tie: 0, order: this.#order, action });
  }
}

function resting(revision: string): Observation {
  return {
    resourceVersion: "1",
    values: { targetRevision: revision },
    sourceFault: undefined,
    sourceAt: "/spec/source",
    settled: { targetRevision: revision },
    compared: true,
    revision,
    pinned: revision,
    sync: "Synced",
    pruneOnly: false,
    health: { status: "Healthy", message: "" },
    errors: [],
    operation: undefined,
    lastOperation: undefined,
    reconciledAt: stamp(START),
    refreshing: false,
    automated: true,
    paused: false,
    window: undefined,
    rollouts: [],
    owner: { kind: "Nobody" },
    manager: undefined,
  };
}

function runOf(count: number): ReleaseRun {
  const name = "checkout.production";
  const targets = Array.from({ length: count }, (_, index) => ({
    cluster: nameOf(index),
    instance: nameOf(index),
    application: { namespace: "argocd", name: "checkout" },
    wave: 1,
    desired: 1,
    live: 0,
    healthy: true,
    baseline: 0,
  }));
  const maxConcurrency = Math.max(1, Math.floor(count / 4));
  return {
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ReleaseRun",
    metadata: {
      name: `${name}-1`,
      namespace: "team-a",
      uid: "run",
      resourceVersion: "1",
      generation: 1,
      annotations: {},
      labels: {},
      ownerReferences: [],
    },
    spec: {
      release: { name, uid: "release", generation: 1, hash: "hash" },
      kind: "Forward",
      service: "checkout",
      environment: "production",
      revision: NEW,
      strategy: { progressDeadlineSeconds: 900, onFailure: "RollBack", rollbackScope: "Run", supersede: "Queue" },
      waves: [{ name: "all", maxConcurrency, maxFailures: 0, maxUnreachable: 0, minSuccessSeconds: 60 }],
      values: [{ targetRevision: OLD }, { targetRevision: NEW }],
      targets,
    },
  };
}

function nameOf(index: number): string {
  return `c${index}`;
}

function stamp(at: number): string {
  return new Date(at).toISOString();
}
