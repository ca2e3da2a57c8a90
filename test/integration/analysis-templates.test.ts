import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import { FakeMetricsServer, type Answer, type MetricsApi, type Script } from "#plane/fake-metrics.ts";
import { answer, read, type Figures } from "#test/bench/gates/queries.ts";
import { analysisRun, hasEnded, render, runsPath, statuses, type Status, type Template } from "#test/bench/gates/templates.ts";

/** The chart's ready-made templates, by the real controller and its real providers, against a server that says what a case needs. */

const namespace = "shop";
const CLUSTERS = ["eu-west-1", "us-east-1", "ap-south-1"];
const fine: Figures = { requests: 1000, errorRate: 0.02, latency: 0.3 };
const broken: Figures = { requests: 1000, errorRate: 0.051, latency: 0.501 };

type Phases = Readonly<Record<"error-rate-datadog" | "latency-datadog" | "error-rate-prometheus" | "latency-prometheus", string>>;
const all = (phase: string): Phases => ({
  "error-rate-datadog": phase,
  "latency-datadog": phase,
  "error-rate-prometheus": phase,
  "latency-prometheus": phase,
});

interface Case {
  readonly title: string;
  /** Of the three clusters, or instead of an answer. */
  readonly figures: readonly Figures[] | Script;
  readonly phases: Phases;
}

/** By the name of the service that the templates ask about. */
const CASES: Readonly<Record<string, Case>> = {
  good: { title: "three clusters within bounds pass", figures: [fine, fine, fine], phases: all("Successful") },
  bad: { title: "one of three clusters out of bounds fails the wave", figures: [fine, broken, fine], phases: all("Failed") },
  alone: {
    title: "a cluster out of bounds fails the wave when nothing is heard of the others",
    figures: [broken],
    phases: all("Failed"),
  },
  few: {
    title: "one of three clusters with too few requests passes nothing, be they good or bad",
    figures: [fine, { ...broken, requests: 399 }, fine],
    phases: all("Inconclusive"),
  },
  missing: { title: "one of three clusters that says nothing passes nothing", figures: [fine, fine], phases: all("Inconclusive") },
  empty: { title: "an empty answer passes nothing", figures: () => [], phases: all("Inconclusive") },
  nothing: {
    title: "an answer without a number passes nothing",
    figures: (api) => (api === "prometheus" ? [NaN, NaN, NaN] : NaN),
    phases: all("Inconclusive"),
  },
  gap: {
    title: "one number among three that is none passes nothing",
    figures: (api, query) => (api === "prometheus" ? [0.02, NaN, 0.02] : query.startsWith("count_not_null(") ? [2] : [0.02]),
    phases: all("Inconclusive"),
  },
  quiet: {
    title: "where requests are counted and none has failed, none has failed; a latency that is not there passes nothing",
    figures: (api, query) =>
      api === "prometheus" ? (query.startsWith("histogram") ? [] : [0, 0, 0]) : query.startsWith("count_not_null(") ? [3] : [],
    phases: { ...all("Successful"), "latency-datadog": "Inconclusive", "latency-prometheus": "Inconclusive" },
  },
  refused: { title: "a provider that fails passes nothing", figures: () => ({ status: 500 }), phases: all("Error") },
  throttled: { title: "a provider that throttles passes nothing", figures: () => ({ status: 429 }), phases: all("Error") },
};

let plane: Plane;
let cluster: Cluster;
let metrics: FakeMetricsServer;
let templates: ReadonlyMap<string, Template>;
let ended: ReadonlyMap<string, Status>;

function script(api: MetricsApi, query: string, now: number): Answer {
  const question = read(query);
  assert.deepEqual(question.clusters, CLUSTERS);
  const one = CASES[question.service];
  if (one === undefined) throw new Error(`there is no case ${question.service}`);
  return typeof one.figures === "function" ? one.figures(api, query, now) : answer(question, api, one.figures);
}

const nameOf = (template: string): string => template.replace("conductor-", "");

before(async () => {
  plane = await Plane.start();
  cluster = await plane.cluster("management", { rollouts: true });
  metrics = await FakeMetricsServer.start(script);
  const rendered = await render(["enabled=true", `prometheus.address=${metrics.url}`], () => undefined);
  templates = rendered;
  await cluster.apply([
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    metrics.secret(namespace),
    ...rendered.values(),
  ]);
  for (const service of Object.keys(CASES)) {
    const wave = { service, environment: "production", clusters: CLUSTERS.join(","), "clusters-regex": CLUSTERS.join("|") };
    const quick = { "window-seconds": "1", interval: "1s", count: "2", "errors-in-a-row": "0" };
    for (const [name, template] of templates)
      await cluster.create(runsPath(namespace), analysisRun(template, namespace, `${nameOf(name)}.${service}`, { ...wave, ...quick }));
  }
  const deadline = Date.now() + 30_000;
  do {
    await sleep(250);
    ended = await statuses(cluster, namespace);
  } while (![...ended.values()].every(hasEnded) && Date.now() < deadline);
});
afterEach((t) => plane.keepLogsIfFailed(t));
after(async () => {
  await metrics[Symbol.asyncDispose]();
  await plane.stop();
});

test("the chart has error rate and latency for Datadog and for Prometheus, and a real API server takes them word for word", async () => {
  assert.deepEqual([...templates.keys()].map(nameOf).sort(), Object.keys(all("")).sort());
  for (const template of templates.values()) {
    const taken = await cluster.kubectl(
      ["create", "--dry-run=server", "--validate=strict", "-f", "-"],
      JSON.stringify({ ...template, metadata: { name: "again" } }),
    );
    assert.match(taken, /clusteranalysistemplate.*\/again created \(server dry run\)/);
  }
});

for (const [service, { title, phases }] of Object.entries(CASES)) {
  test(title, () => {
    const said = (template: string): Status | undefined => ended.get(`${template}.${service}`);
    const seen = Object.fromEntries(Object.keys(phases).map((template) => [template, said(template)?.phase]));
    assert.deepEqual(
      seen,
      phases,
      JSON.stringify(
        Object.keys(phases).map((template) => said(template)),
        null,
        1,
      ),
    );
  });
}

test("the chart installs no template unless it is told to, and none for a Prometheus whose address it was not told", async () => {
  const names = async (settings: readonly string[]): Promise<string[]> => [...(await render(settings, () => undefined)).keys()].map(nameOf);
  assert.deepEqual(await names([]), []);
  assert.deepEqual(await names(["enabled=true"]), ["error-rate-datadog", "latency-datadog"]);
  await assert.rejects(names(["enabled=true", "args.count=many"]), /count/);
});

test("the templates ask only what the scripted server understands", () => {
  assert.deepEqual(metrics.failures, []);
});
