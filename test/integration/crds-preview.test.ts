import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { stringify } from "yaml";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import { API_VERSION, GROUP } from "#api/rules.ts";
import { COMMIT, environment } from "./crds/manifests.ts";

const root = join(import.meta.dirname, "..", "..");

let plane: Plane;
let cluster: Cluster;

const wish = { service: "checkout", environment: "production", revision: COMMIT };
const proposed = environment({}).spec;
const preview = (release: object = {}, more: object = {}, name = "asked"): string =>
  stringify({ apiVersion: API_VERSION, kind: "ReleasePreview", metadata: { name }, spec: { release: { ...wish, ...release }, ...more } });

/** What kubectl says to it, whether it is taken or not. */
async function answer(manifest: string, verb = "create"): Promise<string> {
  try {
    return `accepted: ${await cluster.kubectl([verb, "-f", "-"], manifest)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

before(async () => {
  plane = await Plane.start();
  cluster = await plane.cluster("management");
  await cluster.apply(readFileSync(join(root, `crds/${GROUP}_releasepreviews.yaml`), "utf8"));
  await cluster.kubectl(["wait", "--for=condition=Established", "--timeout=30s", `crd/releasepreviews.${GROUP}`]);
  await cluster.apply([{ apiVersion: API_VERSION, kind: "ReleasePreview", metadata: { name: "first" }, spec: { release: wish } }]); // waits until the kind is served
});
after(async () => plane.stop());

suite("a ReleasePreview is refused with the sentence of what it previews", () => {
  const cases: readonly (readonly [what: string, manifest: string, message: string])[] = [
    [
      "no release",
      stringify({ apiVersion: API_VERSION, kind: "ReleasePreview", metadata: { name: "a" }, spec: {} }),
      "spec.release: Required",
    ],
    ["a short hash", preview({ revision: "4af8de6" }), "revision 4af8de6 is a short hash: write all 40 hex digits (git rev-parse 4af8de6)"],
    ["HEAD", preview({ revision: "HEAD" }), "revision HEAD would move: write a commit of 40 hex digits"],
    ["a range", preview({ revision: "^1.2" }), "revision must be one fixed thing: a commit of 40 hex digits"],
    ["a service that is no DNS label", preview({ service: "Check_out" }), "service must be a DNS label"],
    ["the same cluster twice", preview({ clusters: ["eu", "eu"] }), 'Duplicate value: "eu"'],
    ["a strategy that cannot be", preview({ strategy: { maxConcurrency: 0 } }), "maxConcurrency must be a whole number of at least 1"],
    ["a pause, which is no part of what is looked at", preview({ paused: true }), 'unknown field "spec.release.paused"'],
    ["an Environment without clusters", preview({}, { environment: { ...proposed, clusters: [] } }), "should have at least 1 items"],
    [
      "an Environment that would write nothing",
      preview({}, { environment: { ...proposed, application: {} } }),
      "application must name what a release writes: targetRevision, helm, kustomize or plugin",
    ],
    [
      "an Environment with a gate of two kinds",
      preview(
        {},
        {
          environment: {
            ...proposed,
            strategy: { waves: [{ name: "all", gates: [{ approval: { count: 1 }, analysis: { templateName: "errors" } }] }] },
          },
        },
      ),
      "a gate takes exactly one of approval and analysis",
    ],
  ];
  for (const [what, manifest, message] of cases) {
    test(what, async () => {
      const said = await answer(manifest);
      assert.ok(said.includes(message), `expected: ${message}\nbut kubectl said: ${said}`);
    });
  }
});

suite("a ReleasePreview is taken", () => {
  test("with the wish alone", async () => assert.match(await answer(preview({}, {}, "alone")), /^accepted: /));
  test("with all that a wish may say, and an Environment that is not there", async () => {
    const release = { clusters: ["eu-west-1"], strategy: { maxConcurrency: "50%", supersede: "Replace" } };
    const strategy = { waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }] };
    assert.match(await answer(preview(release, { environment: { ...proposed, strategy } }, "whole")), /^accepted: /);
  });
  test("under a name that the API server makes", async () => {
    const body = {
      apiVersion: API_VERSION,
      kind: "ReleasePreview",
      metadata: { generateName: "checkout.production-" },
      spec: { release: wish },
    };
    const made = await cluster.create<{ metadata: { name: string } }>(`/apis/${API_VERSION}/namespaces/default/releasepreviews`, body);
    assert.match(made.metadata.name, /^checkout\.production-.{5}$/);
  });
});

test("a ReleasePreview is immutable, and says so", async () => {
  await answer(preview({}, {}, "fixed"));
  for (const changed of [preview({ revision: "v1" }, {}, "fixed"), preview({}, { environment: proposed }, "fixed")]) {
    const said = await answer(changed, "apply");
    assert.ok(said.includes("a preview is immutable: create another one"), said);
  }
});

test("the Environment that it proposes gets the defaults that it would get", async () => {
  await answer(preview({}, { environment: proposed }, "filled"));
  const path = `/apis/${API_VERSION}/namespaces/default/releasepreviews/filled`;
  const { spec } = await cluster.get<{ spec: { environment: { revision: string; strategy: { maxConcurrency: string } } } }>(path);
  assert.deepEqual([spec.environment.revision, spec.environment.strategy.maxConcurrency], ["Commit", "25%"]);
});

test("kubectl shows what is asked and what came of it", async () => {
  await answer(preview({}, {}, "shown"));
  const path = `/apis/${API_VERSION}/namespaces/default/releasepreviews/shown`;
  await cluster.patch(`${path}/status`, { status: { phase: "Refused", reason: "NoClusters", message: "no cluster" } });
  const lines = (await cluster.kubectl(["get", "rpre", "shown", "-o", "wide"])).split("\n").map((line) => line.split(/ {2,}/));
  assert.deepEqual(lines[0], ["NAME", "SERVICE", "REVISION", "ENVIRONMENT", "PHASE", "KIND", "UNCHANGED", "REASON", "MESSAGE", "AGE"]);
  assert.deepEqual(lines[1]?.slice(0, 5), ["shown", "checkout", COMMIT, "production", "Refused"]);
  assert.deepEqual(lines[1]?.filter((word) => word !== "").slice(5, 7), ["NoClusters", "no cluster"]);
});

test("a preview of two thousand clusters fits", async () => {
  await answer(preview({}, {}, "large"));
  const path = `/apis/${API_VERSION}/namespaces/default/releasepreviews/large`;
  const targets = Array.from({ length: 2000 }, (_, index) => ({
    cluster: `c${index}`,
    instance: `c${index}`,
    application: { namespace: "argocd", name: "checkout" },
    wave: 1,
    desired: 0,
    live: 1,
    healthy: true,
    baseline: 1,
  }));
  const waves = [{ name: "all", maxConcurrency: 1, maxFailures: 0, maxUnreachable: 0, minSuccessSeconds: 60 }];
  const strategy = { progressDeadlineSeconds: 900, onFailure: "RollBack", rollbackScope: "Run", supersede: "Queue" };
  const plan = {
    kind: "Forward",
    revision: COMMIT,
    strategy,
    waves,
    values: [{ targetRevision: COMMIT }, { targetRevision: "main" }],
    targets,
  };
  await cluster.patch(`${path}/status`, { status: { phase: "Planned", plan } });
  assert.deepEqual((await cluster.get<{ status: { plan: unknown } }>(path)).status.plan, plan);
});
