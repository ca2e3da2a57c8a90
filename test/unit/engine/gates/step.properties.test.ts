import assert from "node:assert/strict";
import type { GateState } from "#engine/gates/state.ts";
import type { Ask, Decision, World } from "#engine/world.ts";
import { always } from "../worlds.ts";

/** What holds of the gates of every decision, whatever the world looks like; found out without the engine's own words. */

const RUNS = 500;
const isDecided = ({ phase }: GateState): boolean => ["Passed", "Failed", "Inconclusive"].includes(phase);
const isOpen = (gate: GateState | undefined): boolean =>
  gate !== undefined && (gate.phase === "Passed" || (isDecided(gate) && gate.accepted));

interface Gate {
  readonly wave: number;
  readonly isApproval: boolean;
  readonly before: GateState | undefined;
  readonly after: GateState | undefined;
}
const gatesOf = ({ plan, state }: World, decision: Decision): readonly Gate[] =>
  plan.waves.flatMap(({ gates = [] }, wave) =>
    gates.map(({ approval }, at): Gate => {
      const [before, after] = [state.waves[wave]?.gates[at], decision.state.waves[wave]?.gates[at]];
      return { wave, isApproval: approval !== undefined, before, after };
    }),
  );
const isNew = ({ before, after }: Gate): boolean => after !== undefined && isDecided(after) && !(before !== undefined && isDecided(before));
const begun = (world: World, { targets }: Decision): Decision["targets"] =>
  targets.filter(({ memo }, at) => memo.started && world.targets[at]?.memo.started === false);
const forward = ({ writes }: Decision): Decision["writes"] =>
  writes.filter(({ want, kind }) => want.direction === "Forward" && kind !== "Refresh" && kind !== "Confirm");

always(
  "begins a wave, and starts a target of it, only when all that must open before is stored as open",
  (world, decision) => {
    const gates = gatesOf(world, decision);
    const hasBegun = (phase: string | undefined): boolean => phase === "Progressing" || phase === "Soaking" || phase === "Verified";
    const waves = new Set([
      ...begun(world, decision)
        .filter(({ memo }) => !memo.goingBack)
        .map(({ wave }) => wave),
      ...decision.state.waves.flatMap(({ phase }, wave) => (hasBegun(phase) && !hasBegun(world.state.waves[wave]?.phase) ? [wave] : [])),
    ]);
    for (const wave of waves) {
      if (world.state.waves[wave]?.phase === "Failed") continue;
      for (const gate of gates) if (gate.wave === wave && gate.isApproval) assert.ok(isOpen(gate.before), "an approval is not stored");
      for (const gate of gates) if (gate.wave < wave && wave > 0) assert.ok(isOpen(gate.before), "a gate of an earlier wave is not stored");
      if (wave !== 0 || hasBegun(world.state.waves[0]?.phase)) continue;
      for (const { name } of world.plan.dependsOn)
        assert.ok(
          world.gates.dependencies.some((one) => one.name === name && one.ready),
          `${name} is not ready`,
        );
    }
  },
  RUNS,
);

always(
  "writes nothing forward to a target that was not started before while its wave waits",
  (world, decision) => {
    for (const { cluster } of forward(decision)) {
      const at = world.targets.findIndex((one) => one.cluster === cluster);
      const one = world.targets[at];
      if (one?.memo.started === false) assert.ok(!["Pending", "Waiting"].includes(world.state.waves[one.wave]?.phase ?? "Pending"));
    }
  },
  RUNS,
);

always(
  "that decides a gate, or lets the run go through a freeze, is stored, and nothing is written or started with it",
  (world, decision) => {
    const isOverridden = decision.state.overrides.some((one) => !world.state.overrides.includes(one));
    if (!isOverridden && !gatesOf(world, decision).some(isNew)) return;
    assert.deepEqual([decision.turns, decision.writes, begun(world, decision)], [true, [], []]);
  },
  RUNS,
);

always(
  "leaves what was decided of a gate as it is; that it is gone on in spite of is stored, and never so for who has rejected it",
  (world, decision) => {
    for (const { before, after, isApproval } of gatesOf(world, decision)) {
      if (before === undefined || !isDecided(before)) continue;
      assert.deepEqual({ ...after, accepted: false }, { ...before, accepted: false });
      if (before.accepted) assert.ok(after?.accepted);
      if (before.accepted === after?.accepted) continue;
      assert.deepEqual([isApproval, decision.turns, decision.writes], [false, true, []]);
      if (before.phase === "Inconclusive" || world.plan.onFailure !== "Continue")
        assert.ok(world.orders.resumed && world.state.stop !== undefined, "nobody has resumed it");
    }
    const kept = world.state.overrides.filter((one) => !decision.state.overrides.includes(one));
    assert.deepEqual(kept, []);
  },
  RUNS,
);

always(
  "opens a gate only where people have approved, or all metrics were measured and succeeded",
  (world, decision) => {
    for (const [wave, { gates = [] }] of world.plan.waves.entries())
      for (const [at, { approval }] of gates.entries()) {
        const [before, after] = [world.state.waves[wave]?.gates[at], decision.state.waves[wave]?.gates[at]];
        if (after?.phase !== "Passed" || before?.phase === "Passed") continue;
        const seen = approval === undefined ? world.gates.analysis(wave, at) : world.gates.approval(wave, at);
        assert.ok(
          seen.kind === "Approved" || (seen.kind === "Present" && seen.phase === "Successful" && seen.measured === seen.metrics),
          JSON.stringify(seen),
        );
      }
  },
  RUNS,
);

always(
  "verifies a wave only when each of its gates is stored as open",
  (world, decision) => {
    for (const [wave, { phase }] of decision.state.waves.entries()) {
      if (phase !== "Verified" || world.state.waves[wave]?.phase === "Verified") continue;
      for (const gate of gatesOf(world, decision)) if (gate.wave === wave) assert.ok(isOpen(gate.before));
    }
    if (decision.outcome === "Succeeded" || decision.outcome === "SucceededWithSkips")
      for (const { after } of gatesOf(world, decision)) assert.ok(isOpen(after) && after?.phase !== "Failed");
  },
  RUNS,
);

always(
  "starts nobody whom a freeze holds that people have not let the run go through, but what goes back",
  (world, decision) => {
    if (world.plan.kind === "Rollback") return;
    for (const { cluster, memo } of begun(world, decision)) {
      if (memo.goingBack) continue;
      for (const { name, until } of world.gates.freezes(cluster))
        assert.ok(
          world.state.overrides.some((one) => one.name === name && one.until === until),
          `${cluster} is held by ${name}`,
        );
    }
  },
  RUNS,
);

always(
  "asks for nothing that is there, ends no analysis that is over, and each once; a run that has ended or is taken back asks for nothing",
  (world, decision) => {
    const { asks, outcome, state } = decision;
    assert.equal(new Set(asks.map((one) => JSON.stringify(one))).size, asks.length);
    if (outcome !== undefined) assert.deepEqual(asks, []);
    for (const one of asks) {
      assert.ok(isNeeded(world, one), JSON.stringify(one));
      if (state.rollback !== undefined) assert.equal(one.kind, "EndAnalysis");
      if (one.kind !== "Override") assert.ok(state.waves[one.wave]?.gates[one.gate] !== undefined, "of a gate that nobody looks at");
    }
  },
  RUNS,
);

function isNeeded({ gates }: World, one: Ask): boolean {
  switch (one.kind) {
    case "Override":
      return gates.override(one.freeze).kind === "Absent";
    case "Approval":
      return gates.approval(one.wave, one.gate).kind === "Absent";
    case "Analysis":
      return gates.analysis(one.wave, one.gate).kind === "Absent";
    case "EndAnalysis": {
      const seen = gates.analysis(one.wave, one.gate);
      return seen.kind === "Present" && !seen.ending && (seen.phase === "Running" || seen.phase === "Pending");
    }
  }
}

always(
  "does not wait for a gate, or go through a freeze, when the run is taken back",
  (world, decision) => {
    if (world.state.rollback === undefined) return;
    assert.deepEqual(
      [decision.state.waves.map(({ gates }) => gates), decision.state.overrides],
      [world.state.waves.map(({ gates }) => gates), world.state.overrides],
    );
    assert.ok(!["Freeze", "Approval", "Analysis", "Dependency"].includes(decision.waitingOn?.reason ?? ""));
  },
  RUNS,
);

always(
  "that waits for people in time, or for a freeze, looks again at the latest when that ends",
  (_, { waitingOn, nextLook }) => {
    if (waitingOn?.nextCheck === undefined) return;
    assert.ok(nextLook !== undefined && nextLook <= waitingOn.nextCheck);
  },
  RUNS,
);
