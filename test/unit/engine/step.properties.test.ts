import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judge } from "#engine/judge.ts";
import { isInFlight, isVerdict } from "#engine/memo.ts";
import { step } from "#engine/step.ts";
import type { Target } from "#engine/world.ts";
import { T0, tracks, want, wantBack } from "#test/build.ts";
import { always, anyMemo, anySeen, commit, flag } from "./worlds.ts";

const flying = (targets: readonly Target[], wave: number): number =>
  targets.filter((one) => one.wave === wave && isInFlight(one.memo)).length;

always("is the same each time, and leaves its world as it was", (world, decision) => {
  const { room, gates, ...before } = world;
  const copy = structuredClone(before);
  assert.deepEqual(step({ ...structuredClone(before), room, gates }), decision);
  assert.deepEqual(before, copy);
});

always("has each target once, and in the order of the plan", ({ targets }, decision) => {
  assert.deepEqual(
    decision.targets.map(({ cluster }) => cluster),
    targets.map(({ cluster }) => cluster),
  );
  assert.equal(new Set(decision.writes.map(({ cluster }) => cluster)).size, decision.writes.length);
});

always(
  "that ends a run is stored, writes nothing and never looks again",
  (_, { outcome, phase, turns, halts, writes, nextLook, waitingOn }) => {
    if (outcome !== undefined)
      assert.deepEqual([phase, turns, halts, writes, nextLook, waitingOn], [outcome, true, true, [], undefined, undefined]);
  },
);

always("makes no target in flight that its wave, or its Argo CD, has no room for", (world, { targets, state }) => {
  if (state.rollback !== undefined) return;
  for (const [wave, { maxConcurrency }] of world.plan.waves.entries())
    assert.ok(flying(targets, wave) <= Math.max(maxConcurrency, flying(world.targets, wave)));
  const begun = targets.filter(({ memo: after }, n) => after.started && world.targets[n]?.memo.started === false);
  assert.ok(begun.filter(({ instance }) => instance === "hub").length <= world.room("hub"));
});

always(
  "starts only targets of the one wave that is under way, and stores that before it writes them",
  (world, { targets, turns, state }) => {
    if (state.rollback !== undefined) return;
    const begun = targets.filter(({ memo: after }, n) => after.started && world.targets[n]?.memo.started === false);
    if (begun.length === 0) return;
    const current = world.state.waves.findIndex(({ phase }) => phase !== "Verified");
    assert.deepEqual(
      begun.map(({ wave }) => wave),
      begun.map(() => current),
    );
    assert.ok(turns);
  },
);

always(
  "writes values only to who was started, and starts nobody while it is paused, stopped, superseded by Replace or aborted",
  (world, decision) => {
    for (const { cluster, kind } of decision.writes) {
      const one = decision.targets.find((each) => each.cluster === cluster);
      assert.ok(kind === "Refresh" || kind === "Confirm" || one?.memo.started === true, kind);
    }
    if (decision.state.rollback !== undefined) return;
    const held =
      // What goes back is not held up by a pause.
      (world.orders.paused && !world.plan.undoes) ||
      world.orders.aborted ||
      (world.superseded && world.plan.supersede === "Replace") ||
      decision.state.stop !== undefined;
    if (held)
      assert.deepEqual(
        decision.targets.map(({ memo: after }) => after.started),
        world.targets.map(({ memo: before }) => before.started),
      );
  },
);

always("after the verdict of a rollback with scope Run goes only back, but for questions", (world, { writes, state }) => {
  if (world.state.rollback === undefined) {
    if (state.rollback !== undefined) assert.deepEqual(writes, []);
  } else if (world.plan.rollbackScope === "Run")
    for (const { kind, want: wanted } of writes) assert.ok(wanted.direction === "Back" || kind === "Refresh" || kind === "Confirm", kind);
});

always("never takes a verdict back", (world, { state, targets }) => {
  if (world.state.rollback !== undefined) assert.deepEqual(state.rollback, world.state.rollback);
  for (const [n, { memo: before }] of world.targets.entries()) {
    const after = targets[n]?.memo;
    if (before.goingBack) assert.ok(after?.goingBack === true);
    if (before.goingBack && isVerdict(before)) assert.deepEqual([after?.phase, after?.reason], [before.phase, before.reason]);
  }
  for (const [n, { phase }] of world.state.waves.entries()) if (phase === "Verified") assert.equal(state.waves[n]?.phase, "Verified");
});

always(
  "verifies at most one wave at a time, none after one that is not, and writes nothing with that verdict",
  (world, { state, writes, turns }) => {
    const fresh = state.waves.filter(({ phase }, n) => phase === "Verified" && world.state.waves[n]?.phase !== "Verified").length;
    assert.ok(fresh <= 1);
    if (fresh === 1) assert.deepEqual([writes, turns], [[], true]);
  },
);

always("ends a run as a success only where nothing is left to see", (_, { outcome, targets }) => {
  if (outcome !== "Succeeded" && outcome !== "SucceededWithSkips") return;
  for (const { memo: each } of targets)
    assert.ok(
      each.phase === "Skipped" ||
        (each.phase === "Drifted" && each.goingBack) ||
        each.phase === "RolledBack" ||
        each.phase === "Ready" ||
        !each.started,
      each.phase,
    );
  if (outcome === "Succeeded") assert.ok(targets.every(({ memo: each }) => each.phase === "Ready"));
});

always("counts each target in one way at most", (_, { counts: { total, ready, failed, unreachable, updated } }) => {
  assert.ok(ready + failed + unreachable <= total && updated <= total);
});

test("a target is Ready only on all evidence, fails only on what is seen, and is patched only over what was known", () => {
  fc.assert(
    fc.property(anyMemo, anySeen, commit, flag, (memory, seen, over, active) => {
      const wanted = memory.goingBack ? wantBack({ over: [tracks(over)] }) : want({ over: [tracks(over)] });
      const after = judge(wanted, seen, memory, T0, active);
      assert.deepEqual(judge(wanted, seen, memory, T0, active), after, "pure");
      const isNew = after.phase !== memory.phase;
      if (isNew && (seen.kind === "Unasked" || seen.kind === "Behind")) assert.fail("nothing was seen");
      if (isNew && seen.kind === "Unreachable")
        assert.ok(after.phase === "Unknown" || after.phase === "Unreachable" || (seen.gone === true && after.phase === "Skipped"));
      if (isVerdict(memory)) return assert.deepEqual([after.phase, after.need], [memory.phase, undefined]);
      if (seen.kind !== "Present")
        return assert.equal(after.need, seen.kind === "Behind" || (seen.kind === "Unasked" && !active) ? memory.need : undefined);
      const { sync, health, compared, operation, values } = seen.observation;
      if (isNew && (after.phase === "Ready" || (after.phase === "RolledBack" && after.reason === "Verified")))
        assert.deepEqual([sync, health.status, compared, operation, values], ["Synced", "Healthy", true, undefined, wanted.desired]);
      if (after.need === "Patch" || after.need === "PatchAndSync") assert.deepEqual([values, memory.written], [tracks(over), false]);
      if (after.need === "PatchAndSync" || after.need === "Sync") assert.equal(operation, undefined);
    }),
    { numRuns: 1000 },
  );
});
