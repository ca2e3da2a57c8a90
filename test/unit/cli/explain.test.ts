import assert from "node:assert/strict";
import { test } from "node:test";
import { ADVICE } from "#cli/release/advice.ts";
import type { Explanation } from "#cli/release/explanation.ts";
import { healthyAfter, stays } from "#simulation/behaviour.ts";
import { Simulation } from "#simulation/simulation.ts";
import { conductor, conductorIn } from "./terminal.ts";

const NEXT = "1".repeat(40);
const RELEASE = "checkout.production";

/** Two clusters, one after the other. */
function pair(rest: object = {}, fails = ""): Simulation {
  const waves = [
    { name: "first", clusters: { names: ["eu-west-1"] } },
    { name: "rest", ...rest },
  ];
  const isNew = (sources: readonly object[]): boolean => JSON.stringify(sources).includes(NEXT);
  return new Simulation({
    seed: "explain",
    clusters: [{ name: "eu-west-1" }, { name: "us-east-1" }],
    environments: [{ name: "production", spec: { strategy: { waves } } }],
    behaviours: ({ cluster }, _, sources) =>
      cluster === fails && isNew(sources) ? stays("Degraded", "the pod crashes") : healthyAfter(1000),
  });
}

async function after(simulation: Simulation, ms: number, ...args: readonly string[]): Promise<string> {
  simulation.wishes.apply(RELEASE, NEXT);
  await simulation.settle(ms);
  const { code, out, err } = await conductorIn(simulation, ["explain", RELEASE, ...args]);
  assert.deepEqual([code, err], [0, ""]);
  return out;
}

test("what ends by itself is said to, and when", async () => {
  assert.equal(
    await after(pair(), 30_000),
    `checkout.production is Waiting on Soak for 21s
  why        wave first soaks until 09:01:08 UTC
  turn       nobody's
  next       It goes on by itself when the wave has stayed verified for its
             minSuccessTime, in 38s
  meanwhile  1 of 2 clusters hold the wanted revision, 1 of them verified
`,
  );
});

test("what waits for people says who, and how they answer", async () => {
  const said = await after(pair({ gates: [{ approval: { count: 1, groups: ["release-approvers"] } }] }), 120_000);
  assert.equal(
    said,
    `checkout.production is Waiting on Approval for 50s
  why        wave rest: needs 1 approval, until 2026-01-02 09:01 UTC
  turn       a person's
  next       It goes on when enough people have approved it; whoever has
             released cannot
  meanwhile  1 of 2 clusters hold the wanted revision, 1 of them verified

  $ conductor approve checkout.production
  $ conductor reject checkout.production --reason '…'
`,
  );
});

test("what has failed names the cluster, and what may be done", async () => {
  assert.equal(
    await after(pair({}, "us-east-1"), 600_000),
    `checkout.production is RolledBack for 8m11s
  why        wave rest: 1 of 1 target failed: us-east-1: health is Degraded: the
             pod crashes. Back at what was last verified: 2 of 2 targets
  turn       a person's
  next       The revision is held: nothing is tried again until another one is
             released, or somebody asks for it
  meanwhile  0 of 2 clusters hold the wanted revision, 0 of them verified

  $ conductor history checkout.production
  $ conductor retry checkout.production
  $ conductor retry-failed checkout.production
`,
  );
});

test("the document says the same", async () => {
  const document: Explanation = JSON.parse(await after(pair(), 30_000, "-o", "json"));
  assert.deepEqual([document.version, document.about, document.turn, document.commands], [1, "Soak", "nobody", []]);
});

test("a release that is not there is said to be missing, with what to do", async () => {
  const { code, out, err } = await conductorIn(pair(), ["explain", RELEASE]);
  assert.deepEqual([code, out], [2, ""]);
  assert.equal(
    err,
    "there is no ServiceRelease checkout.production in namespace team-a: conductor status lists what there is, -n chooses another namespace\n",
  );
});

test("every command that is advised is there", async () => {
  const { out } = await conductor("--help");
  const commands = new Set([...out.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name));
  const advised = Object.values(ADVICE).flatMap(({ run }) => run.flatMap((line) => /^conductor ([a-z-]+)/.exec(line)?.[1] ?? []));
  assert.ok(advised.length > 30);
  assert.deepEqual(
    [...new Set(advised)].filter((name) => !commands.has(name)),
    [],
  );
});
