import assert from "node:assert/strict";
import { test } from "node:test";
import { deploy, endOf, type Ended } from "./deploying.ts";
import { BAD, ended, fleet, GOOD, NAME, NEWER } from "./fleets.ts";
import { golden } from "./golden.ts";
import { conductorIn } from "./terminal.ts";

const ASKS = {
  waves: [
    { name: "first", clusters: { count: 1 } },
    { name: "rest", gates: [{ approval: { users: ["alice"] } }] },
  ],
  minSuccessTime: "0s",
};

test("a bad revision is taken back, and who has released it is told with exit code 3", async () => {
  const { code, out } = await deploy(await ended(fleet({}), GOOD), BAD);
  assert.equal(code, 3);
  golden("deploy-rolledback.txt", out);
});

test("a bad revision with onFailure Continue has failed: exit code 1", async () => {
  const simulation = await ended(fleet({ waves: [{ name: "all" }], minSuccessTime: "0s", onFailure: "Continue" }), GOOD);
  const { code, out } = await deploy(simulation, BAD);
  assert.equal(code, 1);
  golden("deploy-failed.txt", out);
});

const PAUSES = { waves: [{ name: "all" }], maxConcurrency: 1, minSuccessTime: "0s", onFailure: "Pause" };

test("with onFailure Pause a person is waited for, and what is decided is the outcome", async () => {
  const simulation = await ended(fleet(PAUSES), GOOD);
  const said = await deploy(simulation, BAD, ["-o", "json"], {
    600: () => simulation.wishes.annotate(NAME, { "conductor.dev/abort": `${NAME}-2` }),
  });
  assert.deepEqual(endOf(said), {
    outcome: "Aborted",
    exitCode: 1,
    message: "ended by a person; left as they are: eu-west-1",
    run: `${NAME}-2`,
  });
});

test("with onFailure Pause and --no-wait-approval nobody is waited for: exit code 1, and the release stays as it is", async () => {
  const simulation = await ended(fleet(PAUSES), GOOD);
  const { code, out } = await deploy(simulation, BAD, ["--no-wait-approval"]);
  assert.equal(code, 1);
  golden("deploy-stopped.txt", out);
  assert.equal(simulation.wishes.phase(NAME), "Paused");
});

test("who is waited for is named, and with --no-wait-approval not waited for: exit code 6", async () => {
  const simulation = fleet(ASKS);
  const { code, out } = await deploy(simulation, GOOD, ["--no-wait-approval"]);
  assert.equal(code, 6);
  golden("deploy-approval.txt", out);
});

test("without it a yes is waited for, and wait has the rest", async () => {
  const simulation = fleet(ASKS);
  const said = await deploy(simulation, GOOD, ["-o", "json"], {
    900: () => simulation.wishes.decide(simulation.wishes.questions()[0] ?? "", "alice"),
  });
  assert.deepEqual(endOf(said), { outcome: "Succeeded", exitCode: 0, message: "every target is verified", run: `${NAME}-1` });
});

test("a newer wish meanwhile is exit code 4", async () => {
  const simulation = fleet({});
  const { code, out } = await deploy(simulation, GOOD, [], { 20: () => simulation.wishes.apply(NAME, NEWER) });
  assert.equal(code, 4);
  golden("deploy-superseded.txt", out);
});

test("a newer wish that has arrived is no success of the older one", async () => {
  const simulation = fleet();
  await ended(simulation, GOOD);
  await ended(simulation, NEWER);
  assert.deepEqual(endOf(await conductorIn(simulation, ["wait", NAME, "--revision", GOOD, "-o", "json"])), {
    outcome: "Superseded",
    exitCode: 4,
    message: `revision ${NEWER} is wanted now; what became of ${GOOD} is in conductor history ${NAME}`,
    run: `${NAME}-2`,
  });
});

test("wait without a revision waits for what is wished now", async () => {
  const simulation = fleet();
  simulation.wishes.apply(NAME, NEWER);
  const { code, out } = await conductorIn(simulation, ["wait", NAME]);
  assert.equal(code, 0);
  assert.match(out, new RegExp(`at ${NEWER}: Succeeded \\(exit code 0\\): every target is verified\n$`));
});

test("a revision that a person takes back by an annotation has not arrived, though that run succeeds", async () => {
  const simulation = await ended(fleet({}), GOOD);
  const ask = (): void => simulation.wishes.annotate(NAME, { "conductor.dev/rollback-to": `${NAME}-2/${GOOD}` });
  const said = await deploy(simulation, NEWER, ["-o", "json"], { 200: ask });
  assert.deepEqual(endOf(said), { outcome: "Succeeded", exitCode: 0, message: "every target is verified", run: `${NAME}-2` });
  await simulation.settle(300_000);
  assert.equal(simulation.wishes.finished(NAME), true);
  assert.deepEqual(endOf(await deploy(simulation, NEWER, ["-o", "json"])), {
    outcome: "RolledBack",
    exitCode: 3,
    message: `every target is back at ${GOOD}`,
    run: `${NAME}-3`,
  });
  assert.deepEqual(endOf(await deploy(simulation, NEWER, ["-o", "json", "--retry"])), {
    outcome: "Succeeded",
    exitCode: 0,
    message: "every target is verified",
    run: `${NAME}-4`,
  });
});

test("a revision that was verified lately is gone back to, and has arrived", async () => {
  const simulation = await ended(await ended(fleet(), GOOD), NEWER);
  assert.deepEqual(endOf(await deploy(simulation, GOOD, ["-o", "json"])), {
    outcome: "Succeeded",
    exitCode: 0,
    message: "every target is verified",
    run: `${NAME}-3`,
  });
});

test("what is not done in time is exit code 5, with what it waits on", async () => {
  const simulation = fleet({});
  const { code, out } = await deploy(simulation, GOOD, ["--timeout", "30s"]);
  assert.equal(code, 5);
  golden("deploy-timedout.txt", out);
  assert.equal(simulation.wishes.finished(NAME), false);
});

test("what cannot start has failed once that has stood for ten seconds", async () => {
  const simulation = fleet();
  const { code, out } = await conductorIn(simulation, ["deploy", "checkout.staging", "--revision", GOOD]);
  assert.equal(code, 1);
  golden("deploy-stalled.txt", out);
});

test("what can start after all within ten seconds goes on", async () => {
  const simulation = fleet();
  simulation.wishes.editEnvironment("production", { spec: { strategy: { waves: [{ name: "one", clusters: { names: ["nowhere"] } }] } } });
  const repair = (): void => simulation.wishes.editEnvironment("production", { spec: { strategy: { waves: [{ name: "all" }] } } });
  const said = await deploy(simulation, GOOD, ["-o", "json"], { 8: repair });
  assert.equal(endOf(said).outcome, "Succeeded");
});

test("that an older spec could not start does not count for a newer one", async () => {
  const simulation = fleet();
  simulation.wishes.apply(NAME, GOOD, { clusters: ["nowhere"] });
  await simulation.runUntil(() => simulation.wishes.phase(NAME) === "Stalled", 60_000);
  // The conductor is away when the new one comes, and has still the old one's status there.
  simulation.crash(60_000);
  assert.equal(endOf(await deploy(simulation, NEWER, ["--clusters", "eu-west-1", "-o", "json"])).outcome, "Succeeded");
});

test("what has ended already is not tried again: the stored outcome, and how to retry", async () => {
  const simulation = await ended(await ended(fleet(), GOOD), BAD);
  const { code, out } = await deploy(simulation, BAD);
  assert.equal(code, 3);
  golden("deploy-again.txt", out);
  assert.equal(simulation.wishes.runs(NAME).length, 2);
});

test("what has arrived already has arrived; what has changed since is said", async () => {
  const simulation = await ended(fleet(), GOOD);
  const again = async (): Promise<Ended> => endOf(await deploy(simulation, GOOD, ["-o", "json"]));
  assert.deepEqual(await again(), { outcome: "Succeeded", exitCode: 0, message: "every target is verified", run: `${NAME}-1` });
  simulation.person("us-east-1").setRevision(NEWER);
  await simulation.settle(60_000);
  const { message, ...rest } = await again();
  assert.deepEqual(rest, { outcome: "Succeeded", exitCode: 0, run: `${NAME}-1` });
  assert.match(message, /^every target is verified; since then Drifted: us-east-1: /);
});

test("--retry makes a run of its own, and its end is what counts", async () => {
  const simulation = await ended(await ended(fleet(), GOOD), BAD);
  const { code, out } = await deploy(simulation, BAD, ["--retry"]);
  assert.equal(code, 3);
  golden("deploy-retry.txt", out);
  // Once more: what was asked before is not what is asked now.
  assert.deepEqual(endOf(await deploy(simulation, BAD, ["--retry", "-o", "json"])).run, `${NAME}-4`);
});

test("--retry of what is new, under way or verified asks for nothing", async () => {
  const simulation = fleet();
  assert.equal(endOf(await deploy(simulation, GOOD, ["--retry", "-o", "json"])).run, `${NAME}-1`);
  assert.equal(endOf(await deploy(simulation, GOOD, ["--retry", "-o", "json"])).run, `${NAME}-1`);
  assert.equal(simulation.wishes.release(NAME)?.metadata.annotations["conductor.dev/retry"], undefined);
});
