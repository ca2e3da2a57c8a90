import assert from "node:assert/strict";
import { test } from "node:test";
import { failed } from "#kube/errors.ts";
import { fenced } from "#kube/fenced.ts";
import { LimitedTransport } from "#kube/limited.ts";
import type { KubeRequest, KubeResponse, Transport } from "#kube/ports.ts";
import { FakeTransport, settle } from "./fakes.ts";

/** Holds every request until it is let go. */
class SlowTransport extends FakeTransport {
  readonly holding: { readonly path: string; readonly answer: () => void }[] = [];

  override request(request: KubeRequest): Promise<KubeResponse> {
    return new Promise((resolve) => this.holding.push({ path: request.path, answer: () => resolve({ status: 200, body: {} }) }));
  }
}

const never = new AbortController().signal;

function ask(transport: Transport, ...paths: string[]): Promise<KubeResponse>[] {
  return paths.map((path) => transport.request({ method: "GET", path }, never));
}

test("at most so many requests at once, first come first served", async () => {
  const slow = new SlowTransport();
  const limited = new LimitedTransport(slow, 2);
  const answers = ask(limited, "/1", "/2", "/3", "/4");
  await settle();
  assert.deepEqual(
    slow.holding.map(({ path }) => path),
    ["/1", "/2"],
  );
  slow.holding[1]?.answer();
  await settle();
  assert.deepEqual(
    slow.holding.map(({ path }) => path),
    ["/1", "/2", "/3"],
  );
  slow.holding[0]?.answer();
  slow.holding[2]?.answer();
  await settle();
  slow.holding[3]?.answer();
  await Promise.all(answers);
});

test("a higher limit lets in who waits", async () => {
  const slow = new SlowTransport();
  const limited = new LimitedTransport(slow, 1);
  void ask(limited, "/1", "/2", "/3");
  limited.limit = 3;
  await settle();
  assert.equal(slow.holding.length, 3);
});

test("who gives up while waiting leaves the queue, and nobody else's place is lost", async () => {
  const slow = new SlowTransport();
  const limited = new LimitedTransport(slow, 1);
  const giveUp = new AbortController();
  const [first] = ask(limited, "/1");
  const second = limited.request({ method: "GET", path: "/2" }, giveUp.signal);
  const [third] = ask(limited, "/3");
  giveUp.abort();
  await assert.rejects(second, (error) => failed(error, "Aborted"));
  slow.holding[0]?.answer();
  await first;
  await settle();
  assert.deepEqual(
    slow.holding.map(({ path }) => path),
    ["/1", "/3"],
  );
  slow.holding[1]?.answer();
  await third;
});

test("a write that waited in the queue is not sent when the fence has closed meanwhile", async () => {
  let open = true;
  const slow = new SlowTransport();
  const limited = new LimitedTransport(fenced(slow, { open: () => open }), 1);
  const [first] = ask(limited, "/1");
  const write = limited.request({ method: "PATCH", path: "/2" }, never);
  await settle();
  open = false;
  slow.holding[0]?.answer();
  await first;
  await assert.rejects(write, (error) => failed(error, "Fenced"));
  assert.equal(slow.holding.length, 1);
});
