import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { specSchema, unknownRules } from "#cli/schema.ts";
import { conductor } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "conductor-cli-"));
after(() => rmSync(folder, { recursive: true }));
const example = join(import.meta.dirname, "../../../examples/environment.yaml");

function file(text: string): string {
  const path = join(folder, "environment.yaml");
  writeFileSync(path, text);
  return path;
}

const head = "apiVersion: conductor.dev/v1alpha1\nkind: Environment\nmetadata: {name: production}\n";
const three = "clusters: [{name: a}, {name: b}, {name: c}]";
const application = 'application: {targetRevision: "{{revision}}"}';
const spec = (strategy: string, clusters = three): string => `${head}spec: {${clusters}, ${application}, strategy: {${strategy}}}`;

const MANIFESTS: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  ["no YAML", "a: [", /is no YAML: .* line 1/],
  ["an empty file", "", /holds no Environment \(it is empty\): give a manifest of kind Environment/],
  ["another kind", "kind: Secret", /holds no Environment \(found: Secret\)/],
  [
    "two Environments",
    `${spec("")}\n---\n${spec("").replace("production", "staging")}`,
    /2 Environments: choose one of production, staging with --environment/,
  ],
  ["an old version", spec("").replace("v1alpha1", "v1"), /apiVersion is conductor.dev\/v1: write apiVersion: conductor.dev\/v1alpha1/],
  ["no name", spec("").replace("{name: production}", "{}"), /metadata.name is missing/],
  ["no spec", head, /spec: is missing/],
  ["a field with a slip", spec("minSucessTime: 5m"), /spec.strategy.minSucessTime is no field: did you mean minSuccessTime\?/],
  ["a field of another thing", spec("replicas: 3"), /spec.strategy.replicas is no field: take it out; there are waves, /],
  ["a strategy that never finishes", spec("maxConcurrency: 0"), /spec.strategy.maxConcurrency: .* 0 could never finish/],
  ["a percentage out of range", spec("maxFailures: 200%"), /spec.strategy.maxFailures: .* from "0%" to "100%"/],
  ["an unknown word", spec("onFailure: Explode"), /spec.strategy.onFailure: must be one of RollBack, Pause, Continue/],
  ["a duration of nothing known", spec("minSuccessTime: 5 min"), /spec.strategy.minSuccessTime: .* such as 90s, 15m or 1h30m/],
  ["no cluster", spec("", "clusters: []"), /spec.clusters: must not be empty/],
  [
    "an entry of clusters that says two things",
    spec("", "clusters: [{name: a, selector: {}}]"),
    /spec.clusters\[0\]: .* exactly one of name and selector/,
  ],
  [
    "a wave of two kinds",
    spec("waves: [{name: one, clusters: {count: 1, names: [a]}}, {name: rest}]"),
    /spec.strategy.waves\[0\].clusters: .* exactly one of/,
  ],
  [
    "all that are left, twice",
    spec("waves: [{name: one}, {name: rest}]"),
    /spec.strategy.waves: only the last wave may leave out clusters/,
  ],
  [
    "a gate of two kinds",
    spec("waves: [{name: all, gates: [{approval: {}, analysis: {templateName: errors}}]}]"),
    /spec.strategy.waves\[0\].gates\[0\]: a gate takes exactly one of approval and analysis/,
  ],
  [
    "an approval that takes more than there are to give it",
    spec("waves: [{name: all, gates: [{approval: {count: 3, users: [alice], serviceAccounts: [team-a/change-desk]}}]}]"),
    /gates\[0\].approval: approval.count is more than there are users and serviceAccounts to approve/,
  ],
  [
    "an approval of two by one, by nobody else",
    spec("waves: [{name: all, gates: [{approval: {count: 2, users: [alice]}}]}]"),
    /gates\[0\].approval: approval.count is more/,
  ],
  ["two waves of one name", spec("waves: [{name: one, clusters: {count: 1}}, {name: one}]"), /spec.strategy.waves has one twice/],
  [
    "nothing to write",
    spec("").replace(application, "application: {name: x}"),
    /spec.application: application must name what a release writes/,
  ],
  [
    "a wave of unknown clusters",
    spec("waves: [{name: one, clusters: {names: [z]}}, {name: rest}]"),
    /would be Stalled: wave one names z, which is no cluster of the Environment/,
  ],
  [
    "a wave that covers no cluster",
    spec("waves: [{name: one, clusters: {count: 3}}, {name: two, clusters: {count: 1}}, {name: rest}]"),
    /would be Stalled: wave two covers no cluster/,
  ],
  ["clusters in no wave", spec("waves: [{name: one, clusters: {count: 1}}]"), /would be Stalled: b, c would be in no wave/],
  [
    "a cluster in two waves",
    spec("waves: [{name: one, clusters: {names: [a]}}, {name: two, clusters: {names: [a]}}, {name: rest}]"),
    /Stalled: cluster a is named in two waves/,
  ],
  ["only selectors, and no number", spec("", "clusters: [{selector: {matchLabels: {env: prod}}}]"), /say with --clusters how many/],
];

for (const [what, text, said] of MANIFESTS)
  test(`a manifest with ${what} is refused with what to change`, async () => {
    const { code, out, err } = await conductor("simulate", "-f", file(text));
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, said);
    assert.doesNotMatch(err, /\n\s+at /);
  });

const ARGUMENTS: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [[], /required option '-f, --file <file>'/],
  [["-f", "nowhere.yaml"], /nowhere.yaml cannot be read: there is no such file/],
  [["-f", example, "--environment", "staging"], /no Environment staging: there is production/],
  [["-f", example, "--clusters", "2"], /fewer than the 3 clusters that the Environment names/],
  [["-f", example, "--clusters", "9999"], /at most 2000 clusters/],
  [["-f", example, "--clusters", "many"], /whole number of at least 1/],
  [["-f", example, "--service", "Check out"], /--service must be a DNS label/],
  [["-f", example, "--revision", "main"], /"main" is not a commit: write the 40 hex digits/],
  [["-f", example, "--fail", "nobody"], /there is no such cluster; name one of eu-west-1, us-east-1, ap-south-1/],
  [["-f", example, "--fail", "0"], /0 is nobody/],
  [["-f", example, "--fail", "4"], /more than the 3 clusters that there are/],
  [["-f", example, "--fail", "101%"], /at most 100%/],
  [["-f", example, "--fail", "1=5m"], /--fail takes no duration/],
  [["-f", example, "--slow", "1=soon"], /such as 90s, 15m or 1h30m/],
  [["-f", example, "-o", "yaml"], /Allowed choices are text, json/],
  [["-f", example, "--fial", "1"], /unknown option '--fial'\n\(Did you mean --fail\?\)/],
  [["-f", example, "again"], /too many arguments/],
];

for (const [args, said] of ARGUMENTS)
  test(`simulate ${args.filter((one) => one !== example).join(" ") || "alone"} is refused with what to write`, async () => {
    const { code, out, err } = await conductor("simulate", ...args);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, said);
  });

test("--help says how to use it, and is no failure", async () => {
  const { code, out } = await conductor("simulate", "--help");
  assert.equal(code, 0);
  assert.match(out, /Examples:\n {2}\$ conductor simulate -f environment.yaml\n/);
});

test("every rule of the schema that zod does not know is known here", () => assert.deepEqual(unknownRules(specSchema()), []));

test("with --environment one of several is taken", async () => {
  const path = file(`${spec("minSuccessTime: 0s")}\n---\n${spec("onFailure: Explode").replace("production", "staging")}`);
  const { code, out } = await conductor("simulate", "-f", path, "--environment", "production");
  assert.equal(code, 0);
  assert.match(out, /^checkout.production: /);
});
