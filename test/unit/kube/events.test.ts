import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeClient } from "#kube/client.ts";
import { KubeFailure } from "#kube/errors.ts";
import { EventRecorder } from "#kube/events.ts";
import { FakeClock, FakeLog, FakeTransport, openFence } from "./fakes.ts";

const release = {
  apiVersion: "conductor.dev/v1alpha1",
  kind: "ServiceRelease",
  name: "checkout.production",
  namespace: "shop",
  uid: "1",
};

function start() {
  const transport = new FakeTransport();
  const clock = new FakeClock();
  const log = new FakeLog();
  const client = new KubeClient(transport, openFence, clock, () => 0);
  const stop = new AbortController();
  const events = new EventRecorder({
    client,
    controller: "conductor.dev/release-conductor",
    instance: "pod-1",
    clock,
    random: () => 0,
    log,
    signal: stop.signal,
  });
  return { transport, clock, log, events };
}

test("an event is written as events.k8s.io/v1 wants it", async () => {
  const { transport, events } = start();
  events.record(release, "Normal", "WaveStarted", "wave 'canary' started");
  await events.flush();
  assert.deepEqual(transport.asked, [
    {
      method: "POST",
      path: "/apis/events.k8s.io/v1/namespaces/shop/events",
      body: {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: { name: "checkout.production.18bcfe56800000000", namespace: "shop" },
        eventTime: "2023-11-14T22:13:20.000000Z",
        reportingController: "conductor.dev/release-conductor",
        reportingInstance: "pod-1",
        action: "WaveStarted",
        reason: "WaveStarted",
        regarding: release,
        note: "wave 'canary' started",
        type: "Normal",
      },
    },
  ]);
});

test("equal events within ten minutes are one, counted", async () => {
  const { transport, clock, events } = start();
  for (let n = 0; n < 3; n += 1) {
    events.record(release, "Warning", "Failed", "no");
    await events.flush();
    await clock.pass(60_000);
  }
  assert.deepEqual(
    transport.asked.map(({ method }) => method),
    ["POST", "PATCH", "PATCH"],
  );
  assert.deepEqual(transport.asked[2]?.body, { series: { count: 3, lastObservedTime: "2023-11-14T22:15:20.000000Z" } });
  await clock.pass(600_000);
  events.record(release, "Warning", "Failed", "no");
  events.record(release, "Warning", "Failed", "another");
  await events.flush();
  assert.deepEqual(
    transport.asked.slice(3).map(({ method }) => method),
    ["POST", "POST"],
  );
});

test("a counted event that the server has forgotten is written anew", async () => {
  const { transport, events } = start();
  events.record(release, "Warning", "Failed", "no");
  await events.flush();
  transport.answers.push(new KubeFailure("NotFound", "gone"));
  events.record(release, "Warning", "Failed", "no");
  await events.flush();
  assert.deepEqual(
    transport.asked.map(({ method }) => method),
    ["POST", "PATCH", "POST"],
  );
});

test("an event that cannot be written fails nobody", async () => {
  const { transport, log, events } = start();
  transport.answers.push(new KubeFailure("Forbidden", "no right"));
  events.record(release, "Normal", "A", "lost");
  events.record(release, "Normal", "B", "kept");
  await events.flush();
  assert.equal(transport.asked.length, 2);
  assert.deepEqual(
    log.lines.map(({ level, message }) => `${level} ${message}`),
    ["warn an event could not be written"],
  );
});

test("a note is cut to 1024 bytes, never inside a character", async () => {
  const { transport, events } = start();
  events.record(release, "Normal", "A", "€".repeat(1000));
  await events.flush();
  const { note } = (transport.asked[0]?.body ?? { note: "" }) as { readonly note: string };
  assert.ok(Buffer.byteLength(note) <= 1024 && Buffer.byteLength(note) > 1000);
  assert.match(note, /^€+…$/);
});

test("an object that reports without end is slowed down, others are not", async () => {
  const { transport, clock, events } = start();
  for (let n = 0; n < 100; n += 1) events.record(release, "Normal", "A", `${n}`);
  events.record({ ...release, uid: "2" }, "Normal", "A", "other");
  await events.flush();
  assert.equal(transport.asked.length, 26);
  await clock.pass(120_000);
  for (let n = 0; n < 100; n += 1) events.record(release, "Normal", "A", `later ${n}`);
  await events.flush();
  assert.equal(transport.asked.length, 28);
});
