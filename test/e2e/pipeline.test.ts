import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { Fleet } from "#test/scene/fleet.ts";
import { CLUSTERS, eventually, type Service } from "#test/scene/service.ts";
import { manifests } from "#test/scene/manifests.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { Jobs, type Job } from "#test/scene/jobs.ts";

/** Jobs of pipelines: the templates' own scripts, run by a shell as a runner does, with the rights of examples/rbac-ci.yaml, over three real Argo CDs. */

const [FIRST, SECOND] = CLUSTERS;
const NAME = "checkout.checkouts";

let fleet: Fleet;
let checkout: Service;
let jobs: Jobs;
let version = 1;
/** What was last released everywhere. */
let stable = "";

/** The first cluster, then the others; a revision that Argo CD cannot apply fails at once. */
const QUICK = {
  waves: [{ name: "first", clusters: { names: [FIRST] } }, { name: "rest" }],
  minSuccessTime: "0s",
  maxFailures: 0,
  onFailure: "RollBack",
  supersede: "Replace",
  rollbackWindow: { revisions: 0 },
};
const SLOW = { ...QUICK, minSuccessTime: "20m" };

before(async () => {
  fleet = await Fleet.start();
  const { home } = fleet.scene;
  await installPolicies(home, { user: "release-conductor" });
  stable = await fleet.version(version);
  checkout = await fleet.service("checkout", stable, QUICK);
  jobs = await Jobs.start(home, "team-a", "checkouts");
});
afterEach((context) => fleet.scene.plane.keepLogsIfFailed(context));
after(async () => {
  await jobs?.stop();
  await fleet?.stop();
});

function commit(fates: Parameters<Fleet["version"]>[1] = {}): Promise<string> {
  version += 1;
  return fleet.version(version, fates);
}

/** The last line that says how it ended. */
function ending({ out }: { readonly out: string }): string {
  return (
    out
      .split("\n")
      .findLast((line) => line.includes("(exit code"))
      ?.trim() ?? out
  );
}

test("0: a job releases, folds its log by waves, and tells later jobs how it ended", async () => {
  stable = await commit();
  const job = jobs.gitlab(stable);
  const { code, out } = await job.ended;
  assert.equal(code, 0, out);
  assert.match(ending({ out }), new RegExp(`^\\S+Z ${NAME} at ${stable}: Succeeded \\(exit code 0\\)`));
  assert.deepEqual(
    [...out.matchAll(/section_start:\d+:(\S+?)\r/g)].map(([, name]) => name),
    ["checkout.checkouts__wave_1_2", "checkout.checkouts__wave_2_2"],
  );
  assert.equal(
    job.file("conductor.env"),
    "CONDUCTOR_OUTCOME=Succeeded\nCONDUCTOR_EXIT_CODE=0\nCONDUCTOR_RUN=checkout.checkouts-1\nCONDUCTOR_URL=\n",
  );
  assert.deepEqual(await checkout.deployed(), ["v2", "v2", "v2"]);
  const { metadata } = await checkout.get();
  assert.equal(metadata.annotations["conductor.dev/author"], "system:serviceaccount:team-a:release-checkout-checkouts");
});

test("0: the same job once more changes nothing, and ends with the outcome that is stored", async () => {
  const generation = (await checkout.get()).metadata.generation;
  const { code, out } = await jobs.gitlab(stable).ended;
  assert.equal(code, 0, out);
  assert.match(out, /is wanted at revision \S+ already: nothing was changed/);
  const { metadata, status } = await checkout.get();
  assert.deepEqual([metadata.generation, status?.run], [generation, "checkout.checkouts-1"]);
});

test("2: what the account may not release is refused with a line that says so, and nothing is known of it", async () => {
  const job = jobs.gitlab(stable, { SERVICE: "payments" });
  const { code, out } = await job.ended;
  assert.equal(code, 2, out);
  assert.match(out, /^you may not get ServiceRelease payments\.checkouts in namespace team-a: ask for a Role /m);
  assert.equal(job.file("conductor.env"), undefined);
});

test("3: a revision that fails is rolled back", async () => {
  const bad = await commit({ [SECOND]: "Refused" });
  const { code, out } = await jobs.gitlab(bad).ended;
  assert.equal(code, 3, out);
  assert.match(ending({ out }), new RegExp(`at ${bad}: RolledBack \\(exit code 3\\): .*${SECOND}`));
  assert.match(out, /cluster us-east-1 Failed SyncFailed: /);
  assert.deepEqual(await checkout.deployed(), ["v2", "v2", "v2"]);

  // The job again: no second try, and it says how to ask for one.
  const again = await jobs.gitlab(bad).ended;
  assert.equal(again.code, 3, again.out);
  assert.match(again.out, /--retry/);
  assert.equal((await checkout.get()).status?.run, "checkout.checkouts-2");

  const retried = await jobs.gitlab(bad, { DEPLOY_FLAGS: "--retry" }).ended;
  assert.equal(retried.code, 3, retried.out);
  assert.equal((await checkout.get()).status?.run, "checkout.checkouts-3");
});

test("1: a revision that fails and is not taken back", async () => {
  await fleet.strategy("checkout", { ...QUICK, onFailure: "Continue" });
  const bad = await commit({ [FIRST]: "Refused" });
  const { code, out } = await jobs.gitlab(bad).ended;
  assert.equal(code, 1, out);
  assert.match(ending({ out }), /: Failed \(exit code 1\)/);
  await fleet.strategy("checkout", QUICK);
});

test("1: a release that cannot start says what to do", async () => {
  const { code, out } = await jobs.gitlab("v1.2.3").ended;
  assert.equal(code, 1, out);
  assert.match(ending({ out }), /: Stalled \(exit code 1\): it cannot start \(RevisionNotOfKind\): /);
});

test("5: a job whose time is over leaves the release as it is, and a later one waits on", async () => {
  await fleet.strategy("checkout", SLOW);
  const slow = await commit();
  const { code, out } = await jobs.gitlab(slow, { TIMEOUT: "15s" }).ended;
  assert.equal(code, 5, out);
  assert.match(ending({ out }), /: TimedOut \(exit code 5\): not ended in time.*The release goes on as it is/);
  await untouched(slow);
});

for (const signal of ["SIGTERM", "SIGINT"] as const)
  test(`a job that is cancelled by ${signal} says that the release goes on, and leaves it as it is`, async () => {
    const slow = (await checkout.get()).spec.revision;
    const job = jobs.gitlab(slow);
    await said(job, /wave 1\/2/);
    job.signal(signal);
    const { out } = await job.ended;
    assert.match(ending({ out }), /: Interrupted \(exit code 130\): interrupted; the release goes on as it is/);
    assert.match(
      job.afterScript("canceled"),
      /^The job was cancelled, and the release goes on as it is: conductor status checkout\.checkouts\n$/,
    );
    await untouched(slow);
  });

test("4: a job whose revision is no longer wanted ends, and the newer one's success is not its own", async () => {
  const slow = await commit();
  const older = jobs.gitlab(slow);
  await said(older, /wave 1\/2/);
  await fleet.strategy("checkout", QUICK);
  const newer = jobs.gitlab((stable = await commit()));
  const first = await older.ended;
  assert.equal(first.code, 4, first.out);
  assert.match(ending(first), new RegExp(`at ${slow}: Superseded \\(exit code 4\\): revision ${stable} is wanted now`));
  const second = await newer.ended;
  assert.equal(second.code, 0, second.out);
});

test("6: a job that does not wait for people ends when they are asked", async () => {
  await fleet.scene.home.apply([...manifests("examples/rbac-approver.yaml")]);
  await fleet.strategy("checkout", { ...QUICK, waves: [{ name: "all", gates: [{ approval: { groups: ["release-approvers"] } }] }] });
  const { code, out } = await jobs.gitlab(await commit(), { DEPLOY_FLAGS: "--no-wait-approval" }).ended;
  assert.equal(code, 6, out);
  assert.match(ending({ out }), /: WaitingForApproval \(exit code 6\)/);
});

test("the action of GitHub succeeds there, too, and its outcome says that people are asked", async () => {
  const { code, outputs } = await jobs.github(await commit(), { "wait-for-approval": "false" }).ended;
  assert.equal(code, 0);
  assert.equal(outputs["outcome"], "WaitingForApproval");
  await fleet.strategy("checkout", QUICK);
});

test("the action of GitHub releases, with a token that it asks GitHub for, and its page shows the waves as far as runs may be read", async () => {
  const bare = jobs.github((stable = await commit()));
  const ended = await bare.ended;
  assert.equal(ended.code, 0, ended.out);
  assert.match(ended.out, /^::group::checkout\.checkouts, wave 1\/2$/m);
  assert.equal(ended.outputs["outcome"], "Succeeded");
  assert.match(ended.outputs["run"] ?? "", /^checkout\.checkouts-\d+$/);
  const page = bare.file("summary") ?? "";
  assert.match(page, /^### checkout\.checkouts has arrived\n/);
  assert.doesNotMatch(page, /\| Wave \|/);

  await fleet.scene.home.apply(jobs.rights(readFileSync(join(import.meta.dirname, "../../examples/rbac-ci-plan.yaml"), "utf8")));
  const bad = await commit({ [SECOND]: "Refused" });
  const failing = jobs.github(bad);
  const failed = await failing.ended;
  assert.equal(failed.code, 3, failed.out);
  assert.equal(failed.outputs["exit-code"], "3");
  assert.match(failed.out, /^::error title=checkout\.checkouts was rolled back::/m);
  assert.match(failing.file("summary") ?? "", /\n\| first \| Verified \| \d\/1 \|\n\| rest \| Failed \| \d\/2 \|\n/);
});

test("with examples/rbac-ci-plan.yaml a job shows what a release would do, and leaves no preview behind", async () => {
  const planned = await commit();
  const { code, out, err } = jobs.conductor("plan", NAME, "--revision", planned);
  assert.equal(code, 0, out + err);
  for (const cluster of CLUSTERS) assert.ok(out.includes(cluster), out);
  const path = "/apis/conductor.dev/v1alpha1/namespaces/team-a/releasepreviews";
  assert.deepEqual((await fleet.scene.home.get<{ items: readonly object[] }>(path)).items, []);
  assert.notEqual((await checkout.get()).spec.revision, planned);
});

test("what GitHub sends when a job is cancelled reaches conductor, and the release goes on", async () => {
  await fleet.strategy("checkout", SLOW);
  const slow = await commit();
  const job = jobs.github(slow);
  await said(job, /wave 1\/2/);
  job.signal("SIGINT");
  assert.match(ending(await job.ended), /: Interrupted \(exit code 130\)/);
  await untouched(slow);
});

async function said(job: Job, words: RegExp): Promise<void> {
  await eventually(
    async () => words.test(job.soFar()),
    () => `the job did not say ${words}:\n${job.soFar()}`,
  );
}

/** The release is in flight at `revision`, and nobody has asked anything of it. */
async function untouched(revision: string): Promise<void> {
  const { spec, metadata, status } = await checkout.get();
  assert.deepEqual([spec.revision, spec.paused], [revision, false]);
  // The retry is that of an earlier test.
  assert.deepEqual(Object.keys(metadata.annotations).toSorted(), ["conductor.dev/author", "conductor.dev/retry"]);
  const phase = status?.phase ?? "none";
  // How soon the job ends is not how soon the conductor goes on.
  assert.ok(["Pending", "Planned", "Progressing", "Waiting"].includes(phase), phase);
}
