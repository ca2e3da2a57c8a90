import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "#api/reasons.ts";
import type { ReleaseRun, TargetStatus } from "#api/releaserun.ts";
import { baselinesOf, hasSucceeded, oursIn, owedBy, valuesOf, verifiedBy } from "#engine/baselines.ts";
import { at, R1, R2, R3, run, tracks } from "#test/build.ts";
import { ended, said } from "./runs.ts";

const baselines = (...runs: readonly ReleaseRun[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries([...baselinesOf(runs)].map(([cluster, values]) => [cluster, values["targetRevision"]]));

const first = ended("Succeeded");
const over = { number: 2, from: R2, to: R3 } as const;
for (const [what, runs, expected] of [
  [
    "a run that succeeded replaces them where its targets were Ready",
    [first, ended("SucceededWithSkips", [said("us", "Skipped")], over)],
    { eu: R3, us: R2 },
  ],
  [
    "a run that failed passes the older ones on, even where its targets were Ready",
    [first, ended("Failed", [said("us", "Failed")], over)],
    { eu: R2, us: R2 },
  ],
  ["so does one that was superseded", [first, ended("Superseded", [said("us", "Pending")], over)], { eu: R2, us: R2 }],
  ["so does one that was aborted", [first, ended("Aborted", [], over)], { eu: R2, us: R2 }],
  ["so does one that was rolled back", [first, ended("RolledBack", [said("eu", "RolledBack")], over)], { eu: R2, us: R2 }],
  [
    "a run that did not cover a target leaves its baseline",
    [first, ended("Succeeded", [], { ...over, targets: [{ cluster: "eu" }] })],
    { eu: R3, us: R2 },
  ],
  ["what was settled at first contact is one until something is verified", [ended("Failed", [said("us", "Failed")])], { eu: R1, us: R1 }],
  [
    "a run that went back on purpose replaces them",
    [first, ended("RolledBack", [], { number: 2, from: R2, to: R1, kind: "Rollback" })],
    { eu: R1, us: R1 },
  ],
] as const) {
  test(`baselines: ${what}`, () => assert.deepEqual(baselines(...runs), expected));
}

test("baselines: there is none where nothing was ever settled", () => {
  const { baseline: _, ...unknown } = first.spec.targets[0] ?? assert.fail();
  const failed = ended("Failed", [said("eu", "Failed")]);
  assert.deepEqual(baselines({ ...failed, spec: { ...failed.spec, targets: [unknown] } }), {});
});

test("verified is what an ended run covers and does not list, or lists as Ready; of a run in flight nothing is yet", () => {
  const flying = run({ status: { startedAt: at(-100), targets: [said("eu", "Ready")] } });
  assert.deepEqual(
    [first, ended("Failed", [said("us", "Failed")]), flying, run()].map((one) => [...verifiedBy(one)]),
    [["eu", "us"], ["eu"], [], []],
  );
});

for (const [kind, outcome, is] of [
  ["Forward", "Succeeded", true],
  ["Forward", "SucceededWithSkips", true],
  ["Forward", "RolledBack", false],
  ["Rollback", "RolledBack", true],
  ["Rollback", "RollbackIncomplete", false],
  ["CatchUp", "Succeeded", true],
  ["CatchUp", "Failed", false],
] as const) {
  test(`a ${kind} run that ended ${outcome} has ${is ? "" : "not "}reached what it was made for`, () =>
    assert.equal(hasSucceeded(ended(outcome, [], { kind })), is));
}

test("ours is what a run wrote, unless it is what was last verified there", () => {
  const isOurs = oursIn([first, ended("Superseded", [], over)]);
  assert.deepEqual(
    [
      isOurs("eu", tracks(R3), tracks(R2)),
      isOurs("eu", tracks(R2), tracks(R2)),
      isOurs("eu", tracks("main"), tracks(R2)),
      isOurs("eu", tracks(R3), undefined),
      isOurs("ap", tracks(R3), tracks(R2)),
    ],
    [true, false, false, false, false],
  );
});

// What a rollback could not reach.

const missed = ended(
  "RollbackIncomplete",
  [said("us", "Unknown", { goingBack: true }), said("eu", "RolledBack", { goingBack: true })],
  over,
);
const debt = { cluster: "us", run: "checkout.production-2", baseline: tracks(R2) };
const restore = (outcome: Outcome, open: readonly TargetStatus[] = []): ReleaseRun =>
  ended(outcome, open, { number: 3, from: R3, to: R2, kind: "Rollback", cause: { action: "restore" }, targets: [{ cluster: "us" }] });
for (const [what, runs, owed] of [
  ["what a rollback could not reach is owed, with what it goes back to", [first, missed], [debt]],
  [
    "what it could not bring back though it answered is not: a person has to look",
    [first, ended("RollbackIncomplete", [said("us", "Failed", { goingBack: true })], over)],
    [],
  ],
  ["a run in flight owes nothing yet", [first, { ...missed, status: { ...missed.status, finishedAt: undefined } }], []],
  ["what was restored is not owed any more", [first, missed, restore("RolledBack")], []],
  [
    "what a restore could not reach either is still owed",
    [first, missed, restore("RollbackIncomplete", [said("us", "Unreachable")])],
    [debt],
  ],
  [
    "what a restore was lost from halfway is still owed",
    [first, missed, restore("Superseded", [said("us", "Unknown", { written: true })])],
    [debt],
  ],
  [
    "a run that did not cover it leaves it owed",
    [first, missed, ended("Succeeded", [], { number: 3, targets: [{ cluster: "eu" }] })],
    [debt],
  ],
  [
    "a run that left it out leaves it owed",
    [first, missed, ended("SucceededWithSkips", [said("us", "Unreachable")], { number: 3 })],
    [debt],
  ],
  ["a run that verified it pays the debt", [first, missed, ended("Succeeded", [], { number: 3 })], []],
] as const) {
  test(`owed: ${what}`, () => assert.deepEqual(owedBy(runs), owed));
}

test("owed: where the plan knew no baseline, it is what was met at first contact", () => {
  const { baseline: _, ...unknown } = missed.spec.targets[1] ?? assert.fail();
  const met = said("us", "Unknown", { goingBack: true, contact: { live: tracks(R1), baseline: tracks(R1) } });
  const lost = { ...missed, spec: { ...missed.spec, targets: [unknown] }, status: { ...missed.status, targets: [met] } };
  assert.deepEqual(owedBy([lost]), [{ cluster: "us", run: "checkout.production-2", baseline: tracks(R1) }]);
});

test("values are found by their position, and nowhere by none", () => {
  assert.deepEqual([valuesOf(run().spec, 1), valuesOf(run().spec, undefined), valuesOf(run().spec, 9)], [tracks(R1), undefined, undefined]);
});
