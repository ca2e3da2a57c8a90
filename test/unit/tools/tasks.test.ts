import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { options } from "#tools/tasks/options.ts";
import type { Line } from "#tools/tasks/reporter.ts";
import { closing, type Result } from "#tools/tasks/result.ts";
import { count } from "#tools/tasks/suite.ts";
import { unowned } from "#tools/tasks/suites.ts";
import { suitesOf } from "#tools/tasks/tiers.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const line = (result: Line["result"], name: string | undefined = "a"): Line => ({ result, name, file: "a.test.ts" });
const file = (result: Line["result"]): Line => ({ result, name: undefined, file: "a.test.ts" });

test("an unknown task lists the tasks and fails", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "tools/tasks.ts"), "dance"], { encoding: "utf8" });
  assert.equal(status, 1);
  assert.equal(
    stderr,
    "There is no task dance. Tasks: start, demo, record, plane, generate, format, check, test, test:e2e, test:simulation, test:mutation, test:model, bench:engine, bench:gates, bench:status, pack, conductor, simulate, test:full\n",
  );
});

test("an unknown option is refused", () => assert.throws(() => options(["--olny", "x"]), /--olny/));

test("every suite with servers runs in test:full, and each in a task of its own", () => {
  assert.deepEqual(suitesOf("test:full"), [...suitesOf("test"), ...suitesOf("test:e2e")]);
});

const counted: readonly (readonly [
  what: string,
  lines: readonly Line[],
  code: number,
  filtered: boolean,
  ok: boolean,
  notes: readonly string[],
])[] = [
  ["tests that passed", [line("passed")], 0, false, true, []],
  ["a failed test", [line("passed"), line("failed")], 1, false, false, []],
  ["no test at all", [], 0, false, false, ["no test ran"]],
  ["a file without a test", [line("passed"), file("passed")], 0, false, false, ["a.test.ts has no test in it"]],
  ["a file without a test that matches", [line("passed"), file("passed")], 0, true, true, []],
  ["a file that breaks", [line("passed"), file("failed")], 1, false, false, ["a.test.ts failed outside its tests"]],
  [
    "a file that breaks and has no test that matches",
    [line("passed"), { ...file("failed"), file: "b.test.ts" }],
    1,
    true,
    true,
    ["b.test.ts has no test that matches; what it failed with is not counted"],
  ],
  [
    "a file that breaks and has a test that matches",
    [line("passed"), file("failed")],
    1,
    true,
    false,
    ["a.test.ts failed outside its tests"],
  ],
  ["a runner that fails for another reason", [line("passed")], 7, false, false, []],
  ["a skipped test, named", [line("passed"), line("skipped")], 0, false, true, ['skipped "a"']],
];
for (const [what, lines, code, filtered, ok, notes] of counted) {
  test(`a suite is judged: ${what}`, () => {
    const result = count("unit", lines, code, 1, filtered);
    assert.deepEqual({ ok: result.ok, notes: result.notes }, { ok, notes });
  });
}

const good: Result = { name: "unit", ok: true, seconds: 1, notes: [], tests: { passed: 2, failed: 0, skipped: 1 } };

test("the closing says each suite's time, and in one last line how it ended", () => {
  const { text, ok } = closing("test", [{ name: "types", ok: true, seconds: 80, notes: [] }, good], false);
  assert.equal(
    text,
    "\ntypes  ok             1 min 20 s\nunit   ok  2/3 tests       1.0 s\n\ntest: ok, 2 tests passed, 0 failed, 1 skipped; work of 1 min 21 s",
  );
  assert.ok(ok);
});

test("one suite that failed fails the whole and is named", () => {
  const { text, ok } = closing("test", [good, { ...good, name: "integration", ok: false }], false);
  assert.match(text, /\ntest: FAILED \(integration\), 4 tests passed/);
  assert.ok(!ok);
});

test("a choice of tests that matches none fails", () => {
  const { text, ok } = closing("test", [{ ...good, tests: { passed: 0, failed: 0, skipped: 0 } }], true);
  assert.match(text, /\ntest: FAILED \(no test matches\)/);
  assert.ok(!ok);
});

test("a test file outside every suite is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "release-conductor-suites-"));
  try {
    for (const name of ["unit", "attic"]) {
      mkdirSync(join(folder, "test", name), { recursive: true });
      writeFileSync(join(folder, "test", name, "a.test.ts"), "");
    }
    assert.deepEqual(unowned(folder), ["test/attic/a.test.ts belongs to no suite: move it, or name its folder in tools/tasks/suites.ts"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
