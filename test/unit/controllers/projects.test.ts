import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { project, type Projected } from "#argo/read.ts";
import { Projects } from "#controllers/projects.ts";
import type { Place } from "#controllers/sightings.ts";
import { KubeFailure } from "#kube/errors.ts";
import { application, T0 } from "#test/build.ts";
import { settle } from "../kube/fakes.ts";
import { FakeInstance, HandClock } from "./fakes.ts";

const place = (name = "checkout"): Place => ({ instance: "eu", application: { namespace: "argocd", name } });
const app = (name = "checkout"): Projected => project(application().but((raw) => void (raw.metadata = { ...raw.metadata, name })).raw);
/** From 09:30 to 11:30, and every test begins at 10:00. */
const freeze = { kind: "deny", schedule: "30 9 * * *", duration: "2h", applications: ["checkout*"] };

let instance: FakeInstance;
let windows: readonly object[] | KubeFailure;
let told: string[];
let stop: AbortController;
let projects: Projects;

beforeEach(() => {
  instance = new FakeInstance("eu", new HandClock());
  windows = [freeze];
  instance.answers["GET"] = () =>
    windows instanceof KubeFailure ? windows : { metadata: { name: "default" }, spec: { syncWindows: windows } };
  told = [];
  stop = new AbortController();
  projects = new Projects(({ application: { name } }) => void told.push(name), stop.signal);
});

/** Asks, and lets the answer come. Returns until when it was said to be closed before that, in minutes. */
async function look(seconds: number, name = "checkout", of = app(name)): Promise<number | string> {
  const { closed } = projects.window(instance, place(name), of, true, T0 + seconds * 1000);
  await settle();
  if (closed === undefined) return "open";
  return closed.until === undefined ? "closed" : (closed.until - T0) / 60_000;
}

test("the first look says nothing and asks; the answer is told, and then known", async () => {
  assert.deepEqual([await look(0), told], ["open", ["checkout"]]);
  assert.deepEqual([await look(1), await look(59)], [90, 90]);
  assert.deepEqual(
    instance.asked.map(({ method, path }) => [method, path]),
    [["GET", "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/default"]],
  );
});

test("an AppProject is asked for again after a minute, once for all of its Applications, and only news is told", async () => {
  await look(0);
  await look(1, "checkout-2");
  told.length = 0;
  await look(60);
  await look(61, "checkout-2");
  assert.deepEqual([instance.asked.length, told], [2, []]);
  windows = [];
  assert.deepEqual([await look(120), told], [90, ["checkout", "checkout-2"]]);
  assert.deepEqual([await look(121), instance.asked.length], ["open", 3]);
});

test("what was known of a window is not said of the one that takes its place", async () => {
  await look(0);
  await look(59);
  windows = [{ ...freeze, duration: "3h" }];
  await look(60);
  assert.equal(await look(61), 150);
});

test("while one question is under way no other is sent", async () => {
  projects.window(instance, place(), app(), true, T0);
  projects.window(instance, place("checkout-2"), app("checkout-2"), true, T0 + 90_000);
  await settle();
  assert.deepEqual([instance.asked.length, told], [1, ["checkout", "checkout-2"]]);
});

test("a window opens at its time without another question", async () => {
  await look(5340);
  assert.deepEqual([await look(5399), await look(5400)], [90, "open"]);
  assert.equal(instance.asked.length, 2);
});

for (const kind of ["Forbidden", "NotFound", "Unauthorized", "Invalid"] as const) {
  test(`an AppProject that is ${kind} has no windows, and is asked for again later`, async () => {
    await look(0);
    windows = new KubeFailure(kind, "no");
    await look(60);
    assert.equal(await look(61), "open");
    windows = [freeze];
    await look(120);
    assert.equal(await look(121), 90);
  });
}

test("while nobody answers, what was known stays", async () => {
  await look(0);
  windows = new KubeFailure("Untrusted", "no");
  await look(60);
  assert.deepEqual([await look(61), told, instance.asked.length], [90, ["checkout"], 2]);
});

test("Applications that no window is for are open, and so is what cannot be read", async () => {
  await look(0);
  assert.deepEqual([await look(1, "cart"), await look(1, "x", project({ metadata: { name: "x" }, spec: 7 }))], ["open", "open"]);
});

test("the AppProject is where Argo CD is, and another instance has others", async () => {
  const far = project(
    application().but((raw) => {
      raw.status["controllerNamespace"] = "argo-system";
      raw.spec.project = "shops";
    }).raw,
  );
  await look(0, "checkout", far);
  assert.equal(instance.asked.at(-1)?.path, "/apis/argoproj.io/v1alpha1/namespaces/argo-system/appprojects/shops");
  const again = new FakeInstance("eu", new HandClock());
  projects.window(again, place(), far, true, T0);
  await settle();
  assert.equal(again.asked.length, 1);
});

test("who has not asked for long is not told, and nobody is once it stops", async () => {
  await look(0, "checkout-2");
  told.length = 0;
  windows = [];
  await look(700);
  assert.deepEqual(told, ["checkout"]);
  windows = [freeze];
  stop.abort();
  await look(800);
  assert.deepEqual(told, ["checkout"]);
});
