import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeApproval } from "#engine/gates/approvals.ts";
import type { ApprovalSeen } from "#engine/gates/seen.ts";
import { isDecided, newGate, type GateState } from "#engine/gates/state.ts";
import { T0 } from "#test/build.ts";
import { absent, approvalGate, approved, expired, gateState, pending, rejected } from "#test/gates.ts";

const asked = gateState("Waiting", { message: "people are about to be asked", since: T0 - 1000 });
const judged = (seen: ApprovalSeen, gate: GateState = asked): GateState => judgeApproval(gate, approvalGate(), seen, T0);

for (const [what, seen, phase, message] of [
  ["that is not there yet", absent, "Waiting", "people are about to be asked"],
  ["on which nobody has decided", pending, "Waiting", "needs 1 approval, until 2026-11-24 10:00 UTC"],
  [
    "that one of three has approved",
    { ...pending, have: ["ann"], need: 3 },
    "Waiting",
    "needs 3 approvals, of which 1 (ann), until 2026-11-24 10:00 UTC",
  ],
  ["that enough have approved", { kind: "Approved", by: ["ann", "bob"] }, "Passed", "approved by ann, bob"],
  ["that one has rejected", rejected, "Failed", "rejected by bob: not today"],
  ["that nobody has decided in time", expired, "Failed", "it was not approved until 2026-11-23 10:00 UTC"],
] as const satisfies readonly (readonly [string, ApprovalSeen, GateState["phase"], string])[]) {
  test(`an approval ${what} is ${phase}`, () => {
    const after = judged(seen);
    assert.deepEqual([after.phase, after.message], [phase, message]);
    assert.equal(after.since, phase === "Waiting" ? asked.since : T0, "since when it is so");
  });
}

test("a stored verdict of people stands, whatever becomes of its object", () => {
  for (const phase of ["Passed", "Failed"] as const) {
    const gate = gateState(phase, { message: "decided" });
    for (const seen of [absent, pending, approved, rejected, expired]) assert.equal(judged(seen, gate), gate);
  }
});

test("an approval whose object was deleted before it was decided is asked for again", () => {
  const waiting = judged({ ...pending, have: ["ann"] });
  assert.deepEqual(judged(absent, waiting), { ...waiting, message: "people are about to be asked" });
});

test("nothing but an approval opens the gate", () => {
  for (const seen of [absent, pending, rejected, expired]) assert.notEqual(judged(seen, newGate(T0)).phase, "Passed");
  assert.ok(isDecided(judged(approved, newGate(T0))));
});

test("a gate that is not about people is left as it is", () => {
  assert.equal(judgeApproval(asked, {}, approved, T0), asked);
});
