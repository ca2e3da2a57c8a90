import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathOf, RESOURCES, TEAM } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { ended, fleet, GOOD, NAME, NEWER } from "./fleets.ts";
import { golden } from "./golden.ts";
import { conductor, conductorIn } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "conductor-deploy-"));
after(() => rmSync(folder, { recursive: true }));

function manifest(more = "", metadata = ""): string {
  const path = join(folder, "release.yaml");
  writeFileSync(
    path,
    `apiVersion: conductor.dev/v1alpha1
kind: ServiceRelease
metadata: {name: ${NAME}${metadata}}
spec: {service: checkout, environment: production, revision: "${GOOD}"${more}}
`,
  );
  return path;
}

/** What is declared now: spec, labels and annotations. */
function declared(simulation: Simulation): unknown {
  const found = simulation.home.find(pathOf(RESOURCES.releases, TEAM, NAME));
  if (found === undefined) return undefined;
  const { labels = {}, annotations = {} } = found.metadata;
  return { spec: found["spec"], labels, annotations };
}

const SPEC = { service: "checkout", environment: "production", revision: GOOD, paused: false };

test("a deploy in two waves is told line by line, each with its time, until it has arrived", async () => {
  const { code, out, err } = await conductorIn(fleet({}), ["deploy", NAME, "--revision", GOOD]);
  assert.deepEqual([code, err], [0, ""]);
  golden("deploy.txt", out);
  for (const line of out.trimEnd().split("\n")) assert.match(line, /^2026-01-01T\d\d:\d\d:\d\dZ checkout\.production \S/);
});

test("for programs a deploy prints one document, and nothing else", async () => {
  const { code, out, err } = await conductorIn(fleet(), ["deploy", NAME, "--revision", GOOD, "-o", "json"]);
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(JSON.parse(out), {
    version: 1,
    name: NAME,
    namespace: TEAM,
    revision: GOOD,
    outcome: "Succeeded",
    exitCode: 0,
    message: "every target is verified",
    run: `${NAME}-1`,
    url: null,
  });
});

test("a deploy in YAML says the same", async () => {
  const { out } = await conductorIn(fleet(), ["deploy", NAME, "--revision", GOOD, "-o", "yaml"]);
  assert.match(out, /^version: 1\nname: checkout.production\nnamespace: team-a\n[^]*\noutcome: Succeeded\nexitCode: 0\n/);
});

test("with --no-wait it is declared, and that is all", async () => {
  const simulation = fleet();
  const { code, out } = await conductorIn(simulation, ["deploy", NAME, "--revision", GOOD, "--no-wait"]);
  assert.deepEqual([code, out], [0, `2026-01-01T09:00:00Z ${NAME} is created at revision 111111111111\n`]);
  assert.equal(simulation.wishes.finished(NAME), false);
});

test("with --no-wait the document has no outcome", async () => {
  const { code, out } = await conductorIn(fleet(), ["deploy", NAME, "--revision", GOOD, "--no-wait", "-o", "json"]);
  assert.deepEqual(
    [code, JSON.parse(out)],
    [
      0,
      {
        version: 1,
        name: NAME,
        namespace: TEAM,
        revision: GOOD,
        outcome: null,
        exitCode: 0,
        message: "declared, and not waited for",
        run: null,
        url: null,
      },
    ],
  );
});

test("what a deploy changes is said: the revision, something else, or nothing", async () => {
  const simulation = await ended(fleet(), GOOD);
  const first = async (...more: readonly string[]): Promise<string | undefined> =>
    (await conductorIn(simulation, ["deploy", NAME, "--no-wait", ...more])).out.trimEnd().split(`${NAME} `)[1];
  assert.equal(await first("--revision", GOOD), "is wanted at revision 111111111111 already: nothing was changed");
  assert.equal(await first("--revision", NEWER), "is changed from revision 111111111111 to 222222222222");
  assert.equal(await first("--revision", NEWER, "--clusters", "us-east-1"), "is changed, at revision 222222222222 as before");
});

test("only the clusters of --clusters are released to", async () => {
  const simulation = fleet();
  const { code } = await conductorIn(simulation, ["deploy", NAME, "--revision", GOOD, "--clusters", "us-east-1,ap-south-1"]);
  assert.equal(code, 0);
  assert.deepEqual(declared(simulation), { spec: { ...SPEC, clusters: ["us-east-1", "ap-south-1"] }, labels: {}, annotations: {} });
  assert.deepEqual(
    simulation.wishes.runs(NAME).map(({ spec }) => spec.targets.map(({ cluster }) => cluster)),
    [["us-east-1", "ap-south-1"]],
  );
});

test("a manifest is declared as it is, with its labels and annotations", async () => {
  const simulation = fleet();
  const file = manifest(", clusters: [us-east-1]", ", labels: {team: a}, annotations: {example.com/job: '7'}");
  const { code } = await conductorIn(simulation, ["deploy", "-f", file]);
  assert.equal(code, 0);
  assert.deepEqual(declared(simulation), {
    spec: { ...SPEC, clusters: ["us-east-1"] },
    labels: { team: "a" },
    annotations: { "example.com/job": "7" },
  });
});

test("flags are put on top of the manifest", async () => {
  const simulation = fleet();
  const file = manifest(", clusters: [us-east-1]", ", annotations: {a: '1', b: '1'}");
  const flags = ["--revision", NEWER, "--clusters", "eu-west-1", "--annotate", "b=2", "--annotate", "c=3=4"];
  await conductorIn(simulation, ["deploy", NAME, "-f", file, ...flags, "--no-wait"]);
  assert.deepEqual(declared(simulation), {
    spec: { ...SPEC, revision: NEWER, clusters: ["eu-west-1"] },
    labels: {},
    annotations: { a: "1", b: "2", c: "3=4" },
  });
});

test("a manifest's namespace is where it is declared", async () => {
  const { code, err } = await conductorIn(fleet(), ["deploy", "-f", manifest("", `, namespace: ${TEAM}`), "--no-wait", "-n", TEAM]);
  assert.deepEqual([code, err], [0, ""]);
});

const REFUSED: readonly (readonly [what: string, args: () => readonly string[], said: RegExp])[] = [
  ["no release", () => ["--revision", GOOD], /^which release\? Name it as <service>.<environment>, or give its manifest with -f\n$/],
  ["no revision", () => [NAME], /^which revision of checkout\? Give --revision, such as --revision \$\(git rev-parse HEAD\)\n$/],
  [
    "a name that is none",
    () => ["checkout", "--revision", GOOD],
    /^"checkout" is no release: write <service>.<environment>, such as checkout.production\n$/,
  ],
  [
    "a manifest of another release",
    () => ["other.production", "-f", manifest()],
    /release.yaml holds no ServiceRelease other.production: there is checkout.production\n$/,
  ],
  [
    "a manifest of another namespace than -n",
    () => ["-f", manifest("", ", namespace: team-b"), "-n", TEAM],
    /^the manifest is of namespace team-b, and -n says team-a: correct one of them\n$/,
  ],
  [
    "a manifest with a slip",
    () => ["-f", manifest(", cluster: [a]")],
    /release.yaml: spec.cluster is no field: did you mean clusters\?\n$/,
  ],
  ["a file that is not there", () => ["-f", "nowhere.yaml"], /^nowhere.yaml cannot be read: there is no such file\n$/],
  [
    "a cluster that cannot be one",
    () => [NAME, "--revision", GOOD, "--clusters", "EU"],
    /"EU" is no name of a cluster, service or environment/,
  ],
  [
    "a timeout that is none",
    () => [NAME, "--revision", GOOD, "--timeout", "soon"],
    /It must be a duration of hours, minutes and seconds, such as 90s, 15m or 1h30m/,
  ],
  ["an annotation without a value", () => [NAME, "--revision", GOOD, "--annotate", "a"], /It must be key=value/],
  ["an unknown flag", () => [NAME, "--revison", GOOD], /unknown option '--revison'\n\(Did you mean --revision\?\)/],
  ["an output that there is not", () => [NAME, "--revision", GOOD, "-o", "wide"], /Allowed choices are json, yaml/],
];

for (const [what, args, said] of REFUSED)
  test(`a deploy with ${what} is refused with what to write, and nothing is declared`, async () => {
    const simulation = fleet();
    const { code, out, err } = await conductorIn(simulation, ["deploy", ...args()]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, said);
    assert.equal(declared(simulation), undefined);
  });

test("where no conductor looks at a release, who has waited in vain is told so", async () => {
  const simulation = fleet();
  await simulation.settle(1000);
  simulation.crash();
  const { code, out, err } = await conductorIn(simulation, ["deploy", NAME, "--revision", GOOD, "--timeout", "5m"]);
  assert.deepEqual([code, err], [5, ""]);
  assert.match(
    out,
    /TimedOut \(exit code 5\): not ended in time; the conductor has not looked at it: see whether it runs\. The release goes on as it is \(conductor explain checkout.production\)\n$/,
  );
});

for (const command of ["deploy", "wait", "status"])
  test(`${command} --help is golden, and has every exit code that the command has`, async () => {
    const { code, out } = await conductor(command, "--help");
    assert.equal(code, 0);
    golden(`help-${command}.txt`, out);
  });

test("where people see the release is told with how it ended, where the conductor knows", async () => {
  const releaseUrl = "https://releases.example/{{namespace}}/{{release}}?run={{run}}";
  const clusters = [{ name: "eu-west-1" }];
  const simulation = new Simulation({ seed: "url", clusters, settings: { releaseUrl } });
  const { out } = await conductorIn(simulation, ["deploy", NAME, "--revision", GOOD, "-o", "json"]);
  assert.equal(JSON.parse(out).url, `https://releases.example/${TEAM}/${NAME}?run=${NAME}-1`);
});
