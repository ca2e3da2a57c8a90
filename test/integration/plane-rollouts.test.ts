import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Cluster } from "#plane/cluster.ts";
import { type Answer, FakeMetricsServer, type MetricsApi } from "#plane/fake-metrics.ts";
import { Plane } from "#plane/plane.ts";
import type { Manifest } from "#test/scene/manifests.ts";
import { type MetricSpec, analysis, metric, rollout } from "#test/scene/rollouts.ts";
import { until } from "#test/scene/stage.ts";

/** The real controllers of Argo Rollouts and Kubernetes, over pods of kwok and metrics of a script. */
let plane: Plane;
let cluster: Cluster;
let metrics: FakeMetricsServer;
before(async () => {
  [plane, metrics] = await Promise.all([Plane.start(), FakeMetricsServer.start((_, query) => answers.get(query) ?? "no data")]);
  cluster = await plane.cluster("one", { rollouts: true, workloads: true });
  await apply(metrics.secret("default"));
});
after(() => Promise.all([plane.stop(), metrics.stop()]));
afterEach((t) => plane.keepLogsIfFailed(t));

/** What the metrics server says, by query. */
const answers = new Map<string, Answer>();

const apply = (...objects: readonly object[]) => cluster.apply(objects.map(inDefault));
const inDefault = (object: object) => {
  const { metadata, ...rest } = object as Manifest;
  return { ...rest, metadata: { ...metadata, namespace: "default" } };
};

interface Rollout {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: string;
    readonly phase?: string;
    readonly message?: string;
    readonly abort?: boolean;
    readonly currentStepIndex?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

interface AnalysisRun {
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly metricResults?: readonly { readonly measurements?: readonly { readonly value?: string; readonly message?: string }[] }[];
  };
}

const argo = "/apis/argoproj.io/v1alpha1/namespaces/default";

/** The Rollout as soon as its status speaks of the newest generation and of that phase. */
async function untilPhase(name: string, phase: string): Promise<Rollout["status"]> {
  const found = await until<Rollout>(
    `the Rollout ${name}`,
    () => cluster.get(`${argo}/rollouts/${name}`),
    ({ metadata, status }) => status?.observedGeneration === String(metadata.generation) && status.phase === phase,
  );
  return found.status;
}

/** Image tags of the Ready pods, sorted. */
async function versions(app: string): Promise<readonly string[]> {
  const { items } = await cluster.get<{ items: readonly Pod[] }>(`/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`);
  const ready = items.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && isReady(status));
  return ready.map(({ spec }) => spec.containers[0]?.image.split(":")[1] ?? "none").toSorted((a, b) => a.localeCompare(b));
}

interface Pod {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function isReady(status: Pod["status"]): boolean {
  return status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true;
}

async function judged(name: string): Promise<{ phase: string | undefined; value: string | undefined; message: string }> {
  const { status } = await until<AnalysisRun>(
    `the AnalysisRun ${name}`,
    () => cluster.get(`${argo}/analysisruns/${name}`),
    (run) => ["Successful", "Failed", "Error", "Inconclusive"].includes(run.status?.phase ?? ""),
  );
  const measurement = status?.metricResults?.[0]?.measurements?.at(-1);
  return { phase: status?.phase, value: measurement?.value, message: measurement?.message ?? "" };
}

test("a Rollout of four becomes Healthy, and its next version too, by way of one pod at a quarter", async () => {
  await apply(rollout({ name: "timed", version: "v1", pause: "5s" }));
  assert.equal((await untilPhase("timed", "Healthy"))?.availableReplicas, 4);
  await apply(rollout({ name: "timed", version: "v2", pause: "5s" }));
  const paused = await untilPhase("timed", "Paused");
  assert.deepEqual([paused?.currentStepIndex, paused?.updatedReplicas], [1, 1]);
  assert.deepEqual(await versions("timed"), ["v1", "v1", "v1", "v2"]);
  assert.equal((await untilPhase("timed", "Healthy"))?.updatedReplicas, 4);
  await until(
    "the pods",
    () => versions("timed"),
    (all) => all.join() === "v2,v2,v2,v2",
  );
});

test("a pause without an end lasts until it is taken off the status", async () => {
  await apply(rollout({ name: "manual", version: "v1", pause: "forever" }));
  await untilPhase("manual", "Healthy");
  await apply(rollout({ name: "manual", version: "v2", pause: "forever" }));
  assert.equal((await untilPhase("manual", "Paused"))?.message, "CanaryPauseStep");
  await cluster.patch(`${argo}/rollouts/manual/status`, { status: { pauseConditions: null } });
  assert.equal((await untilPhase("manual", "Healthy"))?.updatedReplicas, 4);
});

test("a canary that its analysis fails is aborted: Degraded, with all pods at the version before", async () => {
  answers.set("errors of the canary", 0.2);
  const template = [metric({ api: "datadog-v2", query: "errors of the canary", success: "result < 0.05", address: metrics.url })];
  await apply(analysis("AnalysisTemplate", "error-rate", template), rollout({ name: "judged", version: "v1", analysis: "error-rate" }));
  await untilPhase("judged", "Healthy");
  await apply(rollout({ name: "judged", version: "v2", analysis: "error-rate" }));
  const status = await untilPhase("judged", "Degraded");
  assert.equal(status?.abort, true);
  assert.match(status?.message ?? "", /^RolloutAborted: .*Metric "error-rate" assessed Failed/);
  await until(
    "the pods",
    () => versions("judged"),
    (all) => all.join() === "v1,v1,v1,v1",
  );
});

const LIMIT = { "datadog-v1": "result < 0.05", "datadog-v2": "result < 0.05", prometheus: "all(result, # < 0.05)" };
const TOO_MANY: Answer = { status: 429, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30" } };

/** Some of these are traps: nothing found may count as nothing wrong, and of several groups only one may be looked at. */
const verdicts: readonly (readonly [api: MetricsApi, answer: Answer, phase: string, said: string | RegExp])[] = [
  ["datadog-v1", 0.01, "Successful", "0.01"],
  ["datadog-v1", 0.2, "Failed", "0.2"],
  ["datadog-v1", "no data", "Error", /no data returned/],
  ["datadog-v1", NaN, "Successful", "0"],
  ["datadog-v1", [0.01, 0.2], "Successful", "0.01"],
  ["datadog-v1", TOO_MANY, "Error", /received non 2xx response code: 429/],
  ["datadog-v1", { slow: 60_000, values: 0.01 }, "Error", /Client.Timeout/],
  ["datadog-v2", 0.01, "Successful", "0.01"],
  ["datadog-v2", 0.2, "Failed", "0.2"],
  ["datadog-v2", "no data", "Error", /no data returned/],
  ["datadog-v2", NaN, "Error", /no data returned/],
  ["datadog-v2", [0.01, 0.01], "Error", /Could not parse JSON body/],
  ["datadog-v2", TOO_MANY, "Error", /received non 2xx response code: 429/],
  ["datadog-v2", { slow: 60_000, values: 0.01 }, "Error", /Client.Timeout/],
  ["datadog-v2", { slow: 50, values: 0.01 }, "Successful", "0.01"],
  ["prometheus", 0.01, "Successful", "[0.01]"],
  ["prometheus", 0.2, "Failed", "[0.2]"],
  ["prometheus", "no data", "Successful", "[]"],
  ["prometheus", NaN, "Failed", "[NaN]"],
  ["prometheus", [0.01, 0.2], "Failed", "[0.01,0.2]"],
  ["prometheus", { status: 503 }, "Error", /503/],
  ["prometheus", TOO_MANY, "Error", /429/],
  ["prometheus", { slow: 60_000, values: 0.01 }, "Error", /deadline exceeded/],
];

for (const [index, [api, answer, phase, said]] of verdicts.entries()) {
  test(`the real provider of ${api} makes ${phase} of ${typeof answer === "object" ? JSON.stringify(answer) : answer}`, async () => {
    const name = `verdict-${index}`;
    answers.set(name, answer);
    await apply(analysis("AnalysisRun", name, [judging(api, name)]));
    const verdict = await judged(name);
    assert.equal(verdict.phase, phase, JSON.stringify(verdict));
    if (typeof said === "string") assert.equal(verdict.value, said);
    else assert.match(verdict.message, said);
    const seconds = api === "prometheus" ? undefined : 300;
    const asked = metrics.queries.filter(({ query }) => query === name).map(({ api: by, seconds: back }) => [by, back]);
    assert.deepEqual(asked, [[api, seconds]]);
  });
}

/** Slow answers, which take a minute, are waited for for a second. */
function judging(api: MetricsApi, query: string): object {
  const slow = typeof answers.get(query) === "object" && JSON.stringify(answers.get(query)).includes("slow");
  const spec: MetricSpec = { api, query, success: LIMIT[api], address: metrics.url };
  return metric(slow ? { ...spec, timeout: 1 } : spec);
}

test("Datadog answers nobody without the right keys", async () => {
  const secret = { ...metrics.secret("default", "datadog"), stringData: { address: metrics.url, "api-key": "a", "app-key": "b" } };
  await apply(secret);
  try {
    await apply(analysis("AnalysisRun", "stranger", [judging("datadog-v2", "errors")]));
    const { phase, message } = await judged("stranger");
    assert.equal(phase, "Error");
    assert.match(message, /authentication error response code: 403/);
  } finally {
    await apply(metrics.secret("default"));
  }
});

test("with the controller stopped a run stays as it was made, and started again it judges it", async () => {
  answers.set("while it was away", 0.01);
  await cluster.rollouts?.stop();
  await apply(analysis("AnalysisRun", "away", [judging("prometheus", "while it was away")]));
  assert.equal((await cluster.get<AnalysisRun>(`${argo}/analysisruns/away`)).status, undefined);
  await cluster.rollouts?.start();
  assert.equal((await judged("away")).phase, "Successful");
});
