import assert from "node:assert/strict";
import { test } from "node:test";
import { Session } from "#controllers/session.ts";
import { Sightings } from "#controllers/sightings.ts";
import { step } from "#engine/step.ts";
import { application, at, plannedWave, R2, run, T0, waveState, world } from "#test/build.ts";
import { FakeFleet, HandClock } from "./fakes.ts";

/** What becomes of a decision in the process that made it. */

function deciding() {
  const clock = new HandClock();
  const fleet = new FakeFleet(clock, "eu", "us");
  for (const name of ["eu", "us"]) fleet.at(name).show(application());
  const waves = [plannedWave("canary"), plannedWave("rest")];
  const one = run({
    waves,
    targets: [{ cluster: "eu" }, { cluster: "us", wave: 2 }],
    status: {
      phase: "Progressing",
      startedAt: at(-3600),
      waves: [
        { name: "canary", phase: "Progressing" },
        { name: "rest", phase: "Pending" },
      ],
    },
  });
  const sightings = new Sightings(fleet, clock, 5000, new AbortController().signal);
  const session = new Session(one, { sightings, clock, random: () => 0, settleTime: 5000, graceTime: 300_000 }, () => undefined);
  const decide = (state: Partial<Session["state"]> = {}) =>
    step(world(session.look(), { plan: { waves }, state: { ...session.state, ...state }, now: clock.now() }));
  return { session, fleet, decide };
}

test("a wave that has begun is looked at anew", () => {
  const { session, decide } = deciding();
  assert.deepEqual(
    session.look().map(({ memo }) => memo.need),
    ["Patch", undefined],
  );
  const decision = decide();
  session.adopt({ ...decision, state: { ...decision.state, waves: [waveState("Verified"), waveState("Progressing")] } });
  assert.deepEqual(
    session.look().map(({ memo }) => memo.need),
    ["Patch", "Patch"],
  );
});

test("what a write has brought while the decision was stored is kept", () => {
  const { session, decide } = deciding();
  session.adopt(decide());
  const decision = decide();
  assert.notEqual(session.begin("eu", "Patch"), undefined);
  assert.equal(session.busy, true);
  session.end("eu", "Patch", { kind: "Done", resourceVersion: "4711", by: "us" });
  session.adopt(decision);
  const [eu] = session.look();
  assert.deepEqual([session.busy, eu?.memo.written, session.begin("eu", "Patch")], [false, true, undefined]);
});

test("what goes back is judged by where it goes back to, and is written over what this run wrote", () => {
  const { session, fleet, decide } = deciding();
  session.adopt(decide());
  fleet.at("eu").show(application().tracking(R2));
  session.look();
  session.adopt(decide({ rollback: { at: T0, message: "it broke" } }));
  const [eu] = session.look();
  assert.deepEqual([eu?.memo.goingBack, eu?.memo.phase, eu?.memo.need], [true, "Pending", "Patch"]);
});
