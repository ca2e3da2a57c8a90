import type { ApiServer } from "./apiserver.ts";
import type { VirtualClock } from "./clock.ts";
import { at, frozen, put, textAt, type Json, type JsonObject } from "./json.ts";
import { jsonOf } from "./objects.ts";
import { mergePatch } from "./patches.ts";
import { ARGO_NAMESPACE, pathOf, RESOURCES } from "./scenario.ts";

/** Who else writes to Applications: the generators that own them, and people. */

const SETS = "argoproj.io/v1alpha1/applicationsets";

/** An owner that was made for Applications, whose uid their ownerReferences carry. */
export function applicationSet(server: ApiServer, name: string): { readonly name: string; readonly uid: string } {
  const body = { apiVersion: "argoproj.io/v1alpha1", kind: "ApplicationSet", metadata: { name, namespace: ARGO_NAMESPACE }, spec: {} };
  server.handle({ method: "POST", path: pathOf(SETS, ARGO_NAMESPACE), body }, "setup");
  return { name, uid: server.find(pathOf(SETS, ARGO_NAMESPACE, name))?.metadata.uid ?? "" };
}

export interface Reverting {
  readonly server: ApiServer;
  readonly clock: VirtualClock;
  readonly application: string;
  /** As whom: an ApplicationSet's controller, or a parent Application's. */
  readonly manager?: string;
  /** How long after a change, in milliseconds. */
  readonly after: number;
  /** How often; for ever where absent. */
  readonly times?: number;
}

/** Somebody who puts an Application's source back to what it is now, whoever changes it. */
export class Reverter {
  readonly #parts: Reverting;
  readonly #source: JsonObject;
  readonly #stop: () => void;
  #waiting = false;
  /** How often it has put it back. */
  times = 0;

  constructor(parts: Reverting) {
    this.#parts = parts;
    const { server, application } = parts;
    this.#source = this.#now();
    this.#stop = server.onWrite(({ resource, key, after }) => {
      if (resource === RESOURCES.applications && key === `${ARGO_NAMESPACE}/${application}` && after !== undefined) this.#look();
    });
  }

  stop(): void {
    this.#stop();
  }

  #look(): void {
    const { clock, after, times = Infinity } = this.#parts;
    if (this.#waiting || this.times >= times || !this.#differs()) return;
    this.#waiting = true;
    clock.after(after, () => {
      this.#waiting = false;
      if (!this.#differs()) return;
      this.times += 1;
      person(this.#parts.server, this.#parts.application, this.#parts.manager ?? "argocd-applicationset-controller").restore(this.#source);
    });
  }

  #now(): JsonObject {
    const app = this.#parts.server.find(pathOf(RESOURCES.applications, ARGO_NAMESPACE, this.#parts.application));
    const spec = app === undefined ? {} : jsonOf(app);
    return { source: at(spec, "spec", "source"), sources: at(spec, "spec", "sources") };
  }

  #differs(): boolean {
    const now = this.#now();
    return now["source"] !== this.#source["source"] && JSON.stringify(now) !== JSON.stringify(this.#source);
  }
}

/** What somebody with kubectl or argocd does to an Application. */
export interface Person {
  /** A merge patch. */
  patch(change: JsonObject): void;
  setRevision(revision: string): void;
  /** As `argocd app sync` does it: refused while an operation is there. */
  sync(revision?: string, more?: JsonObject): void;
  terminate(): void;
  annotate(annotations: Readonly<Record<string, string | null>>): void;
  delete(): void;
  /** Puts `source` and `sources` of the spec as they are given. */
  restore(sources: JsonObject): void;
}

export function person(server: ApiServer, application: string, who = "person"): Person {
  const path = pathOf(RESOURCES.applications, ARGO_NAMESPACE, application);
  const change = (make: (app: JsonObject) => Json): void => {
    server.modify(who, path, (app) => {
      const next = frozen(make(app));
      // A change of an object is an object.
      return next as JsonObject;
    });
  };
  const patch = (body: JsonObject): void => change((app) => mergePatch(app, frozen(body)));
  return {
    patch,
    setRevision: (revision) => patch({ spec: { source: { targetRevision: revision } } }),
    sync: (revision, more = {}) =>
      change((app) => {
        if (app["operation"] !== undefined) return app;
        const sync = {
          revision: revision ?? textAt(app, "spec", "source", "targetRevision") ?? "HEAD",
          syncStrategy: { hook: {} },
          ...more,
        };
        return mergePatch(app, frozen({ operation: { initiatedBy: { username: who }, sync }, status: { operationState: null } }));
      }),
    terminate: () =>
      change((app) =>
        app["operation"] === undefined ? app : mergePatch(app, frozen({ status: { operationState: { phase: "Terminating" } } })),
      ),
    annotate: (annotations) => patch({ metadata: { annotations } }),
    delete: () => void server.handle({ method: "DELETE", path }, who),
    restore: (sources) =>
      change((app) => {
        const spec = at(app, "spec") ?? {};
        // What an Application has as its spec is an object.
        return put(app, "spec", put(put(spec as JsonObject, "source", sources["source"]), "sources", sources["sources"]));
      }),
  };
}
