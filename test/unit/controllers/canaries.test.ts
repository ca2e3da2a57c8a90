import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { project, type Projected } from "#argo/read.ts";
import { Canaries } from "#controllers/canaries.ts";
import { repetitionOf } from "#controllers/promotions.ts";
import { write } from "#controllers/writer.ts";
import type { Place } from "#controllers/sightings.ts";
import type { CanaryWrite } from "#engine/world.ts";
import { KubeFailure } from "#kube/errors.ts";
import type { KubeObject } from "#kube/ports.ts";
import { application, R2, run, T0, tracks, want, type ApplicationBuilder } from "#test/build.ts";
import { analysisRun, rollout } from "#test/rollout.ts";
import { settle } from "../kube/fakes.ts";
import { FakeInstance, HandClock } from "./fakes.ts";

const place: Place = { instance: "eu", application: { namespace: "argocd", name: "checkout" } };
const one = { group: "argoproj.io", version: "v1alpha1", kind: "Rollout", namespace: "shop", name: "checkout" };
const deployment = { group: "apps", kind: "Deployment", namespace: "shop", name: "cart" };

/** An Application that holds these resources, in its Argo CD's own cluster. */
function holding(resources: readonly object[], more: (app: ApplicationBuilder) => ApplicationBuilder = (app) => app): ApplicationBuilder {
  return more(application().health("Progressing")).but((raw) => void (raw.status["resources"] = resources));
}
const to = (destination: object) => (app: ApplicationBuilder) =>
  app.but((raw) => void (raw.spec = Object.assign({}, raw.spec, { destination })));
const app = (
  version = 1,
  resources: readonly object[] = [one, deployment],
  more?: (app: ApplicationBuilder) => ApplicationBuilder,
): Projected =>
  project(holding(resources, more).but((raw) => void (raw.metadata = { ...raw.metadata, resourceVersion: `${version}` })).raw);

const ROLLOUT = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/checkout";
const ANALYSIS = "/apis/argoproj.io/v1alpha1/namespaces/shop/analysisruns/checkout-7c4f-2-3";

let instance: FakeInstance;
let there: Record<string, KubeObject | KubeFailure>;
let told: number;
let canaries: Canaries;

beforeEach(() => {
  instance = new FakeInstance("eu", new HandClock());
  there = { [ROLLOUT]: rollout().raw };
  instance.answers["GET"] = ({ path }) => there[path] ?? new KubeFailure("NotFound", "not found");
  told = 0;
  canaries = new Canaries(() => void (told += 1), new AbortController().signal);
});

/** Asks, and lets the answer come. Returns what was known before that: when it was asked, the step, what was measured. */
async function look(seconds: number, of = app()): Promise<string> {
  const found = canaries.rollouts(instance, place, of, T0 + seconds * 1000);
  await settle();
  return found
    .map(({ asked, canary }) =>
      [asked, canary?.step, ...(canary?.analyses ?? []).map(({ phase, measured }) => `${phase}:${measured}`)].join(" ").trim(),
    )
    .join(", ");
}
const asked = (): readonly string[] => instance.asked.map(({ path }) => path);

test("the first look knows the name and asks; the answer is told, and then known", async () => {
  assert.deepEqual([await look(0), told], ["Before", 1]);
  assert.deepEqual([await look(1), await look(4), told, asked()], ["Since 2", "Since 2", 1, [ROLLOUT]]);
});

test("it is asked again after five seconds, sooner when the Application looks different, and only news is told", async () => {
  await look(0);
  await look(5);
  assert.deepEqual([asked().length, told], [2, 1]);
  there[ROLLOUT] = rollout().at(2).raw;
  assert.deepEqual([await look(10), told], ["Since 2", 2]);
  assert.deepEqual([await look(10.5, app(2)), asked().length], ["Before 3", 3]);
  assert.deepEqual([await look(11, app(2)), told, await look(12, app(2)), asked().length], ["Before 3", 3, "Since 3", 4]);
});

test("while one question is under way no other is sent", async () => {
  canaries.rollouts(instance, place, app(), T0);
  canaries.rollouts(instance, place, app(2), T0 + 90_000);
  await settle();
  assert.deepEqual([asked().length, told], [1, 1]);
});

test("the AnalysisRun that it follows is asked how often it has measured, and still why it failed once the Rollout names it no more", async () => {
  there[ROLLOUT] = rollout().at(3).analysed("Running").raw;
  there[ANALYSIS] = analysisRun("Running", ["[0.01]", "[0.02]"]);
  await look(0);
  there[ROLLOUT] = rollout().aborted("2026-11-23T10:01:00Z").raw;
  there[ANALYSIS] = analysisRun("Failed", ["[0.12]"], "too many errors");
  assert.equal(await look(5), "Since 4 Running:2");
  assert.equal(await look(6), "Since 1 Failed:1");
  assert.deepEqual(asked(), [ROLLOUT, ANALYSIS, ROLLOUT, ANALYSIS]);
});

test("without the right to AnalysisRuns what the Rollout says of them is known", async () => {
  there[ROLLOUT] = rollout().at(3).analysed("Running").raw;
  there[ANALYSIS] = new KubeFailure("Forbidden", "no");
  await look(0);
  assert.equal(await look(1), "Since 4 Running:0");
});

for (const kind of ["Forbidden", "NotFound", "Unauthorized", "Invalid"] as const) {
  test(`a Rollout that is ${kind} is known by its name, and asked again after a minute`, async () => {
    there[ROLLOUT] = new KubeFailure(kind, "no");
    await look(0);
    assert.deepEqual([await look(59, app(2)), asked().length, told], ["Never", 1, 0]);
    there[ROLLOUT] = rollout().raw;
    assert.deepEqual([await look(60), told, await look(61)], ["Never", 1, "Since 2"]);
  });
}

test("what has not answered yet is asked again", async () => {
  there[ROLLOUT] = new KubeFailure("Untrusted", "no");
  assert.deepEqual([await look(0), await look(5), asked().length, told], ["Before", "Before", 2, 0]);
});

test("while nobody answers, what was known stays, as of then", async () => {
  await look(0);
  there[ROLLOUT] = new KubeFailure("Untrusted", "no");
  await look(5, app(2));
  assert.deepEqual([await look(6, app(2)), told], ["Before 2", 1]);
});

for (const [what, of, known] of [
  ["that is healthy", app(1, [one], (known) => known.health("Healthy")), "Never"],
  ["without Rollouts", app(1, [deployment]), ""],
  ["of a hub, which deploys elsewhere", app(1, [one], to({ server: "https://10.0.0.1", namespace: "shop" })), "Never"],
  ["that deploys elsewhere by name", app(1, [one], to({ name: "us", namespace: "shop" })), "Never"],
] as const) {
  test(`of an Application ${what} nothing is asked`, async () => {
    assert.deepEqual([await look(0, of), await look(60, of), asked()], [known, known, []]);
  });
}

test("its own cluster may be named", async () => {
  await look(0, app(1, [one], to({ name: "in-cluster", namespace: "shop" })));
  assert.deepEqual(asked(), [ROLLOUT]);
});

test("of many Rollouts the first five are asked", async () => {
  const many = ["a", "b", "c", "d", "e", "f", "g"].map((name) => ({ ...one, name }));
  await look(0, app(1, many));
  assert.deepEqual(
    asked().map((path) => path.at(-1)),
    ["a", "b", "c", "d", "e"],
  );
});

// What is written to them.

async function steering(kind: CanaryWrite, raw: KubeObject, answers: FakeInstance["answers"] = {}) {
  const held = holding([one, deployment], (known) => known.tracking(R2));
  there[ROLLOUT] = raw;
  there["/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout"] = held.raw;
  Object.assign(instance.answers, { PATCH: () => ({ metadata: {} }) }, answers);
  const { spec } = run({ targets: [{ cluster: "eu" }] });
  const [target = assert.fail()] = spec.targets;
  const result = await write(
    instance,
    { namespace: "team-a", spec },
    target,
    { cluster: "eu", kind, want: want(), over: [tracks(R2)] },
    new AbortController().signal,
  );
  return {
    result,
    patches: instance.asked.filter(({ method }) => method === "PATCH").map(({ path, contentType, body }) => [path, contentType, body]),
    held,
  };
}
const merge = "application/merge-patch+json";
const guard = { metadata: { resourceVersion: "812" } };

test("promoting fully is one guarded patch of the Rollout's status; what is awaited then is the Application as it was read", async () => {
  const { result, patches, held } = await steering("PromoteFull", rollout().raw);
  assert.deepEqual(result, { kind: "Done", resourceVersion: held.raw.metadata.resourceVersion, by: "us" });
  assert.deepEqual(patches, [[`${ROLLOUT}/status`, merge, { ...guard, status: { promoteFull: true } }]]);
});

test("a retry takes the abort back", async () => {
  const { patches } = await steering("RetryCanary", rollout().aborted("2026-11-23T10:01:00Z").raw);
  assert.deepEqual(patches, [[`${ROLLOUT}/status`, merge, { ...guard, status: { abort: false } }]]);
});

test("what is so already is not written", async () => {
  const { result, patches } = await steering("PromoteFull", rollout().promoted().raw);
  assert.deepEqual([result.kind === "Done" && result.by, patches], ["before", []]);
});

test("without the right it is refused, in the API server's words; written by somebody else meanwhile it is looked at again", async () => {
  const forbidden = await steering("PromoteFull", rollout().raw, { PATCH: () => new KubeFailure("Forbidden", "no") });
  assert.deepEqual(forbidden.result, { kind: "Refused", message: "no" });
  const conflict = await steering("PromoteFull", rollout().raw, { PATCH: () => new KubeFailure("Conflict", "no") });
  assert.deepEqual(conflict.result, { kind: "Changed", resourceVersion: undefined });
});

// What a plan warns of.

for (const [what, raw, of, warning] of [
  [
    "a Rollout that was promoted",
    rollout().promoted().raw,
    app(),
    /^Rollout shop\/checkout repeats the 4 steps of its canary on the way back/,
  ],
  ["one amid its canary", rollout().raw, app(), /^none$/],
  ["one that nobody may ask", new KubeFailure("Forbidden", "no"), app(), /^none$/],
  ["one that does not answer", new KubeFailure("Untrusted", "no"), app(), /^none$/],
  ["an Application of a hub", rollout().promoted().raw, app(1, [one], to({ name: "us" })), /^none$/],
] as const) {
  test(`of ${what} the plan to go back warns ${warning.source === "^none$" ? "of nothing" : "that it repeats its canary"}`, async () => {
    there[ROLLOUT] = raw;
    assert.match((await repetitionOf(instance, of, new AbortController().signal)) ?? "none", warning);
  });
}
