import { Agent, request, type Dispatcher } from "undici";
import { Deadline } from "#kube/deadline.ts";
import { retryAfter } from "#kube/failures.ts";
import type { Clock } from "#kube/ports.ts";
import { Unanswered, type Post, type PostAnswer, type PostRequest } from "./post.ts";

export interface PostLimits {
  /** The longest that one request may take in all, and to connect; milliseconds. */
  readonly total: number;
  readonly connect: number;
  /** How much of an answer is read, in bytes. */
  readonly body: number;
}

const LIMITS: PostLimits = { total: 10_000, connect: 5000, body: 4 * 1024 * 1024 };

/** What fails before a byte of the request is written. */
const UNSENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

/** Requests over HTTP, two at once to a host. */
export class HttpPost implements Post {
  readonly #clock: Clock;
  readonly #limits: PostLimits;
  readonly #agent: Agent;

  constructor(clock: Clock, limits: Partial<PostLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits };
    // No connection is kept: one that its server is just closing would leave open whether a message has arrived.
    this.#agent = new Agent({ connections: 2, pipelining: 0, connect: { timeout: this.#limits.connect } });
  }

  async send({ method, url, headers, body }: PostRequest, signal: AbortSignal): Promise<PostAnswer> {
    const deadline = new Deadline(this.#clock, this.#limits.total, signal);
    try {
      const answer = await request(url, {
        method,
        headers: { "user-agent": "release-conductor", ...headers },
        body: body ?? null,
        dispatcher: this.#agent,
        signal: deadline.signal,
      });
      const wait = waitOf(answer.headers, this.#clock.now());
      return { status: answer.statusCode, retryAfter: wait, body: await beginning(answer.body, this.#limits.body) };
    } catch (error) {
      if (deadline.passed) throw new Unanswered(`no answer within ${this.#limits.total / 1000} s`, { unsent: false });
      throw unanswered(error);
    } finally {
      deadline.end();
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** Messages of errors hold addresses, and may hold more: only their codes are told. */
function unanswered(error: unknown): Unanswered {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const known = /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? ` (${code})` : "";
  const unsent = UNSENT.test(code);
  return new Unanswered(unsent ? `no connection${known}` : `the connection broke before an answer came${known}`, { unsent });
}

/** Retry-After, or what GitHub says instead when its limit is reached. */
function waitOf(headers: Dispatcher.ResponseData["headers"], now: number): number | undefined {
  const said = text(headers["retry-after"]);
  if (said !== undefined) return retryAfter(said, now);
  const reset = Number(text(headers["x-ratelimit-reset"]));
  if (text(headers["x-ratelimit-remaining"]) !== "0" || !Number.isFinite(reset)) return undefined;
  return Math.max(0, reset * 1000 - now);
}

function text(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.[0];
}

async function beginning(body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString("utf8");
}
