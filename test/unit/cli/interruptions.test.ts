import assert from "node:assert/strict";
import { test } from "node:test";
import { deploy, endOf } from "./deploying.ts";
import { fleet, GOOD, NAME, withoutRuns } from "./fleets.ts";
import { as, conductorIn } from "./terminal.ts";

test("whoever interrupts it is told that the release goes on", async () => {
  const simulation = fleet({});
  const stop = new AbortController();
  const said = await deploy(simulation, GOOD, ["-o", "json"], { 20: () => stop.abort() }, { interrupted: stop.signal });
  assert.deepEqual(endOf(said), {
    outcome: "Interrupted",
    exitCode: 130,
    message: `interrupted; the release goes on as it is (conductor status ${NAME})`,
    run: `${NAME}-1`,
  });
  assert.equal(await simulation.runUntil(() => simulation.wishes.finished(NAME), 3_600_000), true);
});

test("whoever interrupts it while it declares the release is told that nobody knows whether it has", async () => {
  const simulation = fleet({});
  const stop = new AbortController();
  simulation.onWrite(({ who }) => (who === "ci" ? stop.abort() : undefined));
  const { code, out, err } = await deploy(simulation, GOOD, [], {}, { interrupted: stop.signal });
  assert.deepEqual(
    [code, out, err],
    [130, "", `interrupted: whether ServiceRelease ${NAME} in namespace team-a was changed is not known, conductor status shows it\n`],
  );
});

test("a release that is deleted meanwhile has not arrived", async () => {
  const simulation = fleet({});
  const said = await deploy(simulation, GOOD, ["-o", "json"], { 20: () => simulation.wishes.delete(NAME) });
  assert.deepEqual(endOf(said), {
    outcome: "Deleted",
    exitCode: 1,
    message: `somebody has deleted ServiceRelease ${NAME} in namespace team-a; its clusters stay as they are`,
    run: null,
  });
});

test("a connection that is lost is opened again, and the log says both", async () => {
  const simulation = fleet({});
  simulation.faults.outage("management", { kind: "Down", how: "refused" }, 20_000, 50_000);
  const { code, out } = await deploy(simulation, GOOD);
  assert.equal(code, 0);
  const said = out.split("\n").filter((line) => line.includes("the API server"));
  assert.deepEqual(
    said.map((line) => line.replace(/^\S+ /, "")),
    [
      `${NAME} the API server is lost, and tried again: connection reset by management.simulated:443`,
      `${NAME} the API server answers again`,
    ],
  );
});

test("who loses the API server for good is told so at the timeout", async () => {
  const simulation = fleet({});
  simulation.faults.outage("management", { kind: "Down", how: "refused" }, 20_000, 1e9);
  const { outcome, exitCode, message } = endOf(await deploy(simulation, GOOD, ["--timeout", "2m", "-o", "json"]));
  assert.deepEqual([outcome, exitCode], ["TimedOut", 5]);
  assert.match(message, /^not ended in time; the API server was lost: /);
});

test("a pipeline that may not read runs is told all the same", async () => {
  const simulation = fleet();
  const { code, out } = await conductorIn(simulation, ["deploy", NAME, "--revision", GOOD], as(simulation, "ci", withoutRuns));
  assert.equal(code, 0);
  assert.match(out, /Succeeded/);
});

test("a right that is lost meanwhile is not waited for", async () => {
  const simulation = fleet({});
  simulation.faults.outage("management", { kind: "Refused", status: 403 }, 20_000, 1e9);
  simulation.clock.after(20_000, () => simulation.faults.breakStreams("management"));
  const { code, err } = await deploy(simulation, GOOD);
  assert.deepEqual(
    [code, err],
    [
      2,
      `you may not watch ServiceRelease ${NAME} in namespace team-a: ask for a Role with the verb watch on servicereleases.conductor.dev (kubectl auth can-i watch servicereleases.conductor.dev -n team-a)\n`,
    ],
  );
});

test("a release that is not there is not waited for", async () => {
  const { code, out, err } = await conductorIn(fleet(), ["wait", NAME, "--revision", GOOD]);
  assert.deepEqual(
    [code, out, err],
    [2, "", `there is no ServiceRelease ${NAME} in namespace team-a: conductor status lists what there is, -n chooses another namespace\n`],
  );
});
