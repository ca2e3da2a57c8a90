import assert from "node:assert/strict";
import { test } from "node:test";
import { coverage } from "#controllers/coverage.ts";
import { Lost } from "#controllers/lost.ts";
import { production, release, run, type RunShape } from "#test/build.ts";
import { FakeFleet, HandClock } from "./fakes.ts";

/** A release to all registered clusters, whose last run covered `before`, where `registered` are left. */
function losing(
  before: readonly string[],
  registered: readonly string[],
  { clusters, grace = 300 }: { clusters?: string[]; grace?: number } = {},
) {
  const clock = new HandClock();
  const fleet = new FakeFleet(clock, ...registered);
  const lost = new Lost(fleet, clock, grace * 1000);
  const shape: RunShape = { targets: before.map((cluster) => ({ cluster })) };
  const wanted = release(clusters === undefined ? {} : { clusters });
  const says = (seconds = 0, confirmed = false): string | undefined => {
    clock.time += seconds * 1000;
    const covered = coverage(wanted, production({ clusters: [{ selector: { matchLabels: {} } }] }), fleet);
    assert.ok(covered.kind === "Coverage");
    const refusal = lost.refusal(wanted, run(shape), covered, confirmed);
    return refusal === undefined ? undefined : `${refusal.reason}: ${refusal.message}`;
  };
  return { says, fleet, lost, clock };
}
const ten = Array.from({ length: 10 }, (_, n) => `c${n}`);

test("a plan that lost nothing need not wait, nor one that gained, nor a first one", () => {
  assert.equal(losing(ten, ten).says(), undefined);
  assert.equal(losing(["c1"], ten).says(), undefined);
});

test("a plan that lost more than a fifth waits for a person, however long, and says how to confirm", () => {
  const { says } = losing(ten, ten.slice(3));
  const sentence =
    "MembershipShrunk: 3 of the 10 clusters that checkout.production-1 covered are no longer in the Environment (c0, c1, c2): bring them back, or confirm with the annotation conductor.dev/confirm: checkout.production-1";
  assert.deepEqual([says(), says(90_000), says(0, true)], [sentence, sentence, undefined]);
});

test("a plan that lost a fifth or less waits for the grace time", () => {
  const { says } = losing(ten, ten.slice(2));
  const sentence = "ClusterLost: c0, c1: covered by checkout.production-1, and no longer registered; counts as gone after 300 s";
  assert.deepEqual([says(), says(299), says(1), says(90_000)], [sentence, sentence, undefined, undefined]);
});

test("a cluster that comes back in time has all of the grace time again", () => {
  const { says, fleet } = losing(ten, ten);
  const [c0 = assert.fail()] = fleet.entries.splice(0, 1);
  assert.match(says() ?? "", /^ClusterLost: c0:/);
  fleet.entries.unshift(c0);
  assert.equal(says(299), undefined);
  fleet.entries.shift();
  assert.match(says() ?? "", /^ClusterLost/);
  assert.match(says(299) ?? "", /^ClusterLost/);
  assert.equal(says(1), undefined);
});

test("how long a cluster has been missed is known though nobody planned meanwhile", () => {
  const { says, lost, clock } = losing(ten, ten.slice(1));
  lost.notice(ten);
  clock.time += 300_000;
  assert.equal(says(), undefined);
});

test("a cluster that was taken out of the Environment and is registered still, is gone at once", () => {
  const { says, fleet } = losing([...ten, "out"], ten);
  fleet.instances.set("out", fleet.at("c1"));
  const [c0 = assert.fail()] = fleet.entries;
  const clusters = fleet.clusters;
  Object.assign(fleet, { clusters: () => clusters().filter(({ name }) => name !== "out") });
  fleet.entries.push({ ...c0, name: "out" });
  assert.equal(says(), undefined);
});

test("a release that is for some clusters does not miss the others", () => {
  assert.equal(losing(ten, ten.slice(5), { clusters: ["c7"] }).says(), undefined);
});
