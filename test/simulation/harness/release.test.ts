import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { stays } from "#simulation/behaviour.ts";
import { commit, OLD } from "#simulation/scenario.ts";
import { CONDUCTOR, Simulation } from "#simulation/simulation.ts";
import { AT_ONCE, production } from "./atonce.ts";
import { cost } from "./cost.ts";
import { digest } from "./digest.ts";

const A = commit("a");
const named = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `c${index}` }));
const RELEASE = "checkout.production";

test("a release to three clusters Succeeds in virtual time, and each Application was steered once", async () => {
  const simulation = new Simulation({ seed: "plain", clusters: named(3), environments: [production] });
  simulation.wishes.apply(RELEASE, A);
  assert.equal(await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 600_000), true);
  assert.equal(simulation.wishes.phase(RELEASE), "Succeeded");
  for (const { name } of named(3)) {
    assert.deepEqual(simulation.argo(name).deployed("argocd/checkout"), [A]);
    const written = simulation
      .conductorWrites()
      .filter(({ server, after, before }) => server === name && after?.["spec"] !== before?.["spec"]);
    assert.equal(written.length, 1);
  }
  assert.equal(simulation.wishes.runs(RELEASE).length, 1);
});

test("a release that is done is written no more", async () => {
  const simulation = new Simulation({ seed: "quiet", clusters: named(3), environments: [production] });
  simulation.wishes.apply(RELEASE, A);
  await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 600_000);
  await simulation.settle(5000);
  const before = simulation.writes.filter(({ who }) => who === CONDUCTOR).length;
  await simulation.settle(3_600_000);
  assert.equal(simulation.writes.filter(({ who }) => who === CONDUCTOR).length, before);
});

test("one Argo CD may serve several clusters, the management cluster's too", async () => {
  const clusters = [{ name: "hub" }, { name: "edge", instance: "hub" }, { name: "near", instance: "in-cluster" }];
  const spec = { strategy: AT_ONCE, application: { name: "{{service}}-{{cluster}}", targetRevision: "{{revision}}" } };
  const simulation = new Simulation({
    seed: "hub",
    clusters,
    environments: [{ name: "production", spec }],
    applications: ({ name }) => [{ name: `checkout-${name}` }],
  });
  simulation.wishes.apply(RELEASE, A);
  assert.equal(await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 600_000), true);
  assert.equal(simulation.wishes.phase(RELEASE), "Succeeded");
  assert.deepEqual(simulation.argo("edge").deployed("argocd/checkout-edge"), [A]);
  assert.equal(simulation.server("near").name, "management");
});

test("a revision that crashes on one cluster fails there, and what was deployed is told by Argo CD", async () => {
  const simulation = new Simulation({
    seed: "bad",
    clusters: named(3),
    environments: [production],
    behaviours: ({ cluster }, revision) => (cluster === "c1" && revision === A ? stays("Degraded", "crash loop") : {}),
  });
  simulation.wishes.apply(RELEASE, A);
  assert.equal(await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 3_600_000), true);
  assert.notEqual(simulation.wishes.phase(RELEASE), "Succeeded");
});

test("a deleted release takes its runs with it", async () => {
  const simulation = new Simulation({ seed: "gone", clusters: named(1), environments: [production] });
  simulation.wishes.apply(RELEASE, A);
  await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 600_000);
  simulation.wishes.delete(RELEASE);
  await simulation.settle(1000);
  assert.deepEqual(simulation.wishes.runs(), []);
});

test("an Application that is made anew while its release goes on is another one", async () => {
  const simulation = new Simulation({ seed: "anew", clusters: named(2), environments: [production] });
  simulation.wishes.apply(RELEASE, A);
  await simulation.settle(3000);
  const { uid } = simulation.application("c0")?.metadata ?? {};
  simulation.deploy("c0", { name: "checkout" });
  assert.notEqual(simulation.application("c0")?.metadata.uid, uid);
  assert.deepEqual(simulation.argo("c0").deployed("argocd/checkout"), [OLD]);
  assert.equal(await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 3_600_000), true);
});

test("while the fence is closed nothing is written", async () => {
  const simulation = new Simulation({ seed: "fence", clusters: named(2), environments: [production], fence: { open: () => false } });
  simulation.wishes.apply(RELEASE, A);
  await simulation.settle(60_000);
  assert.deepEqual(
    simulation.writes.filter(({ who }) => who === CONDUCTOR),
    [],
  );
});

test("a cluster is registered and removed while the conductor runs", async () => {
  const selected = { name: "production", spec: { strategy: AT_ONCE, clusters: [{ selector: { matchLabels: { env: "production" } } }] } };
  const clusters = ["c0", "c1"].map((name) => ({ name, labels: { env: "production" } }));
  const simulation = new Simulation({ seed: "members", clusters, environments: [selected] });
  await simulation.settle(2000);
  assert.equal(simulation.wishes.environment("production")?.status?.clusters?.covered, 2);
  simulation.unregister("c1");
  simulation.addCluster({ name: "c2", labels: { env: "production" } });
  await simulation.settle(2000);
  assert.equal(simulation.wishes.environment("production")?.status?.clusters?.covered, 1);
  simulation.register({ name: "c2", labels: { env: "production" } });
  simulation.wishes.apply(RELEASE, A);
  await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 600_000);
  assert.deepEqual(simulation.argo("c2").deployed("argocd/checkout"), [A]);
  assert.deepEqual(simulation.argo("c1").deployed("argocd/checkout"), [OLD]);
});

test("the same seed gives the same simulation to the byte, in another process too, and another seed another", async () => {
  const first = await digest("seed-1");
  assert.equal(await digest("seed-1"), first);
  assert.notEqual(await digest("seed-2"), first);
  const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "digest.ts"), "seed-1"], { encoding: "utf8" });
  assert.equal(stdout.trim(), first, stderr);
});

for (const [count, times] of [
  [3, 20],
  [12, 10],
  [100, 1],
] as const) {
  test(`what a release to ${count} clusters costs is printed`, async (t) =>
    t.diagnostic(`${(await cost(count, times)).toFixed(1)} ms CPU`));
}
