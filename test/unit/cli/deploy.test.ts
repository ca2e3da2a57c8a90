import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "#simulation/simulation.ts";
import { conductorIn } from "./terminal.ts";

const fleet = (): Simulation =>
  new Simulation({ seed: "cli", clusters: ["eu-west-1", "us-east-1", "ap-south-1"].map((name) => ({ name })) });
const NEXT = "1".repeat(40);

test("a deploy creates the release, tells how it goes line by line, and ends when it has arrived", async () => {
  const simulation = fleet();
  const said = await conductorIn(simulation, ["deploy", "checkout.production", "--revision", NEXT]);
  console.log(said.out, said.err);
  assert.equal(said.code, 0);
  const status = await conductorIn(simulation, ["status", "checkout.production"]);
  console.log(status.out, status.err);
  const list = await conductorIn(simulation, ["status"]);
  console.log(list.out, list.err);
});
