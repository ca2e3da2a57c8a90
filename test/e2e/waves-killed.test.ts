import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Fleet } from "#test/scene/fleet.ts";
import { CLUSTERS, eventually, wavesOf, type ClusterName, type Service } from "#test/scene/service.ts";

/** The conductor is killed (SIGKILL) in the middle of each phase of a release that fails on its second cluster: it ends as if it had not been. */

const [FIRST, SECOND, THIRD] = CLUSTERS;

/** Of the first wave, in seconds: much more than a process needs to start. */
const SOAK = 8;
const STRATEGY = {
  waves: [
    { name: "first", clusters: { names: [FIRST] }, minSuccessTime: `${SOAK}s` },
    { name: "second", clusters: { names: [SECOND] } },
    { name: "rest" },
  ],
  minSuccessTime: "2s",
};

let fleet: Fleet;
let checkout: Service;
let stable: string;
/** How the release ends when nobody kills anything. */
let undisturbed: Story;

before(async () => {
  fleet = await Fleet.start({ proxied: true });
  checkout = await fleet.service("checkout", await fleet.version(1), STRATEGY);
  stable = await fleet.version(2);
  await checkout.wish(stable);
  assert.equal((await checkout.finished()).status?.phase, "Succeeded");
});
afterEach(async (context) => {
  for (const name of CLUSTERS) await fleet.proxy(name).clear();
  await fleet.scene.plane.keepLogsIfFailed(context);
});
after(() => fleet.stop());

test("nobody is killed: the second cluster refuses the revision, and both are taken back", async () => {
  const bad = await doomed();
  undisturbed = await story(bad, async () => {
    await checkout.wish(bad);
    return NEVER;
  });
  const { message, ...rest } = undisturbed;
  assert.match(message, new RegExp(`wave second: 1 of \\d targets? failed: ${SECOND}: .*back at what was last verified`, "is"));
  assert.deepEqual(rest, {
    phase: "RolledBack",
    stable: "STABLE",
    waves: ["first Verified", "second Failed", "rest Pending"],
    targets: [`${FIRST} RolledBack Verified`, `${SECOND} RolledBack Verified`, `${THIRD} Pending Planned`],
    deployed: ["v2", "v2", "v2"],
    written: [["BAD", "STABLE"], ["BAD", "STABLE"], []],
    soaked: true,
    runs: 1,
  });
});

/** Where the conductor is killed, and how to get there: `bad` is what is released. */
const MOMENTS: Readonly<Record<string, (bad: string) => Promise<void>>> = {
  "planned: the first patch is on its way": async (bad) => {
    hold(FIRST);
    await checkout.wish(bad);
    await held(FIRST);
  },
  "patched: Argo CD has the values": async (bad) => {
    await checkout.wish(bad);
    await checkout.untilApp("it is patched", FIRST, ({ spec }) => spec.source.targetRevision === bad);
  },
  "soaking: the first wave has arrived": async (bad) => {
    await checkout.wish(bad);
    await checkout.until("it soaks", ({ status }) => status?.wave?.current === 1 && status.waitingOn?.reason === "Soak");
  },
  "rollback begun: it is stored, and nothing is written back yet": async (bad) => {
    await failing(bad, [FIRST, SECOND]);
    await checkout.untilRun("the rollback has begun", bad, ({ status }) => status?.rollback !== undefined);
    await Promise.all([held(FIRST), held(SECOND)]);
  },
  "rolling back: one is written back, one is not": async (bad) => {
    await failing(bad, [FIRST]);
    await checkout.untilApp("it is back", SECOND, ({ spec }) => spec.source.targetRevision === stable);
    await held(FIRST);
  },
};

for (const [moment, reach] of Object.entries(MOMENTS))
  test(`killed when ${moment}`, async () => {
    const bad = await doomed();
    const ended = await story(bad, async () => {
      await reach(bad);
      assert.equal((await checkout.untilRun("it is in flight", bad)).status?.finishedAt, undefined);
      const killed = Date.now();
      await fleet.kill();
      for (const name of CLUSTERS) await fleet.proxy(name).clear();
      const revived = Date.now();
      await fleet.revive();
      return { killed, revived };
    });
    assert.deepEqual(ended, undisturbed);
  });

let versions = 2;

/** A revision that the second cluster's API server refuses. */
function doomed(): Promise<string> {
  versions += 1;
  return fleet.version(versions, { [SECOND]: "Refused" });
}

/** Up to the failure on the second cluster, with the writes back to `holding` held up on their way. */
async function failing(bad: string, holding: readonly ClusterName[]): Promise<void> {
  const { argocd } = fleet.scene.cluster(SECOND);
  // Argo CD finds out that it fails only when everything is in place.
  argocd?.pauseController();
  try {
    await checkout.wish(bad);
    await checkout.untilApp("it is patched", SECOND, ({ spec }) => spec.source.targetRevision === bad);
    for (const name of holding) hold(name);
  } finally {
    await argocd?.startController();
  }
}

/** Patches to a cluster arrive at nobody, until they are let through. */
function hold(name: ClusterName): void {
  fleet.proxy(name).set({ kind: "stall" }, (method) => method === "PATCH");
}

async function held(name: ClusterName): Promise<void> {
  const since = Date.now();
  const isHeld = (): boolean =>
    fleet
      .proxy(name)
      .requests()
      .findLast(({ method }) => method === "PATCH")?.fault === "stall";
  await eventually(
    async () => isHeld(),
    () => `no patch of ${name} was held up since ${new Date(since).toISOString()}`,
  );
}

interface Story {
  readonly message: string;
  readonly [detail: string]: unknown;
}

/** What became of the release of `bad`, with the revisions' names in place of the revisions. */
async function story(bad: string, act: () => Promise<Absence>): Promise<Story> {
  const count = async (): Promise<readonly number[]> => Promise.all(CLUSTERS.map(async (name) => (await checkout.written(name)).length));
  const earlier = await count();
  const runs = (await checkout.get()).status?.history?.length ?? 0;
  const absence = await act();
  const { status } = await checkout.finished();
  const run = await checkout.untilRun("it has ended", bad, (one) => one.status?.finishedAt !== undefined);
  const named = (text = ""): string => text.replaceAll(bad, "BAD").replaceAll(stable, "STABLE");
  for (const name of CLUSTERS) await checkout.untilSettled(name, stable);
  return {
    phase: status?.phase,
    message: named(status?.conditions?.find(({ type }) => type === "Finished")?.message),
    stable: named(status?.revision?.stable),
    waves: wavesOf(run),
    targets: run.status?.targets?.map(({ cluster, phase, reason }) => `${cluster} ${phase} ${reason}`),
    deployed: await checkout.deployed(),
    written: await Promise.all(CLUSTERS.map(async (name, index) => (await checkout.written(name)).slice(earlier[index]).map(named))),
    soaked: await soaked(bad, absence),
    runs: (status?.history?.length ?? 0) - runs,
  };
}

/** When no conductor was there, milliseconds since the epoch. */
interface Absence {
  readonly killed: number;
  readonly revived: number;
}

const NEVER: Absence = { killed: 0, revived: 0 };

/**
 * By the API servers' clock: Argo CD was asked to look at the first cluster once more before it was ready, soak began after that, and
 * what nobody saw does not count.
 */
async function soaked(bad: string, { killed, revived }: Absence): Promise<boolean> {
  const first = await checkout.patches(FIRST);
  const asked = first.slice(first.findIndex(({ revision }) => revision === bad)).find(({ refresh }) => refresh)?.at ?? Number.NaN;
  const next = (await checkout.patches(SECOND)).find(({ revision }) => revision === bad)?.at ?? Number.NaN;
  const unseen = Math.max(0, Math.min(revived, next) - Math.max(killed, asked));
  return next - asked - unseen >= SOAK * 1000;
}
