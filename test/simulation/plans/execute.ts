import { well } from "#simulation/behaviour.ts";
import type { Behaviour } from "#simulation/behaviour.ts";
import type { Scenario } from "#simulation/scenario.ts";
import { CONDUCTOR, Simulation } from "#simulation/simulation.ts";
import type { Write } from "#simulation/writes.ts";
import type { Log } from "#kube/ports.ts";
import { leftOpen } from "../invariants/gates.ts";
import { Violation } from "../invariants/violation.ts";
import { Watcher } from "../invariants/watcher.ts";
import { Weather } from "../invariants/weather.ts";
import type { View, Workload } from "../workloads/workload.ts";
import { perform, questionsOf, RELEASE, type Stage } from "./acts.ts";
import { endOf, type End } from "./end.ts";
import { Happening } from "./happening.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Fault } from "./plan.ts";

/** One workload, with what goes wrong in it, to its end. */
export interface Execution {
  readonly violations: readonly Violation[];
  readonly end: End;
  /** How many of the faults have happened. */
  readonly fired: number;
  /** Equal for executions in which the conductor did the same at the same times. */
  readonly trace: string;
  readonly writes: number;
  /** For whoever makes plans of it, or tells it. */
  readonly simulation: Simulation;
  readonly watcher: Watcher;
  readonly startedAt: number;
  /** When everything had happened, and the end was there. */
  readonly endedAt: number;
}

const SETTLE = 5000;
/** After the end what is still being said is said, in milliseconds. */
const GRACE = 90_000;
/** Then nothing is written for more than ten resyncs of every Argo CD. */
const QUIET = 11 * 60_000;
/** By then every workload has ended, whatever has gone wrong. */
const HORIZON = 2 * 3_600_000;

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export interface Wanted {
  readonly workload: Workload;
  readonly seed: string;
  readonly faults: readonly Fault[];
  readonly log?: Log;
  /** Called before anything happens. */
  readonly begun?: (simulation: Simulation) => void;
}

export async function execute({ workload, seed, faults, log = silent, begun }: Wanted): Promise<Execution> {
  const all = [...(workload.faults ?? []), ...faults];
  const weather = new Weather(all.some(isDisturbing), SETTLE, Math.max(0, ...all.map(staleness)));
  const watcher = new Watcher(weather);
  const behaviours = new Map<string, Behaviour>();
  const simulation = world(workload, seed, behaviours, watcher, log);
  const { clusters, later = [], application = () => "checkout" } = workload;
  for (const cluster of later) simulation.addCluster(cluster);
  watcher.attach(simulation, [...clusters, ...later]);
  begun?.(simulation);
  const stage: Stage = { simulation, clusters: [...clusters, ...later], application, behaviours };
  const startedAt = simulation.clock.now();
  let lastWrite = startedAt;
  simulation.onWrite(({ who, at }: Write) => {
    if (who === CONDUCTOR) lastWrite = at;
  });

  // 1. What is to go wrong is prepared; what has its time waits for it.
  const happening = new Happening(all, stage, weather);

  // 2. Until everything has happened and the end is there.
  const steps = [...workload.steps];
  const view = viewOf(stage, watcher, startedAt);
  const wanted = workload.done ?? (({ finished }: View) => finished);
  // What was deleted has ended, whatever was wanted of it.
  const done = (seen: View): boolean => wanted(seen) || (seen.runs.length === 0 && simulation.wishes.release(RELEASE) === undefined);
  const goesOn = (): boolean => {
    weather.lives(simulation.conductor !== undefined, simulation.clock.now());
    happening.go(view.elapsed);
    const [step] = steps;
    if (step !== undefined && step.when(view)) {
      steps.shift();
      for (const act of step.acts) perform(act, stage);
    }
    return false;
  };
  const isOver = (): boolean =>
    !goesOn() &&
    steps.length === 0 &&
    happening.isOver &&
    simulation.conductor !== undefined &&
    watcher.books.active(simulation.clock.now()).length === 0 &&
    done(view);
  let quiet = false;
  let endedAt = startedAt;
  const until = startedAt + HORIZON;
  while (!quiet && simulation.clock.now() < until) {
    if (!(await simulation.runUntil(isOver, until - simulation.clock.now()))) break;
    endedAt = simulation.clock.now();
    // What was left out is caught up after the end.
    await simulation.runUntil(goesOn, GRACE);
    if (!isOver()) continue;
    // 3. The end is an end.
    const from = simulation.clock.now();
    await simulation.runUntil(goesOn, QUIET);
    quiet = true;
    for (const left of leftOpen(simulation)) watcher.violations.push(new Violation(11, left, from, lastOf(simulation)));
    if (lastWrite > from) watcher.violations.push(new Violation(9, "something is written after the end", lastWrite, lastOf(simulation)));
  }
  if (!quiet)
    watcher.violations.push(
      new Violation(9, `no end: ${standing(view, steps.length, happening)}`, simulation.clock.now(), lastOf(simulation)),
    );
  return {
    violations: watcher.violations,
    end: endOf(simulation, watcher.books),
    fired: happening.fired,
    trace: fingerprint(simulation),
    writes: watcher.checked,
    simulation,
    watcher,
    startedAt,
    endedAt,
  };
}

function world(
  { scenario, clusters }: Workload,
  seed: string,
  overrides: ReadonlyMap<string, Behaviour>,
  watcher: Watcher,
  log: Log,
): Simulation {
  const { behaviours = () => well } = scenario;
  const heard: Scenario = {
    ...scenario,
    seed,
    clusters,
    behaviours: (place, revision, sources) => overrides.get(`${place.cluster} ${revision}`) ?? behaviours(place, revision, sources),
    log: watcher.listening(log, () => simulation.clock.now()),
  };
  const simulation: Simulation = new Simulation(heard);
  return simulation;
}

/** For how long a fault makes Applications look older than they are, in milliseconds. */
function staleness(fault: Fault): number {
  // The restart and what was missing when the list was made come on top.
  return fault.kind === "Crash" && fault.stale?.resource === "applications" ? fault.stale.lasts + fault.restartAfter + 60_000 : 0;
}

/** Whether what the conductor sees may differ from what is for long. */
function isDisturbing(fault: Fault): boolean {
  if (fault.kind === "Call") return fault.fault.kind === "Slow";
  if (fault.kind === "Act") return fault.act.does === "Compact" || fault.act.does === "BreakStreams";
  return fault.kind === "Watch" || fault.kind === "Outage" || (fault.kind === "Crash" && fault.stale !== undefined);
}

function viewOf({ simulation, application }: Stage, { books }: Watcher, startedAt: number): View {
  const { wishes, clock } = simulation;
  return {
    get elapsed() {
      return clock.now() - startedAt;
    },
    get runs() {
      return [...books.runs.values()].filter(({ goneAt }) => goneAt === undefined).map(({ run }) => run);
    },
    get phase() {
      return wishes.phase(RELEASE);
    },
    get isAsked() {
      return questionsOf(simulation).length > 0;
    },
    get finished() {
      return wishes.finished(RELEASE);
    },
    revision: (cluster) => {
      const place = [...books.applications].find(([key]) => key === `${simulation.server(cluster).name} argocd/${application(cluster)}`);
      return place?.[1].facts?.revision;
    },
  };
}

function standing({ runs, phase }: View, steps: number, happening: Happening): string {
  const run = runs.at(-1);
  const waits = run?.status?.waitingOn;
  return `the release is ${phase ?? "gone"}, ${run?.metadata.name ?? "without a run"} ${run?.status?.phase ?? ""}${waits === undefined ? "" : ` waits: ${waits.reason}: ${waits.message}`}; ${steps} steps are left${happening.isOver ? "" : ", and not everything has happened"}`;
}

function lastOf({ writes }: Simulation): string {
  const last = writes.findLast(({ who }) => who === CONDUCTOR);
  return last === undefined ? "nothing was written" : `${last.verb} ${last.server} ${last.resource} ${last.key}`;
}
