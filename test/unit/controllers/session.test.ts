import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseRun } from "#api/releaserun.ts";
import { Session } from "#controllers/session.ts";
import { Sightings } from "#controllers/sightings.ts";
import type { WriteKind } from "#engine/world.ts";
import type { WriteResult } from "#controllers/writer.ts";
import { application, at, R1, R2, run, T0 } from "#test/build.ts";
import { FakeFleet, HandClock } from "./fakes.ts";

const patched = application().tracking(R2);

/** A run to eu alone, as one process drives it. `random` is the jitter: none takes no time at all. */
function drive(status: ReleaseRun["status"] = begun, { random = 0.5, live = 1 as number | undefined } = {}) {
  const clock = new HandClock();
  const fleet = new FakeFleet(clock, "eu");
  const eu = fleet.at("eu");
  eu.show(application());
  const one = run({ targets: [{ cluster: "eu", ...(live === undefined ? {} : { live }) }], status });
  let woken = 0;
  const session = new Session(
    one,
    {
      sightings: new Sightings(fleet, clock, 5000, new AbortController().signal),
      clock,
      random: () => random,
      settleTime: 5000,
      graceTime: 300_000,
    },
    () => (woken += 1),
  );
  const look = () => {
    const [target] = session.look();
    assert.ok(target);
    return target.memo;
  };
  const at = (seconds: number): void => void (clock.time = T0 + seconds * 1000);
  const write = (kind: WriteKind, result: WriteResult): void => {
    assert.notEqual(session.begin("eu", kind), undefined);
    session.end("eu", kind, result);
  };
  return { session, eu, at, look, write, woken: () => woken };
}
const thought = ({ phase, reason, need }: ReturnType<ReturnType<typeof drive>["look"]>): string =>
  `${phase} ${reason}${need === undefined ? "" : `, needs ${need}`}`;
/** A run that has begun. */
const begun: NonNullable<ReleaseRun["status"]> = {
  phase: "Progressing",
  startedAt: at(-3600),
  waves: [{ name: "all", phase: "Progressing", startedAt: at(-3600) }],
};
const retry: WriteResult = { kind: "Retry", retryAfter: undefined, message: "503" };
const stored = (target: Partial<NonNullable<NonNullable<ReleaseRun["status"]>["targets"]>[number]>): ReleaseRun["status"] => ({
  ...begun,
  targets: [{ cluster: "eu", phase: "Syncing", reason: "Progressing", message: "m", since: at(-3600), ...target }],
});

test("a write that is done is not made again, and nothing older than it is looked at", () => {
  const { eu, look, write, session } = drive();
  assert.equal(thought(look()), "Pending Planned, needs Patch");
  write("Patch", { kind: "Done", resourceVersion: "9999", by: "us" });
  eu.behind = "9999";
  assert.deepEqual([thought(look()), look().written], ["Patched NotObserved", true]);
  eu.behind = undefined;
  eu.show(patched);
  assert.equal(thought(look()), "Patched NotObserved");
  assert.equal(session.nextWrite, undefined);
});

test("a target has one write at a time, and is judged meanwhile: what it does then is not missed", () => {
  const { session, eu, look } = drive();
  look();
  assert.notEqual(session.begin("eu", "Patch"), undefined);
  assert.equal(session.begin("eu", "Patch"), undefined);
  eu.show(application().tracking("foreign"));
  assert.equal(thought(look()), "Pending Planned, needs Confirm");
  assert.equal(session.begin("eu", "Confirm"), undefined);
  session.end("eu", "Patch", { kind: "Changed", resourceVersion: undefined });
  assert.equal(thought(look()), "Pending Planned, needs Confirm");
});

test("what cannot be written now is tried again, each time later, up to half a minute with jitter", () => {
  const { session, at: pass, look, write } = drive();
  const waits: number[] = [];
  let now = 0;
  for (let n = 0; n < 10; n += 1) {
    look();
    write("Patch", retry);
    assert.equal(session.begin("eu", "Patch"), undefined);
    look();
    const next = session.nextWrite ?? 0;
    waits.push((next - T0) / 1000 - now);
    now = (next - T0) / 1000;
    pass(now);
  }
  assert.deepEqual(
    waits.map((wait) => Math.round(wait * 10) / 10),
    [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15],
  );
});

test("who asks for patience gets it, and a write that was done ends the backoff", () => {
  const { session, at: pass, look, write } = drive(undefined, { random: 0 });
  look();
  write("Patch", { ...retry, retryAfter: 7000 } as WriteResult);
  look();
  assert.equal(session.nextWrite, T0 + 7000);
  pass(7);
  write("Patch", { kind: "Done", resourceVersion: "9999", by: "us" });
  assert.equal(session.nextWrite, undefined);
});

test("a refused write says so, is tried again, and fails at the deadline", () => {
  const { at: pass, look, write } = drive();
  look();
  write("Patch", { kind: "Refused", message: "admission webhook denied the request" });
  const { message, ...rest } = look();
  assert.deepEqual([thought({ message, ...rest }), message], ["Waiting WriteRefused, needs Patch", "admission webhook denied the request"]);
  for (let seconds = 15; seconds < 900; seconds += 15) {
    pass(seconds);
    assert.equal(thought(look()), "Waiting WriteRefused, needs Patch");
  }
  pass(900);
  assert.equal(thought(look()), "Failed WriteRefused");
});

test("consent that was withdrawn is a verdict", () => {
  const { look, write, session } = drive();
  look();
  write("Patch", { kind: "NotAuthorized", message: "annotate it" });
  assert.deepEqual([thought(look()), look().message, session.nextWrite], ["Failed NotAuthorized", "annotate it", undefined]);
});

test("a question is no write of values", () => {
  const { eu, at: pass, look, write } = drive();
  eu.show(patched.synced().reconciled(-10));
  look();
  pass(5);
  assert.equal(thought(look()), "Arrived AwaitingHeartbeat, needs Refresh");
  const { written } = look();
  write("Refresh", { kind: "Done", resourceVersion: "1", by: "us" });
  assert.deepEqual([thought(look()), look().written], ["Arrived AwaitingHeartbeat", written]);
});

test("a write that is needed no more does not begin", () => {
  const { session, eu, look } = drive();
  look();
  eu.show(patched);
  look();
  assert.equal(session.begin("eu", "Patch"), undefined);
});

for (const [what, target, live, thoughts] of [
  ["a target that was written and holds", { written: true }, patched, "Patched NotObserved"],
  ["a target that was written, and nobody could say so", { phase: "Pending", reason: "Planned" }, patched, "Patched NotObserved"],
  ["a target that was written and reverted", { written: true }, application(), "Syncing Progressing, needs Confirm"],
  ["a failed target", { phase: "Failed", reason: "SyncFailed", written: true }, application(), "Failed SyncFailed"],
  ["a target without progress for longer than the deadline", { written: true, progressAt: at(-901) }, patched, "Failed ArgoCDSilent"],
  [
    "a target whose progress is in the future, because a clock went back",
    { written: true, progressAt: at(9000) },
    patched,
    "Patched NotObserved",
  ],
  [
    "a target that waited an hour in a sync window",
    { phase: "Waiting", reason: "SyncWindow", written: true },
    patched,
    "Patched NotObserved",
  ],
  ["a target that was lost for an hour", { phase: "Unknown", reason: "WatchLost", written: true }, patched, "Patched NotObserved"],
  [
    "a target that was Ready an hour ago, and is Progressing now",
    { phase: "Ready", reason: "Verified", written: true },
    patched.synced().reconciled(0).health("Progressing"),
    "Syncing Progressing",
  ],
  [
    "a target whose write was refused for longer than the deadline",
    { phase: "Waiting", reason: "WriteRefused" },
    application(),
    "Pending Planned, needs Patch",
  ],
] as const) {
  test(`after a restart, ${what}: ${thoughts}`, () => {
    const { eu, look } = drive(stored(target));
    eu.show(live);
    assert.equal(thought(look()), thoughts);
  });
}

test("after a restart, what was met is what may be written over", () => {
  const met = { contact: { live: { targetRevision: R1 } }, phase: "Pending", reason: "Planned" } as const;
  const one = run({ targets: [{ cluster: "eu" }] });
  const { live: _, ...unasked } = one.spec.targets[0] ?? assert.fail();
  const clock = new HandClock();
  const fleet = new FakeFleet(clock, "eu");
  fleet.at("eu").show(application().tracking("foreign"));
  const session = new Session(
    { ...one, spec: { ...one.spec, targets: [unasked] }, status: stored(met) },
    {
      sightings: new Sightings(fleet, clock, 5000, new AbortController().signal),
      clock,
      random: () => 0,
      settleTime: 5000,
      graceTime: 300_000,
    },
    () => undefined,
  );
  assert.equal(session.look()[0]?.memo.need, "Confirm");
  session.begin("eu", "Confirm");
  session.end("eu", "Confirm", { kind: "Done", resourceVersion: "1", by: "before" });
  assert.equal(session.look()[0]?.memo.reason, "ChangedSincePlan");
});

test("it is woken by what it follows, looks only at what changed or is due, and follows nothing when closed", () => {
  const { session, eu, at: pass, look, woken } = drive();
  const ready = patched.synced().reconciled(-10);
  eu.show(ready);
  assert.equal(thought(look()), "Syncing Settling");
  const before = woken();
  eu.app = application().tracking("foreign"); // nobody tells
  pass(4);
  assert.equal(thought(look()), "Syncing Settling");
  pass(5);
  assert.equal(thought(look()), "Syncing Settling, needs Confirm");
  eu.show(ready);
  assert.equal(woken(), before + 1);
  session.close();
  eu.show(ready);
  assert.deepEqual([woken(), eu.leases], [before + 1, 0]);
});

// What nobody saw.

test("after a restart, the time in which nobody looked counts for no deadline", () => {
  const progressing = { written: true, started: true, progressAt: at(-1200) };
  const silent = drive(stored(progressing));
  silent.eu.show(patched);
  assert.equal(thought(silent.look()), "Failed ArgoCDSilent");
  const gone = drive({ ...stored(progressing), observedAt: at(-600) });
  gone.eu.show(patched);
  assert.equal(thought(gone.look()), "Patched NotObserved");
});

for (const [what, seconds, thoughts] of [
  ["a process that slept", 7200, "Patched NotObserved"],
  ["a clock that was set ahead", 90_000, "Patched NotObserved"],
  ["a clock that was set back", -7200, "Patched NotObserved"],
] as const) {
  test(`${what} lets no deadline pass, and takes none away`, () => {
    const { eu, at: pass, look } = drive(stored({ written: true, started: true, progressAt: at(0) }));
    eu.show(patched);
    look();
    pass(seconds);
    eu.show(patched);
    assert.equal(thought(look()), thoughts);
    // Looked at every 15 s from now on, the deadline passes as it would have.
    let passed = seconds;
    for (let n = 0; look().phase !== "Failed" && n < 100; n += 1) pass((passed += 15));
    assert.equal(thought(look()), "Failed ArgoCDSilent");
    assert.ok(passed - seconds >= 870 && passed - seconds <= 915, `${passed - seconds}`);
  });
}

test("time in which nobody looked, and a clock that was set, is no silence of an analysis", () => {
  const gates = [{ kind: "Analysis", object: "a", phase: "Waiting", message: "", since: at(0) } as const];
  const { session, at: pass, look } = drive({ ...begun, waves: [{ name: "all", phase: "Soaking", gates }] });
  const since = (): number => ((session.state.waves[0]?.gates[0]?.progressAt ?? 0) - T0) / 1000;
  look();
  pass(15);
  look();
  assert.equal(since(), 0);
  pass(3615);
  look();
  assert.equal(since(), 3585);
  pass(15);
  look();
  assert.equal(since(), -15);
});
