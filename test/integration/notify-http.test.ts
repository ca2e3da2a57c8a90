import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import { after, afterEach, before, test } from "node:test";
import { systemClock } from "#kube/clock.ts";
import { HttpPost } from "#notify/http.ts";
import { Unanswered, type PostRequest } from "#notify/post.ts";

/** What production puts behind the port, against real sockets. */

const SECRET = "cAnArY-7f3a91";
let answer: RequestListener;
let asked = 0;
const server = createServer((incoming, outgoing) => {
  asked += 1;
  answer(incoming, outgoing);
});
const signal = new AbortController().signal;
const post = new HttpPost(systemClock, { total: 300, connect: 200, body: 1000 });
let base = "";

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  base = `http://127.0.0.1:${address.port}`;
});
afterEach(() => void (asked = 0));
after(async () => {
  await post.close();
  server.close();
  server.closeAllConnections();
});

const request = (path = "/"): PostRequest => ({
  method: "POST",
  url: new URL(`${base}${path}${SECRET}`),
  headers: { authorization: `Bearer ${SECRET}` },
  body: "{}",
});

async function failure(one: PostRequest, over = signal): Promise<Unanswered> {
  const error: unknown = await post.send(one, over).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Unanswered);
  assert.doesNotMatch(`${error.message} ${error.stack ?? ""} ${JSON.stringify(error)}`, /cAnArY|127\.0\.0\.1:\d/);
  return error;
}

test("an answer is told with its status and the time that it asks for", async () => {
  answer = (_, outgoing) => outgoing.writeHead(429, { "retry-after": "7" }).end("slow down");
  assert.deepEqual(await post.send(request(), signal), { status: 429, retryAfter: 7000, body: "slow down" });
});

test("GitHub's limit is told as a time, too", async () => {
  const reset = Math.floor(Date.now() / 1000) + 60;
  answer = (_, outgoing) => outgoing.writeHead(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${reset}` }).end();
  const { retryAfter = 0 } = await post.send(request(), signal);
  assert.ok(retryAfter > 50_000 && retryAfter <= 60_000, `${retryAfter}`);
  answer = (_, outgoing) => outgoing.writeHead(403, { "x-ratelimit-remaining": "9", "x-ratelimit-reset": `${reset}` }).end();
  assert.equal((await post.send(request(), signal)).retryAfter, undefined);
});

test("a redirect is not followed: what is sent goes to no other place", async () => {
  answer = (_, outgoing) => outgoing.writeHead(307, { location: `${base}/elsewhere` }).end();
  assert.equal((await post.send(request(), signal)).status, 307);
  assert.equal(asked, 1);
});

test("of a long answer the beginning is read, and its end is not waited for", async () => {
  answer = (_, outgoing) => {
    outgoing.writeHead(200);
    outgoing.write("x".repeat(5000));
  };
  const { status, body } = await post.send(request(), signal);
  assert.deepEqual([status, body.length], [200, 1000]);
});

test("no answer in time is not certain, and neither is a connection that breaks after the request", async () => {
  answer = () => undefined;
  assert.deepEqual(await failure(request()).then(({ unsent, message }) => [unsent, message]), [false, "no answer within 0.3 s"]);
  answer = (_, outgoing) => {
    outgoing.writeHead(200);
    outgoing.write("half");
  };
  assert.equal((await failure(request())).unsent, false);
  answer = (incoming) => incoming.socket.destroy();
  const broken = await failure(request());
  assert.deepEqual([broken.unsent, broken.message.startsWith("the connection broke before an answer came")], [false, true]);
  assert.equal(asked, 3, "nothing is sent again by itself");
});

test("where nobody listens it is certain that nothing was sent", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const address = closed.address();
  assert.ok(address !== null && typeof address === "object");
  closed.close();
  await once(closed, "close");
  const one = { ...request(), url: new URL(`http://127.0.0.1:${address.port}/${SECRET}`) };
  assert.deepEqual(await failure(one).then(({ unsent, message }) => [unsent, message]), [true, "no connection (ECONNREFUSED)"]);
});

test("a server that does not speak TLS is not spoken to", async () => {
  const one = { ...request(), url: new URL(`${base.replace("http", "https")}/${SECRET}`) };
  await failure(one);
  assert.equal(asked, 0);
});

test("whoever stops does not wait", async () => {
  answer = () => undefined;
  const stop = new AbortController();
  const sending = failure(request(), stop.signal);
  stop.abort();
  assert.equal((await sending).unsent, false);
});
