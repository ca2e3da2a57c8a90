import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { KubeClient } from "#kube/client.ts";
import { systemClock } from "#kube/clock.ts";
import { EventRecorder } from "#kube/events.ts";
import { HttpTransport } from "#kube/http.ts";
import { isRecord } from "#kube/shape.ts";
import { Plane } from "#plane/plane.ts";
import { FakeLog } from "#test/unit/kube/fakes.ts";

test("a real API server takes the events, and counts equal ones", async () => {
  await using plane = await Plane.start();
  const cluster = await plane.cluster("a");
  const config = new KubeConfig();
  config.loadFromString(cluster.kubeconfigFor("admin"));
  const transport = new HttpTransport(config, systemClock);
  const client = new KubeClient(transport, { open: () => true }, systemClock, Math.random);
  const log = new FakeLog();
  const signal = new AbortController().signal;
  const events = new EventRecorder({
    client,
    controller: "conductor.dev/release-conductor",
    instance: "pod-1",
    clock: systemClock,
    random: Math.random,
    log,
    signal,
  });
  const about = { apiVersion: "v1", kind: "Namespace", name: "default", namespace: "default", uid: "u-1" };
  for (let n = 0; n < 3; n += 1) events.record(about, "Warning", "WaveFailed", "€".repeat(2000));
  events.record(about, "Normal", "WaveStarted", "wave 'canary' started");
  await events.flush();
  const { items } = await client.list("/apis/events.k8s.io/v1/namespaces/default/events", {}, signal);
  const counts = items.map(({ reason, series }) => [reason, isRecord(series) ? series["count"] : 1] as const);
  assert.deepEqual(Object.fromEntries(counts.map(([reason, count]) => [String(reason), count])), { WaveFailed: 3, WaveStarted: 1 });
  assert.deepEqual(log.lines, []);
  await transport.close();
});
