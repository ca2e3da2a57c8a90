import { KubeFailure } from "#kube/errors.ts";
import type { KubeRequest } from "#kube/ports.ts";
import { isQuestion } from "#kube/reviews.ts";
import { locate } from "./locations.ts";

export type Verb = "GET" | "LIST" | "WATCH" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One call of the conductor. */
export interface Call {
  /** Counts all calls of a simulation. */
  readonly sequence: number;
  /** `<server> <verb> <path> #<how-manyth of these>`: the same call in another run of the same scenario, up to the first difference. */
  readonly id: string;
  readonly server: string;
  readonly verb: Verb;
  readonly path: string;
  /** Virtual time, milliseconds since the epoch. */
  readonly at: number;
  /** How it ended: "done", the kind of a failure, or "open" while it has not, or its process died. */
  outcome: string;
  /** What was done to it, where a fault was. */
  fault: string | undefined;
}

export function isWrite({ verb, path }: Call): boolean {
  if (isQuestion({ method: verb, path })) return false;
  return verb === "POST" || verb === "PUT" || verb === "PATCH" || verb === "DELETE";
}

/** All calls of the conductor, over all of its lives. */
export class Calls {
  readonly all: Call[] = [];
  readonly #counts = new Map<string, number>();

  begin(server: string, request: KubeRequest, watch: boolean, at: number): Call {
    const verb = verbOf(request, watch);
    const { labelSelector } = request.query ?? {};
    const kind = `${server} ${verb} ${request.path}${labelSelector === undefined ? "" : `?${labelSelector}`}`;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const sequence = this.all.length + 1;
    const call: Call = { sequence, id: `${kind} #${count}`, server, verb, path: request.path, at, outcome: "open", fault: undefined };
    this.all.push(call);
    return call;
  }
}

/** What a call ended with, as its outcome. */
export function outcomeOf(error: unknown): string {
  return error instanceof KubeFailure ? error.kind : "Error";
}

function verbOf({ method, path }: KubeRequest, watch: boolean): Verb {
  if (watch) return "WATCH";
  if (method !== "GET") return method;
  const place = locate(path);
  return place !== undefined && place.name === undefined ? "LIST" : "GET";
}
