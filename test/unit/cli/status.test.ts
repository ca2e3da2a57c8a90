import assert from "node:assert/strict";
import { test } from "node:test";
import { treeOf } from "#cli/release/tree.ts";
import { viewOf, type ReleaseView } from "#cli/release/view.ts";
import type { Simulation } from "#simulation/simulation.ts";
import { BAD, ended, fleet, GOOD, withoutRuns, NAME, NEWER } from "./fleets.ts";
import { golden } from "./golden.ts";
import { large, LARGE_NOW } from "./large.ts";
import { as, conductorIn } from "./terminal.ts";

async function status(simulation: Simulation, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await conductorIn(simulation, ["status", ...args]);
  assert.deepEqual([code, err], [0, ""]);
  return out;
}

/** In the second wave, whose first cluster is being synced. */
async function underWay(): Promise<Simulation> {
  const simulation = await ended(fleet({}), GOOD);
  simulation.wishes.apply(NAME, NEWER, {}, "dana");
  await simulation.settle(75_000);
  return simulation;
}

test("a release under way is a tree of its waves, with the clusters where something happens", async () =>
  golden("status.txt", await status(await underWay(), NAME)));

test("a release that has arrived is told in few lines", async () =>
  golden("status-arrived.txt", await status(await ended(fleet({}), GOOD), NAME)));

test("a release that was taken back says where it failed, and why", async () =>
  golden("status-rolledback.txt", await status(await ended(await ended(fleet({}), GOOD), BAD), NAME)));

test("a release that cannot start says what to do", async () => {
  const simulation = fleet();
  simulation.wishes.apply(NAME, GOOD, { clusters: ["nowhere"] });
  await simulation.settle(5000);
  golden("status-stalled.txt", await status(simulation, NAME));
});

test("a release that nobody has looked at yet says so", async () => {
  const simulation = fleet();
  simulation.wishes.apply(NAME, GOOD);
  assert.equal(await status(simulation, NAME), `○ ${NAME}   Pending\n  revision 111111111111\n  the conductor has not looked at it yet\n`);
});

test("who may not read runs sees what the release itself says", async () => {
  const simulation = await underWay();
  const { code, out } = await conductorIn(simulation, ["status", NAME], as(simulation, "ci", withoutRuns));
  assert.equal(code, 0);
  golden("status-without-runs.txt", out);
});

test("wide leaves nothing out, and cuts nothing off", async () =>
  golden("status-wide.txt", await status(await underWay(), NAME, "-o", "wide")));

test("the document of a release has its waves and clusters", async () =>
  golden("status.json", await status(await underWay(), NAME, "-o", "json")));

test("the document has no waves where runs may not be read", async () => {
  const simulation = await underWay();
  const { out } = await conductorIn(simulation, ["status", NAME, "-o", "json"], as(simulation, "ci", withoutRuns));
  const { waves, run, clusters }: ReleaseView = JSON.parse(out);
  assert.deepEqual([waves, run?.name, clusters.map(({ name }) => name)], [null, `${NAME}-2`, ["us-east-1", "ap-south-1"]]);
});

test("all releases are a table, what is bad first, and then what moves", async () => {
  const simulation = new (await import("#simulation/simulation.ts")).Simulation({
    seed: "cli",
    clusters: [{ name: "eu" }, { name: "us" }],
    applications: () => ["checkout", "cart", "search"].map((name) => ({ name })),
    behaviours: ({ application }, revision) =>
      application === "search" && revision === BAD ? { health: [{ after: 0, status: "Degraded" }] } : {},
  });
  for (const service of ["cart", "search"]) simulation.wishes.apply(`${service}.production`, service === "search" ? BAD : GOOD);
  await simulation.runUntil(() => ["cart", "search"].every((service) => simulation.wishes.finished(`${service}.production`)), 3_600_000);
  simulation.wishes.apply(NAME, GOOD);
  await simulation.settle(20_000);
  golden("status-all.txt", await status(simulation));
  golden("status-all-wide.txt", await status(simulation, "-A", "-o", "wide"));
  assert.equal(
    await status(simulation, "-o", "name"),
    ["search", "checkout", "cart"].map((service) => `servicerelease.conductor.dev/${service}.production\n`).join(""),
  );
  const { version, releases }: { readonly version: number; readonly releases: readonly ReleaseView[] } = JSON.parse(
    await status(simulation, "-o", "json"),
  );
  assert.deepEqual(
    [version, ...releases.map(({ name, phase, waves }) => [name, phase, waves])],
    [1, ["search.production", "RolledBack", null], [NAME, "Waiting", null], ["cart.production", "Succeeded", null]],
  );
});

test("where there is no release that is said", async () => {
  assert.equal(await status(fleet()), "no releases in namespace team-a\n");
  assert.equal(await status(fleet(), "-A"), "no releases in any namespace\n");
});

test("what cannot be shown is refused", async () => {
  const said = async (...args: readonly string[]): Promise<readonly unknown[]> => {
    const { code, out, err } = await conductorIn(fleet(), ["status", ...args]);
    return [code, out, err.split("\n", 1)[0]];
  };
  assert.deepEqual(await said("--watch"), [2, "", "which release shall be watched? Name it as <service>.<environment>"]);
  assert.deepEqual(await said(NAME, "--watch", "-o", "json"), [2, "", "--watch draws for people: leave out --output, or --watch"]);
  assert.deepEqual(await said(NAME), [
    2,
    "",
    `there is no ServiceRelease ${NAME} in namespace team-a: conductor status lists what there is, -n chooses another namespace`,
  ]);
});

test("of 1,000 clusters those that have failed come first, and the rest is counted", () => {
  const { release, run } = large();
  const text = treeOf(viewOf(release, run), { colours: false, width: 100, now: LARGE_NOW, most: 10 });
  golden("status-large.txt", text);
  assert.ok(text.split("\n").length <= 30, text);
});
