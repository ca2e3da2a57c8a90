import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome, TargetPhase } from "#api/reasons.ts";
import type { ReleaseRun, TargetStatus } from "#api/releaserun.ts";
import { pruned } from "#controllers/pruned.ts";
import { baselinesOf, owedBy } from "#engine/baselines.ts";
import { missed, verifiedRevisions } from "#engine/next.ts";
import { at, run } from "#test/build.ts";

const said = (cluster: string, phase: TargetPhase, more: Partial<TargetStatus> = {}): TargetStatus => ({
  cluster,
  phase,
  reason: "Planned",
  message: "m",
  since: at(-60),
  ...more,
});
const names = ["a", "b", "c", "d", "e", "f", "g"];
const ended = (phase: Outcome, targets: TargetStatus[]): ReleaseRun =>
  run({ targets: names.map((cluster) => ({ cluster })), status: { phase, startedAt: at(-100), finishedAt: at(-50), targets } });

const rolledBack = ended("RollbackIncomplete", [
  said("a", "RolledBack", { goingBack: true }),
  said("b", "RolledBack", { goingBack: true, failure: { reason: "SyncFailed", message: "boom" } }),
  said("c", "Unknown", { goingBack: true }),
  said("d", "Failed", { goingBack: true }),
  said("e", "Drifted", { goingBack: true }),
  said("f", "Pending"),
  said("g", "Skipped"),
]);

test("an older run keeps what failed, and what is owed; what is back or was never touched goes", () => {
  assert.deepEqual(pruned(rolledBack), {
    ...rolledBack.status,
    targets: ["b", "c", "d", "e", "g"].map((name) => rolledBack.status?.targets?.find(({ cluster }) => cluster === name)),
  });
});

test("what was pruned is not pruned again, and of a success nothing is", () => {
  const once = pruned(rolledBack);
  assert.ok(once !== undefined);
  assert.equal(pruned({ ...rolledBack, status: once }), undefined);
  assert.equal(pruned(ended("SucceededWithSkips", [said("a", "Pending")])), undefined);
  assert.equal(pruned(run()), undefined);
});

for (const outcome of ["Failed", "Aborted", "Superseded", "RolledBack", "RollbackIncomplete"] as const) {
  test(`whatever is made of a run that ended ${outcome} later, is the same once it was pruned`, () => {
    const whole = { ...rolledBack, status: { ...rolledBack.status, phase: outcome } };
    const after = { ...whole, status: pruned(whole) };
    const next = ended("SucceededWithSkips", [said("f", "Unreachable")]);
    const made = (one: ReleaseRun): unknown => [
      [...baselinesOf([one, next])],
      owedBy([one]),
      missed(names, [one, next]),
      verifiedRevisions([one, next]),
    ];
    assert.deepEqual(made(after), made(whole));
  });
}
