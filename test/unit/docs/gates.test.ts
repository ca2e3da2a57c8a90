import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { suite, test } from "node:test";
import { environment, type Environment } from "#api/environment.ts";
import { freezeWindow } from "#api/freezewindow.ts";
import { GATE_PHASES } from "#api/reasons.ts";
import { releaseApprovalCrd } from "#api/releaseapproval.ts";
import type { PlannedGate } from "#api/releaserun.ts";
import { serviceRelease } from "#api/servicerelease.ts";
import { RESTRICTED } from "#argo/templates.ts";
import { objections, specSchema } from "#cli/schema.ts";
import { AnalysisTemplates } from "#controllers/analysistemplates.ts";
import { unsafe } from "#controllers/approvals/unsafe.ts";
import { dependenciesOf } from "#controllers/dependencies.ts";
import { beginnings } from "#controllers/freezes/beginnings.ts";
import { timesOf } from "#controllers/freezes/times.ts";
import type { Member } from "#engine/members.ts";
import { wavesFor } from "#engine/strategy.ts";
import { KubeClient } from "#kube/client.ts";
import { HandClock } from "../controllers/fakes.ts";
import { example, keeps, manifests, stored, type Manifest } from "./manifests.ts";
import { blocks, page, rows, section, words } from "./markdown.ts";

/** docs/gates.md and docs/without-a-manual-step.md say what gates do, with the YAML of examples/. */

const PAGES = ["docs/gates.md", "docs/without-a-manual-step.md"] as const;
const text = page("docs/gates.md");

/** Every example, with the file that it is in. */
const files = [...globSync("examples/gates/*.yaml").toSorted(), "examples/freezewindow.yaml"];
const examples = files.flatMap((file) => example(file).map((manifest) => ({ file, manifest })));
const environments = examples.flatMap(({ file, manifest }) =>
  manifest.kind === "Environment" ? [{ what: `${file}, ${manifest.metadata?.name ?? ""}`, manifest, read: environmentOf(manifest) }] : [],
);

function environmentOf(manifest: Manifest): Environment {
  return environment.parse(stored(manifest));
}

suite("what the pages show is in an example", () => {
  for (const path of PAGES)
    for (const [index, block] of blocks(page(path), "yaml").entries())
      test(`block ${index + 1} of ${path}`, () => {
        const [, file = ""] = /^# (examples\/\S+)\n/.exec(block) ?? [];
        const there = example(file);
        const strategies = there.map(({ spec }) => spec?.strategy);
        for (const manifest of manifests(block)) {
          if (manifest.kind === undefined) assert.deepEqual(Object.keys(manifest), ["strategy"]);
          const same = (manifest.kind === undefined ? strategies : there).some((one) => {
            const shown = manifest.kind === undefined ? manifest.strategy : manifest;
            return JSON.stringify(one) === JSON.stringify(shown);
          });
          assert.ok(same, `${file} has no such object`);
        }
      });

  test("and every example of gates is on a page", () => {
    const shown = PAGES.map((path) => page(path)).join("\n");
    for (const file of files) assert.ok(shown.includes(`# ${file}\n`), file);
  });
});

/** Six clusters, with the labels by which examples choose. */
const fleet: readonly Member[] = ["staging-1", "eu-1", "eu-2", "us-1", "us-2", "us-3"].map((name, at) => ({
  name,
  labels: { env: "production", tier: at % 2 === 0 ? "standard" : "critical" },
}));

function gatesOf({ spec }: Environment): readonly { readonly wave: string; readonly gate: PlannedGate }[] {
  const planned = wavesFor(spec.strategy, fleet, new Set(fleet.map(({ name }) => name)));
  assert.ok(typeof planned === "object", JSON.stringify(planned));
  return planned.waves.flatMap(({ name, gates = [] }) => gates.map((gate) => ({ wave: name, gate })));
}

suite("the API server and a plan take every example", () => {
  for (const { what, manifest, read } of environments)
    test(what, () => {
      keeps(manifest, read, what);
      assert.deepEqual(objections(specSchema(), manifest.spec, "spec"), []);
      const { dependsOn } = read.spec.strategy;
      assert.ok(gatesOf(read).length > 0 || dependsOn !== undefined || what.endsWith(", staging"));
      assert.deepEqual(
        dependenciesOf(read.spec.strategy, { service: "checkout", revision: "v2" }),
        dependsOn === undefined ? [] : [{ name: "checkout.staging", revision: "v2" }],
      );
    });

  for (const { file, manifest } of examples.filter((one) => one.manifest.kind === "FreezeWindow"))
    test(`${file}, ${manifest.metadata?.name ?? ""}`, () => {
      const read = freezeWindow.parse(stored(manifest));
      keeps(manifest, read, file);
      assert.ok(!("fault" in timesOf(read.spec)));
    });
});

test("an approval of an example is one that neither its author nor a pipeline gives alone", () => {
  const asked = environments.flatMap(({ read }) =>
    gatesOf(read).flatMap(({ gate }) => (gate.approval === undefined ? [] : [gate.approval])),
  );
  assert.equal(asked.length, 2);
  for (const approval of asked)
    for (const author of ["alice", "system:serviceaccount:team-a:pipeline"]) assert.equal(unsafe(approval, author), undefined);
});

const GIVEN = {
  service: "checkout",
  environment: "production",
  namespace: "team-a",
  revision: "4af8de61b2c05c9e3d7f8a1e6b0d94c2f5a71e38",
  wave: "canary",
  clusters: ["eu-west-1", "us-east-1"],
} as const;

/** What the AnalysisRun of a gate would be, if the management cluster had this template. */
function specOf(template: object, gate: NonNullable<PlannedGate["analysis"]>) {
  const client = new KubeClient(
    { request: async () => ({ status: 200, body: template }), watch: () => assert.fail("nothing is watched") },
    { open: () => true },
    new HandClock(),
    () => 0,
  );
  return new AnalysisTemplates(client, new Map()).specOf(GIVEN, gate, AbortSignal.abort());
}

test("the team's own template makes an analysis, with what the conductor gives and what the gate does", async () => {
  const [template = {}, of = {}] = example("examples/gates/analysis-own.yaml");
  const [found] = gatesOf(environmentOf(of));
  assert.ok(found?.gate.analysis !== undefined);
  const spec = await specOf(template, found.gate.analysis);
  assert.ok(typeof spec === "object", JSON.stringify(spec));
  assert.deepEqual(spec["args"], [
    { name: "service", value: "checkout" },
    { name: "clusters-regex", value: "eu-west-1|us-east-1" },
    { name: "least", value: "20" },
  ]);
});

test("docs/gates.md names every argument that is given to a template, with its value", async () => {
  const table = rows(section(text, "## Analysis"));
  const named = ["service", "environment", "namespace", "revision", "wave", "clusters", "clusters-regex"];
  const metrics = [{ name: "any", provider: { prometheus: {} } }];
  const template = { metadata: { name: "any" }, spec: { metrics, args: named.map((name) => ({ name })) } };
  const spec = await specOf(template, { templateName: "any", clusterScope: false, args: [], background: false });
  assert.ok(typeof spec === "object", JSON.stringify(spec));
  for (const { name, value } of spec["args"] as { name: string; value: string }[]) {
    const row = table.find(([cell = ""]) => cell.split(", ").includes(`\`${name}\``));
    const shown = row?.[1]?.replaceAll("&#124;", "|").replace("4af8de61…", GIVEN.revision);
    assert.ok(shown?.includes(value), `${name}: ${value}`);
  }
});

test("docs/gates.md names every phase of a gate and of an approval, and what may be restricted", () => {
  const table = rows(text).map(([cell = ""]) => cell);
  for (const phase of GATE_PHASES) assert.ok(table.includes(`\`${phase}\``), phase);
  for (const phase of releaseApprovalCrd.schema.status.shape.phase.unwrap().options) assert.ok(words(text).has(phase), phase);
  const restricted = rows(section(text, "### With a template of your own")).map(([cell = ""]) => cell.replaceAll("`", ""));
  assert.deepEqual(restricted, [...RESTRICTED]);
});

test("docs/gates.md has every reason for which a gate is refused, and a remedy", () => {
  const table = rows(section(text, "## Refused before anything is written"));
  const reasons = new Set(table.map(([reason = ""]) => reason.replaceAll("`", "")).filter((reason) => reason !== ""));
  const known = ["FreezeInvalid", "ApprovalUnsafe", "ApprovalsUnguarded", "AnalysisInvalid", "AnalysisUnavailable", "DependencyCycle"];
  assert.deepEqual([...reasons], known);
  for (const [, when = "", remedy = ""] of table) assert.ok(when !== "" && remedy !== "");
});

test("docs/gates.md: 30 2 * * * in Berlin begins when it says", () => {
  const all = beginnings("30 2 * * *", "Europe/Berlin");
  assert.ok("next" in all);
  const after = (time: string): string | undefined => {
    const next = all.next(Date.parse(time));
    return next === undefined ? undefined : new Date(next).toISOString();
  };
  assert.equal(after("2026-03-27T12:00:00Z"), "2026-03-28T01:30:00.000Z");
  assert.equal(after("2026-03-28T12:00:00Z"), "2026-03-29T01:00:00.000Z");
  assert.equal(after("2026-10-24T12:00:00Z"), "2026-10-25T00:30:00.000Z");
  assert.equal(after("2026-10-25T00:30:00Z"), "2026-10-25T01:30:00.000Z");
});

test("docs/without-a-manual-step.md: what the pipeline applies is a release to staging and one to production", () => {
  const [, applied = ""] = /<<EOF\n([\s\S]*?)EOF\n/.exec(page("docs/without-a-manual-step.md")) ?? [];
  for (const where of ["staging", "production"]) {
    const [release = {}] = manifests(applied.replaceAll("$environment", where).replace("$GIT_COMMIT", GIVEN.revision));
    keeps(release, serviceRelease.parse(stored(release)), where);
    assert.equal(release.metadata?.name, `checkout.${where}`);
  }
});
