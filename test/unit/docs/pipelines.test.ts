import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { parse } from "yaml";
import { EXIT } from "#cli/exit.ts";
import { VERSION } from "#cli/version.ts";
import { conductor } from "../cli/terminal.ts";
import { gitlabJob, githubSteps, type GitLabJob } from "../../scene/templates.ts";
import { blocks, page, ROOT, rows, section } from "./markdown.ts";

/** integrations/, examples/pipelines/ and docs/pipelines.md say what the program does. */

const TEMPLATE = "integrations/gitlab/conductor.gitlab-ci.yml";
const ACTION = "integrations/github/action.yml";
const files = [TEMPLATE, ACTION, ...globSync("examples/pipelines/*", { cwd: ROOT }).toSorted()];
const template = gitlabJob();
const steps = githubSteps();
const action = parse(page(ACTION));

/** The flags of `conductor <command>` in a script, by command. */
function flagsIn(script: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, command = "", rest = ""] of script.matchAll(/\bconductor (deploy|wait|status|explain|plan|rollback)\b([^\n,;|]*)/g)) {
    const flags = found.get(command) ?? new Set();
    for (const [flag] of rest.matchAll(/(?<![\w-])--?[a-z][a-z-]*/g)) flags.add(flag);
    found.set(command, flags);
  }
  return found;
}

suite("every flag that is shown is one of the program", () => {
  const shown = [...files, "docs/pipelines.md"].map((file) => [file, page(file)] as const);
  for (const [file, text] of shown)
    test(file, async () => {
      for (const [command, flags] of flagsIn(text)) {
        const { out } = await conductor(command, "--help");
        for (const flag of flags)
          assert.ok(new RegExp(`(^|[\\s,])${flag}(?=[\\s,=])`, "m").test(out), `conductor ${command} has no ${flag}`);
      }
    });

  test("and there are some", () => {
    const all = shown.flatMap(([, text]) => [...flagsIn(text).values()].flatMap((flags) => [...flags]));
    for (const flag of ["--revision", "--timeout", "--namespace"]) assert.ok(all.includes(flag), flag);
  });
});

suite("the template of GitLab", () => {
  test("installs this version, and leaves the job to the conductor", () => {
    assert.equal(template.variables["CONDUCTOR_VERSION"], VERSION);
    assert.equal(template.variables["REVISION"], "$CI_COMMIT_SHA");
    assert.equal(template.interruptible, false);
    assert.deepEqual(template.allow_failure, { exit_codes: [EXIT.waitsForApproval] });
    assert.equal(template.resource_group, undefined);
  });

  test("its example extends it, job by job, with a service and an environment each", () => {
    const jobs = Object.entries<GitLabJob>(parse(page("examples/pipelines/gitlab-ci.yml"))).filter(([, job]) => job.extends !== undefined);
    assert.deepEqual(
      jobs.map(([name]) => name),
      ["staging", "production", "rollback-production"],
    );
    for (const [name, { extends: base, variables }] of jobs) {
      assert.ok(base === ".conductor-deploy" || jobs.some(([other]) => other === base), name);
      for (const variable of Object.keys(variables)) assert.ok(variable in template.variables, `${name}: ${variable}`);
    }
  });
});

suite("the action of GitHub", () => {
  test("installs this version", () => assert.equal(action.inputs.version.default, VERSION));

  test("hands every input to a step as a variable, and writes none into a script", () => {
    const variables = steps.flatMap(({ env = {} }) => Object.values(env)).join(" ");
    for (const name of Object.keys(action.inputs)) assert.ok(variables.includes(`\${{ inputs.${name} }}`), name);
    for (const { run = "" } of steps) assert.ok(!run.includes("${{"), run);
  });

  test("its outputs are those that the program writes", () => {
    assert.deepEqual(Object.keys(action.outputs), ["outcome", "exit-code", "run", "url"]);
    for (const [name, { value }] of Object.entries<{ value: string }>(action.outputs))
      assert.equal(value, `\${{ steps.deploy.outputs.${name} }}`);
  });

  test("its example gives inputs that it has", () => {
    const { jobs } = parse(page("examples/pipelines/github.yml"));
    const { with: given } = jobs.production.steps.find(({ id }: { id?: string }) => id === "release");
    for (const name of Object.keys(given)) assert.ok(name in action.inputs, name);
  });
});

suite("each script is one that a shell reads", () => {
  const scripts = [
    ["the template's script", [...template.before_script, ...template.script].join("\n")],
    ["the template's after_script", template.after_script.join("\n")],
    ...steps.flatMap(({ run }, index) => (run === undefined ? [] : [[`step ${index + 1} of the action`, run] as const])),
    ["examples/pipelines/deploy.sh", page("examples/pipelines/deploy.sh")],
    ...blocks(page("docs/pipelines.md"), "sh").map((block, index) => [`block ${index + 1} of docs/pipelines.md`, block] as const),
  ] as const;
  for (const [what, script] of scripts)
    test(what, () => {
      const { status, stderr } = spawnSync("sh", ["-n"], { input: script, encoding: "utf8" });
      assert.equal(status, 0, stderr);
    });
});

suite("examples/pipelines/deploy.sh ends as conductor does, but for a release that somebody has superseded", () => {
  const folder = mkdtempSync(join(tmpdir(), "release-conductor-shell-"));
  after(() => rmSync(folder, { recursive: true }));
  const script = join(ROOT, "examples/pipelines/deploy.sh");
  // Says what it was asked, and ends as it is told.
  writeFileSync(join(folder, "conductor"), '#!/bin/sh\necho "$*"\nexit "$CODE"\n', { mode: 0o755 });
  for (const code of Object.values(EXIT))
    test(`exit code ${code}`, () => {
      const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}`, CODE: `${code}` };
      const { status, stdout } = spawnSync("sh", [script, "checkout", "production", "v1"], { env, encoding: "utf8" });
      assert.equal(status, code === EXIT.superseded ? 0 : code);
      assert.match(stdout, /^deploy checkout\.production --revision v1 --timeout 1h\n.+\n$/);
    });
});

suite("docs/pipelines.md", () => {
  const text = page("docs/pipelines.md");

  test("has every exit code", () => {
    const codes = rows(section(text, "## Exit codes")).map(([code]) => Number(code));
    assert.deepEqual(codes, Object.values(EXIT));
  });

  test("shows the examples as they are", () => {
    for (const block of blocks(text, "yaml")) {
      const [, file = ""] = /^# (\S+)\n/.exec(block) ?? [];
      assert.ok(files.includes(file) || globSync("examples/*.yaml", { cwd: ROOT }).includes(file), `no file: ${block.slice(0, 80)}`);
      const body = block.slice(block.indexOf("\n") + 1);
      assert.ok(page(file).includes(body), `${file} has not what is shown of it`);
    }
    assert.ok(blocks(text, "yaml").length >= 3);
  });

  test("names every example", () => {
    for (const file of [...files, "examples/rbac-ci.yaml", "examples/rbac-ci-plan.yaml"]) assert.ok(text.includes(join("..", file)), file);
  });
});
