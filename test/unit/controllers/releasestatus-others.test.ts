import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome, RunKind, TargetPhase } from "#api/reasons.ts";
import type { ReleaseRun, RunCause, TargetStatus } from "#api/releaserun.ts";
import type { ServiceReleaseStatus } from "#api/servicerelease.ts";
import { releaseStatus, type Standing } from "#controllers/releasestatus.ts";
import { at, plannedWave, R2, release, run, T0 } from "#test/build.ts";

/** A release whose run has ended, and what came after: who was caught up, and who was taken back when it returned. */

const said = (cluster: string, phase: TargetPhase, more: Partial<TargetStatus> = {}): TargetStatus => ({
  cluster,
  phase,
  reason: "Planned",
  message: `${cluster} is ${phase}`,
  since: at(-60),
  ...more,
});
interface Shape {
  readonly number?: number;
  readonly kind?: RunKind;
  readonly cause?: RunCause;
  readonly clusters?: readonly string[];
  readonly counts?: Partial<NonNullable<ServiceReleaseStatus["targets"]>>;
}
function ended(
  phase: Outcome,
  targets: TargetStatus[] = [],
  { number = 1, kind = "Forward", cause, clusters = ["eu", "us"], counts = {} }: Shape = {},
): ReleaseRun {
  const finished = { type: "Finished", status: "True", reason: phase, message: `it is ${phase}`, lastTransitionTime: at(-5) } as const;
  const total = clusters.length;
  const all = {
    total,
    updated: total,
    ready: total - targets.length,
    failed: 0,
    unreachable: 0,
    summary: `${total - targets.length}/${total}`,
    ...counts,
  };
  return run({
    number,
    kind,
    ...(cause === undefined ? {} : { cause }),
    targets: clusters.map((cluster) => ({ cluster })),
    status: { phase, startedAt: at(-60), finishedAt: at(-5), conditions: [finished], counts: all, targets },
  });
}
const out = ended("SucceededWithSkips", [said("us", "Unreachable")], { counts: { updated: 1, unreachable: 1 } });
const catching = (phase: Outcome, open: TargetStatus[] = [], clusters = ["us"], number = 2): ReleaseRun =>
  ended(phase, open, { number, kind: "CatchUp", cause: { action: "catch-up" }, clusters });
const inFlight = (one: ReleaseRun): ReleaseRun => {
  const { finishedAt: _, ...status } = one.status ?? {};
  return { ...one, status: { ...status, phase: "Progressing" } };
};
const missed = ended("RollbackIncomplete", [said("eu", "RolledBack", { goingBack: true }), said("us", "Unknown", { goingBack: true })], {
  counts: { ready: 0 },
});
const restoring = (phase: Outcome, open: TargetStatus[] = []): ReleaseRun =>
  ended(phase, open, { number: 2, kind: "Rollback", cause: { action: "restore" }, clusters: ["us"] });

type Run = Extract<Standing, { kind: "Run" }>;
const status = (of: ReleaseRun, more: Partial<Run> = {}): ServiceReleaseStatus =>
  releaseStatus(
    release(),
    { kind: "Run", run: of, drift: [], others: [], notCovered: [], owed: [], ...more },
    [of, ...(more.others ?? [])],
    [],
    T0,
  );
const brief = ({ phase, targets, clusters = [], conditions = [] }: ServiceReleaseStatus): unknown => [
  phase,
  conditions.flatMap(({ type, status: is }) => (is === "True" ? [type] : [])).join(" "),
  targets?.summary,
  clusters.map(({ name, phase: stands }) => `${name} ${stands}`).join(),
];
const notCovered = { cluster: "ap", reason: "NotCovered", message: "it joined" } as const;

for (const [what, made, expected] of [
  ["who was left out is listed", status(out), ["SucceededWithSkips", "Ready Finished", "1/2", "us Unreachable"]],
  [
    "who was caught up is not, and then all succeeded",
    status(out, { others: [catching("Succeeded")] }),
    ["Succeeded", "Ready Finished", "2/2", ""],
  ],
  [
    "not all succeeded where a person had taken one out",
    status(ended("SucceededWithSkips", [said("us", "Unreachable"), said("ap", "Skipped")], { clusters: ["eu", "us", "ap"] }), {
      others: [catching("Succeeded")],
    }),
    ["SucceededWithSkips", "Ready Finished", "2/3", "ap Skipped"],
  ],
  [
    "a catch-up that failed is a failure, and is listed",
    status(out, { others: [catching("Failed", [said("us", "Failed")])] }),
    ["Failed", "Stalled Finished", "1/2", "us Failed"],
  ],
  [
    "unless another one made it good",
    status(out, { others: [catching("Failed", [said("us", "Failed")]), catching("Succeeded", [], ["us"], 3)] }),
    ["Succeeded", "Ready Finished", "2/2", ""],
  ],
  [
    "a catch-up that gave way is none",
    status(out, { others: [catching("Superseded", [said("us", "Pending")])] }),
    ["SucceededWithSkips", "Ready Finished", "1/2", "us Pending"],
  ],
  [
    "who has joined is listed, and is no failure",
    status(ended("Succeeded"), { notCovered: [notCovered] }),
    ["Succeeded", "Ready Finished", "2/2", "ap Pending"],
  ],
  [
    "who has joined and was caught up counts",
    status(ended("Succeeded"), { others: [catching("Succeeded", [], ["ap"])] }),
    ["Succeeded", "Ready Finished", "3/3", ""],
  ],
  [
    "a rollback that missed one is incomplete",
    status(missed),
    ["RollbackIncomplete", "Stalled Finished", "0/2", "eu RolledBack,us Unknown"],
  ],
  [
    "and is complete when that one was taken back",
    status(missed, { others: [restoring("RolledBack")] }),
    ["RolledBack", "Stalled Finished", "0/2", "eu RolledBack"],
  ],
  [
    "not when that failed",
    status(missed, { others: [restoring("RollbackIncomplete", [said("us", "Failed")])] }),
    ["RollbackIncomplete", "Stalled Finished", "0/2", "us Failed,eu RolledBack"],
  ],
] as const) {
  test(`after its run: ${what}`, () => assert.deepEqual(brief(made), expected));
}

test("while a catch-up is in flight, the release is what its run was", () => {
  const others = [inFlight(catching("Succeeded", [said("us", "Syncing")]))];
  const { phase, run: name, conditions } = status(out, { others });
  assert.deepEqual(
    [phase, name, conditions?.find(({ type }) => type === "Ready")?.status],
    ["SucceededWithSkips", "checkout.production-2", "True"],
  );
});

test("a wish that waits for the end of the run in flight is named", () => {
  const one = inFlight(ended("Succeeded"));
  const message = status(one, { next: R2 }).conditions?.[0]?.message;
  assert.equal(message, `it is Succeeded; revision ${R2} follows when this run has ended`);
});

test("what people asked is answered on the release", () => {
  const answers = [{ action: "retry", value: "checkout.production-1", result: "Refused", message: "no" }] as const;
  const made = releaseStatus(release(), { kind: "Pending", reason: "Paused", message: "paused" }, [], [...answers], T0);
  assert.deepEqual([made.actions, made.waitingOn], [answers, { reason: "Paused", message: "paused", since: at(0) }]);
});

test("the wave that is told is the one under way, or the last", () => {
  const waves = ["a", "b", "c"].map((name) => plannedWave(name));
  const told = (...phases: readonly ("Verified" | "Progressing" | "Pending")[]): unknown => {
    const stored = phases.map((phase, index) => ({ name: waves[index]?.name ?? "", phase }));
    return status(run({ waves, status: { startedAt: at(0), waves: stored } })).wave;
  };
  assert.deepEqual(
    [
      told("Progressing", "Pending", "Pending"),
      told("Verified", "Progressing", "Pending"),
      told("Verified", "Verified", "Verified"),
      status(run({ waves })).wave,
    ],
    [
      { current: 1, total: 3, summary: "1/3" },
      { current: 2, total: 3, summary: "2/3" },
      { current: 3, total: 3, summary: "3/3" },
      { current: 1, total: 3, summary: "1/3" },
    ],
  );
});

test("the history tells of what kind a run was, unless it was a wish", () => {
  const { history } = status(out, { others: [catching("Succeeded")] });
  assert.deepEqual(
    history?.map(({ run: name, kind, outcome }) => [name, kind, outcome]),
    [
      ["checkout.production-2", "CatchUp", "Succeeded"],
      ["checkout.production-1", undefined, "SucceededWithSkips"],
    ],
  );
});

test("a target that is back tells why it had failed", () => {
  const back = said("us", "RolledBack", { goingBack: true, failure: { reason: "SyncFailed", message: "boom" } });
  assert.equal(status(ended("RolledBack", [back])).clusters?.[0]?.message, "us is RolledBack (it had failed: boom)");
});
