import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { faultsOf } from "#cli/faults.ts";
import { run } from "#cli/program.ts";
import type { Report } from "#cli/report.ts";
import { chance } from "#simulation/random.ts";
import { conductor, nowhere } from "./terminal.ts";

const examples = join(import.meta.dirname, "../../../examples");
const small = join(examples, "environment.yaml");
const waves = join(examples, "environment-waves.yaml");

/** `UPDATE=1` writes what is said now: read it before you commit it. */
async function golden(name: string, ...args: readonly string[]): Promise<void> {
  const { code, out, err } = await conductor("simulate", ...args);
  assert.deepEqual([code, err], [0, ""]);
  const file = join(import.meta.dirname, "golden", `${name}.txt`);
  if (process.env["UPDATE"] === "1") writeFileSync(file, out);
  assert.equal(out, readFileSync(file, "utf8"));
  for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
}

async function json(...args: readonly string[]): Promise<Report> {
  const { code, out } = await conductor("simulate", ...args, "-o", "json");
  assert.equal(code, 0);
  return JSON.parse(out);
}

test("a release in which nothing fails is told in one chart", () => golden("happy", "-f", small));

test("a cluster that fails is named, and everything goes back", () => golden("rollback", "-f", small, "--fail", "us-east-1"));

test("a cluster that does not answer is left out, and caught up when it returns", () =>
  golden("catch-up", "-f", waves, "--clusters", "12", "--unreachable", "cluster-012=30m"));

test("what waits for a person is said to move by itself no more", () => golden("waiting", "-f", small, "--unreachable", "eu-west-1"));

test("the document names what failed where, and says the same each time", async () => {
  const args = ["-f", waves, "--clusters", "12", "--fail", "cluster-004", "--slow", "2=90s", "--seed", "7"];
  const first = await json(...args);
  assert.deepEqual(await json(...args), first);
  const { outcome, runs, clusters, faults, longest } = first;
  assert.deepEqual([outcome.phase, outcome.ended], ["RolledBack", true]);
  assert.deepEqual(faults.fail, ["cluster-004"]);
  assert.deepEqual(
    faults.slow.map(({ seconds }) => seconds),
    [90, 90],
  );
  const [run] = runs;
  assert.deepEqual(
    run?.waves.map(({ name, phase }) => [name, phase]),
    [
      ["canary", "Verified"],
      ["europe", "Verified"],
      ["rest", "Failed"],
    ],
  );
  assert.deepEqual(
    run?.waves[2]?.failed.map(({ cluster, reason }) => [cluster, reason]),
    [["cluster-004", "Degraded"]],
  );
  assert.deepEqual(run?.rollback?.missed, []);
  const failed = clusters.find(({ name }) => name === "cluster-004");
  assert.ok(failed?.failed != null && failed.rolledBack != null && failed.rolledBack > failed.failed);
  // Every wave ends before the next begins, and soaks for as long as it shall.
  const [canary, europe] = run?.waves ?? [];
  assert.ok(canary?.end != null && europe?.start != null && canary.end <= europe.start);
  const soak = canary.segments.find(({ kind }) => kind === "Soak");
  assert.ok(soak?.to != null && soak.to - soak.from >= 595 && soak.to - soak.from <= 605, JSON.stringify(soak));
  assert.equal(longest.good.phase, "Succeeded");
  assert.equal(longest.bad?.phase, "RolledBack");
});

test("the worst case is one more failure than the last wave may have, at its last moment", async () => {
  const { longest } = await json("-f", small);
  const { good, bad } = longest;
  assert.deepEqual(bad?.clusters, ["ap-south-1"]);
  assert.ok(bad.failFrom > good.at - 10 && bad.failFrom < good.at);
  assert.ok(bad.at > bad.failFrom + bad.progressDeadline && bad.at < bad.failFrom + bad.progressDeadline + 60, JSON.stringify(bad));
});

test("every share of a fleet is struck as often as was asked, spread, and by nothing else", () => {
  const names = Array.from({ length: 40 }, (_, index) => `c${index}`);
  const { fail, unreachable, slow } = faultsOf({ fail: ["5%"], unreachable: ["3=1h"], slow: ["10%"] }, names, chance("any"));
  assert.deepEqual([fail.size, [...unreachable.values()], [...slow.values()]], [2, Array(3).fill(3_600_000), Array(4).fill(300_000)]);
  assert.equal(new Set([...fail, ...unreachable.keys(), ...slow.keys()]).size, 9);
  const at = [...slow.keys()].map((name) => Number(name.slice(1)));
  for (const [index, one] of at.entries()) assert.ok(index === 0 || one - (at[index - 1] ?? 0) >= 6, at.join());
});

test("what is said of one cluster counts more than what is said of all", () => {
  const { slow } = faultsOf({ fail: [], unreachable: [], slow: ["b=10m", "100%=90s"] }, ["a", "b", "c"], chance("any"));
  assert.deepEqual(
    [...slow],
    [
      ["a", 90_000],
      ["b", 600_000],
      ["c", 90_000],
    ],
  );
});

test("clusters are invented with the labels that the Environment and its waves select", async () => {
  const { fleet, clusters } = await json("-f", waves, "--clusters", "6");
  assert.deepEqual(fleet, {
    clusters: 6,
    invented: 6,
    notes: ["cluster-001 to cluster-006 are invented, with the labels that it selects", "labels: env=production on all, region=eu on 3"],
  });
  assert.deepEqual(
    clusters.map(({ wave }) => wave),
    [1, 3, 2, 3, 2, 3],
  );
});

test("a terminal has colours, and none when NO_COLOR is set", async () => {
  const said = async (env: Record<string, string>): Promise<string> => {
    const out: string[] = [];
    const terminal = {
      out: { write: (text: string) => out.push(text), isTTY: true, columns: 100 },
      err: { write: () => true },
      env,
      now: () => 0,
      ...nowhere,
    };
    assert.equal(await run(["simulate", "-f", small], terminal), 0);
    return out.join("");
  };
  assert.ok((await said({})).includes("\u001b["));
  assert.ok(!(await said({ NO_COLOR: "1" })).includes("\u001b["));
});

test("who has waited for a second is told how far it is", async () => {
  let now = 0;
  const err: string[] = [];
  const terminal = {
    out: { write: () => true },
    err: { write: (text: string) => err.push(text) },
    env: {},
    now: () => (now += 1000),
    ...nowhere,
  };
  await run(["simulate", "-f", small], terminal);
  assert.match(err.join(""), /^simulating the release: \d+:\d\d \w+, wave \S+, \S+ ready\n/);
});
