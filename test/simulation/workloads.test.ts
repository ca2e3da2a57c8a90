import assert from "node:assert/strict";
import { test } from "node:test";
import { traceOf } from "./plans/trace.ts";
import { workloadNamed } from "./workloads/workloads.ts";

/** What every plan is compared with, said in absolute words: how each workload ends without faults, and each of its runs. */
const ENDS: Readonly<Record<string, readonly [outcome: string, ...runs: string[]]>> = {
  happy: ["Succeeded", "Forward Succeeded"],
  fails: ["RolledBack", "Forward RolledBack"],
  queued: ["Succeeded", "Forward Succeeded", "Forward Succeeded"],
  replaced: ["RolledBack", "Forward Superseded", "Forward RolledBack"],
  deleted: ["Gone"],
  paused: ["SucceededWithSkips", "Forward SucceededWithSkips"],
  aborted: ["Succeeded", "Forward Aborted", "Forward Succeeded"],
  stopped: ["Succeeded", "Forward Failed", "RetryFailed Succeeded"],
  members: ["SucceededWithSkips", "Forward SucceededWithSkips", "CatchUp Succeeded"],
  unreachable: ["Succeeded", "Forward SucceededWithSkips", "CatchUp Succeeded"],
  manual: ["RolledBack", "Forward RolledBack"],
  hub: ["Succeeded", "Forward Succeeded"],
  drifted: ["RolledBack", "Forward Succeeded", "Forward RolledBack"],
  gated: ["Succeeded", "Forward Succeeded"],
  measured: ["RolledBack", "Forward RolledBack"],
  refused: ["Stalled"],
  shared: ["Succeeded", "Forward Succeeded"],
};

for (const [name, [outcome, ...runs]] of Object.entries(ENDS))
  test(`${name}: ${workloadNamed(name).says}`, async () => {
    const { end, violations } = await traceOf(workloadNamed(name), "1");
    assert.deepEqual(violations, []);
    assert.equal(end.outcome, outcome);
    const ended = Object.entries(end.targets).filter(([key]) => !key.includes(" "));
    assert.deepEqual(
      ended.map(([, said]) => said),
      runs,
    );
  });
