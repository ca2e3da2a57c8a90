import assert from "node:assert/strict";
import { commit } from "#simulation/scenario.ts";
import type { Story } from "../story.ts";
import { endingOf, writesSince, type Ending } from "./ending.ts";
import { clustersOf, servicesOf, type Setting } from "./setting.ts";
import { fields, names, short } from "./words.ts";
import { World, type Order } from "./world.ts";

/** What is told: events of one moment in the order in which they were made. */
export const CANONICAL: Order = { seed: "canonical", shuffled: false };

/** Others, in which messages are slow and overtake each other, and each Argo CD has a pace of its own. */
export const ORDERS: readonly Order[] = [
  { seed: "one", shuffled: true },
  { seed: "two", shuffled: true, latency: { jitter: 50 } },
  { seed: "three", shuffled: true, latency: { jitter: 300 }, argo: { timings: { compare: 900, notice: 100 } } },
  { seed: "four", shuffled: true, latency: { request: 40, answer: 60, watch: 150 }, argo: { timings: { compare: 100, begin: 500 } } },
  { seed: "five", shuffled: true, latency: { watch: 400, jitter: 600 }, argo: { timings: { resync: 60_000, compare: 1500 } } },
];

/** Milliseconds in which what was begun comes to rest, and after which nothing may be written any more. */
const REST = 60_000;
const QUIET = 120_000;

export interface Told {
  readonly log: string;
  readonly ending: Ending;
}

/** Runs a story to its end, in one order of events. */
export async function tell(story: Story, order: Order): Promise<Told> {
  const world = new World(story.setting, order);
  await world.prepare();
  await story.tell(world);
  await world.simulation.settle(REST);
  const rested = world.simulation.clock.now();
  const ending = endingOf(world);
  await world.simulation.settle(QUIET);
  assert.deepEqual(writesSince(world, rested), [], "what has come to its end is written no more");
  return { log: logOf(story, world, ending), ending };
}

function logOf({ title, setting }: Story, world: World, { releases, applications }: Ending): string {
  const end = [...releases, ...applications].map((line) => `       ${line}`);
  return `${[title, "", setting.shows, "", ...given(setting), "", ...world.journal.told(world.clusters), "", "in the end", ...end].join("\n")}\n`;
}

/** The world before the story begins. */
function given(setting: Setting): readonly string[] {
  const {
    strategy = {},
    environment = {},
    others = {},
    analyses = {},
    author,
    policies = true,
    traits = [],
    verified = [],
    runs = "1",
  } = setting;
  const clusters = clustersOf(setting)
    .filter(({ instance }) => setting.hub !== true || instance !== undefined)
    .map(({ name }) => name);
  const hubs = clustersOf(setting).filter(({ instance }) => setting.hub === true && instance === undefined);
  const runsNow = verified.at(-1) ?? runs;
  const proof =
    verified.length === 0
      ? ""
      : `, after ${names(verified.map((one) => short(commit(one))))} ${verified.length > 1 ? "were" : "was"} released and verified`;
  return [
    `${names(clusters)} ${clusters.length > 1 ? "run" : "runs"} ${names(servicesOf(setting))} at ${short(commit(runsNow))}${proof}.`,
    ...hubs.map(
      ({ name, annotations }) =>
        `The Argo CD of ${name} serves all of them${annotations === undefined ? "" : ` (${fields(annotations)})`}.`,
    ),
    ...traits.map(({ revision, on, says }) => `${on === undefined ? "" : `On ${names(on)} `}${short(commit(revision))} ${says}.`),
    ...(Object.keys(strategy).length === 0 ? [] : [`strategy: ${fields(strategy)}`]),
    ...(Object.keys(environment).length === 0 ? [] : [`environment: ${fields(environment)}`]),
    ...Object.entries(others).map(([name, spec]) => `environment ${name}: ${fields(spec)}`),
    ...(Object.keys(analyses).length === 0
      ? []
      : [`Argo Rollouts has the template${Object.keys(analyses).length > 1 ? "s" : ""} ${names(Object.keys(analyses))}.`]),
    ...(author === undefined ? [] : [`${author} releases.`]),
    ...(policies ? [] : ["The admission policies of the chart are not installed."]),
  ];
}
