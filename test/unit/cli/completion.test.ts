import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { scriptFor, SHELLS } from "#cli/completion/scripts.ts";
import { Simulation } from "#simulation/simulation.ts";
import { conductor, conductorIn } from "./terminal.ts";

const simulation = new Simulation({ seed: "completion", clusters: [{ name: "eu-west-1" }] });
simulation.wishes.apply("checkout.production", "1".repeat(40));
simulation.wishes.apply("basket.production", "1".repeat(40));

/** What is offered for the last of the words, without descriptions, and whether files are. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { code, out, err } = await conductorIn(simulation, ["__complete", ...words]);
  assert.deepEqual([code, err], [0, ""]);
  return out
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t", 1)[0] ?? "");
}

test("a command is completed by its name, with what it does", async () => {
  assert.deepEqual(await offered("expl"), ["explain", ":4"]);
  const { out } = await conductor("__complete", "wai");
  assert.match(out, /^wait\twait until a release has ended at the revision that was asked for\n:4\n$/);
});

test("a release is completed by the names that the cluster knows", async () => {
  assert.deepEqual(await offered("status", ""), ["basket.production", "checkout.production", ":4"]);
  assert.deepEqual(await offered("status", "--most", "5", "ch"), ["checkout.production", ":4"]);
  assert.deepEqual(await offered("-n", "team-a", "explain", "b"), ["basket.production", ":4"]);
  assert.deepEqual(await offered("status", "checkout.production", ""), [":4"]);
});

test("without a cluster nothing is offered, and nothing is said", async () => {
  const { code, out, err } = await conductor("__complete", "status", "");
  assert.deepEqual([code, out, err], [0, ":4\n", ""]);
});

test("flags and their values are completed", async () => {
  assert.deepEqual(await offered("wait", "--rev"), ["--revision", ":4"]);
  assert.deepEqual(await offered("status", "-o", ""), ["json", "yaml", "wide", "name", ":4"]);
  assert.deepEqual(await offered("status", "--output=j"), ["--output=json", ":4"]);
  assert.deepEqual(await offered("status", "--context", "g"), ["green", ":4"]);
  assert.deepEqual(await offered("deploy", "-f", ""), [":0"]);
  assert.deepEqual(await offered("completion", "z"), ["zsh", ":4"]);
});

test("bash completes by asking the command", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "completion-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const asked = join(folder, "conductor");
  writeFileSync(asked, `#!/bin/sh\nprintf 'checkout.production\\nbasket.production\\n:4\\n'\necho "$@" >> ${folder}/asked\n`, {
    mode: 0o755,
  });
  const script = `PATH=${folder}:$PATH
source /dev/stdin <<'END'
${scriptFor("bash")}
END
COMP_LINE="conductor status ch"; COMP_POINT=19; COMP_WORDS=(conductor status ch); COMP_CWORD=2
_conductor; printf '%s\\n' "\${COMPREPLY[@]}"; cat ${folder}/asked`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  assert.deepEqual([stdout, stderr], ["checkout.production\nbasket.production\n__complete status ch\n", ""]);
});

test("every shell's script is one that this shell can read", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "completion-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const shell of SHELLS) {
    const { code, out } = await conductor("completion", shell);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^#.*${shell}|^#compdef`));
    const file = join(folder, shell);
    writeFileSync(file, out);
    const { error, status, stderr } = spawnSync(shell, ["-n", file], { encoding: "utf8" });
    if (error === undefined) assert.deepEqual([status, stderr], [0, ""]);
    else t.diagnostic(`${shell} is not installed: its script was not read`);
  }
});

test("another shell is refused with those that there are", async () => {
  const { code, err } = await conductor("completion", "tcsh");
  assert.equal(code, 2);
  assert.match(err, /Allowed choices are bash, zsh, fish/);
});
