import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseRun } from "#api/releaserun.ts";
import { Session } from "#controllers/session.ts";
import { Sightings } from "#controllers/sightings.ts";
import type { WriteResult } from "#controllers/writer.ts";
import { application, at, R1, R2, run, T0 } from "#test/build.ts";
import { FakeFleet, HandClock } from "./fakes.ts";

const patched = application().tracking(R2);

/** A run to eu alone, as one process drives it. `random` is the jitter: none takes no time at all. */
function drive(status?: ReleaseRun["status"], { random = 0.5, live = 1 as number | undefined } = {}) {
  const clock = new HandClock();
  const fleet = new FakeFleet(clock, "eu");
  const eu = fleet.at("eu");
  eu.show(application());
  const one = run({ targets: [{ cluster: "eu", ...(live === undefined ? {} : { live }) }], ...(status === undefined ? {} : { status }) });
  let woken = 0;
  const session = new Session(
    one,
    { sightings: new Sightings(fleet, clock, 5000), clock, random: () => random, settleTime: 5000 },
    () => (woken += 1),
  );
  const look = () => {
    const [target] = session.look();
    assert.ok(target);
    return target.memo;
  };
  const at = (seconds: number): void => void (clock.time = T0 + seconds * 1000);
  const write = (kind: Parameters<Session["end"]>[1], result: WriteResult): void => {
    assert.notEqual(session.begin("eu"), undefined);
    session.end("eu", kind, result);
  };
  return { session, eu, at, look, write, woken: () => woken };
}
const thought = ({ phase, reason, need }: ReturnType<ReturnType<typeof drive>["look"]>): string =>
  `${phase} ${reason}${need === undefined ? "" : `, needs ${need}`}`;
const retry: WriteResult = { kind: "Retry", retryAfter: undefined, message: "503" };
const stored = (target: Partial<NonNullable<NonNullable<ReleaseRun["status"]>["targets"]>[number]>): ReleaseRun["status"] => ({
  phase: "Progressing",
  startedAt: at(-3600),
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

test("a target has one write at a time, and is not judged meanwhile", () => {
  const { session, eu, look } = drive();
  look();
  assert.notEqual(session.begin("eu"), undefined);
  assert.equal(session.begin("eu"), undefined);
  eu.show(application().tracking("foreign"));
  assert.equal(thought(look()), "Pending Planned, needs Patch");
  session.end("eu", "Patch", { kind: "Changed", resourceVersion: undefined });
  assert.equal(thought(look()), "Failed ChangedSincePlan");
});

test("what cannot be written now is tried again, each time later, up to half a minute with jitter", () => {
  const { session, at: pass, look, write } = drive();
  const waits: number[] = [];
  let now = 0;
  for (let n = 0; n < 10; n += 1) {
    look();
    write("Patch", retry);
    assert.equal(session.begin("eu"), undefined);
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
  pass(900);
  assert.equal(thought(look()), "Failed WriteRefused");
});

test("consent that was withdrawn is a verdict", () => {
  const { look, write, session } = drive();
  look();
  write("Patch", { kind: "NotAuthorized", message: "annotate it" });
  assert.deepEqual([thought(look()), look().message, session.nextWrite], ["Failed NotAuthorized", "annotate it", undefined]);
});

test("a refresh is no write of values", () => {
  const { look, session } = drive();
  look();
  session.begin("eu");
  session.end("eu", "Refresh", { kind: "Done", resourceVersion: "1", by: "us" });
  assert.equal(look().written, false);
});

for (const [what, target, live, thoughts] of [
  ["a target that was written and holds", { written: true }, patched, "Patched NotObserved"],
  ["a target that was written, and nobody could say so", { phase: "Pending", reason: "Planned" }, patched, "Patched NotObserved"],
  ["a target that was written and reverted", { written: true }, application(), "Reverted RevertedByOwner"],
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
    { sightings: new Sightings(fleet, clock, 5000), clock, random: () => 0, settleTime: 5000 },
    () => undefined,
  );
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
  assert.equal(thought(look()), "Reverted RevertedByOwner");
  eu.show(ready);
  assert.equal(woken(), before + 1);
  session.close();
  eu.show(ready);
  assert.deepEqual([woken(), eu.leases], [before + 1, 0]);
});
