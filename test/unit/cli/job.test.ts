import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { healthyAfter, stays } from "#simulation/behaviour.ts";
import { Simulation } from "#simulation/simulation.ts";
import { conductorIn, type Said } from "./terminal.ts";

/** What `conductor deploy` writes when it runs in a pipeline. */

const NEXT = "1".repeat(40);
const ATTACK = "no pods\n::error::forged\r##[add-path]/tmp\u001b[0Ksection_end:1:x";
const folder = mkdtempSync(join(tmpdir(), "release-conductor-job-"));
const file = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true, force: true }));

/** Two waves; the new revision is Degraded on `fails`, with words that a pipeline would carry out. */
function fleet(fails = ""): Simulation {
  const isNew = (sources: readonly object[]): boolean => JSON.stringify(sources).includes(NEXT);
  return new Simulation({
    seed: "job",
    clusters: [{ name: "eu-west-1" }, { name: "us-east-1" }],
    environments: [
      { name: "production", spec: { strategy: { waves: [{ name: "first", clusters: { names: ["eu-west-1"] } }, { name: "rest" }] } } },
    ],
    behaviours: ({ cluster }, _, sources) => (cluster === fails && isNew(sources) ? stays("Degraded", ATTACK) : healthyAfter(1000)),
  });
}

function deploy(simulation: Simulation, env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Said> {
  return conductorIn(simulation, ["deploy", "checkout.production", "--revision", NEXT, ...args], { env });
}

const GITLAB = { GITLAB_CI: "true", CI: "true", CONDUCTOR_DOTENV: file("dotenv") };
const GITHUB = { GITHUB_ACTIONS: "true", CI: "true", GITHUB_OUTPUT: file("output"), GITHUB_STEP_SUMMARY: file("summary") };

suite("in GitLab", () => {
  test("each wave is a section, and how it ended stands below them", async () => {
    const { code, out, err } = await deploy(fleet(), GITLAB);
    assert.deepEqual([code, err], [0, ""]);
    const marks = out.split("\n").filter((line) => line.includes("\u001b[0Ksection_") || line.includes("exit code"));
    assert.deepEqual(
      marks.map((line) =>
        line
          .replaceAll(/:\d{10}:/g, ":TIME:")
          .replace(/^\S+ checkout/, "checkout")
          .replace(/\(exit code 0\).*/, "(exit code 0)"),
      ),
      [
        "\u001b[0Ksection_start:TIME:checkout.production__wave_1_2\r\u001b[0Kcheckout.production, wave 1/2",
        "\u001b[0Ksection_end:TIME:checkout.production__wave_1_2\r\u001b[0K",
        "\u001b[0Ksection_start:TIME:checkout.production__wave_2_2\r\u001b[0Kcheckout.production, wave 2/2",
        "\u001b[0Ksection_end:TIME:checkout.production__wave_2_2\r\u001b[0K",
        `checkout.production at ${NEXT}: Succeeded (exit code 0)`,
      ],
    );
  });

  test("later jobs read how it ended", () => {
    assert.equal(
      readFileSync(GITLAB.CONDUCTOR_DOTENV, "utf8"),
      "CONDUCTOR_OUTCOME=Succeeded\nCONDUCTOR_EXIT_CODE=0\nCONDUCTOR_RUN=checkout.production-1\nCONDUCTOR_URL=\n",
    );
  });

  test("no message of a cluster ends a section", async () => {
    const { code, out } = await deploy(fleet("us-east-1"), GITLAB);
    assert.equal(code, 3);
    assert.match(out, /cluster us-east-1 .*no pods/);
    assert.ok(!out.includes("\u001b[0Ksection_end:1:x"));
  });
});

suite("in GitHub", () => {
  test("a release that was rolled back is an error beside the job, and nothing that a cluster says is a command", async () => {
    const { code, out, err } = await deploy(fleet("us-east-1"), GITHUB);
    assert.equal(code, 3);
    assert.match(err, /^::error title=checkout.production was rolled back::.*\n$/);
    const commands = out.split(/[\r\n]/).filter((line) => line.trimStart().startsWith("::"));
    assert.deepEqual([...new Set(commands.map((line) => line.replace(/wave \d/, "wave N")))].toSorted(), [
      "::endgroup::",
      "::group::checkout.production, wave N/2",
    ]);
    assert.ok(!out.includes("##["));
    assert.match(out, /cluster us-east-1 .*no pods/);
  });

  test("its page shows waves and clusters, and later steps read the outcome", () => {
    assert.equal(readFileSync(GITHUB.GITHUB_OUTPUT, "utf8"), "outcome=RolledBack\nexit-code=3\nrun=checkout.production-1\nurl=\n");
    const page = readFileSync(GITHUB.GITHUB_STEP_SUMMARY, "utf8");
    assert.match(page, /^### checkout\.production was rolled back\n/);
    assert.match(page, /\n\| first \| Verified \| 0\/1 \|\n\| rest \| Failed \| 0\/1 \|\n/);
    assert.match(page, /\n\| us-east-1 \| RolledBack \| .*no pods : :error::forged \\#\\# \\\[add-path\\\]\/tmp\\\[0Ksection\\_end:1:x/);
  });

  test("with -o json the log has one document, and the page is written all the same", async () => {
    writeFileSync(GITHUB.GITHUB_STEP_SUMMARY, "");
    const { code, out, err } = await deploy(fleet(), GITHUB, "-o", "json");
    assert.deepEqual([code, err], [0, ""]);
    assert.equal(JSON.parse(out).outcome, "Succeeded");
    assert.match(readFileSync(GITHUB.GITHUB_STEP_SUMMARY, "utf8"), /^### checkout\.production has arrived\n/);
  });

  test("a job that is cancelled says that the release goes on, in its log and on its page", async () => {
    writeFileSync(GITHUB.GITHUB_STEP_SUMMARY, "");
    const simulation = fleet();
    const cancelled = new AbortController();
    void simulation.clock.sleep(20_000, new AbortController().signal).then(() => cancelled.abort());
    const args = ["deploy", "checkout.production", "--revision", NEXT];
    const { code, out } = await conductorIn(simulation, args, { env: GITHUB, interrupted: cancelled.signal });
    assert.equal(code, 130);
    assert.match(
      out,
      /: Interrupted \(exit code 130\): interrupted; the release goes on as it is \(conductor status checkout\.production\)\n/,
    );
    assert.match(readFileSync(GITHUB.GITHUB_STEP_SUMMARY, "utf8"), /^### checkout\.production goes on: nobody waits for it any more\n/);
  });

  test("a file that cannot be written does not change how the release ended", async () => {
    const { code, err } = await deploy(fleet(), { ...GITHUB, GITHUB_OUTPUT: join(folder, "nowhere", "output") });
    assert.equal(code, 0);
    assert.match(err, /^GITHUB_OUTPUT was not written: ENOENT/);
  });
});

test("elsewhere there are no sections, no commands and no files", async () => {
  const { out, err } = await deploy(fleet("us-east-1"), { CI: "true", CONDUCTOR_DOTENV: file("unasked") });
  assert.equal(err, "");
  assert.doesNotMatch(out, /section_start|::group::/);
  assert.ok(!existsSync(file("unasked")));
});
