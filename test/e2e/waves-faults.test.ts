import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { parse } from "yaml";
import { Fleet } from "#test/scene/fleet.ts";
import { conditionsOf } from "#test/scene/scene.ts";
import { CLUSTERS, type Service } from "#test/scene/service.ts";

/** A fleet that is not well while it is released to: an owner that reverts, a cluster that is down, an Argo CD that is silent. */

const [FIRST, SECOND, THIRD] = CLUSTERS;

const ONE_THEN_REST = {
  waves: [{ name: "first", clusters: { names: [FIRST] } }, { name: "rest" }],
  maxConcurrency: "100%",
  minSuccessTime: "3s",
};

let fleet: Fleet;
let old: string;

before(async () => {
  fleet = await Fleet.start();
  old = await fleet.version(1);
});
afterEach((context) => fleet.scene.plane.keepLogsIfFailed(context));
after(() => fleet.stop());

test("an ApplicationSet that reverts is found while planning, detected when it does, and explained; its remedy works", async () => {
  const shop = await fleet.service("shop", old, { ...ONE_THEN_REST, onFailure: "Continue", maxFailures: "100%" });
  const owner = fleet.scene.cluster(FIRST);
  const { metadata, spec } = shop.manifest as unknown as { readonly metadata: object; readonly spec: object };
  const set = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "ApplicationSet",
    metadata: { name: "storefront", namespace: "argocd" },
    spec: { goTemplate: true, generators: [{ list: { elements: [{ name: "shop" }] } }], template: { metadata, spec } },
  };
  await owner.argocd?.startApplicationSets();
  await owner.apply([set]);
  await shop.untilApp(
    "the ApplicationSet owns it",
    FIRST,
    (app) => app.metadata.ownerReferences?.some(({ kind }) => kind === "ApplicationSet") === true,
  );

  // 1. It is reverted, once, and not written again.
  const first = await fleet.version(2);
  await shop.wish(first);
  const run = await shop.untilRun("it is planned", first);
  assert.match(run.spec.warnings?.find(({ cluster }) => cluster === FIRST)?.message ?? "no warning", /ApplicationSet storefront/);
  const ended = await shop.finished();
  assert.equal(ended.status?.phase, "Failed");
  const [reverted, ...others] = ended.status.clusters ?? [];
  assert.deepEqual(others, []);
  assert.deepEqual([reverted?.name, reverted?.phase, reverted?.reason], [FIRST, "Reverted", "RevertedByOwner"]);
  const said = reverted?.message ?? "";
  assert.match(said, /targetRevision is ".*" again, not|helm\.valueFiles is absent again, not/);
  assert.match(said, /ApplicationSet storefront owns this Application: give it spec\.ignoreApplicationDifferences: /);
  assert.equal(ended.status.targets?.summary, "2/3");
  for (let looks = 0; looks < 5; looks += 1) await shop.lookedAt();
  assert.deepEqual(await shop.written(FIRST), [first]);
  await shop.untilSettled(FIRST, old);

  // 2. Where failures are taken back it is back already, and the reason is the release's.
  await fleet.strategy("shop", ONE_THEN_REST);
  const second = await fleet.version(3);
  await shop.wish(second);
  const back = await shop.finished();
  assert.match(
    back.status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "",
    /failed: eu-west-1: .*ApplicationSet storefront/,
  );
  assert.equal(back.status?.phase, "RolledBack");
  assert.deepEqual(await shop.written(FIRST), [first, second]);
  // The revision before was verified there, and its run has failed: it goes, too.
  assert.deepEqual(await shop.written(SECOND), [first, old]);

  // 3. What the message says to do, word for word.
  await owner.patch("/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets/storefront", { spec: remedyIn(said) });
  const third = await fleet.version(4);
  await shop.wish(third);
  const good = await shop.finished();
  assert.equal(good.status?.phase, "Succeeded", JSON.stringify(good.status));
  assert.deepEqual(await shop.written(FIRST), [first, second, third]);
  const { warnings } = (await shop.untilRun("it has ended", third)).spec;
  assert.equal(warnings, undefined);
  assert.deepEqual(await shop.deployed(), ["v4", "v4", "v4"]);
});

test("a cluster that is down is left out, and caught up when it has returned", async () => {
  const cart = await fleet.service("cart", old, { ...ONE_THEN_REST, maxUnreachable: 1 });
  const down = fleet.scene.cluster(THIRD);
  await down.stopApiServer();
  const revision = await fleet.version(5);
  try {
    await cart.wish(revision);
    const ended = await cart.finished();
    assert.equal(ended.status?.phase, "SucceededWithSkips");
    assert.equal(conditionsOf(ended), "Ready=True Reconciling=False Stalled=False Finished=True");
    assert.deepEqual(
      ended.status.clusters?.map(({ name, phase, reason }) => ({ name, phase, reason })),
      [{ name: THIRD, phase: "Unreachable", reason: "Unreachable" }],
    );
    assert.equal(ended.status.targets?.summary, "2/3");
    assert.equal(ended.status.targets.unreachable, 1);
  } finally {
    await down.startApiServer();
    // Its Argo CD may have ended with it.
    await down.argocd?.startController();
  }
  assert.deepEqual(await cart.written(THIRD), []);
  const whole = await cart.until("it is caught up", ({ status }) => status?.phase === "Succeeded", 180);
  assert.equal(whole.status?.targets?.summary, "3/3");
  assert.equal(whole.status.targets.unreachable, 0);
  assert.equal(whole.status.clusters, undefined);
  assert.deepEqual(
    whole.status.history?.map(({ kind = "Forward", revision: of, outcome }) => ({ kind, of, outcome })),
    [
      { kind: "CatchUp", of: revision, outcome: "Succeeded" },
      { kind: "Forward", of: revision, outcome: "SucceededWithSkips" },
    ],
  );
  for (const cluster of CLUSTERS) assert.deepEqual(await cart.written(cluster), [revision], cluster);
  assert.deepEqual(await cart.deployed(), ["v5", "v5", "v5"]);
});

test("the first wave waits for its cluster, however many may be left out", async () => {
  const cart = await fleet.service("till", old, { ...ONE_THEN_REST, maxUnreachable: "100%" });
  const down = fleet.scene.cluster(FIRST);
  await down.stopApiServer();
  const revision = await fleet.version(6);
  try {
    await cart.wish(revision);
    await cart.until("it waits", ({ status }) => status?.waitingOn?.reason === "Unreachable" && status.waitingOn.message.startsWith(FIRST));
  } finally {
    await down.startApiServer();
    await down.argocd?.startController();
  }
  assert.equal((await cart.finished()).status?.phase, "Succeeded");
  const [first] = await cart.patches(FIRST);
  for (const cluster of [SECOND, THIRD]) {
    const [other] = await cart.patches(cluster);
    assert.ok((other?.at ?? 0) > (first?.at ?? Infinity), `${cluster} was written before ${FIRST}`);
  }
});

const SILENCES: Readonly<Record<string, (mail: Service, revision: string) => Promise<void>>> = {
  "stopped before it looked": async (mail, revision) => {
    await fleet.scene.cluster(FIRST).argocd?.stopController();
    await mail.wish(revision);
  },
  "stopped while its wave soaks": async (mail, revision) => {
    await mail.wish(revision);
    await mail.until("it soaks", ({ status }) => status?.wave?.current === 1 && status.waitingOn?.reason === "Soak");
    await fleet.scene.cluster(FIRST).argocd?.stopController();
  },
  "frozen while its wave soaks": async (mail, revision) => {
    await mail.wish(revision);
    await mail.until("it soaks", ({ status }) => status?.wave?.current === 1 && status.waitingOn?.reason === "Soak");
    fleet.scene.cluster(FIRST).argocd?.pauseController();
  },
};

for (const [index, [silence, begin]] of Object.entries(SILENCES).entries())
  test(`an Argo CD that is ${silence} opens no gate`, async () => {
    const mail = await fleet.service(`mail${index}`, old, { ...ONE_THEN_REST, progressDeadline: "8s" });
    const revision = await fleet.version(10 + index);
    try {
      await begin(mail, revision);
      const ended = await mail.finished();
      // Nobody can say that it went back.
      assert.equal(ended.status?.phase, "RollbackIncomplete");
      assert.equal(conditionsOf(ended), "Ready=False Reconciling=False Stalled=True Finished=True");
      const run = await mail.untilRun("it has ended", revision);
      assert.equal(run.status?.targets?.find(({ cluster }) => cluster === FIRST)?.failure?.reason, "ArgoCDSilent");
      assert.match(
        ended.status.conditions?.find(({ type }) => type === "Ready")?.message ?? "",
        /Argo CD does not look at this Application/,
      );
    } finally {
      await fleet.scene.cluster(FIRST).argocd?.startController();
    }
    for (const cluster of [SECOND, THIRD]) assert.deepEqual(await mail.patches(cluster), [], cluster);
    assert.deepEqual(await mail.written(FIRST), [revision, old]);
    await mail.untilSettled(FIRST, old);
  });

/** The part of an ApplicationSet's spec that a message asks for: `give it spec.a: […] and spec.b: […]`. */
function remedyIn(message: string): object {
  const [, asked = ""] = /give it (spec\..*)$/.exec(message) ?? [];
  const entries = asked.split(" and ").map((one): readonly [string, unknown] => {
    const [, path = "", value = ""] = /^spec\.([\w.]+): (.*)$/.exec(one) ?? [];
    return [path, parse(value)];
  });
  assert.ok(entries.length > 0 && entries.every(([path]) => path !== ""), `no remedy in: ${message}`);
  return Object.fromEntries(
    entries.map(([path, value]) => {
      const [head = "", ...rest] = path.split(".");
      return [head, rest.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)];
    }),
  );
}
