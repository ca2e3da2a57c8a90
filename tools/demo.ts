import { parseArgs } from "node:util";
import { lookAround } from "./demo/around.ts";
import { CLUSTERS, PRODUCTION } from "./demo/environments.ts";
import { arrange, type Setting } from "./demo/setting.ts";
import { countReady, release, seconds, type Ending } from "./demo/story.ts";
import { View } from "./demo/view.ts";

const USAGE = `The demo: a management cluster, a cluster of staging and three of production, each with a real Argo CD and a real Argo Rollouts.
A good version goes through staging, one cluster of production whose metrics are looked at, an approval, and the rest. A bad
one is stopped in the first cluster of production, and taken back.

  npm run demo              shows the releases, then waits so that you can look around; Ctrl-C ends it
  npm run demo -- --once    ends by itself; the exit code says whether all came as it should`;

const once = options();
const started = Date.now();
const view = new View(process.stdout);
const [first = "", ...others] = PRODUCTION;

// Ctrl-C ends the demo wherever it is; what it started ends with it.
let end = (): void => process.exit(130);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end());

const endings: Ending[] = [];
let ready = 0;
let faults: readonly string[] = ["it did not come to its end"];
try {
  say(`Bringing up a management cluster and ${CLUSTERS.length} clusters, each with its own Argo CD and Argo Rollouts …`);
  const setting = await arrange((line) => process.stdout.write(`  ${seconds(started).padStart(6)}  ${line}\n`));
  try {
    await play(setting);
  } catch (error) {
    complain(error);
    console.error(`The logs of all processes are in ${await setting.scene.plane.keepLogs("demo")}`);
  } finally {
    await setting.stop();
  }
} catch (error) {
  complain(error);
}
for (const fault of faults) console.error(`demo: ${fault}`);
const bad = endings[1];
const how = bad === undefined ? "" : ` at v1 (v2: ${bad.production} in the first cluster, ${untouchedBy(bad)} others never touched)`;
process.stdout.write(
  `demo: clusters: ${CLUSTERS.length}, releases: ${2 * endings.length}, ready: ${ready} of ${PRODUCTION.length}${how}\n`,
);
process.exit(faults.length === 0 ? 0 : 1);

async function play(setting: Setting): Promise<void> {
  const { scene, revisions } = setting;
  say(
    [
      `Ready after ${seconds(started)}. Environment staging is one cluster; production depends on staging at the`,
      `same revision and has two waves: ${first}, of whose requests at most 5 % may fail; and, when`,
      `somebody has approved, ${others.join(" and ")}. In every cluster a Rollout brings up half of`,
      "its pods first, and pauses. Analyses are the chart's own, asked of Datadog by Argo Rollouts: Datadog",
      "is played on loopback, and they last 3 s, which by default is 15 minutes, as a demo is short.",
    ].join("\n"),
  );

  say(`alice releases checkout v1 (${revisions.v1.slice(0, 8)}) to staging and production at once:\n`);
  endings.push(await release(setting, view, say, "v1"));
  say(`alice releases checkout v2 (${revisions.v2.slice(0, 8)}), which fails in production, and there only:\n`);
  const worse = await release(setting, view, say, "v2");
  endings.push(worse);
  ready = await countReady(setting, "v1");

  const lines = PRODUCTION.map((cluster) => {
    const { version, canary, greeting } = setting.sights.of(cluster) ?? {};
    const patched = `patches: ${worse.patches.get(cluster)}`.padEnd(12);
    return `  ${cluster.padEnd(12)} ${patched}${version}, ${canary}, says ${greeting}${cluster === first ? " (to v2, and back)" : ""}`;
  });
  say(`What the conductor wrote for v2, by the audit logs of the API servers, and what runs now:\n${lines.join("\n")}`);
  const kinds = "servicereleases,releaseruns,releaseapprovals,analysisruns";
  say(`${(await scene.home.kubectl(["get", kinds, "--namespace", "team-a"])).trimEnd()}\n`);
  faults = faultsOf(setting);
  if (!once) await lookAround(setting, say, new Promise<void>((resolve) => (end = resolve)));
}

/** What is not as it should be, in sentences. */
function faultsOf({ unanswered }: Setting): readonly string[] {
  const [good, worse] = endings.map(({ staging, production, gates }) => [staging, production, ...gates].join(", "));
  const expected = [
    ["v1 came to", good, "Succeeded, Succeeded, Analysis Passed, Approval Passed"],
    ["v2 came to", worse, "Succeeded, RolledBack, Analysis Failed"],
    ["clusters at v1", `${ready}`, `${PRODUCTION.length}`],
    ["clusters never touched by v2", `${endings[1] === undefined ? 0 : untouchedBy(endings[1])}`, `${others.length}`],
    ["not understood by the metrics server", unanswered.join("; "), ""],
  ] as const;
  return expected.filter(([, is, wish]) => is !== wish).map(([what, is, wish]) => `${what}: ${is}; expected: ${wish || "nothing"}`);
}

function untouchedBy({ patches }: Ending): number {
  return others.filter((cluster) => patches.get(cluster) === 0).length;
}

function complain(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
}

function say(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

function options(): boolean {
  try {
    const { values } = parseArgs({ options: { once: { type: "boolean", default: false }, help: { type: "boolean", default: false } } });
    if (!values.help) return values.once;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}
