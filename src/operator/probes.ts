import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Probes {
  /** Why it is not ready, or undefined when it is. */
  ready(): string | undefined;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

/** Serves /healthz, /readyz and /metrics. Port 0 takes a free one; resolves with the server and the port it listens on. */
export async function serveProbes(host: string, port: number, probes: Probes): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": type }).end(text);
    };
    switch (request.url?.split("?", 1)[0]) {
      case "/healthz":
        return answer(200, "ok\n");
      case "/readyz": {
        const reason = probes.ready();
        return answer(reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
      }
      case "/metrics":
        return void probes.metrics.text().then(
          (text) => answer(200, text, probes.metrics.contentType),
          () => answer(500, "metrics cannot be read\n"),
        );
      default:
        return answer(404, "not found\n");
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}
