import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { FreezeWindowSpec, FreezeWindowStatus } from "#api/freezewindow.ts";
import { FreezeWindowController } from "#controllers/freezewindows.ts";
import { seenWindow, type SeenWindow } from "#controllers/freezes/seenwindow.ts";
import { KubeClient } from "#kube/client.ts";
import { KubeFailure } from "#kube/errors.ts";
import type { KubeObject, KubeRequest, Reflector } from "#kube/ports.ts";
import { WorkQueue } from "#kube/queue.ts";
import { FakeClock, FakeLog, noJitter } from "../kube/fakes.ts";
import { at, windowOf } from "./freezes/windows.ts";

const KEY = "team-a/freeze";
const PATH = "/apis/conductor.dev/v1alpha1/namespaces/team-a/freezewindows/freeze/status";

/** One FreezeWindow in an API server in memory, and its controller. */
class Scene {
  readonly clock = new FakeClock();
  readonly written: { readonly at: string; readonly status: FreezeWindowStatus }[] = [];
  readonly requests: KubeRequest[] = [];
  readonly #queue = new WorkQueue({ name: "freezes", workers: 1, clock: this.clock, random: noJitter, log: new FakeLog() });
  #window: SeenWindow | undefined;
  #version = 1;

  constructor(context: TestContext) {
    const stop = new AbortController();
    context.after(() => stop.abort());
    const windows: Reflector<SeenWindow> = {
      synced: true,
      failure: undefined,
      get: () => this.#window,
      list: () => (this.#window === undefined ? [] : [this.#window]),
      caughtUp: (_, version) => Number(version) <= this.#version,
      onChange: () => () => undefined,
      relist: () => undefined,
      stop: async () => undefined,
    };
    const transport = { request: (request: KubeRequest) => this.#put(request), watch: unwatched };
    const home = new KubeClient(transport, { open: () => true }, this.clock, noJitter);
    const controller = new FreezeWindowController({ home, windows, clock: this.clock }, this.#queue);
    void this.#queue.run((key) => controller.reconcile(key, stop.signal), stop.signal);
  }

  /** Somebody applies it, or deletes it. */
  show(window: SeenWindow | undefined): void {
    this.#version += 1;
    this.#window = window;
    this.#queue.add(KEY);
  }

  async until(moment: string): Promise<void> {
    await this.clock.pass(at(moment) - this.clock.now());
  }

  /** What has been written since the last question: when, and the columns of kubectl with the condition. */
  news(): string[] {
    return this.written.splice(0).map(({ at: when, status: { active, until = "-", next = "-", conditions = [] } }) => {
      const [ready] = conditions;
      return `${when} ${active} ${until} ${next} ${ready?.status} ${ready?.reason}: ${ready?.message}`;
    });
  }

  async #put(request: KubeRequest): Promise<{ status: number; body: unknown }> {
    this.requests.push(request);
    const { metadata, status } = request.body as { metadata: { resourceVersion: string }; status: FreezeWindowStatus };
    const window = this.#window;
    if (window === undefined || "unreadable" in window) throw new KubeFailure("NotFound", "not found");
    if (metadata.resourceVersion !== window.metadata.resourceVersion) throw new KubeFailure("Conflict", "it has changed");
    this.written.push({ at: new Date(this.clock.now()).toISOString(), status });
    this.#version += 1;
    this.#window = { ...window, metadata: { ...window.metadata, resourceVersion: `${this.#version}` }, status };
    this.#queue.add(KEY);
    return { status: 200, body: this.#window };
  }
}

async function* unwatched(): AsyncGenerator<never, void, undefined> {}

const weekends: Partial<FreezeWindowSpec> = { schedule: "0 18 * * fri", duration: "62h", timeZone: "Europe/Berlin" };
const holds = (until: string): string => `no release starts on a further target in its scope until ${until}`;

test("a window's status is written when it turns, then exactly, and at no other time", async (context) => {
  const scene = new Scene(context);
  await scene.until("2026-11-23T10:00Z");
  scene.show(windowOf(weekends));
  await scene.until("2026-12-05T00:00Z");
  assert.deepEqual(scene.news(), [
    "2026-11-23T10:00:00.000Z false - 2026-11-27T17:00:00Z True Waiting: it holds from 2026-11-27T17:00:00Z on",
    `2026-11-27T17:00:00.000Z true 2026-11-30T07:00:00Z 2026-12-04T17:00:00Z True Active: ${holds("2026-11-30T07:00:00Z")}`,
    "2026-11-30T07:00:00.000Z false - 2026-12-04T17:00:00Z True Waiting: it holds from 2026-12-04T17:00:00Z on",
    `2026-12-04T17:00:00.000Z true 2026-12-07T07:00:00Z 2026-12-11T17:00:00Z True Active: ${holds("2026-12-07T07:00:00Z")}`,
  ]);
});

test("one that happens once is over at its end, and nothing wakes for it any more", async (context) => {
  const scene = new Scene(context);
  await scene.until("2026-11-23T10:00Z");
  scene.show(windowOf({ from: "2026-11-23T09:00:00Z", to: "2026-11-23T11:00:00Z" }));
  await scene.until("2026-11-24T00:00Z");
  assert.deepEqual(scene.news(), [
    `2026-11-23T10:00:00.000Z true 2026-11-23T11:00:00Z - True Active: ${holds("2026-11-23T11:00:00Z")}`,
    "2026-11-23T11:00:00.000Z false - - True Over: it does not hold any more, and can be deleted",
  ]);
  assert.equal(scene.clock.sleepers, 0);
});

test("one that is changed says what is true of its new spec, at once and at its new turns", async (context) => {
  const scene = new Scene(context);
  await scene.until("2026-11-23T10:00Z");
  scene.show(windowOf(weekends));
  await scene.until("2026-11-24T00:00Z");
  scene.news();
  scene.show(windowOf({ ...weekends, schedule: "0 18 * * tue", duration: "1h" }));
  await scene.until("2026-11-24T17:30Z");
  assert.deepEqual(scene.news(), [
    "2026-11-24T00:00:00.000Z false - 2026-11-24T17:00:00Z True Waiting: it holds from 2026-11-24T17:00:00Z on",
    `2026-11-24T17:00:00.000Z true 2026-11-24T18:00:00Z 2026-12-01T17:00:00Z True Active: ${holds("2026-11-24T18:00:00Z")}`,
  ]);
});

test("one that cannot be what it says has the fault in its condition Ready", async (context) => {
  const scene = new Scene(context);
  await scene.until("2026-11-23T10:00Z");
  scene.show(windowOf({ schedule: "0 0 30 2 *", duration: "1h" }));
  await scene.until("2026-11-25T10:00Z");
  assert.deepEqual(scene.news(), [
    '2026-11-23T10:00:00.000Z false - - False Invalid: schedule "0 0 30 2 *" never comes: no month has such a day. Until that is corrected, no release starts that it could be for',
  ]);
});

test("a status is written to the window that was read, whole, with the generation it speaks of", async (context) => {
  const scene = new Scene(context);
  await scene.until("2026-11-23T10:00Z");
  const window = windowOf({ from: "2026-11-23T09:00:00Z", to: "2026-11-23T11:00:00Z" });
  scene.show({ ...window, metadata: { ...window.metadata, generation: 7 } });
  await scene.until("2026-11-23T10:01Z");
  const ready = { type: "Ready", status: "True", reason: "Active", message: holds("2026-11-23T11:00:00Z") };
  assert.deepEqual(scene.requests, [
    {
      method: "PUT",
      path: PATH,
      body: {
        apiVersion: window.apiVersion,
        kind: "FreezeWindow",
        metadata: { namespace: "team-a", name: "freeze", resourceVersion: "1" },
        spec: window.spec,
        status: {
          observedGeneration: 7,
          conditions: [{ ...ready, observedGeneration: 7, lastTransitionTime: "2026-11-23T10:00:00Z" }],
          active: true,
          until: "2026-11-23T11:00:00Z",
        },
      },
    },
  ]);
});

test("nothing is written to one that cannot be read, nor to one that is gone", async (context) => {
  const scene = new Scene(context);
  const raw: KubeObject = { kind: "FreezeWindow", metadata: { namespace: "team-a", name: "freeze" }, spec: {} };
  scene.show(seenWindow(raw));
  await scene.until("2026-11-23T10:00Z");
  scene.show(undefined);
  await scene.until("2026-11-24T10:00Z");
  assert.deepEqual(scene.requests, []);
});
