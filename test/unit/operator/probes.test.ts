import assert from "node:assert/strict";
import { test } from "node:test";
import { serveProbes } from "#operator/probes.ts";

test("health, readiness and metrics are served, and nothing else", async () => {
  let ready: string | undefined = "servicereleases not read yet";
  let metrics: () => Promise<string> = async () => "a 1\n";
  const { server, port } = await serveProbes("127.0.0.1", 0, {
    ready: () => ready,
    metrics: { contentType: "text/plain; version=0.0.4", text: () => metrics() },
  });
  try {
    const get = async (path: string): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return [response.status, await response.text()];
    };
    assert.deepEqual(
      [await get("/healthz"), await get("/readyz"), await get("/metrics?x"), await get("/")],
      [
        [200, "ok\n"],
        [503, "servicereleases not read yet\n"],
        [200, "a 1\n"],
        [404, "not found\n"],
      ],
    );
    ready = undefined;
    metrics = () => Promise.reject(new Error("secret"));
    assert.deepEqual(
      [await get("/readyz?verbose"), await get("/metrics")],
      [
        [200, "ok\n"],
        [500, "metrics cannot be read\n"],
      ],
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
