import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import {
  asked,
  catchUp,
  mainRun,
  missed,
  restore,
  stableRevision,
  verifiedRevisions,
  wished,
  type Intent,
  type Wish,
} from "#engine/next.ts";
import { at, R1, R2, R3, run, T0, tracks } from "#test/build.ts";
import { ended, said } from "./runs.ts";

const wish = (revision: string, hash = `hash-${revision[0]}`): Wish => ({ revision, hash, paused: false });
const days = 86_400_000;
const window = { revisions: 3, age: 7 * days };

/** Runs that verified R1, then R2. */
const first = ended("Succeeded", [], { number: 1, to: R1, hash: "hash-1", finished: -7200 });
const second = ended("Succeeded", [], { number: 2, to: R2, hash: "hash-2", finished: -3600 });
const broken = ended("RolledBack", [], { number: 3, from: R2, to: R3, hash: "hash-3" });
const catching = (phase: Parameters<typeof ended>[0], open: Parameters<typeof ended>[1] = [], number = 3, clusters = ["us"]): ReleaseRun =>
  ended(phase, open, {
    number,
    to: R2,
    hash: "hash-2",
    kind: "CatchUp",
    targets: clusters.map((cluster) => ({ cluster })),
    cause: { action: "catch-up" },
  });
const brief = (intent: Intent | string | undefined): unknown =>
  typeof intent === "object" ? [intent.kind, intent.revision, intent.cause?.action, intent.clusters && [...intent.clusters]] : intent;

// The wish.

for (const [what, revision, runs, expected] of [
  ["the first wish goes forward", R1, [], ["Forward", R1, undefined, undefined]],
  ["a new wish goes forward", R3, [first, second], ["Forward", R3, undefined, undefined]],
  ["what was tried is not tried again", R2, [first, second], undefined],
  ["what failed is held", R3, [first, second, broken], undefined],
  [
    "what was given up for another wish is tried again when it is wished again",
    R2,
    [first, ended("Superseded", [], { number: 2, hash: "hash-2" })],
    ["Forward", R2, undefined, undefined],
  ],
  ["a revision that was verified recently is a rollback", R1, [first, second], ["Rollback", R1, "window", undefined]],
  [
    "so is going back to the last one that worked, after one that failed",
    R2,
    [first, second, broken],
    ["Rollback", R2, "window", undefined],
  ],
  ["a catch-up is nobody's wish", R2, [first, second, catching("Failed")], undefined],
] as const) {
  test(`wished: ${what}`, () => assert.deepEqual(brief(wished(wish(revision), runs, window, T0)), expected));
}

for (const [what, of, now, kind] of [
  ["within the age", { revisions: 1, age: 7200_000 }, T0, "Rollback"],
  ["older than that", { revisions: 1, age: 7199_000 }, T0, "Forward"],
  ["of so many revisions", { revisions: 0, age: days }, T0, "Forward"],
] as const) {
  test(`wished: a rollback is to a revision that was verified ${what}: ${kind}`, () =>
    assert.equal(wished(wish(R1), [first, second], of, now)?.kind, kind));
}

test("wished: the revisions of the window are those before the present one", () => {
  const runs = [first, second, ended("Succeeded", [], { number: 3, to: R3, hash: "hash-3" })];
  const kinds = (revisions: number): unknown =>
    [R1, R2].map((revision) => wished(wish(revision), runs, { ...window, revisions }, T0)?.kind);
  assert.deepEqual(
    [kinds(1), kinds(2)],
    [
      ["Forward", "Rollback"],
      ["Rollback", "Rollback"],
    ],
  );
});

test("wished: the same revision for other clusters, or with other overrides, is another wish", () => {
  assert.equal(wished(wish(R2, "hash-other"), [first, second], window, T0)?.kind, "Forward");
});

// What people ask for.

const ask = (action: Action, value: string, runs: readonly ReleaseRun[], of = wish(R2)): unknown => {
  const [named = "", ...argument] = value.split("/");
  return brief(asked({ action, value, run: named, argument: argument.join("/") }, of, runs));
};
const n = (number: number): string => `checkout.production-${number}`;
const failing = ended("Failed", [said("us", "Failed"), said("ap", "Pending")], {
  number: 3,
  from: R2,
  to: R3,
  hash: "hash-3",
  targets: [{ cluster: "eu" }, { cluster: "us" }, { cluster: "ap" }],
});
for (const [what, answer, expected] of [
  ["retry makes the wish once more", ask("retry", n(3), [first, second, failing], wish(R3)), ["Forward", R3, "retry", undefined]],
  [
    "retry-failed takes all: those that are verified are verified again, and not written",
    ask("retry-failed", n(3), [first, second, failing], wish(R3)),
    ["RetryFailed", R3, "retry-failed", ["eu", "us", "ap"]],
  ],
  [
    "retry-failed of a run without failures is refused",
    ask("retry-failed", n(2), [first, second]),
    `every target of ${n(2)} is verified: there is nothing to retry`,
  ],
  [
    "retry of a catch-up that failed catches up once more",
    ask("retry", n(3), [first, second, catching("Failed", [said("us", "Failed")])]),
    ["CatchUp", R2, "retry", ["us"]],
  ],
  [
    "a request may name the run that a catch-up followed",
    ask("retry", n(2), [first, second, catching("Succeeded")]),
    ["Forward", R2, "retry", undefined],
  ],
  [
    "rollback-to goes to a revision that was verified",
    ask("rollback-to", `${n(3)}/${R1}`, [first, second, failing], wish(R3)),
    ["Rollback", R1, "rollback-to", undefined],
  ],
  [
    "rollback-to one that was not is refused",
    ask("rollback-to", `${n(3)}/${R3}`, [first, second, failing], wish(R3)),
    `revision ${R3} was never verified here: verified were ${R2}, ${R1}`,
  ],
  [
    "rollback-to nothing is refused",
    ask("rollback-to", n(2), [first, second]),
    `it names no revision: write ${n(2)}/<revision>, one of ${R2}, ${R1}`,
  ],
  [
    "rollback-to where nothing was verified is refused",
    ask("rollback-to", `${n(1)}/x`, [ended("Failed")], wish(R2, ended("Failed").spec.release.hash)),
    "revision x was never verified here: verified were none",
  ],
  [
    "what names an older run is refused",
    ask("retry", n(1), [first, second]),
    `it names run ${n(1)}, and the newest is ${n(2)}: what was meant for one run is not done to another`,
  ],
  [
    "what is for a wish that has changed since is refused",
    ask("retry-failed", n(3), [first, second, failing], wish(R1)),
    `a newer wish, revision ${R1}, has taken the place of ${n(3)}`,
  ],
  ["before there is a run everything is", ask("retry", n(1), []), "there is no run yet"],
  [
    "what is for a run in flight is, when none is",
    ask("abort", n(2), [first, second]),
    `abort is for a run in flight, and ${n(2)} has ended`,
  ],
] as const) {
  test(`asked: ${what}`, () => assert.deepEqual(answer, expected));
}

test("asked: the run that is made says who asked for it, and of which run it is", () => {
  const intent = asked({ action: "retry-failed", value: `${n(3)}/please`, run: n(3), argument: "please" }, wish(R3), [
    first,
    second,
    failing,
  ]);
  assert.deepEqual(typeof intent === "string" ? intent : intent.cause, { action: "retry-failed", value: `${n(3)}/please`, run: n(3) });
});

// What was verified.

test("the main run is the newest that is for a wish, not one that brings others along or takes back what was owed", () => {
  const restoring = ended("RolledBack", [], { number: 4, kind: "Rollback", cause: { action: "restore" } });
  const back = ended("RolledBack", [], { number: 5, kind: "Rollback", cause: { action: "rollback-to" } });
  assert.deepEqual(
    [mainRun([first, second, catching("Succeeded"), restoring]), mainRun([first, back]), mainRun([])].map((one) => one?.metadata.name),
    [n(2), n(5), undefined],
  );
});

test("verified revisions are those of runs that succeeded, the newest first, each once, as of when it was last", () => {
  const again = ended("SucceededWithSkips", [said("us", "Skipped")], { number: 4, to: R1, finished: -10 });
  assert.deepEqual(verifiedRevisions([first, second, broken, again]), [
    { revision: R1, at: T0 - 10_000 },
    { revision: R2, at: T0 - 3_600_000 },
  ]);
  assert.deepEqual([stableRevision([first, second, broken]), stableRevision([broken]), stableRevision([])], [R2, undefined, undefined]);
});

test("a run that went back on purpose has verified where it went", () => {
  assert.equal(stableRevision([second, ended("RolledBack", [], { number: 3, to: R1, kind: "Rollback" })]), R1);
});

// What was left out.

const out = ended("SucceededWithSkips", [said("us", "Unreachable")], { number: 2, to: R2, hash: "hash-2" });
const later = ended("RolledBack", [said("eu", "RolledBack", { goingBack: true }), said("us", "Unreachable")], {
  number: 3,
  from: R2,
  to: R3,
});
for (const [what, covered, runs, expected] of [
  ["nobody of a run that brought all along", ["eu", "us"], [second], []],
  ["who did not answer", ["eu", "us"], [out], ["us"]],
  ["who came back too late to be started", ["eu", "us"], [ended("SucceededWithSkips", [said("us", "Pending")])], ["us"]],
  ["who has joined since", ["eu", "us", "ap"], [second], ["ap"]],
  ["not who is not covered any more", ["eu"], [out], []],
  [
    "not who was taken out by a person, failed, or is gone",
    ["eu", "us"],
    [ended("SucceededWithSkips", [said("us", "Skipped"), said("eu", "Failed")])],
    [],
  ],
  ["nobody who was caught up", ["eu", "us"], [out, catching("Succeeded")], []],
  ["not who failed to be caught up: that waits for a person", ["eu", "us"], [out, catching("Failed", [said("us", "Failed")])], []],
  ["who did not answer the catch-up either", ["eu", "us"], [out, catching("SucceededWithSkips", [said("us", "Unreachable")])], ["us"]],
  ["whose catch-up gave way to a wish that was taken back", ["eu", "us"], [out, catching("Superseded", [said("us", "Pending")])], ["us"]],
  ["nobody while the run is in flight", ["eu", "us", "ap"], [run({ status: { startedAt: at(0) } })], []],
  ["nobody of a run that failed: there is nothing to bring them to", ["eu", "us", "ap"], [ended("Failed", [said("us", "Failed")])], []],
  ["who has joined before a run that was rolled back", ["eu", "us", "ap"], [second, broken], ["ap"]],
  ["who was left out before a run that was rolled back, and was still out then", ["eu", "us"], [out, later], ["us"]],
  [
    "not who is owed a rollback: that comes first",
    ["eu", "us"],
    [out, ended("RollbackIncomplete", [said("us", "Unknown", { goingBack: true })], { number: 3 })],
    [],
  ],
] as const) {
  test(`missed: ${what}`, () => assert.deepEqual(missed(covered, runs), expected));
}

test("a catch-up brings them to what is verified everywhere else", () => {
  assert.deepEqual(catchUp(["us"], [first, out]), {
    kind: "CatchUp",
    revision: R2,
    cause: { action: "catch-up", run: n(2) },
    clusters: new Set(["us"]),
    values: undefined,
  });
  assert.deepEqual([catchUp([], [first, out]), catchUp(["us"], [])], [undefined, undefined]);
});

// What is owed.

const incomplete = ended(
  "RollbackIncomplete",
  [said("us", "Unknown", { goingBack: true }), said("eu", "Unreachable", { goingBack: true })],
  {
    number: 3,
    from: R2,
    to: R3,
  },
);
test("a restore takes those that answer back to their baselines, and no others", () => {
  assert.deepEqual(
    restore([first, second, incomplete], ({ cluster }) => cluster === "us"),
    {
      kind: "Rollback",
      revision: R2,
      cause: { action: "restore", run: n(3) },
      clusters: new Set(["us"]),
      values: new Map([["us", tracks(R2)]]),
    },
  );
  assert.equal(
    restore([first, second, incomplete], () => false),
    undefined,
  );
  assert.equal(
    restore([first, second], () => true),
    undefined,
  );
});
