import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";

export type Provider = "datadog" | "prometheus";

/** What is answered: one value for each series (null is a gap, which only Datadog has), or a refusal. */
export type Answer = readonly (number | null)[] | { readonly status: number };

/** Plays the query APIs of Datadog (v1) and Prometheus on loopback, as one script says. */
export class MetricsServer implements AsyncDisposable {
  readonly #server;
  readonly #script: (query: string, provider: Provider) => Answer;
  /** What the script could not answer: a bug of the test. */
  readonly failures: string[] = [];

  private constructor(script: (query: string, provider: Provider) => Answer) {
    this.#script = script;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(script: (query: string, provider: Provider) => Answer): Promise<MetricsServer> {
    const metrics = new MetricsServer(script);
    metrics.#server.listen(0, "127.0.0.1");
    await once(metrics.#server, "listening");
    return metrics;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the metrics server does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    // Both ask at /api/v1/query: Datadog's provider by GET, Prometheus' client posts a form.
    const provider: Provider = request.method === "POST" ? "prometheus" : "datadog";
    const form = provider === "prometheus" ? new URLSearchParams(Buffer.concat(chunks).toString()) : url.searchParams;
    const query = form.get("query") ?? "";
    let said: Answer;
    try {
      said = this.#script(query, provider);
    } catch (error) {
      this.failures.push(error instanceof Error ? error.message : String(error));
      said = { status: 500 };
    }
    const status = "status" in said ? said.status : 200;
    response.writeHead(status, { "content-type": "application/json" });
    response.end("status" in said ? JSON.stringify({ status: "error", errorType: "internal", error: "scripted" }) : BODIES[provider](said));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

type Values = readonly (number | null)[];

const BODIES: Readonly<Record<Provider, (values: Values) => string>> = {
  prometheus: (values) =>
    JSON.stringify({
      status: "success",
      data: {
        resultType: "vector",
        result: values.map((value, index) => ({ metric: { cluster: `c${index}` }, value: [Date.now() / 1000, String(value)] })),
      },
    }),
  datadog: (values) =>
    JSON.stringify({
      status: "ok",
      series: values.map((value) => ({
        pointlist: [
          [Date.now() - 60_000, 0],
          [Date.now(), value],
        ],
      })),
    }),
};
