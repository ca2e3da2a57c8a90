import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, type End } from "./plans/end.ts";
import { SAME, SAME_IN_THE_END, type Fault, type Plan } from "./plans/plan.ts";
import { Judge } from "./plans/verdict.ts";
import { walks } from "./rows/walks.ts";
import { shrunk } from "./shrink.ts";
import { A, BAD } from "./workloads/workload.ts";

const judge = new Judge();
const plan = (faults: readonly Fault[]): Plan => ({ row: "R0", workload: "happy", seed: "1", says: "", faults, expects: SAME });
const breaks: Fault = {
  kind: "Act",
  at: 0,
  act: { does: "Behave", cluster: "us", revision: A, behaviour: { health: [{ after: 0, status: "Degraded" }] } },
};
/** Of a revision that is never released. */
const nothing: Fault = { kind: "Act", at: 0, act: { does: "Behave", cluster: "us", revision: BAD, behaviour: {} } };

test("a plan counts only when its faults happened and changed what the conductor did", async () => {
  assert.equal((await judge.judge(plan([breaks]))).counts, true);
  assert.equal((await judge.judge(plan([nothing]))).counts, false);
  const never: Fault = { kind: "Call", call: "eu PATCH /nowhere #1", fault: { kind: "ResetBeforeSend" } };
  assert.equal((await judge.judge(plan([breaks, never]))).counts, false);
});

test("a plan that ends otherwise than without its fault says so, and is shrunk to the fault that does it", async () => {
  const small = await shrunk(plan([nothing, breaks, nothing]), judge);
  assert.deepEqual(small.faults, [breaks]);
  const { problems } = await judge.judge(small);
  assert.ok(
    problems.some((sentence) => sentence.includes("ends RolledBack, and Succeeded without the fault")),
    problems.join("; "),
  );
});

test("walks of one seed are the same, and others of another", async () => {
  const [first, again, other] = [await walks(judge, "1", 5), await walks(judge, "1", 5), await walks(judge, "2", 5)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
  for (const { faults } of first) assert.ok(faults.length >= 3);
});

test("an end differs by its outcome, its Applications, its targets, patches and what was made", () => {
  const end: End = {
    outcome: "Succeeded",
    applications: { "eu app": "a Ready" },
    targets: { "run eu": "Ready" },
    patches: { "eu app": 1 },
    creates: { runs: 1 },
  };
  const wrong: readonly End[] = [
    { ...end, outcome: "Failed" },
    { ...end, applications: {} },
    { ...end, targets: { "run eu": "Failed" } },
    { ...end, patches: { "eu app": 2 } },
    { ...end, creates: { runs: 2 } },
  ];
  assert.deepEqual(differences(end, end, SAME), []);
  for (const one of wrong) assert.equal(differences(one, end, SAME).length, 1, JSON.stringify(one));
  assert.deepEqual(differences({ ...end, patches: { "eu app": 2 } }, end, { ...SAME_IN_THE_END, retries: 1 }), []);
  assert.equal(differences(end, end, { ...SAME, revisions: { Succeeded: "b" } }).length, 1);
});
