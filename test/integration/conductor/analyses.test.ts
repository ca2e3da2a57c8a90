import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { FakeMetricsServer, type Answer } from "#plane/fake-metrics.ts";
import { commit, OLD, Stage, until } from "#test/scene/stage.ts";

/** Metrics decide on waves: AnalysisRuns of the real Argo Rollouts, which ask a Prometheus that is played. */

const both = ["eu", "us"];
const [A, B] = [commit("a"), commit("b")];
/** What Prometheus says of a service, by its name. */
const said = new Map<string, () => Answer>();
let stage: Stage;
let metrics: FakeMetricsServer;

before(async () => {
  metrics = await FakeMetricsServer.start((_, query) => said.get(/service="([^"]*)"/.exec(query)?.[1] ?? "")?.() ?? []);
  stage = await Stage.start({ clusters: both, analysis: true });
  await stage.home.apply([
    template("errors", [errors({ count: 2, interval: "3s" })]),
    template("watch", [errors({ interval: "1s" })]),
    template("pods", [{ name: "pods", provider: { job: { spec: { template: { spec: { containers: [] } } } } } }]),
    template("endless", [errors({ interval: "1s" })]),
    template("owed", [errors({ count: 1 })], [{ name: "threshold" }]),
    template("broken", [{ ...errors({ count: 1 }), failureLimit: -1 }]),
  ]);
});
afterEach((t) => stage.keepIfFailed(t));
after(async () => {
  await stage.stop();
  await metrics.stop();
});

function errors(more: object): object {
  const query = 'sum by (cluster) (errors{service="{{args.service}}",cluster=~"{{args.clusters-regex}}"})';
  const provider = { prometheus: { address: "{{args.address}}", query } };
  return {
    name: "errors",
    successCondition: "len(result) > 0 && result[0] < 5",
    failureCondition: "len(result) > 0 && result[0] >= 5",
    ...more,
    provider,
  };
}

function template(name: string, metricsOf: readonly object[], args: readonly object[] = []): object {
  const all = [{ name: "service" }, { name: "clusters-regex" }, { name: "address", value: metrics.url }, ...args];
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name, namespace: "team-a" },
    spec: { args: all, metrics: metricsOf },
  };
}

/** Two waves of one cluster each, the first with a gate. */
async function ready(name: string, analysis: object, more: object = {}, soak = "0s"): Promise<void> {
  const waves = [{ name: "first", clusters: { count: 1 }, minSuccessTime: soak, gates: [{ analysis }] }, { name: "rest" }];
  await stage.environment(name, both, { strategy: { waves, maxFailures: 0, onFailure: "RollBack", ...more } });
  await stage.deploy(name, both, { annotations: { "conductor.dev/authorized": `team-a/${name}.${name}` } });
}

const release = (name: string, revision = A): Promise<void> => stage.scene.release(revision, {}, `${name}.${name}`);
const finished = (name: string) => stage.scene.finished({ name: `${name}.${name}` });
const waits = (name: string, reason: string) =>
  stage.scene.until(`waiting for ${reason}`, ({ status }) => status?.waitingOn?.reason === reason, { name: `${name}.${name}` });
const revisionOf = async (cluster: string, name: string): Promise<string | undefined> =>
  (await stage.app(cluster, name)).spec.source?.targetRevision;

interface AnalysisRun {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly terminate?: boolean; readonly args: readonly object[] };
  readonly status?: { readonly phase?: string };
}

async function analysisRuns(name: string): Promise<readonly AnalysisRun[]> {
  const { items } = await stage.home.get<{ items: readonly AnalysisRun[] }>("/apis/argoproj.io/v1alpha1/namespaces/team-a/analysisruns");
  return items.filter((one) => one.metadata.name.startsWith(`${name}.${name}-`));
}

test("metrics within bounds open the next wave, and what was measured is in the status", async () => {
  said.set("good", () => [1]);
  await ready("good", { templateName: "errors" });
  await release("good");
  const waiting = await waits("good", "Analysis");
  assert.match(waiting.status?.waitingOn?.message ?? "", /^wave first: analysis errors: /);
  assert.equal(await revisionOf("us", "good"), OLD);
  assert.equal((await finished("good")).status?.phase, "Succeeded");
  const [run] = await stage.runs("good.good");
  const gate = run?.status?.waves?.[0]?.gates?.[0];
  assert.deepEqual(
    [gate?.kind, gate?.object, gate?.phase, gate?.message, gate?.measurements?.map(({ metric, value, phase }) => [metric, value, phase])],
    ["Analysis", "good.good-1-w1-g1", "Passed", "1 metric within bounds", [0, 1].map(() => ["errors", "[1]", "Successful"])],
  );
  const [made, ...others] = await analysisRuns("good");
  assert.deepEqual(others, []);
  assert.deepEqual(made?.spec.args.slice(0, 2), [
    { name: "service", value: "good" },
    { name: "clusters-regex", value: "eu" },
  ]);
});

test("metrics out of bounds take the release back, and the other cluster is never touched", async () => {
  said.set("bad", () => [7]);
  await ready("bad", { templateName: "errors" });
  await release("bad");
  const { status } = await finished("bad");
  assert.equal(status?.phase, "RolledBack");
  const message = status.conditions?.find(({ type }) => type === "Finished")?.message ?? "";
  assert.match(message, /^wave first: analysis errors failed: Metric "errors" assessed Failed due to failed \(1\) > failureLimit \(0\)/);
  assert.deepEqual(await stage.patches("us", "bad"), []);
  assert.equal(await revisionOf("eu", "bad"), OLD);
});

test("a conductor that was killed goes on with the analysis that it finds", async () => {
  let answer: Answer = [1];
  said.set("killed", () => answer);
  await ready("killed", { templateName: "watch", background: true }, {}, "6s");
  await release("killed");
  await until(
    "a measurement",
    () => stage.runs("killed.killed"),
    ([run]) => (run?.status?.waves?.[0]?.gates?.[0]?.measurements ?? []).length > 0,
  );
  await stage.conductor.kill();
  answer = [9];
  await until(
    "its verdict",
    () => analysisRuns("killed"),
    ([one]) => one?.status?.phase === "Failed",
  );
  await stage.revive();
  assert.equal((await finished("killed")).status?.phase, "RolledBack");
  assert.equal((await analysisRuns("killed")).length, 1);
  assert.deepEqual(await stage.patches("us", "killed"), []);
});

test("an analysis in the background is ended with the soak, and its verdict is what it has measured", async () => {
  said.set("background", () => [2]);
  await ready("background", { templateName: "watch", background: true }, {}, "3s");
  await release("background");
  assert.equal((await finished("background")).status?.phase, "Succeeded");
  const [one] = await analysisRuns("background");
  assert.deepEqual([one?.spec.terminate, one?.status?.phase], [true, "Successful"]);
});

test("an analysis in the background ends with its run, whatever ends that", async () => {
  said.set("aborted", () => [2]);
  await ready("aborted", { templateName: "watch", background: true }, {}, "1h");
  await release("aborted");
  await until(
    "a measurement",
    () => stage.runs("aborted.aborted"),
    ([run]) => (run?.status?.waves?.[0]?.gates?.[0]?.measurements ?? []).length > 0,
  );
  await stage.home.kubectl(["annotate", "servicerelease", "aborted.aborted", "-n", "team-a", "conductor.dev/abort=aborted.aborted-1"]);
  assert.equal((await finished("aborted")).status?.phase, "Aborted");
  await until(
    "its end",
    () => analysisRuns("aborted"),
    ([one]) => one?.spec.terminate === true,
  );
});

test("no data passes nothing: a person decides, and may go on in spite of it", async () => {
  said.set("nothing", () => []);
  await ready("nothing", { templateName: "errors" });
  await release("nothing");
  const { status } = await waits("nothing", "Failures");
  assert.match(status?.waitingOn?.message ?? "", /^wave first: analysis errors is inconclusive.*resume goes on in spite of it/);
  assert.deepEqual(await stage.patches("us", "nothing"), []);
  await stage.home.kubectl(["annotate", "servicerelease", "nothing.nothing", "-n", "team-a", "conductor.dev/resume=nothing.nothing-1"]);
  assert.equal((await finished("nothing")).status?.phase, "Succeeded");
});

for (const [name, analysis, message] of [
  [
    "missing",
    { templateName: "nowhere" },
    /^there is no AnalysisTemplate nowhere in namespace team-a: create it, or correct templateName$/,
  ],
  ["pods", { templateName: "pods" }, /metric pods has provider job, which runs pods: use another, or let the installer allow it/],
  ["endless", { templateName: "endless" }, /metric errors has an interval and no count, and would never end/],
  ["owed", { templateName: "owed" }, /its argument threshold has no value: give it one under args of the gate/],
  ["extra", { templateName: "errors", args: [{ name: "treshold", value: "1" }] }, /it has no argument treshold: it takes service, /],
  ["broken", { templateName: "broken" }, /Argo Rollouts refuses it/],
] as const)
  test(`an analysis that cannot be made is refused before anything is written: ${name}`, async () => {
    await ready(name, analysis);
    await release(name);
    const { status } = await stage.stalled(`${name}.${name}`, "AnalysisInvalid");
    assert.match(status?.waitingOn?.message ?? "", message);
    assert.deepEqual(await stage.touched(name), []);
    assert.deepEqual(await stage.runs(`${name}.${name}`), []);
  });

test("nothing is written while Argo Rollouts does not run, and when it does the release goes on by itself", async () => {
  said.set("alone", () => [0]);
  await ready("alone", { templateName: "errors" });
  await stage.home.rollouts?.stop();
  await release("alone", B);
  const { status } = await stage.stalled("alone.alone", "AnalysisUnavailable");
  assert.match(status?.waitingOn?.message ?? "", /^Argo Rollouts does not look at AnalysisRuns of namespace team-a/);
  assert.deepEqual(await stage.touched("alone"), []);
  await stage.home.rollouts?.start();
  assert.equal((await finished("alone")).status?.phase, "Succeeded");
});
