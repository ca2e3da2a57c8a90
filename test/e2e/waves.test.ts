import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Fleet } from "#test/scene/fleet.ts";
import { conditionsOf } from "#test/scene/scene.ts";
import { CLUSTERS, eventually, wavesOf, type Service } from "#test/scene/service.ts";

/** A release in three waves over three real Argo CDs: its order and its gates, and how it is taken back. */

const [FIRST, SECOND, THIRD] = CLUSTERS;
const SOAK = [4, 6, 2] as const;

const STRATEGY = {
  waves: [
    { name: "canary", clusters: { names: [FIRST] }, minSuccessTime: `${SOAK[0]}s` },
    { name: "second", clusters: { count: 1 }, minSuccessTime: `${SOAK[1]}s` },
    { name: "rest", minSuccessTime: `${SOAK[2]}s` },
  ],
  supersede: "Replace",
};

let fleet: Fleet;
let checkout: Service;
let stable: string;

before(async () => {
  fleet = await Fleet.start();
  checkout = await fleet.service("checkout", await fleet.version(1), STRATEGY);
});
afterEach((context) => fleet.scene.plane.keepLogsIfFailed(context));
after(() => fleet.stop());

test("three waves: each cluster is written after the verdict on the wave before, and no sooner than its soak", async () => {
  stable = await fleet.version(2);
  await checkout.wish(stable);
  for (const wave of ["1/3", "2/3", "3/3"])
    await checkout.until(`wave ${wave} soaks`, ({ status }) => status?.wave?.summary === wave && status.waitingOn?.reason === "Soak");
  const ended = await checkout.finished();
  assert.equal(conditionsOf(ended), "Ready=True Reconciling=False Stalled=False Finished=True");
  assert.equal(ended.status?.wave?.summary, "3/3");
  assert.deepEqual(await checkout.deployed(), ["v2", "v2", "v2"]);

  const run = await checkout.untilRun("it has ended", stable, ({ status }) => status?.phase === "Succeeded");
  assert.deepEqual(wavesOf(run), ["canary Verified", "second Verified", "rest Verified"]);
  const waves = run.status?.waves ?? [];
  for (const [index, cluster] of CLUSTERS.entries()) {
    assert.deepEqual(await checkout.written(cluster), [stable], cluster);
    const { startedAt = "", verifiedAt = "", soakedSeconds } = waves[index] ?? {};
    const soak = SOAK[index] ?? 0;
    assert.equal(soakedSeconds, soak);
    // Stamps are whole seconds.
    assert.ok(Date.parse(verifiedAt) - Date.parse(startedAt) >= (soak - 1) * 1000, `${cluster}: ${startedAt} to ${verifiedAt}`);
    const next = CLUSTERS[index + 1];
    if (next === undefined) continue;
    assert.ok(Date.parse(waves[index + 1]?.startedAt ?? "") >= Date.parse(verifiedAt), `wave ${index + 2} began before ${verifiedAt}`);
    // By the API servers' own clock: before it is ready it asks Argo CD to look once more, and soak begins after that.
    const asked = (await checkout.patches(cluster)).find(({ refresh }) => refresh)?.at ?? Number.NaN;
    const written = (await checkout.patches(next)).find(({ revision }) => revision === stable)?.at ?? Number.NaN;
    assert.ok(written >= Date.parse(verifiedAt), `${next} was written at ${new Date(written).toISOString()}, before ${verifiedAt}`);
    assert.ok(
      written - asked >= soak * 1000,
      `${next} was written ${written - asked} ms after ${cluster} was asked, with a soak of ${soak} s`,
    );
  }
});

test("kubectl shows which wave it is, and that it soaks", async () => {
  stable = await fleet.version(3);
  await checkout.wish(stable);
  const [head = ""] = await rows();
  assert.deepEqual(head.trim().split(/\s+/).slice(4), ["PHASE", "WAVE", "READY", "FAILED", "WAITING-ON", "AGE"]);
  await checkout.until("wave 2 soaks", ({ status }) => status?.wave?.summary === "2/3" && status.waitingOn?.reason === "Soak");
  const [, line = ""] = await rows();
  assert.deepEqual(line.trim().split(/\s+/).slice(0, 9), [
    ...["checkout.checkouts", "checkout", stable, "checkouts"],
    ...["Waiting", "2/3", "2/3", "0", "Soak"],
  ]);
  assert.equal((await checkout.finished()).status?.phase, "Succeeded");
});

test("a revision that degrades the second cluster is taken back everywhere it went, and the third is never written", async () => {
  const bad = await fleet.version(4, { [SECOND]: "Degraded" });
  const thirdBefore = await checkout.patches(THIRD);
  await checkout.wish(bad);
  await checkout.until("the second cluster is degraded", ({ status }) =>
    (status?.clusters ?? []).some(({ name, reason }) => name === SECOND && reason === "Degraded"),
  );
  const ended = await checkout.finished();
  assert.equal(ended.status?.phase, "RolledBack");
  assert.equal(conditionsOf(ended), "Ready=False Reconciling=False Stalled=True Finished=True");
  for (const { type, reason, message } of ended.status.conditions ?? []) {
    assert.equal(reason, "RolledBack", type);
    assert.match(message, new RegExp(`wave second: 1 of \\d targets? failed: ${SECOND}: health is Degraded`), type);
    assert.match(message, /back at what was last verified/i, type);
  }
  assert.deepEqual(ended.status.revision, { desired: bad, stable });
  const run = await checkout.untilRun("it is taken back", bad);
  assert.deepEqual(wavesOf(run), ["canary Verified", "second Failed", "rest Pending"]);

  // What is really deployed, and how it came there.
  assert.deepEqual(await checkout.deployed(), ["v3", "v3", "v3"]);
  for (const cluster of [FIRST, SECOND]) {
    assert.deepEqual((await checkout.written(cluster)).slice(-2), [bad, stable], cluster);
    await checkout.untilSettled(cluster, stable);
  }
  assert.deepEqual(await checkout.patches(THIRD), thirdBefore);
});

test("nothing is written anywhere for twenty seconds after a rollback, while Argo CD keeps looking: the failed revision is held", () =>
  untouched());

test("superseded halfway and then failing, it goes back to the last verified revision, not to the one in between", async () => {
  const between = await fleet.version(5);
  const bad = await fleet.version(6, { [FIRST]: "Refused" });
  const thirdBefore = await checkout.patches(THIRD);
  await checkout.wish(between);
  await checkout.untilApp("the second wave is written", SECOND, ({ spec }) => spec.source.targetRevision === between);
  await checkout.wish(bad);
  const ended = await checkout.finished();
  assert.equal(ended.status?.phase, "RolledBack");
  assert.match(ended.status.conditions?.find(({ type }) => type === "Ready")?.message ?? "", new RegExp(`${FIRST}: .*invalid`, "i"));
  assert.deepEqual(
    ended.status.history?.slice(0, 2).map(({ revision, outcome }) => ({ revision, outcome })),
    [
      { revision: bad, outcome: "RolledBack" },
      { revision: between, outcome: "Superseded" },
    ],
  );
  assert.equal(ended.status.revision?.stable, stable);
  // The second cluster was written by the superseded run alone, and goes back too.
  assert.deepEqual((await checkout.written(FIRST)).slice(-3), [between, bad, stable]);
  assert.deepEqual((await checkout.written(SECOND)).slice(-2), [between, stable]);
  assert.deepEqual(await checkout.patches(THIRD), thirdBefore);
  for (const cluster of CLUSTERS) await checkout.untilSettled(cluster, stable);
  assert.deepEqual(await checkout.deployed(), ["v3", "v3", "v3"]);
});

test("the next good revision goes through all waves, and then nothing is written anywhere for twenty seconds", async () => {
  stable = await fleet.version(7);
  await checkout.wish(stable);
  assert.equal((await checkout.finished()).status?.phase, "Succeeded");
  assert.deepEqual(await checkout.deployed(), ["v7", "v7", "v7"]);
  await untouched();
});

async function rows(): Promise<readonly string[]> {
  return (await fleet.scene.home.kubectl(["get", "servicereleases", "--namespace", "team-a"])).split("\n");
}

/** No write by the conductor in any audit log for at least twenty seconds, and ten looks of each Argo CD. */
async function untouched(): Promise<void> {
  await quiet();
  const earlier = await fleet.writes();
  assert.ok(Math.min(...Object.values(earlier)) > 0, `the audit logs show what came before: ${JSON.stringify(earlier)}`);
  const begun = Date.now();
  for (let looks = 0; looks < 10 || Date.now() - begun < 20_000; looks += 1) await checkout.lookedAt();
  assert.deepEqual(await fleet.writes(), earlier);
}

/** Events follow a verdict: those of the last one are there. */
async function quiet(): Promise<void> {
  const { status } = await checkout.get();
  const verdicts = [checkout.release, status?.run].map((name) => `${name} ${status?.phase}`);
  let said: readonly string[] = [];
  await eventually(
    async () => {
      const { items } = await fleet.scene.home.get<{ items: readonly Event[] }>("/apis/events.k8s.io/v1/namespaces/team-a/events");
      said = items.map(({ regarding, reason }) => `${regarding.name} ${reason}`);
      return verdicts.every((verdict) => said.includes(verdict));
    },
    () => `there is no Event for each of ${verdicts.join(", ")}: ${said.join(", ")}`,
  );
}

interface Event {
  readonly reason: string;
  readonly regarding: { readonly name: string };
}
