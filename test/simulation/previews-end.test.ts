import assert from "node:assert/strict";
import { test } from "node:test";
import { pathOf, RESOURCES, TEAM } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import { A, B, ask, decided, find, isDecided, MINUTE, RELEASE, simulate, WAVES } from "./asking.ts";

/** How long previews wait, how many there may be, and when they go. */

test("whoever does not answer is waited for, by name, and planned without having been seen", async () => {
  const simulation = simulate();
  await simulation.settle(1000);
  simulation.faults.outage("eu", { kind: "Down", how: "refused" }, 0, 60 * MINUTE);
  ask(simulation, A);
  assert.ok(await simulation.runUntil(() => find(simulation)?.status?.phase === "Pending", MINUTE));
  assert.match(find(simulation)?.status?.message ?? "", /^looking at (eu|us|sa)/);
  const { message, plan, blockers = [] } = await decided(simulation);
  assert.equal(message, `revision ${A} to 3 clusters in 2 waves; out of reach now: eu`);
  const [eu = assert.fail()] = plan?.targets ?? [];
  assert.deepEqual([eu.cluster, eu.live, eu.baseline], ["eu", undefined, undefined]);
  const why = blockers[0]?.message.split("wave first waits for eu: ")[1] ?? assert.fail(JSON.stringify(blockers));
  assert.deepEqual(plan?.warnings, [{ cluster: "eu", message: `planned without having been seen: ${why}` }]);
  // In the words that the release has for it.
  simulation.wishes.apply(RELEASE, A);
  const eus = (): string | undefined =>
    simulation.wishes.runs(RELEASE)[0]?.status?.targets?.find(({ cluster }) => cluster === "eu")?.message;
  assert.ok(await simulation.runUntil(() => eus() === why, MINUTE), `${eus()}`);
});

test("what is never answered is refused after a time, with what was waited for", async () => {
  const gated = { waves: [{ name: "all", gates: [{ approval: { groups: ["ops"] } }] }] };
  const simulation = simulate({ environments: [{ name: "production", spec: { strategy: gated } }] });
  simulation.faults.call(({ path }) => path.includes("validatingadmissionpolic"), { kind: "Refused", status: 500 }, 1000);
  ask(simulation, A);
  const started = simulation.clock.now();
  const { phase, reason, message } = await decided(simulation);
  assert.deepEqual([phase, reason], ["Refused", "Unanswered"]);
  assert.match(message ?? "", /^no answer within 40 s: /);
  assert.ok(simulation.clock.now() - started < 45_000);
});

test("a No is looked at once more: what was applied just before may be seen a moment later", async () => {
  const simulation = simulate({ environments: [] });
  await simulation.settle(2000);
  ask(simulation, A);
  assert.ok(await simulation.runUntil(() => find(simulation)?.status?.phase === "Pending", 1000));
  assert.match(find(simulation)?.status?.message ?? "", /^there is no Environment production/);
  simulation.wishes.createEnvironment({ name: "production", spec: { strategy: WAVES } });
  assert.equal((await decided(simulation)).phase, "Planned");
});

test("it is decided once, and deleted ten minutes after it was made, and nothing is left that wakes for it", async () => {
  const simulation = simulate();
  ask(simulation, A);
  const made = simulation.clock.now();
  const status = await decided(simulation);
  // What changes afterwards is no news of it.
  simulation.wishes.editEnvironment("production", { spec: { strategy: { waves: [{ name: "all" }] } } });
  simulation.wishes.apply(RELEASE, B);
  await simulation.settle(made + 10 * MINUTE - 2000 - simulation.clock.now());
  assert.deepEqual(find(simulation)?.status, status);
  await simulation.settle(4000);
  assert.equal(find(simulation), undefined);
  const verbs = simulation.writes
    .filter(({ who, resource }) => who === CONDUCTOR && resource === RESOURCES.previews)
    .map(({ verb }) => verb);
  assert.deepEqual(verbs.slice(-1), ["delete"]);
  await simulation.settle(60 * MINUTE);
  assert.deepEqual(simulation.conductor?.queues.previews.depth, { ready: 0, later: 0, running: 0 });
});

test("one that no conductor has decided in its time is deleted undecided", async () => {
  const simulation = simulate();
  await simulation.settle(1000);
  simulation.crash();
  ask(simulation, A);
  await simulation.settle(11 * MINUTE);
  assert.equal(find(simulation)?.status, undefined);
  simulation.start();
  await simulation.settle(10_000);
  assert.equal(find(simulation), undefined);
});

test("one that a conductor leaves undecided is decided by the next", async () => {
  const simulation = simulate();
  await simulation.settle(1000);
  simulation.faults.outage("eu", { kind: "Down", how: "refused" }, 0, MINUTE);
  ask(simulation, A);
  assert.ok(await simulation.runUntil(() => find(simulation)?.status?.phase === "Pending", MINUTE));
  simulation.crash(1000);
  assert.equal((await decided(simulation)).phase, "Planned");
  assert.equal(simulation.lives, 2);
});

test("a name that was asked under anew is another question: the old one's end does not delete it", async () => {
  const simulation = simulate();
  ask(simulation, A);
  await decided(simulation);
  // It is made anew while the conductor's request is under way.
  simulation.faults.call(({ verb, path }) => verb === "DELETE" && path.includes("releasepreviews"), { kind: "Slow", ms: 5000 });
  const isUnderWay = (): boolean => simulation.calls.some(({ verb, path }) => verb === "DELETE" && path.includes("releasepreviews"));
  assert.ok(await simulation.runUntil(isUnderWay, 11 * MINUTE));
  simulation.home.handle({ method: "DELETE", path: pathOf(RESOURCES.previews, TEAM, "asked") }, "person");
  ask(simulation, B);
  assert.equal((await decided(simulation)).plan?.revision, B);
  await simulation.settle(5 * MINUTE);
  assert.equal(find(simulation)?.status?.plan?.revision, B);
});

test("a namespace has room for a hundred, the next is told so, and others have their own", async () => {
  const simulation = simulate();
  const names = Array.from({ length: 102 }, (_, index) => `p${String(index).padStart(3, "0")}`);
  for (const name of names) ask(simulation, A, { name });
  ask(simulation, A, { namespace: "team-b" });
  assert.ok(await simulation.runUntil(() => names.every((name) => isDecided(simulation, name)), 5 * MINUTE));
  const turned = names.filter((name) => find(simulation, name)?.status?.reason === "TooManyPreviews");
  assert.deepEqual(turned, ["p100", "p101"]);
  assert.equal(
    find(simulation, "p100")?.status?.message,
    "namespace team-a has 100 previews already, which are kept for 10 minutes: delete those that were read (kubectl -n team-a delete releasepreviews NAME), or ask again later",
  );
  assert.equal((await decided(simulation, "asked", "team-b")).reason, "EnvironmentNotFound");
  await simulation.settle(11 * MINUTE);
  ask(simulation, A);
  assert.equal((await decided(simulation)).phase, "Planned");
});
