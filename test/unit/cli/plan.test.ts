import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { PlanView } from "#cli/plan/view.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { conductorIn } from "./terminal.ts";

const NEXT = "1".repeat(40);
const RELEASE = "checkout.production";
const NAMES = ["eu-west-1", "us-east-1", "ap-south-1"];

const fleet = (strategy: object = {}): Simulation =>
  new Simulation({
    seed: "plan",
    clusters: NAMES.map((name) => ({ name })),
    environments: [{ name: "production", spec: { strategy: JSON.parse(JSON.stringify(strategy)) } }],
  });

const waves = [
  { name: "canary", clusters: { names: ["eu-west-1"] } },
  { name: "rest", maxConcurrency: "100%", minSuccessTime: "10m", gates: [{ approval: { count: 2, groups: ["release-approvers"] } }] },
];

test("a plan shows what would be written where, wave by wave, and writes nothing", async () => {
  const simulation = fleet({ waves });
  const { code, out, err } = await conductorIn(simulation, ["plan", RELEASE, "--revision", NEXT]);
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(
    out,
    `✓ checkout.production to 111111111111: 3 clusters in 2 waves
├─ canary   1 cluster, soaks 1m
│  eu-west-1  000000000000 → 111111111111   argocd/checkout
└─ rest   2 clusters, 2 at once, soaks 10m
   ‖ approval by 2 of group release-approvers, before it begins
   us-east-1   000000000000 → 111111111111   argocd/checkout
   ap-south-1  000000000000 → 111111111111   argocd/checkout
`,
  );
  assert.deepEqual(simulation.conductorWrites(), []);
  assert.deepEqual(simulation.home.all(RESOURCES.runs), []);
  // Nor does the question stay.
  assert.deepEqual(simulation.home.all("conductor.dev/v1alpha1/releasepreviews"), []);
});

test("the document has the changes field by field", async () => {
  const { out } = await conductorIn(fleet(), ["plan", RELEASE, "--revision", NEXT, "-o", "json"]);
  const plan: PlanView = JSON.parse(out);
  assert.deepEqual([plan.version, plan.name, plan.phase, plan.kind, plan.unchanged], [1, RELEASE, "Planned", "Forward", false]);
  assert.deepEqual(
    plan.waves.map(({ name, targets }) => [name, targets.map(({ cluster }) => cluster)]),
    [
      ["first", ["eu-west-1"]],
      ["rest", ["us-east-1", "ap-south-1"]],
    ],
  );
  assert.deepEqual(plan.waves[0]?.targets[0], {
    cluster: "eu-west-1",
    instance: "eu-west-1",
    application: "argocd/checkout",
    changes: [{ field: "targetRevision", from: "0".repeat(40), to: NEXT }],
    seen: true,
    healthy: true,
    baseline: true,
  });
});

test("what could not start is refused with exit code 1, and every cluster that speaks against it", async () => {
  const { code, out } = await conductorIn(fleet(), ["plan", "basket.production", "--revision", NEXT, "--clusters", "eu-west-1,us-east-1"]);
  assert.equal(code, 1);
  assert.match(
    out,
    /^✗ basket\.production at 111111111111 would not start \(Missing\)\n {2}eu-west-1: Application argocd\/basket does not exist/,
  );
  assert.match(out, /\n {2}us-east-1 {2}Missing: Application argocd\/basket does not exist on us-east-1/);
});

test("what is wished already is no change, and what is in flight is named", async () => {
  const simulation = fleet();
  simulation.wishes.apply(RELEASE, NEXT);
  await simulation.settle(5000);
  const same = await conductorIn(simulation, ["plan", RELEASE]);
  assert.match(same.out, /nothing would be done/);
  const other = await conductorIn(simulation, ["plan", RELEASE, "--revision", "2".repeat(40)]);
  assert.equal(other.code, 0);
  assert.match(other.out, /^‖ .*\n {2}held up by RunInFlight: /);
});

test("files say what would be, the Environment too", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "plan-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "all.yaml");
  const head = "apiVersion: conductor.dev/v1alpha1";
  writeFileSync(
    file,
    `${head}
kind: Environment
metadata: {name: canaries}
spec:
  clusters: [{name: us-east-1}]
  application: {targetRevision: "{{revision}}"}
---
${head}
kind: ServiceRelease
metadata: {name: checkout.canaries}
spec: {service: checkout, environment: canaries, revision: "${NEXT}"}
`,
  );
  const simulation = new Simulation({
    seed: "plan",
    clusters: NAMES.map((name) => ({ name })),
    applications: () => [{ name: "checkout", annotations: { "conductor.dev/authorized": "team-a/checkout.canaries" } }],
  });
  const { code, out, err } = await conductorIn(simulation, ["plan", "-f", file]);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^✓ checkout\.canaries to 111111111111: 1 cluster in 1 wave\n└─ .*\n {3}us-east-1 /);
});

test("a conductor that does not answer is waited for as long as was asked", async () => {
  const simulation = fleet();
  await simulation.settle(1000);
  simulation.crash();
  const { code, out, err } = await conductorIn(simulation, ["plan", RELEASE, "--revision", NEXT, "--timeout", "5s"]);
  assert.deepEqual([code, out], [5, ""]);
  assert.match(err, /^the conductor has not answered within 5 s: is it running/);
});

test("what is missing is asked for", async () => {
  const simulation = fleet();
  const ask = async (...args: readonly string[]): Promise<readonly [number, string]> => {
    const { code, err } = await conductorIn(simulation, ["plan", ...args]);
    return [code, err];
  };
  assert.deepEqual(await ask(), [2, "which release? Name it as <service>.<environment>, or give its manifest with -f\n"]);
  assert.deepEqual(await ask("checkout"), [2, '"checkout" is no release: write <service>.<environment>, such as checkout.production\n']);
  const [code, err] = await ask(RELEASE);
  assert.equal(code, 2);
  assert.match(err, /there is no ServiceRelease checkout\.production in namespace team-a yet: give the --revision/);
});
