import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { VERSION } from "#cli/version.ts";
import { acquire } from "#plane/parts.ts";
import { reporter } from "#plane/progress.ts";
import { InstalledCli } from "#test/scene/cli.ts";

/** What people install: the tarball of `npm run pack`, from a folder that knows nothing of this project. */

const root = join(import.meta.dirname, "..", "..");
let cli: InstalledCli;
let kubectl = "";

before(async () => {
  ({ kubectl } = await acquire(["kubectl"], reporter(process.stderr)));
  cli = InstalledCli.install();
});
after(() => cli.remove());

test("it brings one package, and no other", () => {
  const modules = join(cli.folder, "node_modules");
  assert.deepEqual(
    readdirSync(modules).filter((name) => !name.startsWith(".")),
    ["@release-conductor"],
  );
  assert.deepEqual(readdirSync(join(modules, "@release-conductor", "cli")).toSorted(), [
    "LICENSE",
    "README.md",
    "THIRD-PARTY-LICENSES.txt",
    "conductor.mjs",
    "kubectl_complete-conductor",
    "package.json",
  ]);
  assert.deepEqual(cli.run("conductor", "--version"), { code: 0, out: `${VERSION}\n`, err: "" });
});

test("conductor simulate says what it says in this project", () => {
  const { code, out } = cli.run("conductor", "simulate", "-f", join(root, "examples", "environment.yaml"));
  assert.equal(code, 0);
  assert.equal(out, readFileSync(join(root, "test", "unit", "cli", "golden", "happy.txt"), "utf8"));
});

test("kubectl finds it as a plugin, and hands its exit code on", () => {
  const { code, out } = cli.run(kubectl, "conductor", "--help");
  assert.equal(code, 0);
  assert.equal(out, cli.run("conductor", "--help").out);
  assert.match(cli.run(kubectl, "plugin", "list").out, /\/kubectl-conductor\n/);
  assert.equal(cli.run(kubectl, "conductor", "simulate", "--no-such-flag").code, 2);
});

test("kubectl completes its commands and flags", () => {
  assert.match(cli.run(kubectl, "__complete", "conductor", "dep").out, /^deploy\b/);
  assert.match(cli.run(kubectl, "__complete", "conductor", "deploy", "--revi").out, /^--revision\b/);
});

test("a wrong flag is exit code 2 and a line that says which", () => {
  const { code, out, err } = cli.run("conductor", "simulate", "-f", "x.yaml", "--no-such-flag");
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^error: unknown option '--no-such-flag'\n/);
});

test("without a kubeconfig it says what to set", () => {
  const { code, out, err } = cli.run("conductor", "status");
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^no kubeconfig was found: set KUBECONFIG, or give --kubeconfig FILE\n$/);
});

test("it ends without a word when nobody reads on", () => {
  const { code, err } = cli.run("bash", "-c", "set -o pipefail; conductor --help | true");
  assert.deepEqual([code, err], [141, ""]);
});

test("the file works alone, wherever it is copied to", () => {
  const copy = join(cli.folder, "copied.mjs");
  copyFileSync(join(cli.folder, "node_modules", "@release-conductor", "cli", "conductor.mjs"), copy);
  assert.equal(cli.run(process.execPath, copy, "--help").out, cli.run("conductor", "--help").out);
});
