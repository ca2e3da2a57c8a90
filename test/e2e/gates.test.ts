import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { FIRST, Pipeline, SECOND, STAGING, bob, mary } from "#test/scene/pipeline.ts";
import { until } from "#test/scene/stage.ts";

/**
 * Gates with everything real: staging before production, a canary in each cluster by Argo Rollouts, metrics by its Datadog provider,
 * people behind the admission policies, freezes. The conductor is killed while it waits for each of them, and away when they answer.
 */

let pipeline: Pipeline;

before(async () => {
  pipeline = await Pipeline.start();
});
afterEach(async (context) => {
  pipeline.errors = {};
  await pipeline.scene.plane.keepLogsIfFailed(context);
});
after(() => pipeline.stop());

const SAME_IN_STAGING = { dependsOn: [{ environment: "staging", revision: "{{revision}}" }] };
const analysis = (templateName: string, more: object = {}): object => ({ analysis: { templateName, ...more } });
const approval = (expiresAfter = "1h"): object => ({ approval: { groups: ["release-approvers"], expiresAfter } });

/** The AnalysisRun of the newest run's only analysis has ended so. */
const verdict = (phase: string): Promise<unknown> =>
  until(
    `an AnalysisRun that is ${phase}`,
    () => pipeline.analysisRuns(),
    (all) => all.some(({ status }) => status?.phase === phase),
  );

const passed = (moment: number): Promise<unknown> =>
  until(
    new Date(moment).toISOString(),
    async () => Date.now(),
    (now) => now > moment,
  );

test("the whole story, with a conductor that is killed while it waits for each gate, and is away when that answers", async () => {
  await pipeline.staging();
  await pipeline.production([analysis("errors")], [approval()], SAME_IN_STAGING);
  const revision = await pipeline.commit();
  await pipeline.wish(revision);
  await pipeline.waits("Dependency", /^checkout\.staging: there is no ServiceRelease checkout\.staging/);
  await pipeline.wish(revision, "staging");
  await until(
    "staging is written",
    () => pipeline.revisionOf(STAGING),
    (now) => now === revision,
  );
  await pipeline.away(() => pipeline.untilWell(STAGING, revision));

  await pipeline.waits("Analysis");
  await pipeline.away(() => verdict("Successful"));

  await pipeline.waits("Approval");
  assert.deepEqual(await pipeline.patches(SECOND), []);
  const question = await pipeline.question(({ wave }) => wave === "rest");
  await pipeline.away(() => pipeline.decide(bob, question, { decision: "Approve" }));
  assert.equal((await pipeline.ended())[0], "Succeeded");

  const { metadata, status } = await pipeline.run();
  assert.equal(metadata.name, "checkout.production-1");
  assert.deepEqual(
    status?.waves?.flatMap(({ gates = [] }) => gates.map(({ kind, phase, message }) => [kind, phase, message])),
    [
      ["Analysis", "Passed", "1 metric within bounds"],
      ["Approval", "Passed", "approved by bob"],
    ],
  );
  assert.deepEqual([(await pipeline.questions()).length, (await pipeline.analysisRuns()).length], [1, 1]);
  let earlier = 0;
  for (const cluster of [STAGING, FIRST, SECOND]) {
    const [written = 0, ...more] = await pipeline.patches(cluster, revision);
    assert.ok(written > earlier, `${cluster} was written at ${written}, before ${earlier}`);
    assert.deepEqual(more, [], cluster);
    earlier = written;
    await pipeline.untilWell(cluster, revision);
    const steps = await pipeline.steps(cluster);
    assert.deepEqual(
      steps.map((one) => /step \d\/\d/.exec(one)?.[0]),
      ["step 1/2", "step 2/2"],
      `${cluster}: ${steps.join(", ")}`,
    );
  }
});

test("a revision whose error rate rises is stopped in the first cluster and taken back, and the other one is never touched", async () => {
  await pipeline.production([analysis("errors")], [approval()]);
  const [before, untouched, revision] = [await pipeline.revisionOf(FIRST), await pipeline.patches(SECOND), await pipeline.commit()];
  pipeline.errors = { [FIRST]: 0.2 };
  await pipeline.wish(revision);
  const [phase, message] = await pipeline.ended();
  assert.equal(phase, "RolledBack");
  assert.match(message, /^wave canary: analysis errors failed: Metric "error-rate" assessed Failed/);
  await pipeline.untilWell(FIRST, before);
  assert.deepEqual(await pipeline.patches(SECOND), untouched);
});

test("metrics that rise while a canary is paused stop it there, and the Rollout is back at stable without a step", async () => {
  await pipeline.production([analysis("watch", { background: true })], []);
  const [before, untouched, revision] = [
    await pipeline.revisionOf(FIRST),
    await pipeline.patches(SECOND),
    await pipeline.commit("forever"),
  ];
  const stable = (await pipeline.rollout(FIRST)).status?.stableRS;
  await pipeline.wish(revision);
  await pipeline.waits("CanaryPaused");
  const steps = await pipeline.steps(FIRST);
  pipeline.errors = { [FIRST]: 0.2 };
  await pipeline.away(() => verdict("Failed"));
  const [phase, message] = await pipeline.ended();
  assert.equal(phase, "RolledBack");
  assert.match(message, /^wave canary: analysis watch failed: Metric "error-rate" assessed Failed/);
  await pipeline.untilWell(FIRST, before);
  const { status } = await pipeline.rollout(FIRST);
  assert.deepEqual([status?.phase, status?.stableRS, status?.currentPodHash], ["Healthy", stable, stable]);
  assert.deepEqual(await pipeline.steps(FIRST), steps);
  assert.equal((await pipeline.analysisRuns()).length, 1);
  assert.deepEqual(await pipeline.patches(SECOND), untouched);
});

test("metrics that say neither hold the wave until a person goes on in spite of it", async () => {
  await pipeline.production([analysis("unsure")], []);
  const revision = await pipeline.commit();
  pipeline.errors = { [FIRST]: 0.2 };
  await pipeline.wish(revision);
  await pipeline.waits("Failures", /^wave canary: analysis unsure is inconclusive.*resume goes on in spite of it/);
  assert.deepEqual(await pipeline.patches(SECOND, revision), []);
  await pipeline.away(() => pipeline.ask("resume"));
  assert.equal((await pipeline.ended())[0], "Succeeded");
  assert.equal((await pipeline.analysisRuns()).length, 1);
});

test("who is asked and says no takes the release back, with the reason", async () => {
  await pipeline.production([], [approval()]);
  const [before, revision] = [await pipeline.revisionOf(FIRST), await pipeline.commit()];
  await pipeline.wish(revision);
  const question = await pipeline.question(({ wave }) => wave === "rest");
  await pipeline.away(() => pipeline.decide(bob, question, { decision: "Reject", reason: "the campaign starts at noon" }));
  const [phase, message] = await pipeline.ended();
  assert.equal(phase, "RolledBack");
  assert.match(message, /^wave rest: rejected by bob: the campaign starts at noon/);
  assert.deepEqual([await pipeline.revisionOf(FIRST), await pipeline.patches(SECOND, revision)], [before, []]);
});

test("an approval that nobody gives in time takes the release back", async () => {
  await pipeline.production([], [approval("5s")]);
  const [before, revision] = [await pipeline.revisionOf(FIRST), await pipeline.commit()];
  await pipeline.wish(revision);
  const { spec } = await pipeline.question(({ wave }) => wave === "rest");
  await pipeline.away(() => passed(Date.parse(spec.expiresAt)));
  const [phase, message] = await pipeline.ended();
  assert.equal(phase, "RolledBack");
  assert.match(message, /^wave rest: it was not approved until /);
  assert.deepEqual([await pipeline.revisionOf(FIRST), await pipeline.patches(SECOND, revision)], [before, []]);
});

test("a freeze holds who would be started and ends by itself, also one that ends while the conductor is away", async () => {
  await pipeline.production([], []);
  const freezes = [
    ["first", FIRST],
    ["second", SECOND],
  ] as const;
  for (const [name, cluster] of freezes) await pipeline.freeze(name, [cluster], 3600);
  const revision = await pipeline.commit();
  await pipeline.wish(revision);
  await pipeline.waits("Freeze", new RegExp(`^FreezeWindow team-a/first \\(books are closed\\) holds ${FIRST} until `));
  const first = await pipeline.freeze("first", [FIRST], 3);
  await pipeline.waits("Freeze", new RegExp(`^FreezeWindow team-a/second \\(books are closed\\) holds ${SECOND} until `));
  let second = 0;
  await pipeline.away(async () => passed((second = await pipeline.freeze("second", [SECOND], 2))));
  assert.equal((await pipeline.ended())[0], "Succeeded");
  for (const [cluster, end] of [
    [FIRST, first],
    [SECOND, second],
  ] as const) {
    const [written = 0, ...more] = await pipeline.patches(cluster, revision);
    assert.ok(written >= end, `${cluster} was written ${end - written} ms before its freeze ended`);
    assert.deepEqual(more, [], cluster);
  }
  for (const [name] of freezes) await pipeline.thaw(name);
});

test("a freeze is gone through by whom RBAC lets, and holds no rollback", async () => {
  await pipeline.production([analysis("errors")], []);
  await pipeline.freeze("long", [FIRST, SECOND], 3600);
  const [before, revision] = [await pipeline.revisionOf(FIRST), await pipeline.commit()];
  pipeline.errors = { [FIRST]: 0.2 };
  await pipeline.wish(revision);
  await pipeline.waits("Freeze");
  const question = await pipeline.question(({ freeze }) => freeze === "team-a/long");
  assert.deepEqual(await pipeline.patches(FIRST, revision), []);
  await pipeline.away(() => pipeline.decide(mary, question, { decision: "Approve" }));
  assert.equal((await pipeline.ended())[0], "RolledBack");
  assert.equal((await pipeline.patches(FIRST, revision)).length, 1);
  await pipeline.untilWell(FIRST, before);
  assert.deepEqual(
    (await pipeline.run()).status?.overrides?.map(({ freeze: of, by }) => [of, by]),
    [["team-a/long", "mary"]],
  );
  await pipeline.thaw("long");
});

test("production waits for as long as staging has not verified its revision, and begins with the next one that it has", async () => {
  await pipeline.staging([analysis("errors")]);
  await pipeline.production([], [], { ...SAME_IN_STAGING, supersede: "Queue" });
  pipeline.errors = { [STAGING]: 0.2 };
  const bad = await pipeline.commit();
  await pipeline.wish(bad);
  await pipeline.wish(bad, "staging");
  assert.equal((await pipeline.ended("staging"))[0], "RolledBack");
  const failed = /^checkout\.staging: it is RolledBack: wave all: analysis errors failed/;
  await pipeline.waits("Dependency", failed);
  const { metadata } = await pipeline.run();

  pipeline.errors = {};
  const good = await pipeline.commit();
  await pipeline.away(async () => {
    await pipeline.wish(good);
    await pipeline.wish(good, "staging");
  });
  assert.equal((await pipeline.ended())[0], "Succeeded");
  assert.equal((await pipeline.scene.getRun(metadata.name)).status?.phase, "Superseded");
  for (const cluster of [FIRST, SECOND]) {
    assert.deepEqual(await pipeline.patches(cluster, bad), [], cluster);
    assert.equal((await pipeline.patches(cluster, good)).length, 1, cluster);
  }
});
