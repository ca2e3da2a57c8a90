import { HttpMethod, RequestContext, type KubeConfig } from "@kubernetes/client-node";
import type { Dispatcher } from "undici";
import { frame, json, withoutSecret } from "./answers.ts";
import { Deadline } from "./deadline.ts";
import { KubeFailure } from "./errors.ts";
import { networkFailure, retryAfter, statusFailure } from "./failures.ts";
import { jsonLines } from "./jsonlines.ts";
import { PooledKubeConfig, Pools, type PoolLimits } from "./pools.ts";
import type { Clock, KubeRequest, KubeResponse, Transport, WatchFrame } from "./ports.ts";
import { isRecord } from "./shape.ts";

/** `request` is the longest that one call may take in all, and a watch to open; milliseconds. */
export interface HttpLimits extends PoolLimits {
  readonly request: number;
}

const defaults: HttpLimits = {
  connections: 16,
  connect: 10_000,
  request: 30_000,
  keepAlive: 60_000,
  largestAnswer: 256 * 1024 * 1024,
};

type Headers = Readonly<Record<string, string | string[]>>;

/** One API server over HTTP/1.1 with kept connections; address, TLS and credential are a KubeConfig's current context. */
export class HttpTransport implements Transport {
  readonly #source: KubeConfig;
  readonly #server: URL;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #limits: HttpLimits;
  readonly #pools: Pools;
  readonly #headers: Headers;
  #config: PooledKubeConfig;

  /** `headers` go with every request. Throws KubeFailure "Invalid" when `config` names no server. */
  constructor(config: KubeConfig, clock: Clock, limits: Partial<HttpLimits> = {}, headers: Headers = {}) {
    const server = URL.parse(config.getCurrentCluster()?.server ?? "");
    if (server === null) throw new KubeFailure("Invalid", "the kubeconfig's current context names no server URL");
    this.#source = config;
    this.#server = server;
    this.#prefix = server.pathname.replace(/\/+$/, "");
    this.#clock = clock;
    this.#limits = { ...defaults, ...limits };
    this.#pools = new Pools(this.#limits);
    this.#headers = headers;
    this.#config = new PooledKubeConfig(config, this.#pools);
  }

  async request(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const deadline = new Deadline(this.#clock, this.#limits.request, signal);
    try {
      const answer = await this.#ask(request, deadline.signal, "requests");
      return { status: answer.statusCode, body: await json(answer) };
    } catch (error) {
      throw this.#failure(error, signal, deadline);
    } finally {
      deadline.end();
    }
  }

  async *watch(request: KubeRequest, signal: AbortSignal): AsyncGenerator<WatchFrame, void, undefined> {
    const deadline = new Deadline(this.#clock, this.#limits.request, signal);
    const query = { ...request.query, watch: "true" };
    try {
      const answer = await this.#ask({ ...request, query }, deadline.signal, "watches");
      deadline.lift();
      yield { type: "OPENED" };
      for await (const line of jsonLines(answer.body)) yield frame(line);
    } catch (error) {
      throw this.#failure(error, signal, deadline);
    } finally {
      deadline.end();
    }
  }

  close(): Promise<void> {
    return this.#pools.destroy();
  }

  /** A 2xx answer. A refused credential is read again once: a token file may have been rotated under its cache. */
  async #ask(request: KubeRequest, signal: AbortSignal, pool: "requests" | "watches"): Promise<Dispatcher.ResponseData> {
    const headers = await this.#credential();
    const first = await this.#send(request, headers, signal, pool);
    if (first.statusCode !== 401) return this.#expect(first, request, headers);
    this.#config = new PooledKubeConfig(this.#source, this.#pools);
    const fresh = await this.#credential();
    if (fresh["Authorization"] === headers["Authorization"]) return this.#expect(first, request, headers);
    await first.body.dump();
    return this.#expect(await this.#send(request, fresh, signal, pool), request, fresh);
  }

  async #credential(): Promise<Readonly<Record<string, string>>> {
    const context = new RequestContext(this.#server.href, HttpMethod.GET);
    try {
      await this.#config.applySecurityAuthentication(context);
    } catch (error) {
      if (error instanceof KubeFailure) throw error;
      if (error instanceof Error && error.message.startsWith("HTTP protocol is not allowed")) {
        throw new KubeFailure("Untrusted", `plain HTTP to ${this.#server.host} is refused: use https`);
      }
      // Whatever a credential plugin printed stays out of the message.
      const code = isRecord(error) && typeof error["code"] === "string" ? ` (${error["code"]})` : "";
      throw new KubeFailure("Unauthorized", `the credential for ${this.#server.host} cannot be read${code}`);
    }
    return context.getHeaders();
  }

  async #send(
    request: KubeRequest,
    credential: Readonly<Record<string, string>>,
    signal: AbortSignal,
    pool: "requests" | "watches",
  ): Promise<Dispatcher.ResponseData> {
    const dispatcher = this.#pools[pool];
    if (dispatcher === undefined) throw new KubeFailure("Unreachable", "this connection was closed");
    const query = new URLSearchParams(request.query).toString();
    const headers: Record<string, string | string[]> = {
      ...credential,
      ...this.#headers,
      accept: "application/json",
      "user-agent": "release-conductor",
    };
    if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
    return dispatcher.request({
      origin: this.#server.origin,
      path: `${this.#prefix}${request.path}${query === "" ? "" : `?${query}`}`,
      method: request.method,
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal,
    });
  }

  async #expect(
    answer: Dispatcher.ResponseData,
    request: KubeRequest,
    headers: Readonly<Record<string, string>>,
  ): Promise<Dispatcher.ResponseData> {
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    const body = await json(answer).catch(() => undefined);
    const header = answer.headers["retry-after"];
    const wait = retryAfter(typeof header === "string" ? header : undefined, this.#clock.now());
    throw statusFailure(answer.statusCode, withoutSecret(body, headers["Authorization"]), request, wait);
  }

  #failure(error: unknown, caller: AbortSignal, deadline: Deadline): KubeFailure {
    if (error instanceof KubeFailure) return error;
    if (caller.aborted) return new KubeFailure("Aborted", "the call was given up");
    const where = this.#server.host;
    if (deadline.passed) return new KubeFailure("Unreachable", `no answer within ${this.#limits.request / 1000} s from ${where}`);
    if (isRecord(error) && error["code"] === "UND_ERR_RES_EXCEEDED_MAX_SIZE") {
      return new KubeFailure("Invalid", `the answer of ${where} is larger than ${this.#limits.largestAnswer} bytes`);
    }
    return networkFailure(error, where);
  }
}
