import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { conductor } from "../terminal.ts";
import { CHART, environment, Place } from "./chart.ts";

const plain = environment("{valueFiles: [own.yaml]}");
const selecting = environment("{valueFiles: [own.yaml]}", "[{selector: {matchLabels: {env: prod}}}]");

const CASES: readonly (readonly [
  what: string,
  files: Readonly<Record<string, string>>,
  manifest: string,
  args: readonly string[],
  said: RegExp,
])[] = [
  [
    "a folder without a chart",
    { "chart/x": "" },
    plain,
    [],
    /^there is no chart in HERE\/chart: it holds no Chart.yaml; name the chart's directory with --chart\n$/,
  ],
  [
    "a folder that is not there",
    {},
    plain,
    [],
    /^there is no chart in HERE\/chart: it is not there; name the chart's directory with --chart\n$/,
  ],
  [
    "a file that is no YAML",
    { ...CHART, "chart/own.yaml": "a: 1\nb: [\n" },
    plain,
    [],
    /^own.yaml \(the working tree\) cannot be read as values: line \d+, column \d+: .+\n$/,
  ],
  [
    "a file that is a list",
    { ...CHART, "chart/own.yaml": "- a\n" },
    plain,
    [],
    /own.yaml \(the working tree\) cannot be read as values: it holds a list where helm needs keys and values\n$/,
  ],
  [
    "an anchor that is not there",
    { ...CHART, "chart/own.yaml": "a:\n  b: *x\n" },
    plain,
    [],
    /own.yaml .*: line 2, column 6: there is no anchor x\n$/,
  ],
  [
    "aliases without end",
    { ...CHART, "chart/own.yaml": "a: &a [*a]\n" },
    plain,
    [],
    /own.yaml .*: it grows too large where its aliases are put in\n$/,
  ],
  [
    "a chart's own values that are no YAML",
    { ...CHART, "chart/values.yaml": "a: [\n" },
    plain,
    [],
    /values.yaml \(the working tree\) cannot be read as values: line /,
  ],
  ["a chart without a name", { "chart/Chart.yaml": "version: 1.0.0\n" }, plain, [], /Chart.yaml: name is missing/],
  [
    "an Environment without helm",
    CHART,
    plain.replace(/^ +helm:.*$/m, ""),
    [],
    /^Environment production has no application.helm: .*--environment\n$/,
  ],
  ["an unknown cluster", CHART, plain, ["--cluster", "c"], /^--cluster c: it is no cluster of production; there is a, b\n$/],
  [
    "a cluster that is not selected",
    CHART,
    selecting,
    ["--cluster", "c=env=dev"],
    /^--cluster c: production neither names it nor selects it by the labels that you gave it\n$/,
  ],
  ["a cluster that is no name", CHART, plain, ["--cluster", "C 1"], /^--cluster "C 1": write NAME, or NAME=label=value/],
  ["a label that is none", CHART, plain, ["--cluster", "c=env"], /^--cluster c=env: "env" is no label: write label=value\n$/],
  ["clusters by label, and nothing more", CHART, selecting, [], /^production selects its clusters by label, .* with --cluster NAME\n$/],
  [
    "an unknown Environment",
    CHART,
    plain,
    ["--environment", "staging"],
    /^--environment staging: there is no such Environment; there is production\n$/,
  ],
  [
    "an unknown Environment of a release",
    CHART,
    plain,
    ["checkout.staging"],
    /staging: there is no such Environment; there is production\n$/,
  ],
  ["an Environment twice", CHART, `${plain}---\n${plain}`, [], /^Environment production is given twice/],
  ["an Environment named twice over", CHART, plain, ["checkout.production", "--environment", "production"], /leave one out\n$/],
  ["a service that is no name", CHART, plain, ["Check_out"], /^a service must be a DNS label: .*"Check_out": name it in front/],
  ["an unknown part", CHART, plain, ["--show", "all"], /Allowed choices are files, diff, merged/],
  [
    "a revision without a repository",
    CHART,
    plain,
    ["--revision", "v1"],
    /^--revision: HERE\/chart is in no git repository: leave --revision out/,
  ],
  [
    "a field with a slip",
    CHART,
    plain.replace("valueFiles", "valuesFiles"),
    [],
    /spec.application.helm.valuesFiles is no field: did you mean valueFiles\?/,
  ],
];

for (const [what, files, manifest, args, said] of CASES)
  test(`values: ${what} is refused in one line that says what to change`, async () => {
    using place = new Place(files);
    const { code, out, err } = await place.values(manifest, ...args);
    assert.deepEqual([code, out, err.trimEnd().split("\n").length], [2, "", 1]);
    assert.match(err.replaceAll(/\S*HERE/g, "HERE"), said);
  });

for (const [revision, said] of [
  ["v9.9.9", /^--revision v9.9.9: the repository of HERE\/chart has no such commit: git fetch it first\n$/],
  ["--help-me", /./],
  ["HEAD:chart", /^--revision "HEAD:chart" is no revision: give a commit, a tag or a branch\n$/],
  ["a..b", /^--revision "a..b" is no revision/],
  ["$(id)", /^--revision "\$\(id\)" is no revision/],
] as const)
  test(`values: --revision ${revision} is refused before git could take it for another thing`, async () => {
    using place = new Place(CHART);
    place.commit();
    const { code, out, err } = await place.values(plain, `--revision=${revision}`);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, said);
  });

test("values: a chart that was not there at the revision is named with its path and the commit", async () => {
  using place = new Place({ x: "" });
  const commit = place.commit();
  place.write(CHART);
  const { code, err } = await place.values(plain, "--revision", commit);
  assert.deepEqual([code, err], [2, `there is no chart in HERE/chart at ${commit.slice(0, 10)}: chart/Chart.yaml is not in that commit\n`]);
});

test("values: without a file the management cluster is asked, and that none was found is said", async () => {
  using place = new Place(CHART);
  const { code, err } = await conductor("values", "--chart", join(place.folder, "chart"));
  assert.deepEqual([code, err], [2, "no kubeconfig was found\n"]);
});

test("values: --help says how to use it", async () => {
  const { code, out } = await conductor("values", "--help");
  assert.equal(code, 0);
  assert.match(out, /\$ conductor values checkout --chart deploy\/checkout -f environment.yaml\n/);
});
