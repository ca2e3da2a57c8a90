import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTCOMES, type Outcome } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { serviceRelease } from "#api/servicerelease.ts";
import { releaseStatus, type Drift, type Standing } from "#controllers/releasestatus.ts";
import { at, R1, R2, release, run, T0 } from "#test/build.ts";

/** A run as its controller left it. */
function ended(outcome: Outcome, number = 1, more: Partial<NonNullable<ReleaseRun["status"]>> = {}, revision = R2): ReleaseRun {
  const finished = { type: "Finished", status: "True", reason: outcome, message: `it is ${outcome}`, lastTransitionTime: at(-5) } as const;
  return run({
    number,
    revision,
    status: { phase: outcome, startedAt: at(-60), finishedAt: at(-5), conditions: [finished], counts, ...more },
  });
}
const counts = { total: 2, updated: 2, ready: 1, failed: 0, unreachable: 0, summary: "1/2" };
const flying = run({
  status: {
    phase: "Progressing",
    startedAt: at(-60),
    conditions: [{ type: "Finished", status: "False", reason: "Progressing", message: "us: syncing", lastTransitionTime: at(-5) }],
    counts,
    waitingOn: { reason: "Progressing", message: "us: syncing", since: at(-9) },
    targets: [
      { cluster: "eu", phase: "Ready", reason: "Verified", message: "verified", since: at(-9) },
      { cluster: "us", phase: "Syncing", reason: "Progressing", message: "syncing", since: at(-9), progressAt: at(-9), written: true },
    ],
  },
});
const drift: Drift = { cluster: "eu", phase: "Drifted", reason: "ValuesChanged", message: "targetRevision is another" };
const lost: Drift = { cluster: "us", phase: "Unknown", reason: "WatchLost", message: "no answer" };
type Run = Extract<Standing, { kind: "Run" }>;
const inRun = (of: ReleaseRun, drifts: readonly Drift[] = [], more: Partial<Run> = {}): Standing => ({
  kind: "Run",
  run: of,
  drift: drifts,
  others: [],
  notCovered: [],
  owed: [],
  ...more,
});
const stalled = (n = 1): Standing => ({
  kind: "Stalled",
  reason: "NotAuthorized",
  message: "annotate it",
  objections: Array.from({ length: n }, (_, i) => ({ cluster: `c${i}`, reason: "NotAuthorized", message: "x".repeat(3000) })),
});

const brief = (standing: Standing): string => {
  const { conditions = [], phase } = releaseStatus(release(), standing, [], [], T0);
  return `${phase}: ${conditions.map(({ type, status, reason }) => `${type}=${status}${type === "Finished" && status === "True" ? ` (${reason})` : ""}`).join(" ")}`;
};

// The README's table of conditions, row by row.
const inFlight = "Ready=False Reconciling=True Stalled=False Finished=False";
const good = (outcome: string): string => `${outcome}: Ready=True Reconciling=False Stalled=False Finished=True (${outcome})`;
const bad = (outcome: string): string => `${outcome}: Ready=False Reconciling=False Stalled=True Finished=True (${outcome})`;
for (const [what, standing, said] of [
  ["waits to be planned", { kind: "Pending", reason: "Observing", message: "looking" } as Standing, `Pending: ${inFlight}`],
  ["has a run that nothing was stored of yet", inRun(run()), `Planned: ${inFlight}`],
  ["is in flight", inRun(flying), `Progressing: ${inFlight}`],
  ["cannot start", stalled(), "Stalled: Ready=False Reconciling=False Stalled=True Finished=False"],
  [
    "has drifted since",
    inRun(ended("Succeeded"), [drift]),
    "Drifted: Ready=False Reconciling=False Stalled=False Finished=True (Succeeded)",
  ],
  [
    "has lost a settled target",
    inRun(ended("Succeeded"), [lost]),
    "Unknown: Ready=False Reconciling=False Stalled=False Finished=True (Succeeded)",
  ],
  ...OUTCOMES.map(
    (outcome) => [`ended as ${outcome}`, inRun(ended(outcome)), outcome.startsWith("Succeeded") ? good(outcome) : bad(outcome)] as const,
  ),
] as const) {
  test(`the conditions of a release that ${what}`, () => assert.equal(brief(standing), said));
}

test("the whole status of a release in flight", () => {
  const condition = { observedGeneration: 7, lastTransitionTime: at(0), reason: "Progressing", message: "us: syncing" };
  assert.deepEqual(releaseStatus(release(), inRun(flying), [ended("Succeeded", 0, {}, R1), flying], [], T0), {
    observedGeneration: 7,
    phase: "Progressing",
    conditions: [
      { type: "Ready", status: "False", ...condition },
      { type: "Reconciling", status: "True", ...condition },
      { type: "Stalled", status: "False", ...condition },
      { type: "Finished", status: "False", ...condition },
    ],
    revision: { desired: R2, stable: R1 },
    wave: { current: 1, total: 1, summary: "1/1" },
    targets: counts,
    waitingOn: { reason: "Progressing", message: "us: syncing", since: at(-9) },
    clusters: [{ name: "us", phase: "Syncing", reason: "Progressing", message: "syncing" }],
    run: "checkout.production-1",
    history: [{ run: "checkout.production-0", revision: R1, outcome: "Succeeded", startedAt: at(-60), finishedAt: at(-5) }],
  });
});

test("the same again is the same status, at any later time", () => {
  for (const standing of [
    { kind: "Pending", reason: "Observing", message: "looking" } as const,
    stalled(2),
    inRun(flying),
    inRun(ended("Failed")),
    inRun(ended("Succeeded"), [drift, lost]),
  ]) {
    const first = releaseStatus(release(), standing, [], [], T0);
    assert.deepEqual(releaseStatus(release({}, first), standing, [], [], T0 + 60_000), first);
  }
});

test("how it ended stands through drift and its end", () => {
  const first = releaseStatus(release(), inRun(ended("Succeeded")), [], [], T0);
  const drifted = releaseStatus(release({}, first), inRun(ended("Succeeded"), [drift, lost]), [], [], T0 + 9000);
  assert.deepEqual(
    [drifted.conditions?.at(-1), drifted.conditions?.[0]?.message, drifted.clusters?.length],
    [first.conditions?.at(-1), "eu: targetRevision is another (and 1 more)", 2],
  );
});

test("lists and messages are bounded, and what results is a status that the API server takes", () => {
  const targets = Array.from(
    { length: 80 },
    (_, n) => ({ cluster: `c${n}`, phase: "Failed", reason: "SyncFailed", message: "m", since: at(0) }) as const,
  );
  const runs = Array.from({ length: 15 }, (_, n) => ended("Failed", n));
  for (const standing of [
    stalled(80),
    inRun(ended("Failed", 1, { targets })),
    inRun(
      ended("Succeeded"),
      targets.map(({ cluster }) => ({ ...lost, cluster, message: "x".repeat(3000) })),
    ),
  ]) {
    const status = releaseStatus(release(), standing, runs, [], T0);
    assert.deepEqual([status.clusters?.length, status.history?.length, status.history?.[0]?.run], [50, 10, "checkout.production-14"]);
    const parsed = serviceRelease.safeParse({ ...release(), status });
    assert.equal(parsed.error, undefined);
  }
});

test("two objections to one cluster are one entry: the first", () => {
  const objections = [
    { cluster: "eu", reason: "DuplicateApplication", message: "a" },
    { cluster: "us", reason: "Missing", message: "b" },
    { cluster: "eu", reason: "Missing", message: "c" },
  ] as const;
  const { clusters } = releaseStatus(release(), { kind: "Stalled", reason: "Missing", message: "", objections }, [], [], T0);
  assert.deepEqual(
    clusters?.map(({ name, reason }) => [name, reason]),
    [
      ["eu", "DuplicateApplication"],
      ["us", "Missing"],
    ],
  );
});

test("the stable revision is the newest that was verified everywhere, and stays when its run is gone", () => {
  const stable = (runs: readonly ReleaseRun[], before?: string): unknown => {
    const status = before === undefined ? undefined : { revision: { desired: R2, stable: before } };
    return releaseStatus(release({}, status), inRun(flying), runs, [], T0).revision?.stable;
  };
  assert.deepEqual([stable([ended("Succeeded", 1, {}, R1), ended("Failed", 2)]), stable([], R1), stable([])], [R1, R1, undefined]);
});
