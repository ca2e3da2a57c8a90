import type { Environment } from "#api/environment.ts";
import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Reflector } from "#kube/ports.ts";
import type { WorkQueue } from "#kube/queue.ts";
import { Links } from "./links.ts";
import { keyOf } from "./parts.ts";
import type { SeenPreview } from "./previews/seenpreview.ts";

/** What is worked on, each in a queue of its own. */
export const WORKED = ["releases", "runs", "environments", "approvals", "freezes", "previews", "notifications"] as const;
export type Worked = (typeof WORKED)[number];

interface WakesParts {
  readonly queues: Readonly<Record<Worked, Pick<WorkQueue, "add">>>;
  readonly releases: Reflector<ServiceRelease>;
  readonly environments: Reflector<Environment>;
  readonly runs: Reflector<ReleaseRun>;
  readonly approvals: Reflector<ReleaseApproval>;
  readonly previews: Reflector<SeenPreview>;
}

/** Who works again when something has changed: each method takes the key of what did. */
export class Wakes {
  readonly #parts: WakesParts;
  readonly #concerns: (run: string) => boolean;
  /** The runs that wait for other releases. */
  readonly #dependents = new Links();
  /** The approvals of runs. */
  readonly #questions = new Links();

  /** `concerns`: whether somebody is to be told of a run. */
  constructor(parts: WakesParts, concerns: (run: string) => boolean) {
    this.#parts = parts;
    this.#concerns = concerns;
  }

  releaseChanged(key: string): void {
    this.#parts.queues.releases.add(key);
    const release = this.#parts.releases.get(key);
    const [namespace = ""] = key.split("/", 1);
    if (release?.status?.run !== undefined) this.#parts.queues.runs.add(`${namespace}/${release.status.run}`);
    if (release === undefined)
      for (const run of this.#parts.runs.list())
        if (`${namespace}/${run.spec.release.name}` === key) this.#parts.queues.runs.add(keyOf(run));
    for (const run of this.#dependents.at(key)) this.#parts.queues.runs.add(run);
  }

  runChanged(key: string): void {
    this.#parts.queues.runs.add(key);
    this.#tell(key);
    // A run is named after its release, which must hear of it too when somebody deletes the run.
    this.#parts.queues.releases.add(key.replace(/-\d+$/, ""));
    for (const approval of this.#questions.at(key)) this.#parts.queues.approvals.add(approval);
    const run = this.#parts.runs.get(key);
    const [namespace = ""] = key.split("/", 1);
    const waits = run?.status?.finishedAt === undefined ? (run?.spec.dependsOn ?? []) : [];
    this.#dependents.set(
      key,
      waits.map(({ name }) => `${namespace}/${name}`),
    );
  }

  approvalChanged(key: string): void {
    // An approval is named after its run.
    const run = key.replace(/-(?:w\d+-g\d+|freeze-[0-9a-f]+)$/, "");
    this.#questions.set(key, this.#parts.approvals.get(key) === undefined ? [] : [run]);
    this.#parts.queues.approvals.add(key);
    this.#parts.queues.runs.add(run);
  }

  freezeChanged(key: string): void {
    this.#parts.queues.freezes.add(key);
    for (const one of this.#parts.releases.list()) if (one.status?.phase === "Stalled") this.#parts.queues.releases.add(keyOf(one));
    for (const run of this.#active()) this.#parts.queues.runs.add(keyOf(run));
  }

  previewChanged(key: string): void {
    this.#parts.queues.previews.add(key);
  }

  /** An AnalysisRun is named after its run, or after the release that rehearses it. */
  analysisChanged(key: string): void {
    const run = key.replace(/-w\d+-g\d+$/, "");
    if (run === key) this.#parts.queues.releases.add(key.replace(/-rehearsal-[0-9a-f]+$/, ""));
    else this.#parts.queues.runs.add(run);
  }

  environmentChanged(key: string): void {
    this.#parts.queues.environments.add(key);
    for (const run of this.#parts.runs.list()) if (`${run.metadata.namespace}/${run.spec.environment}` === key) this.#tell(keyOf(run));
    for (const release of this.#parts.releases.list())
      if (`${release.metadata.namespace}/${release.spec.environment}` === key) this.#parts.queues.releases.add(keyOf(release));
  }

  /** The fleet changed: whoever waited for a cluster looks again. */
  fleetChanged(): void {
    for (const one of this.#parts.environments.list()) this.#parts.queues.environments.add(keyOf(one));
    for (const one of this.#parts.releases.list()) this.#parts.queues.releases.add(keyOf(one));
    for (const one of this.#active()) this.#parts.queues.runs.add(keyOf(one));
    for (const one of this.#parts.previews.list()) if (one.undecided !== undefined) this.#parts.queues.previews.add(keyOf(one));
  }

  #tell(run: string): void {
    if (this.#concerns(run)) this.#parts.queues.notifications.add(run);
  }

  /** A receiver is there, changed or gone: who names one looks again. */
  receiversChanged(): void {
    for (const one of this.#parts.environments.list())
      if (one.spec.notifications !== undefined) this.#parts.queues.environments.add(keyOf(one));
    for (const run of this.#parts.runs.list()) this.#tell(keyOf(run));
  }

  #active(): readonly ReleaseRun[] {
    return this.#parts.runs.list().filter(({ status }) => status?.finishedAt === undefined);
  }
}
