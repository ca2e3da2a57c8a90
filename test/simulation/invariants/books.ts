import { releaseRun, type ReleaseRun, type RunTarget, type TargetStatus } from "#api/releaserun.ts";
import { isSuccess } from "#api/reasons.ts";
import type { KubeObject } from "#kube/ports.ts";
import { listAt, objectAt } from "#simulation/json.ts";
import { jsonOf } from "#simulation/objects.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import type { Write } from "#simulation/writes.ts";
import { Timeline } from "./timeline.ts";

/** What is kept of a run besides what it says itself. */
export interface RunBook {
  run: ReleaseRun;
  readonly createdAt: number;
  /** When it was deleted. */
  goneAt: number | undefined;
  /** When each target was first steered forward, by cluster. */
  readonly steered: Map<string, number>;
}

/** A freeze, and when it holds: from when it is there, in milliseconds since the epoch. */
export interface Frozen {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Absent: all. */
  readonly clusters?: readonly string[];
}

function remember(known: Map<string, KubeObject>, key: string, object: KubeObject | undefined): void {
  if (object === undefined) known.delete(key);
  else known.set(key, object);
}

/** Everything that has become durable, as far as invariants ask for it. */
export class Books {
  readonly applications = new Map<string, Timeline>();
  readonly runs = new Map<string, RunBook>();
  /** ReleaseApprovals and AnalysisRuns as they are, by `resource namespace/name`. */
  readonly gates = new Map<string, KubeObject>();
  readonly #freezes = new Map<string, KubeObject>();
  /** The revision last verified of each Application, by release: what a rollback goes back to. */
  readonly #verified = new Map<string, string>();

  adopt(server: string, app: KubeObject, at: number): void {
    this.applications.set(placeOf(server, `${app.metadata.namespace}/${app.metadata.name}`), new Timeline(app, at));
  }

  note(write: Write): void {
    const { server, resource, key, at, after, before } = write;
    if (resource === RESOURCES.applications) {
      const place = placeOf(server, key);
      const known = this.applications.get(place);
      const anew = before?.metadata.uid !== after?.metadata.uid;
      if (this.#steers(write)) this.#steered(write);
      if (after !== undefined && (known === undefined || anew)) this.adopt(server, after, at);
      else known?.note(after, at);
    } else if (resource === RESOURCES.releases) {
      // Runs go with their release, a little later: nobody drives them any more.
      if (after === undefined)
        for (const book of this.runs.values()) if (book.run.spec.release.uid === before?.metadata.uid) book.goneAt ??= at;
    } else if (resource === RESOURCES.approvals || resource === RESOURCES.analysisRuns) {
      remember(this.gates, `${resource} ${key}`, after);
    } else if (resource === RESOURCES.freezes) {
      remember(this.#freezes, key, after);
    } else if (resource === RESOURCES.runs && (write.who === CONDUCTOR || after === undefined)) {
      // What somebody else writes into a status is nothing that was decided.
      this.#run(after ?? before, after === undefined, at);
    }
  }

  /** What a release goes back to in one place: what it has verified there last, or what was there and well when it first came. */
  verified(run: ReleaseRun, target: RunTarget): string | undefined {
    const known = this.#verified.get(ownedBy(run, target));
    const { facts } = this.timeline(target) ?? {};
    return known ?? (facts !== undefined && facts.missing === undefined ? facts.revision : undefined);
  }

  /** The FreezeWindows that hold once, as they are; of a recurring one nothing is said. */
  freezes(): readonly Frozen[] {
    return [...this.#freezes].flatMap(([name, one]) => {
      const { from, to, clusters } = objectAt(jsonOf(one), "spec");
      if (typeof from !== "string" || typeof to !== "string") return [];
      const names = clusters === undefined ? {} : { clusters: listAt(clusters, "names").map(String) };
      const since = Math.max(Date.parse(from), Date.parse(one.metadata.creationTimestamp ?? from));
      return [{ name, from: since, to: Date.parse(to), ...names }];
    });
  }

  timeline(target: Pick<RunTarget, "instance" | "application">): Timeline | undefined {
    return this.applications.get(placeOfTarget(target));
  }

  /** The runs that have not ended, and those that were deleted less than `since` milliseconds before. */
  active(at: number, since = 0): readonly RunBook[] {
    return [...this.runs.values()].filter(
      ({ run, goneAt }) => run.status?.finishedAt === undefined && (goneAt === undefined || at - goneAt < since),
    );
  }

  /** The run in flight that steers an Application, and its target. */
  steering({ server, key, at }: Write): { readonly book: RunBook; readonly target: RunTarget } | undefined {
    // What was under way when a run was deleted arrives all the same.
    for (const book of this.active(at, 2000)) {
      const target = book.run.spec.targets.find((one) => placeOfTarget(one) === placeOf(server, key));
      if (target !== undefined) return { book, target };
    }
    return undefined;
  }

  #steers({ who, before, after }: Write): boolean {
    return who === CONDUCTOR && before !== undefined && after !== undefined && kindOf(before, after).steers;
  }

  #steered(write: Write): void {
    const found = this.steering(write);
    if (found === undefined || found.book.run.status?.rollback !== undefined) return;
    const { steered } = found.book;
    if (!steered.has(found.target.cluster)) steered.set(found.target.cluster, write.at);
  }

  #run(object: KubeObject | undefined, gone: boolean, at: number): void {
    if (object === undefined) return;
    const run = releaseRun.parse(object);
    const known = this.runs.get(run.metadata.uid);
    if (known === undefined) {
      this.#met(run);
      return void this.runs.set(run.metadata.uid, { run, createdAt: at, goneAt: undefined, steered: new Map() });
    }
    const ends = known.run.status?.finishedAt === undefined && run.status?.finishedAt !== undefined;
    known.run = run;
    if (gone) known.goneAt ??= at;
    if (ends) this.#ended(run);
  }

  /** What the first plan of a release sees is what it goes back to, until something is verified. */
  #met(run: ReleaseRun): void {
    for (const target of run.spec.targets) {
      const revision = target.live === undefined ? undefined : this.verified(run, target);
      if (revision !== undefined) this.#verified.set(ownedBy(run, target), revision);
    }
  }

  /** Only a run that reached what it was made for says what is verified. */
  #ended(run: ReleaseRun): void {
    const { spec, status } = run;
    const reached = isSuccess(status?.phase) || (spec.kind === "Rollback" && status?.phase === "RolledBack");
    if (!reached) return;
    const parts = [run, ...(spec.kind === "RetryFailed" ? this.#named(spec.cause?.run) : [])];
    for (const part of parts.toReversed())
      for (const target of part.spec.targets)
        if (phaseOf(part, target.cluster) === "Ready") this.#verified.set(ownedBy(part, target), revisionAt(part, target.desired) ?? "");
  }

  #named(name: string | undefined): readonly ReleaseRun[] {
    return [...this.runs.values()].map(({ run }) => run).filter(({ metadata }) => metadata.name === name);
  }
}

function ownedBy({ spec }: ReleaseRun, target: RunTarget): string {
  return `${spec.release.uid} ${placeOfTarget(target)}`;
}

export function placeOf(server: string, key: string): string {
  return `${server} ${key}`;
}

export function placeOfTarget({ instance, application }: Pick<RunTarget, "instance" | "application">): string {
  const server = instance === "in-cluster" ? "management" : instance;
  return placeOf(server, `${application.namespace}/${application.name}`);
}

/** What a stored run says of one target; a run that ended lists those only that are not Ready. */
export function targetOf({ status }: ReleaseRun, cluster: string): TargetStatus | undefined {
  return status?.targets?.find((target) => target.cluster === cluster);
}

export function phaseOf(run: ReleaseRun, cluster: string): string {
  return targetOf(run, cluster)?.phase ?? (run.status?.finishedAt === undefined ? "Pending" : "Ready");
}

/** The revision that a set of values in a plan holds. */
export function revisionAt({ spec }: ReleaseRun, index: number | undefined): string | undefined {
  const value = index === undefined ? undefined : spec.values[index]?.["targetRevision"];
  return typeof value === "string" ? value : undefined;
}

/** Where a target goes back to, as the run says. */
export function baselineOf(run: ReleaseRun, target: RunTarget): string | undefined {
  const met = targetOf(run, target.cluster)?.contact?.baseline?.["targetRevision"];
  return revisionAt(run, target.baseline) ?? (typeof met === "string" ? met : undefined);
}

/** What it held before the run, as the run says. */
export function liveOf(run: ReleaseRun, target: RunTarget): string | undefined {
  const met = targetOf(run, target.cluster)?.contact?.live["targetRevision"];
  return revisionAt(run, target.live) ?? (typeof met === "string" ? met : undefined);
}

/** What a write of ours does to an Application. */
export function kindOf(
  before: KubeObject,
  after: KubeObject,
): { readonly steers: boolean; readonly values: boolean; readonly operation: boolean } {
  const [spec, old] = [JSON.stringify(after["spec"]), JSON.stringify(before["spec"])];
  const values = spec !== old;
  const operation = after["operation"] !== undefined && before["operation"] === undefined;
  return { steers: values || operation, values, operation };
}
