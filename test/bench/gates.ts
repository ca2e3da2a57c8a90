import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "#plane/cluster.ts";
import { FakeMetricsServer } from "#plane/fake-metrics.ts";
import { Plane } from "#plane/plane.ts";
import { reporter } from "#plane/progress.ts";
import { time } from "#tools/tasks/words.ts";
import {
  cells,
  CLEAN,
  CLUSTERS,
  forbidden,
  percent,
  score,
  tabulate,
  templateOf,
  wave,
  type Cell,
  type Outcome,
  type Wave,
} from "./gates/cells.ts";
import { answers } from "./gates/answers.ts";
import { alarmAtMost, leastRequests, precisionAtLeast, recallAtLeast, type Goal } from "./gates/statistics.ts";
import { analysisRun, defaults, hasEnded, render, runsPath, statuses, type Status, type Template } from "./gates/templates.ts";

/** How well the chart's analyses tell bad revisions from good ones. Exits with 1, and a sentence, when they do not meet their goal. */

const GOAL: Goal = { precision: 0.92, recall: 0.99 };
const namespace = "bench";
/** AnalysisRuns at a time: as many as the controller keeps up with. */
const AT_ONCE = 200;
/** Seconds from look to look, in place of a minute. */
const PACE = 2;
/** Of each cell where statistics forbid a verdict. */
const FORBIDDEN = 5;
/** Waves that may be judged unlike the model does: on a busy machine a look may come twice. */
const STRAYS = 0.05;
/** Longer than any run takes. */
const PATIENCE = 300_000;

const { values: options } = parseArgs({
  options: { seed: { type: "string", default: "1" }, rollouts: { type: "string", default: "1000" } },
});
const seed = options.seed;
const rollouts = Number(options.rollouts);
if (!Number.isSafeInteger(rollouts) || rollouts < 1) {
  console.error(`--rollouts ${options.rollouts}: give a whole number from 1 on, such as --rollouts 1000`);
  process.exit(1);
}

const progress = reporter(process.stderr);
const { designs, latencyThreshold } = await defaults();
const all = cells(designs);
const none = forbidden(designs);
const counted = Array.from({ length: rollouts }, (_, index) => wave(seed, index, cellAt(all, index)));
const besides = Array.from({ length: none.length * FORBIDDEN }, (_, index) => wave(seed, rollouts + index, cellAt(none, index)));
const waves = new Map([...counted, ...besides].map((one) => [one.service, one]));

function cellAt(of: readonly Cell[], index: number): Cell {
  const cell = of[index % of.length];
  if (cell === undefined) throw new Error("there are no cells");
  return cell;
}

async function start(cluster: Cluster, templates: ReadonlyMap<string, Template>, { cell, service }: Wave): Promise<void> {
  const template = templates.get(templateOf(cell));
  if (template === undefined) throw new Error(`the chart has no template ${templateOf(cell)}`);
  const scaled = { "window-seconds": `${cell.design.window}`, interval: `${cell.design.interval * PACE}s` };
  const given = { service, environment: "production", clusters: CLUSTERS.join(","), "clusters-regex": CLUSTERS.join("|"), ...cell.given };
  await cluster.create(runsPath(namespace), analysisRun(template, namespace, service, { ...given, ...scaled }));
}

function outcome(one: Wave, { phase, metricResults }: Status): Outcome {
  const looks = Math.max(0, ...metricResults.map(({ count }) => count));
  const { window, interval } = one.cell.design;
  return { wave: one, phase, minutes: window + (looks - 1) * interval };
}

/** Runs all waves, some at a time, to their ends. */
async function execute(cluster: Cluster, templates: ReadonlyMap<string, Template>): Promise<readonly Outcome[]> {
  const left = [...waves.values()];
  const flying = new Map<string, number>();
  const outcomes: Outcome[] = [];
  const began = performance.now();
  while (left.length + flying.size > 0) {
    for (const next of left.splice(0, AT_ONCE - flying.size)) {
      await start(cluster, templates, next);
      flying.set(next.service, performance.now());
    }
    await sleep(1000);
    const said = await statuses(cluster, namespace);
    for (const [service, since] of flying) {
      const status = said.get(service);
      const one = waves.get(service);
      if (performance.now() - since > PATIENCE)
        throw new Error(`AnalysisRun ${service} has not ended within ${PATIENCE / 1000} s: is the controller alive?`);
      if (one === undefined || status === undefined || !hasEnded(status)) continue;
      outcomes.push(outcome(one, status));
      flying.delete(service);
      await cluster.delete(`${runsPath(namespace)}/${service}`);
    }
    progress(
      `bench: judged by Argo Rollouts' controller, ${outcomes.length} of ${waves.size} waves, ${time((performance.now() - began) / 1000)}`,
    );
  }
  return outcomes;
}

async function measure(): Promise<{ readonly outcomes: readonly Outcome[]; readonly failures: readonly string[] }> {
  await using plane = await Plane.start({ progress });
  const cluster = await plane.cluster("management", { rollouts: true });
  await using metrics = await FakeMetricsServer.start(answers(waves, latencyThreshold, (PACE - 1) * 1000));
  const templates = await render(["enabled=true", `prometheus.address=${metrics.url}`], progress);
  await cluster.apply([
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    metrics.secret(namespace),
    ...templates.values(),
  ]);
  return { outcomes: await execute(cluster, templates), failures: metrics.failures };
}

/** Where statistics forbid a verdict, in words. */
function explain({ design, perMinute }: Cell): string {
  const requests = perMinute * design.window;
  const recall = recallAtLeast(design, requests, 1.25 * design.threshold);
  const alarm = alarmAtMost(design, requests, CLEAN * design.threshold, CLUSTERS.length);
  const bad = design.threshold * requests;
  return `At ${perMinute} requests a minute and a threshold of ${percent(design.threshold)} a window of ${design.window} minutes holds ${requests} requests, of which ${bad} may be bad. \
Statistics forbid a verdict on so few: of regressions of 1.25 times no more than ${percent(recall)} are certain to be found, and up to ${percent(alarm)} of clean waves \
would be stopped (precision ${percent(precisionAtLeast(recall, alarm))}). So the templates ask for ${leastRequests(design)} requests, ${design.errorsAtThreshold} bad ones at the threshold, and are Inconclusive below.`;
}

/** The controller's verdict, or the look at which it fell, is not what the model of the templates says of the same traffic. */
function differs({ wave: { expected, cell }, phase, minutes }: Outcome): boolean {
  return phase !== expected.verdict || minutes !== cell.design.window + (expected.look - 1) * cell.design.interval;
}

function difference({ wave: { service, cell, expected }, phase, minutes }: Outcome): string {
  return `${service} (${templateOf(cell)}): ${phase} after ${minutes} minutes, expected ${expected.verdict} at look ${expected.look}`;
}

/** Sentences that say why the bench has failed; none when it has not. */
function complaints(outcomes: readonly Outcome[], failures: readonly string[]): readonly string[] {
  const { precision, recall } = score(outcomes.filter(({ wave: { cell } }) => !none.includes(cell)));
  const other = outcomes.filter(differs);
  const verdicts = outcomes.filter(({ wave: { cell }, phase }) => none.includes(cell) && phase !== "Inconclusive");
  return [
    ...(precision >= GOAL.precision ? [] : [`precision is below ${percent(GOAL.precision)}`]),
    ...(recall >= GOAL.recall ? [] : [`recall is below ${percent(GOAL.recall)}`]),
    ...(verdicts.length === 0 ? [] : [`${verdicts.length} waves got a verdict where statistics forbid one`]),
    ...(other.length <= outcomes.length * STRAYS ? [] : other.slice(0, 5).map(difference)),
    ...failures.slice(0, 5),
  ];
}

const { threshold, window, interval, looks } = designs["error-rate"];
console.log(`${rollouts} waves of ${CLUSTERS.length} clusters, seed ${seed}. One cluster is as bad as its line says; the others, and all of a clean wave, are at half the threshold.
Default arguments: at most ${percent(threshold)} bad requests in ${window} minutes, ${looks} looks, one each ${interval === 1 ? "" : `${interval} `}minute. Here looks are ${PACE} seconds apart, and the
first comes after ${window} seconds; times below are the templates' own. Requests and thresholds are per cluster; 'recall at least' is what statistics promise.\n`);
const { outcomes, failures } = await measure();
console.log(`\n${tabulate([...all, ...none], outcomes)}\n`);
console.log(
  `${none.slice(0, 1).map(explain).join("")}\nAt 1.00 times a cluster is at the threshold and at 1.10 close to it: either verdict is right, so these do not count.\n`,
);
console.log(
  `The controller and the model of its test agree on ${outcomes.length - outcomes.filter(differs).length} of ${outcomes.length} waves.\n`,
);
const wrong = complaints(outcomes, failures);
for (const sentence of wrong) console.log(`FAILED: ${sentence}`);
const { precision, recall, seconds } = score(outcomes.filter(({ wave: { cell } }) => !none.includes(cell)));
console.log(
  `rollouts: ${rollouts}, seed: ${seed}, precision: ${(precision * 100).toFixed(1)} %, recall: ${(recall * 100).toFixed(1)} %, median time to detect: ${seconds} s`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;
