import { environment as environmentSchema, type Environment } from "#api/environment.ts";
import { releaseApproval } from "#api/releaseapproval.ts";
import { releaseRun, type ReleaseRun } from "#api/releaserun.ts";
import { serviceRelease as releaseSchema, type ServiceRelease } from "#api/servicerelease.ts";
import type { KubeRequest } from "#kube/ports.ts";
import type { ApiServer } from "./apiserver.ts";
import type { JsonObject } from "./json.ts";
import { AUTHOR, environment, pathOf, RESOURCES, serviceRelease, TEAM, type ClusterSpec, type EnvironmentSpec } from "./scenario.ts";

/** What CI, Git and people do to releases and environments, and what they read there. It happens at once. */
export class Wishes {
  readonly #home: ApiServer;
  readonly #clusters: readonly ClusterSpec[];

  constructor(home: ApiServer, clusters: readonly ClusterSpec[]) {
    this.#home = home;
    this.#clusters = clusters;
  }

  /** Creates a release of `name`, or changes its revision and whatever `more` of its spec; `author` is who does it, as admission notes it. */
  apply(name: string, revision: string, more: JsonObject = {}, author?: string): void {
    const body = serviceRelease(name, revision, more, author);
    const metadata = author === undefined ? {} : { metadata: { annotations: { [AUTHOR]: author } } };
    if (this.#home.find(path(name)) === undefined) this.#do({ method: "POST", path: pathOf(RESOURCES.releases, TEAM), body }, "ci");
    else this.patch(name, { ...metadata, spec: { revision, ...more } }, "ci");
  }

  /** A merge patch. */
  patch(name: string, body: JsonObject, who = "person"): void {
    this.#do({ method: "PATCH", path: path(name), contentType: "application/merge-patch+json", body }, who);
  }

  /** null takes an annotation away. */
  annotate(name: string, annotations: Readonly<Record<string, string | null>>): void {
    this.patch(name, { metadata: { annotations } });
  }

  /** As an action in Argo CD's UI does it, which writes to the object that it is an action of. */
  annotateRun(name: string, annotations: Readonly<Record<string, string>>): void {
    const body = { metadata: { annotations } };
    this.#do({ method: "PATCH", path: pathOf(RESOURCES.runs, TEAM, name), contentType: "application/merge-patch+json", body }, "person");
  }

  delete(name: string): void {
    this.#do({ method: "DELETE", path: path(name) }, "person");
  }

  createEnvironment(spec: EnvironmentSpec): void {
    this.#do({ method: "POST", path: pathOf(RESOURCES.environments, TEAM), body: environment(spec, this.#clusters) }, "person");
  }

  /** A merge patch of an Environment. */
  editEnvironment(name: string, body: JsonObject): void {
    const request = {
      method: "PATCH",
      path: pathOf(RESOURCES.environments, TEAM, name),
      contentType: "application/merge-patch+json",
      body,
    } as const;
    this.#do(request, "person");
  }

  /** `who` decides on a ReleaseApproval; with a reason it is a rejection. */
  decide(approval: string, who: string, reason?: string): void {
    const decision = reason === undefined ? { decision: "Approve" } : { decision: "Reject", reason };
    const body = { spec: { decisions: { [who]: decision } } };
    const contentType = "application/merge-patch+json";
    this.#do({ method: "PATCH", path: pathOf(RESOURCES.approvals, TEAM, approval), contentType, body }, who);
  }

  /** The questions that nobody has answered yet, by name, oldest first. */
  questions(): readonly string[] {
    return this.#home
      .all(RESOURCES.approvals)
      .map((approval) => releaseApproval.parse(approval))
      .filter(({ status }) => status?.phase === undefined || status.phase === "Pending")
      .toSorted((a, b) => ((a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1))
      .map(({ metadata }) => metadata.name);
  }

  /** Creates a FreezeWindow. */
  freeze(name: string, spec: JsonObject): void {
    const body = { apiVersion: "conductor.dev/v1alpha1", kind: "FreezeWindow", metadata: { name, namespace: TEAM }, spec };
    this.#do({ method: "POST", path: pathOf(RESOURCES.freezes, TEAM), body }, "person");
  }

  thaw(name: string): void {
    this.#do({ method: "DELETE", path: pathOf(RESOURCES.freezes, TEAM, name) }, "person");
  }

  release(name: string): ServiceRelease | undefined {
    const found = this.#home.find(path(name));
    return found === undefined ? undefined : releaseSchema.parse(found);
  }

  /** The runs of a release, or of all, oldest first. */
  runs(release?: string): readonly ReleaseRun[] {
    const all = this.#home.all(RESOURCES.runs).map((run) => releaseRun.parse(run));
    const number = ({ metadata }: ReleaseRun): number => Number(/-(\d+)$/.exec(metadata.name)?.[1] ?? 0);
    return all.filter(({ spec }) => release === undefined || spec.release.name === release).toSorted((a, b) => number(a) - number(b));
  }

  environment(name: string): Environment | undefined {
    const found = this.#home.find(pathOf(RESOURCES.environments, TEAM, name));
    return found === undefined ? undefined : environmentSchema.parse(found);
  }

  /** The phase of a release whose status speaks of its newest generation. Cheap: for `runUntil`. */
  phase(name: string): string | undefined {
    const found = this.#home.find(path(name));
    // Our own statuses were parsed when they were written.
    const status = found?.["status"] as ServiceRelease["status"];
    return status?.observedGeneration === found?.metadata.generation ? status?.phase : undefined;
  }

  /** Whether a release has ended, whatever the outcome, and says so of its newest generation. */
  finished(name: string): boolean {
    const found = this.#home.find(path(name));
    // Our own statuses were parsed when they were written.
    const status = found?.["status"] as ServiceRelease["status"];
    if (status?.observedGeneration !== found?.metadata.generation) return false;
    return status?.conditions?.some(({ type, status: is }) => type === "Finished" && is === "True") === true;
  }

  #do(request: KubeRequest, who: string): void {
    this.#home.handle(request, who);
  }
}

function path(name: string): string {
  return pathOf(RESOURCES.releases, TEAM, name);
}
