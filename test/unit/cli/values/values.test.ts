import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ValuesDocument } from "#cli/values/document.ts";
import { parse } from "yaml";
import { Simulation } from "#simulation/simulation.ts";
import { conductor, conductorIn } from "../terminal.ts";
import { CHART, environment, Place } from "./chart.ts";

/** `UPDATE=1` writes what is said now: read it before you commit it. */
function golden(name: string, out: string): void {
  const file = join(import.meta.dirname, "../golden", `values-${name}.txt`);
  if (process.env["UPDATE"] === "1") writeFileSync(file, out);
  assert.equal(out, readFileSync(file, "utf8"));
}

const example = join(import.meta.dirname, "../../../../examples/values");
const ofExample = ["--chart", join(example, "checkout"), "-f", join(example, "environments.yaml")];

async function shown(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await conductor("values", ...args);
  assert.deepEqual([code, err], [0, ""]);
  return out;
}

test("files by cluster, and where clusters and environments differ", async () => golden("example", await shown(...ofExample)));

test("the merged values say which file each is from", async () =>
  golden("merged", await shown("checkout.production", ...ofExample, "--show", "merged")));

test("the document has all of it, with what looks like a secret left out", async () => {
  const document: ValuesDocument = JSON.parse(await shown("shop.production", ...ofExample, "--cluster", "us-east-1", "-o", "json"));
  assert.deepEqual(document, {
    version: 1,
    service: "shop",
    revision: null,
    chart: "checkout",
    secrets: "Masked",
    environments: [
      {
        name: "production",
        readFrom: "the working tree",
        ignoreMissingValueFiles: true,
        parameters: ["cluster"],
        clusters: [
          {
            name: "us-east-1",
            files: [
              { template: null, file: "values.yaml", state: "Exists", why: null, paths: ["values.yaml"] },
              { template: "values.yaml", file: "values.yaml", state: "Exists", why: null, paths: ["values.yaml"] },
              {
                template: "values-production.yaml",
                file: "values-production.yaml",
                state: "Exists",
                why: null,
                paths: ["values-production.yaml"],
              },
              {
                template: "values-production-{{cluster}}.yaml",
                file: "values-production-us-east-1.yaml",
                state: "Missing",
                why: null,
                paths: [],
              },
            ],
            refusals: [],
            without: [],
            values: {
              cluster: "us-east-1",
              image: { repository: "registry.example/checkout" },
              payment: { token: "***", url: "https://payment.example" },
              replicas: 3,
              resources: { limits: { memory: "512Mi" } },
            },
            origins: {
              cluster: "parameter cluster",
              "image.repository": "values.yaml",
              "payment.token": "values.yaml",
              "payment.url": "values.yaml",
              replicas: "values-production.yaml",
              "resources.limits.memory": "values-production.yaml",
            },
          },
        ],
        differences: [],
        notes: [],
      },
    ],
  });
  assert.deepEqual(parse(await shown("shop.production", ...ofExample, "--cluster", "us-east-1", "-o", "yaml")), document);
});

test("differences are grouped by value, in JSON too", async () => {
  const document: ValuesDocument = JSON.parse(await shown(...ofExample, "--show", "diff", "-o", "json"));
  const [staging, production] = document.environments;
  assert.deepEqual(staging?.differences, []);
  assert.deepEqual(
    production?.differences?.find(({ path }) => path === "replicas"),
    {
      path: "replicas",
      groups: [
        { value: 5, unset: false, varies: false, in: ["eu-west-1"] },
        { value: 3, unset: false, varies: false, in: ["us-east-1", "ap-south-1"] },
      ],
    },
  );
  assert.deepEqual(
    document.differences?.filter(({ path }) => path === "replicas" || path === "debug"),
    [
      {
        path: "debug",
        groups: [
          { value: true, unset: false, varies: false, in: ["staging"] },
          { value: null, unset: true, varies: false, in: ["production"] },
        ],
      },
      {
        path: "replicas",
        groups: [
          { value: 1, unset: false, varies: false, in: ["staging"] },
          { value: null, unset: false, varies: true, in: ["production"] },
        ],
      },
    ],
  );
});

test("secrets are shown to who asks for them, and told apart to who does not", async () => {
  const line = /payment.token: (.*)/;
  assert.deepEqual(
    line.exec(await shown("checkout.production", ...ofExample))?.[1],
    "*** (1) in eu-west-1; *** (2) in us-east-1, ap-south-1",
  );
  const open = await shown("checkout.production", ...ofExample, "--show-secrets");
  assert.deepEqual(line.exec(open)?.[1], "of-europe in eu-west-1; from-the-chart in us-east-1, ap-south-1");
  assert.doesNotMatch(open, /\*\*\*/);
});

test("many clusters are told in a line for each file", async () => {
  const names = Array.from({ length: 120 }, (_, index) => `cluster-${`${index + 1}`.padStart(3, "0")}`);
  const files = Object.fromEntries(names.slice(0, 7).map((name) => [`chart/clusters/${name}.yaml`, `replicas: 2\nname: ${name}\n`]));
  using place = new Place({ ...CHART, ...files });
  const clusters = `[${names.map((name) => `{name: ${name}}`).join(", ")}]`;
  const helm = "{valueFiles: ['clusters/{{cluster}}.yaml'], ignoreMissingValueFiles: true, parameters: {id: '{{cluster}}'}}";
  const { out, err } = await place.values(environment(helm, clusters));
  assert.equal(err, "");
  golden("many", out);
});

test("what Argo CD would refuse, and what cannot be known, is said and not guessed", async () => {
  using place = new Place({ ...CHART, "chart/a.yaml": "x: 1\n", "chart/charts/redis/Chart.yaml": "", "chart/.argocd-source.yaml": "" });
  const files = ["{{cluster}}.yaml", "$values/checkout.yaml", "https://values.example/{{cluster}}.yaml", "{{namespace}}.yaml", "/top.yaml"];
  const parameters = "{app: $ARGOCD_APP_NAME, tag: '{{revision}}', price: '5$$'}";
  const { code, out } = await place.values(
    environment(`{valueFiles: [${files.map((file) => `"${file}"`).join(", ")}], parameters: ${parameters}}`),
  );
  assert.equal(code, 0);
  golden("refused", out);
});

test("at a revision the chart is what was committed, and {{revision}} is the commit", async () => {
  using place = new Place({ ...CHART, "chart/extra.yaml": "a: committed\n", "values/all.yaml": "b: 1\n" });
  const commit = place.commit("v1.0.0");
  place.write({ "chart/extra.yaml": "a: changed\n", "chart/values.yaml": "replicas: 9\n" });
  place.git("rm", "--quiet", "--cached", "values/all.yaml");
  const helm = "{valueFiles: [extra.yaml, /values/all.yaml], parameters: {tag: '{{revision}}'}}";
  const args = ["--show", "merged", "-o", "json"];
  const read = async (revision: readonly string[], kind = "Commit") => {
    const { out, err } = await place.values(environment(helm, "[{name: a}]", `revision: ${kind}`), ...revision, ...args);
    if (err !== "") return err;
    const { environments }: ValuesDocument = JSON.parse(out);
    return environments.map(({ readFrom, clusters }) => ({ readFrom, values: clusters[0]?.values }));
  };
  const committed = (tag: string) => [{ readFrom: `commit ${commit.slice(0, 10)}`, values: { a: "committed", b: 1, replicas: 1, tag } }];
  for (const revision of [commit, commit.slice(0, 8), "v1.0.0", "HEAD"])
    assert.deepEqual(await read(["--revision", revision]), committed(commit));
  assert.deepEqual(await read(["--revision", "v1.0.0"], "Tag"), committed("v1.0.0"));
  assert.match(
    JSON.stringify(await read(["--revision", commit], "Tag")),
    /the repository of .*\/chart has no such tag: git fetch it first/,
  );
  assert.deepEqual(await read([]), [{ readFrom: "the working tree", values: { a: "changed", b: 1, replicas: 9 } }]);
});

test("links are followed inside of the repository, at a revision too", async () => {
  using place = new Place({ ...CHART, "shared/base.yaml": "a: 1\n" });
  place.link("chart/base.yaml", "../shared/base.yaml").link("chart/out.yaml", "../..").link("chart/dir", "../shared");
  const commit = place.commit();
  for (const revision of [[], ["--revision", commit]]) {
    const { out } = await place.values(
      environment("{valueFiles: [base.yaml, dir/base.yaml, out.yaml, dir]}", "[{name: a}]"),
      ...revision,
      "-o",
      "json",
    );
    const { environments }: ValuesDocument = JSON.parse(out);
    const files = environments[0]?.clusters[0]?.files?.map(({ file, state, why }) => [file, state, why]);
    assert.deepEqual(files, [
      ["values.yaml", "Exists", null],
      ["base.yaml", "Exists", null],
      ["dir/base.yaml", "Exists", null],
      ["out.yaml", "Refused", "it leads out of the repository"],
      ["dir", "Refused", "chart/dir is a directory"],
    ]);
  }
});

test("a whole number that is longer than a double keeps its digits", async () => {
  using place = new Place(CHART);
  const { out } = await place.values(environment("{parameters: {build: '20261125093000123'}}", "[{name: a}]"), "--show", "merged");
  assert.match(out, /^build: "20261125093000123" # parameter build$/m);
});

test("without a file the Environments are those of the management cluster, and selected clusters those of the last plan", async () => {
  using place = new Place({ ...CHART, "chart/us-east-1.yaml": "replicas: 2\n" });
  const simulation = new Simulation({
    seed: "values",
    clusters: ["eu-west-1", "us-east-1"].map((name) => ({ name, labels: { env: "prod" } })),
    environments: [
      {
        name: "production",
        spec: {
          clusters: [{ selector: { matchLabels: { env: "prod" } } }],
          application: { targetRevision: "{{revision}}", helm: { valueFiles: ["{{cluster}}.yaml"], ignoreMissingValueFiles: true } },
        },
      },
    ],
  });
  simulation.wishes.apply("checkout.production", "1".repeat(40));
  await simulation.settle(60_000);
  const args = ["values", "checkout.production", "--chart", join(place.folder, "chart")];
  const { code, out, err } = await conductorIn(simulation, args);
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(
    out,
    `checkout, chart checkout

production, 2 clusters, read from the working tree
  later wins                 eu-west-1  us-east-1
  values.yaml (the chart's)  exists     exists
  {{cluster}}.yaml           missing    exists
  note: production selects clusters by label: these are those of the plan
        checkout.production-1
  1 difference between the clusters of production
    replicas: 1 in eu-west-1; 2 in us-east-1
`,
  );
  const unknown = await conductorIn(simulation, ["values", "checkout.staging", "--chart", join(place.folder, "chart")]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /staging/);
});
