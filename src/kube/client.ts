import { backoff } from "./backoff.ts";
import { failed, KubeFailure } from "./errors.ts";
import { fenced } from "./fenced.ts";
import { listAll, type Listed } from "./lister.ts";
import type { Clock, ContentType, Fence, KubeObject, KubeRequest, KubeResponse, Random, Transport } from "./ports.ts";

/** One operation of a JSON patch (RFC 6902). */
export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** How long a call goes on asking, in milliseconds; a wait longer than that is the caller's to plan. */
const patience = 15_000;
const attempts = 4;
const pause = { base: 200, cap: 4000 };

/**
 * The verbs of one API server. Reads are retried a few times when that may help. A write is sent once, except after
 * 429, where the server says that it did not act: whether to write again is decided from fresh state, by the caller.
 * Every method throws KubeFailure only.
 */
export class KubeClient {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #random: Random;

  /** `fence` is asked before every write that is sent, repeated ones included. */
  constructor(transport: Transport, fence: Fence, clock: Clock, random: Random) {
    this.#transport = fenced(transport, fence);
    this.#clock = clock;
    this.#random = random;
  }

  /** The object at `path`, of the type that the caller knows the path to hold. */
  async get<T = KubeObject>(path: string, signal: AbortSignal): Promise<T> {
    return body(await this.#send({ method: "GET", path }, signal));
  }

  /** All objects of a collection, over as many pages as it takes. */
  list<T = KubeObject>(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Listed<T>> {
    const identity = (object: unknown): T => object as T;
    return listAll((page) => this.#send(page, signal), path, query, identity);
  }

  async create<T = KubeObject>(path: string, object: object, signal: AbortSignal): Promise<T> {
    return body(await this.#send({ method: "POST", path, body: object }, signal));
  }

  /** Guard it with `metadata.resourceVersion` in the patch: a mismatch is "Conflict". */
  mergePatch<T = KubeObject>(path: string, patch: object, signal: AbortSignal): Promise<T> {
    return this.#patch(path, "application/merge-patch+json", patch, {}, signal);
  }

  /** Guard it with a `test` of /metadata/resourceVersion: a mismatch is "Conflict". */
  jsonPatch<T = KubeObject>(path: string, operations: readonly JsonPatchOperation[], signal: AbortSignal): Promise<T> {
    return this.#patch(path, "application/json-patch+json", operations, {}, signal);
  }

  /** Server-side apply. `force` takes fields over from other managers; without it that is "Conflict". */
  apply<T = KubeObject>(
    path: string,
    object: object,
    by: { readonly fieldManager: string; readonly force?: boolean },
    signal: AbortSignal,
  ): Promise<T> {
    const query = { fieldManager: by.fieldManager, force: `${by.force ?? false}` };
    return this.#patch(path, "application/apply-patch+yaml", object, query, signal);
  }

  /** `preconditions` (uid, resourceVersion) that do not hold are "Conflict". */
  async delete(
    path: string,
    signal: AbortSignal,
    preconditions?: { readonly uid?: string; readonly resourceVersion?: string },
  ): Promise<void> {
    const options = preconditions === undefined ? {} : { body: { kind: "DeleteOptions", apiVersion: "v1", preconditions } };
    await this.#send({ method: "DELETE", path, ...options }, signal);
  }

  /** Any other request, with the same retries. */
  request(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    return this.#send(request, signal);
  }

  async #patch<T>(
    path: string,
    contentType: ContentType,
    patch: unknown,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<T> {
    return body(await this.#send({ method: "PATCH", path, query, contentType, body: patch }, signal));
  }

  async #send(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const giveUp = this.#clock.now() + patience;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#transport.request(request, signal);
      } catch (error) {
        const again =
          request.method === "GET" ? (["Unreachable", "ServerError", "TooManyRequests"] as const) : (["TooManyRequests"] as const);
        if (attempt + 1 >= attempts || !failed(error, ...again)) throw error;
        const wait = backoff(attempt, pause, this.#random, error.retryAfter);
        if (this.#clock.now() + wait > giveUp) throw error;
        await this.#clock.sleep(wait, signal);
        if (signal.aborted) throw new KubeFailure("Aborted", "the call was given up between two attempts");
      }
    }
  }
}

/** The door: what a path holds is the caller's knowledge, and what must be certain is parsed by whoever needs it. */
function body<T>(response: KubeResponse): T {
  return response.body as T;
}
