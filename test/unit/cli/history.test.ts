import assert from "node:assert/strict";
import { test } from "node:test";
import { TEAM } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { withoutRuns } from "./fleets.ts";
import { as, conductorIn, type Said } from "./terminal.ts";

const [FIRST, SECOND, BAD] = ["1".repeat(40), "2".repeat(40), "b".repeat(40)];
const NAME = "checkout.production";

/** Two that arrive, the second taken back, one that fails, and one in its canary. */
async function busy(): Promise<Simulation> {
  const waves = [{ name: "canary", clusters: { count: 1 }, minSuccessTime: "10m" }, { name: "rest" }];
  const simulation = new Simulation({
    seed: "history",
    clusters: ["eu-1", "eu-2"].map((name) => ({ name })),
    environments: [{ name: "production", spec: { strategy: { waves } } }],
    behaviours: (_, revision) => (revision === BAD ? { health: [{ after: 0, status: "Degraded" }] } : {}),
  });
  const release = async (revision: string): Promise<void> => {
    simulation.wishes.apply(NAME, revision, {}, "carol");
    await conductorIn(simulation, ["wait", NAME]);
  };
  await release(FIRST);
  await release(SECOND);
  await conductorIn(simulation, ["rollback", NAME, "--wait"]);
  await release(BAD);
  simulation.wishes.apply(NAME, "3".repeat(40), {}, "carol");
  await simulation.settle(60_000);
  return simulation;
}

const said = (code: number, ...lines: readonly string[]): Said => ({ code, out: lines.map((line) => `${line}\n`).join(""), err: "" });

test("newest first, with what is in flight, who released and why", async () => {
  const simulation = await busy();
  assert.deepEqual(
    await conductorIn(simulation, ["history", NAME]),
    said(
      0,
      "RUN                     KIND       REVISION       OUTCOME      STARTED    TOOK     AUTHOR   CAUSE",
      "checkout.production-5   Forward    333333333333   Waiting      61s ago    -        carol    -",
      "checkout.production-4   Forward    bbbbbbbbbbbb   RolledBack   102s ago   41s      carol    -",
      "checkout.production-3   Rollback   111111111111   RolledBack   110s ago   8s       carol    rollback-to of checkout.production-2",
      "checkout.production-2   Forward    222222222222   Succeeded    13m ago    11m17s   carol    -",
      "checkout.production-1   Forward    111111111111   Succeeded    24m ago    11m17s   carol    -",
    ),
  );
  assert.deepEqual(
    await conductorIn(simulation, ["history", NAME, "-o", "name"]),
    said(0, ...[5, 4, 3, 2, 1].map((number) => `releaserun.conductor.dev/${NAME}-${number}`)),
  );
});

test("wide has whole revisions, times and how each has ended", async () => {
  const { out } = await conductorIn(await busy(), ["history", NAME, "-o", "wide"]);
  const [head, , failed, back] = out.split("\n").map((line) => line.split(/ {3,}/));
  assert.deepEqual(head, ["RUN", "KIND", "REVISION", "OUTCOME", "STARTED", "TOOK", "AUTHOR", "CAUSE", "MESSAGE"]);
  assert.deepEqual(failed, [
    `${NAME}-4`,
    "Forward",
    BAD,
    "RolledBack",
    "2026-01-01T09:22:42Z",
    "41s",
    "carol",
    "-",
    "wave canary: 1 of 1 target failed: eu-1: health is Degraded. Back at what was last verified: 1 of 1 target",
  ]);
  assert.equal(back?.at(-1), `every target is back at ${FIRST}`);
});

test("programs get all that is known of each", async () => {
  const { code, out } = await conductorIn(await busy(), ["history", NAME, "-o", "json"]);
  assert.equal(code, 0);
  const { runs, ...rest } = JSON.parse(out);
  assert.deepEqual(rest, { version: 1, name: NAME, namespace: TEAM });
  assert.deepEqual(runs[0], {
    run: `${NAME}-5`,
    kind: "Forward",
    revision: "3".repeat(40),
    phase: "Waiting",
    startedAt: "2026-01-01T09:23:23Z",
    finishedAt: null,
    seconds: null,
    author: "carol",
    cause: null,
    message: "wave canary soaks until 09:33:31 UTC",
  });
  assert.deepEqual(runs[2], {
    run: `${NAME}-3`,
    kind: "Rollback",
    revision: FIRST,
    phase: "RolledBack",
    startedAt: "2026-01-01T09:22:34Z",
    finishedAt: "2026-01-01T09:22:42Z",
    seconds: 8,
    author: "carol",
    cause: { action: "rollback-to", value: `${NAME}-2/${FIRST}`, run: `${NAME}-2` },
    message: `every target is back at ${FIRST}`,
  });
});

test("without the right to read runs there is what the release itself remembers", async () => {
  const simulation = await busy();
  assert.deepEqual(
    await conductorIn(simulation, ["history", NAME], as(simulation, "guest", withoutRuns)),
    said(
      0,
      "RUN                     KIND       REVISION       OUTCOME      STARTED    TOOK",
      "checkout.production-4   Forward    bbbbbbbbbbbb   RolledBack   102s ago   41s",
      "checkout.production-3   Rollback   111111111111   RolledBack   110s ago   8s",
      "checkout.production-2   Forward    222222222222   Succeeded    13m ago    11m17s",
      "checkout.production-1   Forward    111111111111   Succeeded    24m ago    11m17s",
    ),
  );
});

test("before anything was released it says so", async () => {
  const simulation = new Simulation({ seed: "history", clusters: [{ name: "eu-1" }] });
  simulation.crash();
  simulation.wishes.apply(NAME, FIRST);
  assert.deepEqual(await conductorIn(simulation, ["history", NAME]), said(0, `nothing was released yet: conductor status ${NAME}`));
});
