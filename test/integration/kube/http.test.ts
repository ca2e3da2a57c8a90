import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { TLSSocket } from "node:tls";
import { KubeConfig } from "@kubernetes/client-node";
import { KubeClient } from "#kube/client.ts";
import { systemClock } from "#kube/clock.ts";
import { failed } from "#kube/errors.ts";
import { HttpTransport, type HttpLimits } from "#kube/http.ts";
import { collection, object } from "#kube/paths.ts";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import type { FaultProxy } from "#plane/proxy.ts";
import { httpProxy, httpsStub, socksProxy, type Stub } from "./stubs.ts";

const never = new AbortController().signal;
const openFence = { open: () => true };
const configMaps = { group: "", version: "v1", plural: "configmaps" };
const all = collection(configMaps, "default");

let plane: Plane;
let cluster: Cluster;
let proxy: FaultProxy;
const closers: (() => Promise<void>)[] = [];

before(async () => {
  plane = await Plane.start();
  cluster = await plane.cluster("a");
  proxy = await plane.proxy(cluster);
});
after(async () => {
  for (const close of closers) await close();
  await plane.stop();
});

interface To {
  readonly server?: string;
  readonly user?: object;
  readonly to?: object;
  readonly limits?: Partial<HttpLimits>;
}

function transport({ server = cluster.url, user = { token: cluster.token() }, to = {}, limits }: To = {}): HttpTransport {
  const config = new KubeConfig();
  const caData = Buffer.from(cluster.ca).toString("base64");
  config.loadFromClusterAndUser({ name: "c", server, skipTLSVerify: false, caData, ...to }, { name: "u", ...user });
  const made = new HttpTransport(config, systemClock, limits);
  closers.push(() => made.close());
  return made;
}

function client(to: To = {}): KubeClient {
  return new KubeClient(transport(to), openFence, systemClock, Math.random);
}

async function stub(started: Promise<Stub>): Promise<Stub> {
  const made = await started;
  closers.push(() => made.stop());
  return made;
}

test("200 requests at once use 16 TLS connections, and the next 200 use the same ones", async () => {
  const kube = client({ server: proxy.url });
  const before = proxy.connections();
  const burst = () =>
    Promise.all(
      Array.from({ length: 200 }, () => kube.get(object(configMaps, "default", "kube-root-ca.crt"), never).catch(() => undefined)),
    );
  await burst();
  const first = proxy.connections() - before;
  await burst();
  assert.deepEqual([first, proxy.connections() - before], [16, 16]);
});

test("requests one after another use a connection or two", async () => {
  const kube = client({ server: proxy.url });
  const before = proxy.connections();
  for (let n = 0; n < 20; n += 1) await kube.list(all, {}, never);
  // A pool takes a second one when a request comes in the very moment that the first is being freed.
  assert.ok(proxy.connections() - before <= 2, `${proxy.connections() - before} connections`);
});

test("twenty open watches starve no request", async () => {
  const made = transport({ server: proxy.url });
  const stop = new AbortController();
  const watches = Array.from({ length: 20 }, () => made.watch({ method: "GET", path: all }, stop.signal));
  for (const watch of watches) assert.deepEqual((await watch.next()).value, { type: "OPENED" });
  assert.equal(proxy.openWatches(), 20);
  const kube = new KubeClient(made, openFence, systemClock, Math.random);
  await Promise.all(Array.from({ length: 50 }, () => kube.list(all, {}, never)));
  stop.abort();
  for (const watch of watches) await assert.rejects(drain(watch), (error) => failed(error, "Aborted"));
});

async function drain(watch: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of watch) continue;
}

test("every verb does what it says on a real server, and every refusal has its kind", async () => {
  const kube = client();
  const path = object(configMaps, "default", "verbs");
  const made = await kube.create(all, { metadata: { name: "verbs" }, data: { a: "1" } }, never);
  const stale = made.metadata.resourceVersion;
  await kube.mergePatch(path, { metadata: { resourceVersion: stale }, data: { b: "2" } }, never);
  const patched = await kube.jsonPatch(
    path,
    [
      { op: "test", path: "/data/b", value: "2" },
      { op: "remove", path: "/data/a" },
    ],
    never,
  );
  assert.deepEqual(patched["data"], { b: "2" });
  const applied = await kube.apply(
    path,
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "verbs" }, data: { c: "3" } },
    { fieldManager: "test" },
    never,
  );
  assert.deepEqual(applied["data"], { b: "2", c: "3" });
  const refusals = [
    [() => kube.create(all, { metadata: { name: "verbs" } }, never), "AlreadyExists"],
    [() => kube.mergePatch(path, { metadata: { resourceVersion: stale } }, never), "Conflict"],
    [
      () =>
        kube.jsonPatch(
          path,
          [
            { op: "test", path: "/metadata/resourceVersion", value: stale },
            { op: "remove", path: "/data/b" },
          ],
          never,
        ),
      "Conflict",
    ],
    [
      () =>
        kube.apply(
          path,
          { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "verbs" }, data: { b: "4" } },
          { fieldManager: "test" },
          never,
        ),
      "Conflict",
    ],
    [() => kube.delete(path, never, { resourceVersion: stale ?? "" }), "Conflict"],
    [() => kube.create(all, { metadata: { name: "Not A Name" } }, never), "Invalid"],
    [() => kube.get(object(configMaps, "default", "nothing"), never), "NotFound"],
    [() => kube.get("/apis/nothing.example/v1/things", never), "NotFound"],
    [() => client({ user: { token: "wrong" } }).get(all, never), "Unauthorized"],
    [() => client({ user: { token: cluster.token("release-conductor") } }).get(all, never), "Forbidden"],
  ] as const;
  for (const [call, kind] of refusals) {
    await assert.rejects(call, (error) => {
      assert.ok(failed(error));
      assert.equal(error.kind, kind, error.message);
      return true;
    });
  }
  await kube.delete(path, never, { uid: made.metadata.uid ?? "" });
  await assert.rejects(kube.get(path, never), (error) => failed(error, "NotFound"));
});

test("a refusal says in the server's words what is missing", async () => {
  const poor = client({ user: { token: cluster.token("release-conductor") } });
  await assert.rejects(
    poor.get(all, never),
    /the API server answered 403: configmaps is forbidden: User "release-conductor" cannot list resource "configmaps"/,
  );
});

test("what nobody answers is Unreachable, in plain words", async () => {
  const gone = await httpsStub(cluster, () => undefined);
  await gone.stop();
  const cases = [
    [{ server: `https://127.0.0.1:${gone.port}` }, "Unreachable", `connection refused by 127.0.0.1:${gone.port}`],
    [{ server: "https://no-such-host.invalid" }, "Unreachable", /^the name cannot be resolved/],
    [{ to: { caData: undefined } }, "Untrusted", /^the server's certificate is not signed by the given CA/],
    [{ to: { tlsServerName: "other.example" } }, "Untrusted", /is for another name: give serverName/],
    [{ to: { caData: Buffer.from("no PEM").toString("base64") } }, "Untrusted", /./],
    [{ server: cluster.url.replace("https", "http") }, "Untrusted", /^plain HTTP to .* is refused: use https$/],
    [
      { to: { proxyUrl: "socks4://127.0.0.1:1", tlsServerName: "x" } },
      "Invalid",
      "the proxy URL must start with http://, https:// or socks5://",
    ],
    [{ to: { proxyUrl: "socks5://127.0.0.1:1" } }, "Invalid", /needs serverName/],
  ] as const;
  for (const [to, kind, message] of cases) {
    await assert.rejects(transport(to).request({ method: "GET", path: all }, never), (error) => {
      assert.ok(failed(error), String(error));
      assert.equal(error.kind, kind, error.message);
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    });
  }
});

test("a server that accepts and never answers is given up at the deadline, a reset at once", async () => {
  const made = transport({ server: proxy.url, limits: { request: 300 } });
  proxy.set({ kind: "stall" });
  await assert.rejects(made.request({ method: "GET", path: all }, never), /^KubeFailure: no answer within 0.3 s from 127.0.0.1/);
  await assert.rejects(
    async () => {
      for await (const _ of made.watch({ method: "GET", path: all }, never)) assert.fail("nothing was opened");
    },
    (error) => failed(error, "Unreachable"),
  );
  await proxy.clear();
  proxy.set({ kind: "reset" });
  await assert.rejects(made.request({ method: "PATCH", path: all, body: {} }, never), (error) => failed(error, "Unreachable"));
  await proxy.clear();
  await made.request({ method: "GET", path: all }, never);
});

test("giving up is Aborted, at once", async () => {
  const made = transport({ server: proxy.url });
  proxy.set({ kind: "stall" });
  const giveUp = new AbortController();
  const call = assert.rejects(made.request({ method: "GET", path: all }, giveUp.signal), (error) => failed(error, "Aborted"));
  giveUp.abort();
  await call;
  await assert.rejects(made.request({ method: "GET", path: all }, giveUp.signal), (error) => failed(error, "Aborted"));
  await proxy.clear();
});

test("after 429 it asks again when the server said, a write too", async () => {
  const kube = client({ server: proxy.url });
  proxy.set({ kind: "status", code: 429, retryAfterSeconds: 1, times: 1 });
  await kube.create(all, { metadata: { name: "patient" } }, never);
  const [refused, accepted] = proxy.requests().slice(-2);
  assert.equal(refused?.fault, "status");
  assert.ok((accepted?.at ?? 0) - (refused?.at ?? 0) >= 1000);
  await kube.delete(object(configMaps, "default", "patient"), never);
});

test("a write whose answer is lost is not repeated", async () => {
  const kube = client({ server: proxy.url });
  const before = proxy.requests().length;
  proxy.set({ kind: "drop-after-commit", times: 1 });
  await assert.rejects(kube.create(all, { metadata: { name: "once" } }, never), (error) => failed(error, "Unreachable"));
  assert.equal(proxy.requests().length - before, 1);
  await kube.delete(object(configMaps, "default", "once"), never);
});

test("a token file that was rotated under its cache is read again after a 401, once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "token-"));
  closers.push(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, "wrong");
  const kube = client({ server: proxy.url, user: { authProvider: { name: "tokenFile", config: { tokenFile } } } });
  const before = proxy.requests().length;
  await assert.rejects(kube.get(all, never), (error) => failed(error, "Unauthorized"));
  assert.equal(proxy.requests().length - before, 1);
  await writeFile(tokenFile, cluster.token());
  await kube.get(all, never);
  assert.equal(proxy.requests().length - before, 3);
  await kube.get(all, never);
  assert.equal(proxy.requests().length - before, 4);
  await rm(tokenFile);
  await assert.rejects(
    client({ user: { authProvider: { name: "tokenFile", config: { tokenFile } } } }).get(all, never),
    /the credential for .* cannot be read \(ENOENT\)/,
  );
});

test("basic authentication, a client certificate and an insecure server", async () => {
  const seen: string[] = [];
  const server = await stub(
    httpsStub(cluster, (request, response) => {
      const peer = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate() : undefined;
      seen.push(`${request.headers.authorization ?? "-"} ${String(peer?.subject?.CN ?? "-")}`);
      response.end("{}");
    }),
  );
  const url = `https://127.0.0.1:${server.port}`;
  const [cert, key] = await Promise.all([readFile(cluster.serving.certificate, "base64"), readFile(cluster.serving.key, "base64")]);
  const ask = (to: To) => transport({ server: url, ...to }).request({ method: "GET", path: "/" }, never);
  await ask({ user: { username: "u", password: "p" } });
  await ask({ user: { certData: cert, keyData: key } });
  await ask({ to: { caData: undefined, skipTLSVerify: true }, user: { token: "t" } });
  assert.equal(seen[0], `Basic ${Buffer.from("u:p").toString("base64")} -`);
  assert.match(seen[1] ?? "", /^- \S+@\d+$/);
  assert.equal(seen[2], "Bearer t -");
});

test("a server that quotes our credential gets it into no message", async () => {
  const server = await stub(
    httpsStub(cluster, (request, response) => {
      response.statusCode = 403;
      response.end(JSON.stringify({ kind: "Status", message: `you sent ${request.headers.authorization}` }));
    }),
  );
  const made = transport({ server: `https://127.0.0.1:${server.port}`, user: { token: "canary-token" } });
  await assert.rejects(made.request({ method: "GET", path: "/" }, never), {
    message: "the API server answered 403: you sent Bearer [redacted]",
  });
});

test("a page of HTML is no API server", async () => {
  const server = await stub(httpsStub(cluster, (_, response) => response.end("<html>log in</html>")));
  const made = transport({ server: `https://127.0.0.1:${server.port}` });
  await assert.rejects(made.request({ method: "GET", path: "/" }, never), /the answer 200 is not JSON: is this a Kubernetes API server/);
});

test("an answer larger than allowed is refused, not read", async () => {
  const server = await stub(httpsStub(cluster, (_, response) => response.end(JSON.stringify({ much: "x".repeat(100_000) }))));
  const made = transport({ server: `https://127.0.0.1:${server.port}`, limits: { largestAnswer: 10_000 } });
  await assert.rejects(
    made.request({ method: "GET", path: "/" }, never),
    (error) => failed(error, "Invalid") && error.message.endsWith("is larger than 10000 bytes"),
  );
});

for (const [kind, start, scheme] of [
  ["an HTTP proxy", httpProxy, "http"],
  ["a SOCKS5 proxy", socksProxy, "socks5"],
] as const) {
  test(`requests and watches through ${kind}`, async () => {
    const seen: string[] = [];
    const through = await stub(start(seen));
    const made = transport({ to: { proxyUrl: `${scheme}://127.0.0.1:${through.port}`, tlsServerName: "kubernetes" } });
    const kube = new KubeClient(made, openFence, systemClock, Math.random);
    for (let n = 0; n < 5; n += 1) await kube.list(all, {}, never);
    for await (const frame of made.watch({ method: "GET", path: all }, never)) {
      assert.equal(frame.type, "OPENED");
      break;
    }
    assert.deepEqual(new Set(seen), new Set([new URL(cluster.url).host]));
    assert.ok(seen.length <= 3, `${seen.length} tunnels`);
  });
}

test("a path prefix of the server URL is kept", async () => {
  const seen: string[] = [];
  const server = await stub(
    httpsStub(cluster, (request, response) => {
      seen.push(request.url ?? "");
      response.end("{}");
    }),
  );
  await transport({ server: `https://127.0.0.1:${server.port}/k8s/clusters/c-1/` }).request(
    { method: "GET", path: "/api/v1/x", query: { a: "b c" } },
    never,
  );
  assert.deepEqual(seen, ["/k8s/clusters/c-1/api/v1/x?a=b+c"]);
});

test("a closed transport asks nobody any more", async () => {
  const made = transport();
  await made.request({ method: "GET", path: all }, never);
  await made.close();
  await assert.rejects(made.request({ method: "GET", path: all }, never), (error) => failed(error, "Unreachable"));
});
