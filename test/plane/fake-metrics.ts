import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { listening } from "./loopback.ts";
import { type MetricsApi, type Values, bodyOf, errorBodyOf } from "./metrics-bodies.ts";

export type { MetricsApi, Values } from "./metrics-bodies.ts";

/** Values, an error, or half a body and the rest of it `slow` milliseconds later. */
export type Answer =
  | Values
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly slow: number; readonly values: Values };

/** `now` in milliseconds since the epoch. */
export type Script = (api: MetricsApi, query: string, now: number) => Answer;

export interface MetricsQuery {
  readonly api: MetricsApi;
  /** Of Datadog's v2 the formula, with its queries put in where it names them; without a formula the first query. */
  readonly query: string;
  /** Seconds back from now that it asks for; undefined for Prometheus, whose queries say it themselves. */
  readonly seconds: number | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What it was answered. */
  readonly status: number;
}

const v2 = z.object({
  data: z.object({
    type: z.literal("scalar_request"),
    attributes: z.object({
      from: z.number(),
      to: z.number(),
      queries: z.array(z.object({ name: z.string(), query: z.string() })).min(1),
      formulas: z.array(z.object({ formula: z.string() })),
    }),
  }),
});

const KEYS = { api: "api-key-of-the-plane", app: "app-key-of-the-plane" };

type Asked = Pick<MetricsQuery, "api" | "query" | "seconds">;

/** Plays the query APIs of Datadog (v1 and v2) and of Prometheus on loopback. What it says is scripted; who asks is real. */
export class FakeMetricsServer implements AsyncDisposable {
  /** http://127.0.0.1:PORT: the address of a Prometheus, and of Datadog's API. */
  readonly url: string;
  readonly #server: Server;
  readonly #queries: MetricsQuery[] = [];
  /** What was asked wrongly, and what the script could not answer: a bug of the test. */
  readonly failures: string[] = [];
  readonly #stop = new AbortController();
  #script: Script;

  private constructor(server: Server, url: string, script: Script) {
    this.#server = server;
    this.url = url;
    this.#script = script;
    server.on("request", (incoming, outgoing) => {
      void this.#serve(incoming, outgoing).catch((error: unknown) => this.failures.push(refuse(outgoing, error)));
    });
  }

  /** Without a script it has no data. */
  static async start(script: Script = () => "no data"): Promise<FakeMetricsServer> {
    const { server, url } = await listening();
    return new FakeMetricsServer(server, url, script);
  }

  /** From now on. */
  set script(script: Script) {
    this.#script = script;
  }

  /** Every query so far, oldest first. */
  get queries(): readonly MetricsQuery[] {
    return this.#queries;
  }

  /** The Secret of Argo Rollouts' Datadog provider; with other keys it is answered 403. */
  secret(namespace: string, name = "datadog"): object {
    return {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace },
      stringData: { address: this.url, "api-key": KEYS.api, "app-key": KEYS.app },
    };
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const asked = parse(incoming, await bodyText(incoming));
    const now = Date.now();
    const answer = asked.api !== "prometheus" && !authorized(incoming) ? { status: 403 } : this.#script(asked.api, asked.query, now);
    const status = typeof answer === "object" && "status" in answer ? answer.status : 200;
    this.#queries.push({ ...asked, at: now, status });
    if (typeof answer === "object" && "status" in answer) return send(outgoing, status, errorBodyOf(asked.api, status), answer.headers);
    if (typeof answer !== "object" || !("slow" in answer)) return send(outgoing, status, bodyOf(asked.api, answer, now));
    const text = JSON.stringify(bodyOf(asked.api, answer.values, now));
    const half = Math.floor(text.length / 2);
    outgoing.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    outgoing.write(text.slice(0, half));
    await sleep(answer.slow, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
    outgoing.end(text.slice(half));
  }

  /** Ends its connections, also those that wait for a slow body. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const closed = this.#server.listening ? once(this.#server, "close") : undefined;
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Datadog's v1 and Prometheus ask at the same path: Datadog's client sends keys. */
function parse({ url = "/", method, headers }: IncomingMessage, text: string): Asked {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  if (pathname === "/api/v2/query/scalar" && method === "POST") {
    const { queries, formulas, from, to } = v2.parse(JSON.parse(text)).data.attributes;
    return { api: "datadog-v2", query: written(formulas[0]?.formula, queries), seconds: (to - from) / 1000 };
  }
  if (pathname !== "/api/v1/query") throw new Error(`nobody plays ${method} ${pathname} here`);
  const given = method === "POST" ? new URLSearchParams(text) : searchParams;
  const query = given.get("query");
  if (query === null) throw new Error("there is no parameter query");
  if (headers["dd-api-key"] === undefined) return { api: "prometheus", query, seconds: undefined };
  return { api: "datadog-v1", query, seconds: Number(given.get("to")) - Number(given.get("from")) };
}

function written(formula: string | undefined, queries: readonly { readonly name: string; readonly query: string }[]): string {
  const texts = new Map(queries.map(({ name, query }) => [name, query]));
  return formula === undefined ? (queries[0]?.query ?? "") : formula.replaceAll(/\w+/g, (word) => texts.get(word) ?? word);
}

function authorized({ headers }: IncomingMessage): boolean {
  return headers["dd-api-key"] === KEYS.api && headers["dd-application-key"] === KEYS.app;
}

async function bodyText(incoming: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += String(chunk);
  return text;
}

function send(outgoing: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  outgoing.writeHead(status, { "content-type": "application/json", ...headers });
  outgoing.end(JSON.stringify(body));
}

/** What is asked wrongly, and a script that throws, show up where they belong: in the measurement. */
function refuse(outgoing: ServerResponse, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (outgoing.headersSent) outgoing.destroy();
  else send(outgoing, 400, { status: "error", errorType: "bad_data", error: message, errors: [message] });
  return message;
}
