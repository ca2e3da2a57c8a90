import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { acquire } from "#plane/parts.ts";
import { reporter } from "#plane/progress.ts";

/** What people install: the tarball of `npm run pack`, from a folder that knows nothing of this project. */

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "release-conductor-pack-"));
const bin = join(folder, "home", "node_modules", ".bin");
// npm and the shebang find this Node; nothing else of ours is in their environment.
const env = {
  HOME: folder,
  PATH: [bin, dirname(process.execPath), process.env["PATH"]].join(delimiter),
  npm_config_cache: join(folder, "cache"),
};
let kubectl = "";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(program: string, ...args: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: join(folder, "home"), env, encoding: "utf8" });
  if (error !== undefined) throw error;
  return { code: status, out: stdout, err: stderr };
}

before(async () => {
  ({ kubectl } = await acquire(["kubectl"], reporter(process.stderr)));
  const packed = spawnSync(process.execPath, [join(root, "tools", "pack", "main.ts"), folder], { encoding: "utf8" });
  assert.equal(packed.status, 0, packed.stdout + packed.stderr);
  const [tarball = ""] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  mkdirSync(join(folder, "home"));
  writeFileSync(join(folder, "home", "package.json"), "{}");
  // Nothing listens there: whatever is asked of a registry fails.
  const installed = run(
    "npm",
    "install",
    "--offline",
    "--registry",
    "http://127.0.0.1:9",
    "--no-audit",
    "--no-fund",
    join(folder, tarball),
  );
  assert.equal(installed.code, 0, installed.out + installed.err);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("it brings one package, and no other", () => {
  assert.deepEqual(
    readdirSync(join(folder, "home", "node_modules")).filter((name) => !name.startsWith(".")),
    ["@release-conductor"],
  );
  assert.deepEqual(readdirSync(join(folder, "home", "node_modules", "@release-conductor", "cli")).toSorted(), [
    "LICENSE",
    "README.md",
    "THIRD-PARTY-LICENSES.txt",
    "conductor.mjs",
    "package.json",
  ]);
});

test("conductor simulate says what it says in this project", () => {
  const { code, out, err } = run("conductor", "simulate", "-f", join(root, "examples", "environment.yaml"));
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out, readFileSync(join(root, "test", "unit", "cli", "golden", "happy.txt"), "utf8"));
});

test("kubectl finds it as a plugin, and hands its exit code on", () => {
  const { code, out } = run(kubectl, "conductor", "--help");
  assert.equal(code, 0);
  assert.equal(out, run("conductor", "--help").out);
  assert.match(run(kubectl, "plugin", "list").out, /\/kubectl-conductor\n/);
  assert.equal(run(kubectl, "conductor", "simulate", "--no-such-flag").code, 2);
});

test("a wrong flag is exit code 2 and a line that says which", () => {
  assert.deepEqual(run("conductor", "simulate", "-f", "x.yaml", "--no-such-flag"), {
    code: 2,
    out: "",
    err: "error: unknown option '--no-such-flag'\n",
  });
});

test("the file works alone, wherever it is copied to", () => {
  const copy = join(folder, "copied.mjs");
  writeFileSync(copy, readFileSync(join(folder, "npm", "conductor.mjs")));
  assert.equal(run(process.execPath, copy, "--help").out, run("conductor", "--help").out);
});
