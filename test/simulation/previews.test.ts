import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "#simulation/json.ts";
import { environment } from "#simulation/scenario.ts";
import { A, B, ask, CLUSTERS, decided, finished, MINUTE, planOf, RELEASE, simulate, WAVES, written } from "./asking.ts";

/** What previews say, in virtual time. */

test("a preview is the plan of the run that the same release then makes, and writes nothing but its own status", async () => {
  const simulation = simulate();
  ask(simulation, A);
  const { plan, phase, message, conditions = [], blockers, unchanged } = await decided(simulation);
  assert.deepEqual([phase, message, blockers, unchanged], ["Planned", `revision ${A} to 3 clusters in 2 waves`, undefined, undefined]);
  assert.deepEqual(
    conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
    ["Ready=True Planned"],
  );
  assert.deepEqual(written(simulation), []);
  assert.deepEqual(simulation.wishes.runs(), []);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  const [run = assert.fail()] = simulation.wishes.runs(RELEASE);
  assert.deepEqual(plan, planOf(run));
});

test("one that is known to be recent is a rollback in one wave, and its baselines are what was verified", async () => {
  const simulation = simulate();
  for (const revision of [A, B]) {
    simulation.wishes.apply(RELEASE, revision);
    await finished(simulation);
  }
  ask(simulation, A);
  const { plan } = await decided(simulation);
  assert.deepEqual([plan?.kind, plan?.waves.map(({ name }) => name)], ["Rollback", ["rollback"]]);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  const [, , run = assert.fail()] = simulation.wishes.runs(RELEASE);
  assert.deepEqual(plan, planOf(run));
});

test("a wish that stands changes nothing, and one that has failed is not tried again by itself", async () => {
  const simulation = simulate({
    behaviours: (_, revision) => (revision === B ? { health: [{ after: 0, status: "Degraded" as const }] } : {}),
  });
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  ask(simulation, A, { name: "stands" });
  const stands = await decided(simulation, "stands");
  assert.deepEqual(
    [stands.phase, stands.unchanged, stands.message],
    ["Planned", true, `nothing would be done: checkout.production-1 has brought revision ${A}`],
  );
  assert.deepEqual(
    stands.plan?.targets.map(({ desired, live }) => desired === live),
    [true, true, true],
  );
  simulation.wishes.apply(RELEASE, B);
  await finished(simulation);
  ask(simulation, B, { name: "failed" });
  const failed = await decided(simulation, "failed");
  assert.deepEqual(
    [failed.unchanged, failed.message],
    [
      true,
      "nothing would be done: checkout.production-2 has tried it and is RolledBack; to try it again, annotate the ServiceRelease with conductor.dev/retry: checkout.production-2",
    ],
  );
});

test("a run in flight is named with what would become of it, and goes on as if nobody had asked", async () => {
  const alone = simulate();
  alone.wishes.apply(RELEASE, A);
  await finished(alone);

  const simulation = simulate();
  simulation.wishes.apply(RELEASE, A);
  assert.ok(await simulation.runUntil(() => simulation.wishes.phase(RELEASE) === "Progressing", MINUTE));
  ask(simulation, B);
  ask(simulation, A, { name: "same" });
  const { blockers, plan } = await decided(simulation);
  assert.deepEqual(blockers, [
    { reason: "RunInFlight", message: `checkout.production-1 (revision ${A}) is in flight: it ends first (supersede: Queue)` },
  ]);
  assert.equal(plan?.revision, B);
  const same = await decided(simulation, "same");
  assert.deepEqual([same.unchanged, same.message], [true, "nothing would be done: checkout.production-1 is bringing it about"]);
  await finished(simulation);
  assert.deepEqual(written(simulation).toSorted(), written(alone).toSorted());
});

test("a cluster that joins is what an Environment with it would catch up", async () => {
  const two = environment({ name: "production", spec: { strategy: WAVES } }, CLUSTERS.slice(0, 2))["spec"] as JsonObject;
  const simulation = simulate({ environments: [{ name: "production", spec: two }] });
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  const three = { ...two, clusters: CLUSTERS.map(({ name }) => ({ name })) };
  ask(simulation, A, { environment: three });
  const { plan, unchanged } = await decided(simulation);
  assert.deepEqual([plan?.kind, plan?.revision, plan?.targets.map(({ cluster }) => cluster), unchanged], ["CatchUp", A, ["sa"], undefined]);
  simulation.wishes.editEnvironment("production", { spec: { clusters: three.clusters } });
  assert.ok(await simulation.runUntil(() => simulation.wishes.runs(RELEASE).length === 2, MINUTE));
  assert.deepEqual(plan, planOf(simulation.wishes.runs(RELEASE)[1] ?? assert.fail()));
});

test("freezes, a pause and a dependency are named as what would hold it up", async () => {
  const strategy = { ...WAVES, dependsOn: [{ environment: "staging", revision: "{{revision}}" }] };
  const simulation = simulate({ environments: [{ name: "production", spec: { strategy } }] });
  simulation.wishes.apply(RELEASE, A, { paused: true });
  const until = "2026-01-02T00:00:00Z";
  simulation.wishes.freeze("holidays", {
    reason: "Nobody is at work",
    from: "2025-12-24T00:00:00Z",
    to: until,
    clusters: { names: ["us", "sa"] },
  });
  await simulation.settle(2000);
  ask(simulation, A);
  const { phase, blockers } = await decided(simulation);
  assert.equal(phase, "Planned");
  assert.deepEqual(blockers, [
    { reason: "Paused", message: "the release is paused: nothing is planned until spec.paused is false" },
    { reason: "Dependency", message: "checkout.staging: there is no ServiceRelease checkout.staging: create it" },
    {
      reason: "Freeze",
      message: "FreezeWindow team-a/holidays (Nobody is at work) holds us, sa until 2026-01-02 00:00 UTC",
      until,
    },
  ]);
});

test("what depends on itself by way of an Environment that is only proposed is refused", async () => {
  const simulation = simulate({ environments: [{ name: "staging", spec: { strategy: { dependsOn: [{ environment: "production" }] } } }] });
  const proposed = environment({ name: "production", spec: { strategy: { dependsOn: [{ environment: "staging" }] } } }, CLUSTERS);
  ask(simulation, A, { environment: proposed["spec"] as JsonObject });
  const { reason, message } = await decided(simulation);
  assert.deepEqual(
    [reason, message],
    [
      "DependencyCycle",
      "it would wait for itself (checkout.production → checkout.staging → checkout.production): take one of these out of strategy.dependsOn",
    ],
  );
});

test("an Application that was only planned for is free for the release that wants it", async () => {
  const consent = { "conductor.dev/authorized": "team-a/checkout.production,team-a/other.production" };
  const simulation = simulate({ applications: () => [{ name: "checkout" }, { name: "other", annotations: consent }] });
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  const application = { name: "other", targetRevision: "{{revision}}" };
  const proposed = environment({ name: "production", spec: { strategy: WAVES, application } }, CLUSTERS);
  ask(simulation, B, { environment: proposed["spec"] as JsonObject });
  assert.equal((await decided(simulation)).phase, "Planned");
  simulation.wishes.apply("other.production", A);
  assert.ok(await simulation.runUntil(() => simulation.wishes.phase("other.production") === "Succeeded", 60 * MINUTE));
});

test("an Application that another release steers is not planned for, and its values are not shown", async () => {
  const simulation = simulate();
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  const application = { name: "checkout", targetRevision: "{{revision}}" };
  const proposed = environment({ name: "production", spec: { strategy: WAVES, application } }, CLUSTERS.slice(0, 1));
  ask(simulation, B, { environment: proposed["spec"] as JsonObject }, { service: "other" });
  const message =
    "Application argocd/checkout is steered by ServiceRelease team-a/checkout.production already: one Application has one release";
  const { conditions = [], ...status } = await decided(simulation);
  assert.deepEqual(status, {
    observedGeneration: 1,
    phase: "Refused",
    reason: "ApplicationTaken",
    message: `eu: ${message}`,
    clusters: [{ name: "eu", reason: "ApplicationTaken", message }],
  });
  assert.deepEqual(
    conditions.map(({ status: is, reason }) => [is, reason]),
    [["False", "ApplicationTaken"]],
  );
});

test("a gate that a machine could not have is told to whoever does not say who releases, and refused to the machine", async () => {
  const gated = { waves: [{ name: "all", gates: [{ approval: { count: 1 } }] }] };
  const simulation = simulate({ environments: [{ name: "production", spec: { strategy: gated } }] });
  ask(simulation, A);
  const open = await decided(simulation);
  assert.deepEqual([open.phase, open.blockers?.map(({ reason }) => reason)], ["Planned", ["ApprovalUnsafe"]]);
  ask(simulation, A, { name: "machine", author: "system:serviceaccount:ci:deployer" });
  const machine = await decided(simulation, "machine");
  assert.deepEqual([machine.phase, machine.reason], ["Refused", "ApprovalUnsafe"]);
  ask(simulation, A, { name: "person", author: "alice" });
  assert.deepEqual((await decided(simulation, "person")).blockers, undefined);
});

test("analyses are checked as far as their templates say, and no AnalysisRun is made", async () => {
  const gated = (templateName: string) => ({ waves: [{ name: "all", gates: [{ analysis: { templateName } }] }] });
  const simulation = simulate({ environments: [{ name: "production", spec: { strategy: gated("errors") } }], analyses: { errors: {} } });
  ask(simulation, A);
  const { phase, plan } = await decided(simulation);
  assert.equal(phase, "Planned");
  assert.deepEqual(plan?.waves[0]?.gates, [{ analysis: { templateName: "errors", clusterScope: false, args: [], background: false } }]);
  const proposed = environment({ name: "production", spec: { strategy: gated("gone") } }, CLUSTERS);
  ask(simulation, A, { name: "gone", environment: proposed["spec"] as JsonObject });
  const gone = await decided(simulation, "gone");
  assert.deepEqual(
    [gone.reason, gone.message],
    ["AnalysisInvalid", "there is no AnalysisTemplate gone in namespace team-a: create it, or correct templateName"],
  );
  assert.deepEqual(written(simulation), []);
});

test("clusters that are missing from an Environment are no plan for what is left", async () => {
  const simulation = simulate();
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  const proposed = environment({ name: "production", spec: { strategy: WAVES } }, CLUSTERS.slice(0, 2));
  ask(simulation, B, { environment: proposed["spec"] as JsonObject });
  const { reason } = await decided(simulation);
  assert.equal(reason, "MembershipShrunk");
});
