import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TARGET_PHASES, TARGET_REASONS } from "#api/reasons.ts";
import { judge } from "#engine/judge.ts";
import type { Seen } from "#engine/observation.ts";
import { step } from "#engine/step.ts";
import type { Target, TargetMemo } from "#engine/world.ts";
import { application, R1, R2, R3, RUN, T0, target, want, world } from "#test/build.ts";

const ready = (cluster: string): Target => target(cluster, { phase: "Ready", reason: "Verified", evidenceSince: T0 });
const syncing = (cluster: string): Target => target(cluster, { phase: "Syncing", reason: "Progressing", message: "health is Progressing" });
const failed = (cluster: string): Target => target(cluster, { phase: "Failed", reason: "SyncFailed", message: "boom", written: true });
const lost = (cluster: string): Target => target(cluster, { phase: "Unknown", reason: "WatchLost", message: "no answer", written: true });
const away = (cluster: string): Target => target(cluster, { phase: "Unreachable", reason: "Unreachable", message: "no answer" });
const window = (cluster: string): Target => target(cluster, { phase: "Waiting", reason: "SyncWindow", message: "blocked" });

for (const [what, targets, outcome] of [
  ["every target is verified", [ready("a"), ready("b")], "Succeeded"],
  ["one is still on its way", [ready("a"), syncing("b")], undefined],
  ["one was Ready, and was not seen since the watch broke", [ready("a"), target("b", { phase: "Ready", reason: "Verified" })], undefined],
  ["one failed, and one is on its way", [failed("a"), syncing("b")], undefined],
  ["one failed, and one waits for its window", [failed("a"), window("b")], undefined],
  ["one failed, and nothing is in flight", [failed("a"), ready("b")], "Failed"],
  ["one was reverted, and nothing is in flight", [target("a", { phase: "Reverted", reason: "RevertedByOwner" }), ready("b")], "Failed"],
  ["one failed, and the others cannot be reached", [failed("a"), away("b"), lost("c")], "Failed"],
  ["one cannot be reached, and all others are verified", [ready("a"), away("b")], undefined],
  ["one was lost, and all others are verified", [ready("a"), lost("b")], undefined],
] as const) {
  test(`a run ends as ${outcome ?? "nothing yet"} when ${what}`, () => assert.equal(step(world(targets)).outcome, outcome));
}

test("a superseded run ends at once, and writes nothing more", () => {
  const decision = step(world([target("a", { need: "Patch", lookAt: T0 + 1 }), syncing("b")], { superseded: true }));
  assert.deepEqual(decision, {
    phase: "Superseded",
    outcome: "Superseded",
    counts: { total: 2, updated: 1, ready: 0, failed: 0, unreachable: 0 },
    waitingOn: undefined,
    writes: [],
    nextLook: undefined,
  });
});

test("targets are counted once each, and those that hold our values besides", () => {
  const skipped = target("s", { phase: "Skipped", reason: "Planned" });
  assert.deepEqual(step(world([ready("a"), syncing("b"), failed("c"), lost("d"), away("e"), window("f"), target("g"), skipped])).counts, {
    total: 8,
    updated: 4,
    ready: 1,
    failed: 2,
    unreachable: 2,
  });
});

test("what is written goes over what the plan saw, or was met; what is only asked for, over our own values", () => {
  const needs = (cluster: string, need: TargetMemo["need"], more: Partial<TargetMemo> = {}, wanted = {}): Target =>
    target(cluster, { need, ...more }, wanted);
  const met = { contact: { live: { targetRevision: R3 }, lastOperation: undefined } };
  const { writes } = step(
    world([
      needs("a", "Patch"),
      needs("b", "PatchAndSync", met, { live: undefined }),
      needs("c", "Sync"),
      needs("d", "Refresh"),
      needs("e", "Terminate"),
      needs("f", undefined),
      needs("g", "Patch", {}, { live: undefined }),
    ]),
  );
  assert.deepEqual(
    writes.map(({ cluster, kind, over }) => [cluster, kind, over["targetRevision"]]),
    [
      ["a", "Patch", R1],
      ["b", "PatchAndSync", R3],
      ["c", "Sync", R2],
      ["d", "Refresh", R2],
      ["e", "Terminate", R1],
    ],
  );
});

for (const [what, targets, phase] of [
  ["Progressing while one is on its way", [syncing("a"), window("b")], "Progressing"],
  ["Waiting while nobody can go on", [ready("a"), window("b"), away("c")], "Waiting"],
  [
    "Progressing while one is written again and again",
    [target("a", { phase: "Waiting", reason: "WriteRefused", need: "Patch" })],
    "Progressing",
  ],
] as const) {
  test(`a run is ${what}`, () => assert.equal(step(world(targets)).phase, phase));
}
test("a run that nothing was stored of is Planned", () =>
  assert.equal(step(world([target("a")], { startedAt: undefined })).phase, "Planned"));

test("of all that is waited for, the most telling is named", () => {
  const error = target("e", { phase: "Syncing", reason: "ComparisonError", message: "no such commit" });
  const arrived = target("h", { phase: "Arrived", reason: "AwaitingHeartbeat", message: "arrived" });
  const order = [arrived, syncing("s"), window("w"), error, lost("l")];
  assert.deepEqual(
    order.map((_, n) => step(world([ready("r"), failed("f"), ...order.slice(0, n + 1)])).waitingOn),
    [
      { reason: "AwaitingHeartbeat", message: "h: arrived" },
      { reason: "Progressing", message: "s: health is Progressing (and 1 more)" },
      { reason: "SyncWindow", message: "w: blocked (and 2 more)" },
      { reason: "ComparisonError", message: "e: no such commit (and 3 more)" },
      { reason: "WatchLost", message: "l: no answer (and 4 more)" },
    ],
  );
});

test("the next look is the soonest that any target asks for", () => {
  assert.deepEqual(
    [step(world([target("a", { lookAt: 30 }), target("b"), target("c", { lookAt: 20 })])).nextLook, step(world([target("b")])).nextLook],
    [20, undefined],
  );
});

// Whatever the world looks like.

const commit = fc.constantFrom(R1, R2, R3);
const anyMemo = fc.record({
  phase: fc.constantFrom(...TARGET_PHASES),
  reason: fc.constantFrom(...TARGET_REASONS),
  written: fc.boolean(),
  heard: fc.boolean(),
  evidenceSince: fc.option(fc.constant(T0 - 60_000), { nil: undefined }),
  heartbeat: fc.option(fc.constant("2026-11-23T09:55:01Z"), { nil: undefined }),
  refused: fc.option(fc.constant("forbidden"), { nil: undefined }),
  contact: fc.option(
    fc.record(
      { live: fc.record({ targetRevision: commit }, { noNullPrototype: true }), lastOperation: fc.constant(undefined) },
      { noNullPrototype: true },
    ),
    { nil: undefined },
  ),
});
const anySeen: fc.Arbitrary<Seen> = fc.oneof(
  fc.constantFrom<Seen>({ kind: "Unasked" }, { kind: "Behind" }, { kind: "Absent" }, { kind: "Unreachable", message: "x" }),
  fc
    .record({
      spec: commit,
      compared: fc.option(fc.constantFrom("Synced", "OutOfSync", "Unknown")),
      health: fc.constantFrom("Healthy", "Degraded", "Progressing", "Suspended", "Missing", ""),
      operation: fc.option(fc.record({ run: fc.constantFrom(RUN, "another"), revision: commit })),
      ended: fc.option(fc.constantFrom("Succeeded", "Failed", "Error", "Running", "Terminating")),
      byHand: fc.boolean(),
    })
    .map(({ spec, compared, health, operation, ended, byHand }): Seen => {
      let app = application().tracking(spec).health(health);
      if (compared !== null) app = app.compared(compared);
      if (ended !== null) app = app.ended(ended, { revision: spec, started: -1, finished: -1 });
      if (operation !== null) app = app.syncing(operation);
      if (byHand) app = app.byHand();
      return { kind: "Present", observation: app.observed({ targetRevision: R2 }) };
    }),
);
const anyTarget = fc.tuple(anyMemo, anySeen, fc.option(commit, { nil: undefined })).map(([memo, seen, live]): Target & { seen: Seen } => {
  const wanted = want({ live: live === undefined ? undefined : { targetRevision: live } });
  return { cluster: "a", want: wanted, memo: judge(wanted, seen, target("a", memo).memo, T0), seen };
});

test("every world has one decision, the same each time, in which each target is written at most once", () => {
  fc.assert(
    fc.property(fc.array(anyTarget, { maxLength: 5 }), fc.boolean(), (targets, superseded) => {
      const named = targets.map((one, n) => ({ ...one, cluster: `c${n}` }));
      const decision = step(world(named, { superseded }));
      assert.deepEqual(step(structuredClone(world(named, { superseded }))), decision);
      assert.equal(new Set(decision.writes.map(({ cluster }) => cluster)).size, decision.writes.length);
      if (decision.outcome !== undefined) assert.deepEqual([decision.writes, decision.nextLook], [[], undefined]);
      const { total, ready: verified, failed: lostOnes, unreachable } = decision.counts;
      assert.ok(verified + lostOnes + unreachable <= total);
    }),
    { numRuns: 500 },
  );
});

test("a target is Ready only on all evidence, fails only on what is seen, and is patched only over what was known", () => {
  fc.assert(
    fc.property(anyMemo, anySeen, commit, (old, seen, live) => {
      const wanted = want({ live: { targetRevision: live } });
      const before = target("a", old).memo;
      const after = judge(wanted, seen, before, T0);
      assert.deepEqual(judge(wanted, seen, before, T0), after, "pure");
      const isNew = after.phase !== before.phase;
      if (isNew && (seen.kind === "Unreachable" || seen.kind === "Unasked" || seen.kind === "Behind"))
        assert.ok(after.phase === "Unknown" || after.phase === "Unreachable");
      if (seen.kind !== "Present") return assert.equal(after.need, seen.kind === "Behind" ? before.need : undefined);
      const { sync, health, compared, operation, values } = seen.observation;
      if (isNew && after.phase === "Ready")
        assert.deepEqual(
          [sync, health.status, compared, operation, values],
          ["Synced", "Healthy", true, undefined, { targetRevision: R2 }],
        );
      if (after.need === "Patch" || after.need === "PatchAndSync")
        assert.deepEqual([values, before.written], [{ targetRevision: live }, false]);
      if (after.need === "PatchAndSync" || after.need === "Sync") assert.equal(operation, undefined);
    }),
    { numRuns: 1000 },
  );
});
