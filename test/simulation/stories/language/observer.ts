import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { KubeObject } from "#kube/ports.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import type { Simulation } from "#simulation/simulation.ts";
import type { Write } from "#simulation/writes.ts";
import { tellApplication } from "./applications.ts";
import { tellAnalysis, tellApproval } from "./gates.ts";
import type { Journal } from "./journal.ts";
import { tellRelease } from "./releases.ts";
import { tellPlan, tellRun } from "./runs.ts";

/** Reads every write of the simulation, tells it, and keeps what was written last: what moments are asked of after every event. */
export class Observer {
  readonly #journal: Journal;
  /** Whether there is more than one service to tell apart. */
  readonly #several: boolean;
  readonly #runs = new Map<string, ReleaseRun>();
  /** `<run>: <outcome>`, as they were told. */
  readonly #endings = new Set<string>();

  constructor(simulation: Simulation, journal: Journal, several: boolean) {
    this.#journal = journal;
    this.#several = several;
    simulation.onWrite((write) => this.#heard(write));
  }

  /** The newest run of a release. */
  newest(release: string): ReleaseRun | undefined {
    return [...this.#runs.values()].findLast(({ spec }) => spec.release.name === release);
  }

  #heard(write: Write): void {
    const { resource, before, after } = write;
    if (resource === RESOURCES.applications) tellApplication(this.#journal, write, this.#several);
    if (resource === RESOURCES.approvals) tellApproval(this.#journal, write);
    if (resource === RESOURCES.analysisRuns) tellAnalysis(this.#journal, write);
    if (resource === RESOURCES.runs && after !== undefined) this.#heardRun(before, after);
    if (resource === RESOURCES.releases && before !== undefined && after !== undefined)
      tellRelease(this.#journal, typed<ServiceRelease>(before), typed<ServiceRelease>(after), this.#endings);
  }

  #heardRun(before: KubeObject | undefined, after: KubeObject): void {
    const run = typed<ReleaseRun>(after);
    this.#runs.set(run.metadata.name, run);
    if (before === undefined) return tellPlan(this.#journal, run);
    const { service, environment } = run.spec;
    const isOther = environment !== "production";
    const whose = isOther ? environment : service;
    const isPlain = (text: string): boolean => (!this.#several && !isOther) || text.startsWith(service);
    tellRun(
      { note: (text, about) => this.#journal.note(isPlain(text) ? text : `${whose}: ${text}`, about) },
      typed<ReleaseRun>(before),
      run,
    );
    if (run.status?.finishedAt !== undefined) this.#endings.add(`${run.metadata.name}: ${run.status.phase}`);
  }
}

function typed<T>(object: KubeObject): T {
  // The conductor has written it, and tests of the schemas hold that it writes what they say.
  return object as unknown as T;
}
