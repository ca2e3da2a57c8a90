import assert from "node:assert/strict";
import { test } from "node:test";
import { releasePreview, type ReleasePreview, type ReleasePreviewStatus } from "#api/releasepreview.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { JsonObject } from "#simulation/json.ts";
import { commit, environment, pathOf, RESOURCES, TEAM, type Scenario } from "#simulation/scenario.ts";
import { CONDUCTOR, Simulation } from "#simulation/simulation.ts";

/** Previews in virtual time: what they say, how long they wait, and when they go. */

const [A, B] = [commit("a"), commit("b")];
const RELEASE = "checkout.production";
const CLUSTERS = [{ name: "eu" }, { name: "us" }, { name: "sa" }];
const MINUTE = 60_000;
const WAVES = { waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }], minSuccessTime: "0s" };

function simulate(scenario: Partial<Scenario> = {}): Simulation {
  const environments = [{ name: "production", spec: { strategy: WAVES } }];
  return new Simulation({ seed: "previews", clusters: CLUSTERS, environments, shuffled: false, ...scenario });
}

interface Asked {
  readonly name?: string;
  readonly namespace?: string;
  readonly environment?: JsonObject;
  readonly author?: string;
}

/** Somebody asks what a release would do. */
function ask(
  simulation: Simulation,
  revision: string,
  { name = "asked", namespace = TEAM, environment: env, author }: Asked = {},
  more: JsonObject = {},
): void {
  const annotations = author === undefined ? {} : { annotations: { "conductor.dev/author": author } };
  const body = {
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ReleasePreview",
    metadata: { name, namespace, ...annotations },
    spec: {
      release: { service: "checkout", environment: "production", revision, ...more },
      ...(env === undefined ? {} : { environment: env }),
    },
  };
  simulation.home.handle({ method: "POST", path: pathOf(RESOURCES.previews, namespace), body }, "person");
}

function find(simulation: Simulation, name = "asked", namespace = TEAM): ReleasePreview | undefined {
  const found = simulation.home.find(pathOf(RESOURCES.previews, namespace, name));
  return found === undefined ? undefined : releasePreview.parse(found);
}

const isDecided = (simulation: Simulation, name = "asked", namespace = TEAM): boolean =>
  ["Planned", "Refused"].includes(find(simulation, name, namespace)?.status?.phase ?? "");

/** The status of a preview once it is decided. */
async function decided(simulation: Simulation, name = "asked", namespace = TEAM): Promise<ReleasePreviewStatus> {
  assert.ok(await simulation.runUntil(() => isDecided(simulation, name, namespace), 2 * MINUTE), "it is not decided");
  return find(simulation, name, namespace)?.status ?? assert.fail();
}

async function finished(simulation: Simulation): Promise<void> {
  assert.ok(await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 60 * MINUTE));
}

/** What a plan and a run have in common. */
function planOf({ spec }: ReleaseRun): ReleasePreviewStatus["plan"] {
  const { kind, revision, strategy, waves, values, targets, warnings, dependsOn } = spec;
  const rest = { ...(warnings === undefined ? {} : { warnings }), ...(dependsOn === undefined ? {} : { dependsOn }) };
  return { kind, revision, strategy, waves, values, targets, ...rest };
}

/** What the conductor has written besides previews, as `server verb resource`. */
function written(simulation: Simulation): readonly string[] {
  return simulation.writes
    .filter(({ who, resource }) => who === CONDUCTOR && resource !== RESOURCES.previews && resource !== RESOURCES.environments)
    .map(({ server, verb, resource }) => `${server} ${verb} ${resource}`);
}

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
  await simulation.settle(9 * MINUTE);
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

test("clusters that are missing from an Environment are no plan for what is left", async () => {
  const simulation = simulate();
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  const proposed = environment({ name: "production", spec: { strategy: WAVES } }, CLUSTERS.slice(0, 2));
  ask(simulation, B, { environment: proposed["spec"] as JsonObject });
  const { reason } = await decided(simulation);
  assert.equal(reason, "MembershipShrunk");
});
