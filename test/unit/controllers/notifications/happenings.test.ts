import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { OUTCOMES } from "#api/reasons.ts";
import type { RunStatus } from "#api/releaserun.ts";
import { happenings, phaseOf } from "#controllers/notifications/happenings.ts";
import { at, run, T0, type RunShape } from "#test/build.ts";

const of = (status: RunStatus, more: RunShape = {}): readonly string[] =>
  happenings(run({ ...more, status })).map((one) => [one.phase, one.subject ?? "-", (one.at - T0) / 1000, one.message].join(" "));
const wave = (phase: "Pending" | "Waiting" | "Progressing" | "Verified", gates: NonNullable<RunStatus["waves"]>[number]["gates"] = []) => ({
  name: "all",
  phase,
  ...(phase === "Pending" || phase === "Waiting" ? {} : { startedAt: at(3) }),
  ...(gates.length === 0 ? {} : { gates }),
});
const approval = (object: string, phase: "Pending" | "Waiting" | "Passed" | "Failed") =>
  ({ kind: "Approval", object, phase, message: "needs 1 approval", since: at(5) }) as const;
const ended = (phase: RunStatus["phase"]): RunStatus => ({
  ...(phase === undefined ? {} : { phase }),
  finishedAt: at(9),
  conditions: [{ type: "Finished", status: "True", reason: "x", message: "why", lastTransitionTime: at(9) }],
});

suite("of a run in flight", () => {
  test("nothing is told until a wave has begun", () => {
    assert.deepEqual(happenings(run()), []);
    assert.deepEqual(of({ startedAt: at(0), waves: [wave("Pending")] }), []);
    assert.deepEqual(of({ startedAt: at(0), waves: [wave("Waiting")] }), []);
  });
  test("the beginning of its first wave is told", () =>
    assert.deepEqual(of({ waves: [wave("Progressing")] }), ["Started - 3 2 clusters in 1 wave"]));
  test("an approval that is waited for takes the place of that, one message for each gate", () => {
    const gates = [approval("a", "Waiting"), approval("b", "Waiting"), approval("c", "Passed"), approval("d", "Pending")];
    assert.deepEqual(of({ waves: [wave("Verified"), wave("Waiting", gates)] }), [
      "WaitingForApproval a 5 needs 1 approval",
      "WaitingForApproval b 5 needs 1 approval",
    ]);
  });
  test("but not when it goes back: then nobody waits for the answer", () => {
    const rollback = { startedAt: at(6), message: "rejected" };
    assert.deepEqual(of({ rollback, waves: [wave("Verified"), wave("Waiting", [approval("a", "Waiting")])] }), [
      "Started - 3 2 clusters in 1 wave",
    ]);
  });
  test("an analysis is waited for in silence", () => {
    const gates = [{ ...approval("a", "Waiting"), kind: "Analysis" as const }];
    assert.deepEqual(of({ waves: [wave("Progressing", gates)] }), ["Started - 3 2 clusters in 1 wave"]);
  });
  test("one that has failed and waits for a person says so", () =>
    assert.deepEqual(of({ waves: [wave("Progressing")], stop: { startedAt: at(7), message: "1 of 2 targets failed" } }), [
      `Failed ${at(7)} 7 it is stopped, and waits for a person: 1 of 2 targets failed`,
    ]));
});

suite("of a run that has ended, only the end is told", () => {
  const told = { Succeeded: "Finished", SucceededWithSkips: "Finished", Superseded: "Finished", RolledBack: "RolledBack" } as const;
  for (const outcome of OUTCOMES) {
    const phase = Object.entries(told).find(([name]) => name === outcome)?.[1] ?? "Failed";
    test(`${outcome} is ${phase}`, () => {
      assert.equal(phaseOf(outcome), phase);
      assert.deepEqual(of({ ...ended(outcome), waves: [wave("Waiting", [approval("a", "Waiting")])] }), [`${phase} - 9 why`]);
    });
  }
});

suite("of a run that only catches up, or restores what another could not reach", () => {
  const quiet: readonly RunShape[] = [
    { kind: "CatchUp" },
    { kind: "Rollback", cause: { action: "restore", run: "checkout.production-1" } },
  ];
  for (const shape of quiet)
    test(`${shape.kind ?? ""}: a failure is told, and nothing else`, () => {
      assert.deepEqual(of({ waves: [wave("Progressing")] }, shape), []);
      assert.deepEqual(of({ waves: [wave("Waiting", [approval("a", "Waiting")])] }, shape), []);
      assert.deepEqual(of(ended("Succeeded"), shape), []);
      assert.deepEqual(of(ended("Failed"), shape), ["Failed - 9 why"]);
    });
  test("a person's rollback is told as any run is", () =>
    assert.deepEqual(of(ended("Succeeded"), { kind: "Rollback", cause: { action: "rollback-to" } }), ["Finished - 9 why"]));
});
