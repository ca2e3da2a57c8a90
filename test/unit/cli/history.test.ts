import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "#simulation/refusals.ts";
import { TEAM } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
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
  const { code, out, err } = await conductorIn(simulation, ["history", NAME]);
  console.log(out);
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  console.log((await conductorIn(simulation, ["history", NAME, "-o", "wide"])).out);
  console.log((await conductorIn(simulation, ["history", NAME, "-o", "json"])).out);
});
