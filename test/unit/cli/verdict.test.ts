import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTCOMES, WAITING_REASONS } from "#api/reasons.ts";
import type { ServiceReleaseStatus } from "#api/servicerelease.ts";
import { isSpent, verdictOn, type Asked } from "#cli/release/verdict.ts";
import { R1, R2, release } from "#test/build.ts";

const ASKED: Asked = { revision: R2, waitForApproval: true };

function condition(type: "Ready" | "Stalled" | "Finished", is: boolean, reason: string, message = "in words"): object {
  return { type, status: is ? "True" : "False", reason, message, observedGeneration: 7, lastTransitionTime: "2026-11-20T10:00:00Z" };
}

/** A status of the newest generation. */
function status(more: object): ServiceReleaseStatus {
  // The builder parses it.
  return { observedGeneration: 7, run: "checkout.production-3", ...more } as ServiceReleaseStatus;
}

function verdict(more: object, asked: Partial<Asked> = {}, stalledFor = 0): unknown {
  return verdictOn(release({}, status(more)), { ...ASKED, ...asked }, stalledFor);
}

test("every outcome has its exit code", () =>
  assert.deepEqual(
    OUTCOMES.map((outcome) => verdict({ conditions: [condition("Finished", true, outcome)] })),
    [
      { exit: 0, outcome: "Succeeded", message: "in words" },
      { exit: 0, outcome: "SucceededWithSkips", message: "in words" },
      { exit: 1, outcome: "Failed", message: "in words" },
      { exit: 3, outcome: "RolledBack", message: "in words" },
      { exit: 3, outcome: "RollbackIncomplete", message: "in words" },
      { exit: 1, outcome: "Aborted", message: "in words" },
      { exit: 4, outcome: "Superseded", message: "in words" },
    ],
  ));

test("an outcome of a conductor that is newer than the command is no success", () =>
  assert.deepEqual(verdict({ conditions: [condition("Finished", true, "Postponed")] }), {
    exit: 1,
    outcome: "Failed",
    message: "Postponed: in words",
  }));

test("a status of an older spec says nothing", () =>
  assert.equal(verdict({ observedGeneration: 6, conditions: [condition("Finished", true, "Succeeded")] }), undefined));

test("a release without a status says nothing", () => assert.equal(verdictOn(release(), ASKED, 0), undefined));

test("another revision is another wish, whatever became of it", () =>
  assert.deepEqual(verdict({ conditions: [condition("Finished", true, "Succeeded")] }, { revision: R1 }), {
    exit: 4,
    outcome: "Superseded",
    message: `revision ${R2} is wanted now; what became of ${R1} is in conductor history checkout.production`,
  }));

test("what cannot start has failed when that has stood for ten seconds, and not before", () => {
  const stalled = { phase: "Stalled", conditions: [condition("Stalled", true, "NoClusters"), condition("Finished", false, "NoClusters")] };
  assert.equal(verdict(stalled, {}, 9999), undefined);
  assert.deepEqual(verdict(stalled, {}, 10_000), { exit: 1, outcome: "Stalled", message: "it cannot start (NoClusters): in words" });
});

test("of all that is waited for only an approval and failures are not, and only when that was asked for", () => {
  const waiting = (reason: string): object => ({ waitingOn: { reason, message: "in words", since: "2026-11-20T10:00:00Z" } });
  assert.deepEqual(
    WAITING_REASONS.filter((reason) => verdict(waiting(reason)) !== undefined),
    [],
  );
  const others = WAITING_REASONS.filter((reason) => verdict(waiting(reason), { waitForApproval: false }) !== undefined);
  assert.deepEqual(others, ["Failures", "Approval"]);
  assert.deepEqual(verdict(waiting("Approval"), { waitForApproval: false }), {
    exit: 6,
    outcome: "WaitingForApproval",
    message: "in words",
  });
  assert.deepEqual(verdict(waiting("Failures"), { waitForApproval: false }), {
    exit: 1,
    outcome: "StoppedByFailures",
    message: "in words",
  });
});

const RETRIED = { run: "checkout.production-3", value: "checkout.production-3/2026-11-20T10:00:00Z" };
const answered = (value: string, result: string): object => ({
  conditions: [condition("Finished", true, "Failed")],
  actions: [{ action: "retry", value, result, message: "in words" }],
});

test("while a retry is asked for, the end of the run before does not count", () =>
  assert.equal(verdict(answered(RETRIED.value, "Done"), { retried: RETRIED }), undefined));

test("a retry that is refused is told; the answer to an earlier one is not its answer", () => {
  assert.deepEqual(verdict(answered(RETRIED.value, "Refused"), { retried: RETRIED }), {
    exit: 1,
    outcome: "Refused",
    message: "the retry was refused: in words",
  });
  assert.equal(verdict(answered(RETRIED.run, "Refused"), { retried: RETRIED }), undefined);
});

test("the end of the run that a retry has made counts", () =>
  assert.deepEqual(
    verdict({ run: "checkout.production-4", conditions: [condition("Finished", true, "Succeeded")] }, { retried: RETRIED }),
    {
      exit: 0,
      outcome: "Succeeded",
      message: "in words",
    },
  ));

const SPENT: readonly (readonly [what: string, status: object | undefined, is: boolean])[] = [
  ["new", undefined, false],
  ["under way", { conditions: [condition("Finished", false, "Progressing"), condition("Ready", false, "Progressing")] }, false],
  ["verified", { conditions: [condition("Finished", true, "Succeeded"), condition("Ready", true, "Succeeded")] }, false],
  ["drifted", { conditions: [condition("Finished", true, "Succeeded"), condition("Ready", false, "Drifted")] }, true],
  ["rolled back", { conditions: [condition("Finished", true, "RolledBack"), condition("Ready", false, "RolledBack")] }, true],
  ["of an older spec", { observedGeneration: 6, conditions: [condition("Finished", true, "Failed")] }, false],
];

for (const [what, said, is] of SPENT)
  test(`a retry of what is ${what} ${is ? "changes something" : "is for nothing"}`, () =>
    assert.equal(isSpent(release({}, said === undefined ? undefined : status(said))), is));
