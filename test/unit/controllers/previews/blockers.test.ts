import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunSpec } from "#api/releaserun.ts";
import type { Blueprint } from "#controllers/newrun.ts";
import { blockersOf, type Held } from "#controllers/previews/blockers.ts";
import { plannedWave, production, R1, R2, R3, release, run, strategyOf, T0, tracks, type RunShape } from "#test/build.ts";

/** A plan of R3 to eu and us, in a wave each. */
function blueprint({
  kind = "Forward",
  unreachable = [],
  waves = [plannedWave("first", { maxUnreachable: 0 }), plannedWave("rest", { maxUnreachable: 0 })],
}: {
  readonly kind?: RunSpec["kind"];
  readonly unreachable?: readonly string[];
  readonly waves?: Blueprint["waves"];
} = {}): Blueprint {
  const targets = ["eu", "us"].map((cluster, at) => ({
    cluster,
    instance: cluster,
    application: { namespace: "argocd", name: "checkout" },
    wave: Math.min(at + 1, waves.length),
    desired: 0,
  }));
  return {
    intent: { kind, revision: R3, cause: undefined, clusters: undefined, values: undefined },
    environment: production(),
    strategy: strategyOf(),
    waves,
    planned: { kind: "Plan", values: [tracks(R3)], targets, unreachable },
    dependsOn: [],
    warnings: [],
  };
}

function blockers(plan: Blueprint, more: Partial<Held> = {}): readonly string[] {
  const draft = { existing: undefined, release: release({ revision: R3 }), environment: production(), author: "alice" };
  const held = { draft, hash: "new", runs: [], freezes: () => [], dependencies: [], silence: () => "connection refused" };
  return blockersOf(plan, { ...held, ...more }).map(({ reason, message, until }) =>
    [reason, message, ...(until === undefined ? [] : [until])].join(" | "),
  );
}

test("nothing holds up a release that nothing speaks against", () => assert.deepEqual(blockers(blueprint()), []));

const since = "2026-11-23T10:00:00Z";
const going = { phase: "Syncing", reason: "OutOfSync", message: "syncing", since, started: true, written: true } as const;
const progressing: NonNullable<RunShape["status"]> = {
  phase: "Progressing",
  startedAt: since,
  waves: [{ name: "all", phase: "Progressing" }],
  targets: [{ cluster: "eu", ...going }],
};
const inFlight = `checkout.production-1 (revision ${R2}) is in flight`;

for (const [what, shape, sentence] of [
  ["ends first", { status: progressing }, `${inFlight}: it ends first (supersede: Queue)`],
  [
    "ends first, if somebody lets it",
    { status: { ...progressing, phase: "Paused" } },
    `${inFlight}: it ends first (supersede: Queue), and is paused: resume it, or abort it (conductor.dev/abort: checkout.production-1)`,
  ],
  [
    "is replaced where its strategy says so",
    { status: progressing, strategy: { supersede: "Replace" } },
    `${inFlight}: it starts no more targets, and this takes over (supersede: Replace)`,
  ],
  ["is replaced when it only catches up", { status: progressing, kind: "CatchUp" }, `${inFlight}: this takes over at once`],
  [
    "is replaced when it has stopped",
    { status: { ...progressing, stop: { startedAt: since, message: "eu failed" } } },
    `${inFlight}: this takes over at once`,
  ],
  [
    "is replaced while a wave of it waits to begin",
    { status: { ...progressing, waves: [{ name: "all", phase: "Waiting" }] } },
    `${inFlight}: this takes over at once`,
  ],
  ["is replaced while it has changed nothing", { status: { ...progressing, targets: [] } }, `${inFlight}: this takes over at once`],
  ["is replaced before it has begun", {}, `${inFlight}: this takes over at once`],
  [
    "is going back",
    {
      status: { ...progressing, phase: "RollingBack", rollback: { startedAt: since, message: "eu failed" } },
      strategy: { supersede: "Replace" },
    },
    `${inFlight} and going back to what was verified: that ends first`,
  ],
] as const satisfies readonly (readonly [string, RunShape, string])[]) {
  test(`a run in flight ${what}`, () => assert.deepEqual(blockers(blueprint(), { runs: [run(shape)] }), [`RunInFlight | ${sentence}`]));
}

test("a run of the same wish, and one that has ended, hold nothing up", () => {
  assert.deepEqual(blockers(blueprint(), { runs: [run({ hash: "new", status: progressing })] }), []);
  assert.deepEqual(blockers(blueprint(), { runs: [run({ status: { phase: "Succeeded", finishedAt: since } })] }), []);
});

test("a cluster that an earlier rollback could not reach goes back first", () => {
  const away = { cluster: "us", phase: "Unknown", reason: "WatchLost", message: "away", since, goingBack: true, written: true } as const;
  const before = run({ values: [tracks(R2), tracks(R1)], status: { phase: "RollbackIncomplete", finishedAt: since, targets: [away] } });
  assert.deepEqual(blockers(blueprint(), { runs: [before] }), [
    "Rollback | us must first go back to what was verified before, as checkout.production-1 could not reach it: until then it is left out",
  ]);
});

test("each freeze is named once, with those of the plan that it holds, and its end", () => {
  const until = T0 + 3_600_000;
  const freeze = { name: "team-a/holidays", reason: "nobody is there", until };
  const freezes = (cluster: string) => (cluster === "eu" ? [freeze, { ...freeze, name: "team-a/audit", reason: "audit" }] : [freeze]);
  const end = new Date(until).toISOString();
  const [said, stamp] = [`${end.slice(0, 16).replace("T", " ")} UTC`, `${end.slice(0, 19)}Z`];
  assert.deepEqual(blockers(blueprint(), { freezes }), [
    `Freeze | FreezeWindow team-a/holidays (nobody is there) holds eu, us until ${said} | ${stamp}`,
    `Freeze | FreezeWindow team-a/audit (audit) holds eu until ${said} | ${stamp}`,
  ]);
  assert.deepEqual(blockers(blueprint({ kind: "Rollback" }), { freezes }), []);
});

test("another release that is not ready is named with what is missing there", () => {
  const dependencies = [
    { name: "checkout.staging", ready: false, message: "it is Progressing" },
    { name: "db.staging", ready: true, message: "ready" },
  ];
  assert.deepEqual(blockers(blueprint(), { dependencies }), ["Dependency | checkout.staging: it is Progressing"]);
});

test("clusters that do not answer hold a wave that leaves out fewer, and one that has nobody else", () => {
  const one = (maxUnreachable: number) => [plannedWave("all", { maxUnreachable })];
  const said = (waves: Blueprint["waves"], ...unreachable: string[]) => blockers(blueprint({ waves, unreachable }));
  assert.deepEqual(said(one(0), "us"), ["Unreachable | wave all waits for us: connection refused"]);
  assert.deepEqual(said(one(1), "us"), []);
  assert.deepEqual(said(one(2), "eu", "us"), ["Unreachable | wave all waits for eu (and 1 more): connection refused"]);
});

test("what is more than a status has room for is cut", () => {
  const dependencies = Array.from({ length: 60 }, (_, index) => ({ name: `s${index}.staging`, ready: false, message: "x".repeat(2000) }));
  const found = blockers(blueprint(), { dependencies });
  assert.deepEqual([found.length, Math.max(...found.map(({ length }) => length))], [50, "Dependency | ".length + 1024]);
});
