import assert from "node:assert/strict";
import { test } from "node:test";
import { Sightings } from "#controllers/sightings.ts";
import { application, T0 } from "#test/build.ts";
import { FakeFleet, FakeInstance, HandClock } from "./fakes.ts";

const place = { instance: "eu", application: { namespace: "argocd", name: "checkout" } };
const refused = { state: "Unreachable", since: T0, message: "connection refused", kind: "Unreachable" } as const;

function look(change: (eu: FakeInstance) => void, { seconds = 0, atLeast }: { seconds?: number; atLeast?: string } = {}) {
  const clock = new HandClock();
  const fleet = new FakeFleet(clock, "eu");
  const eu = fleet.at("eu");
  eu.show(application());
  const sightings = new Sightings(fleet, clock, 5000, new AbortController().signal);
  sightings.follow(place, () => undefined);
  change(eu);
  clock.time += seconds * 1000;
  const seen = sightings.look(place, atLeast);
  return "message" in seen ? `${seen.kind}: ${seen.message}` : seen.kind;
}

for (const [what, seen, expected] of [
  ["an Application that is there", look(() => undefined), "Present"],
  ["one that is not", look((eu) => eu.show(undefined)), "Absent"],
  ["one older than our own write", look((eu) => void (eu.behind = "9"), { atLeast: "9" }), "Behind"],
  ["one as new as our own write", look((eu) => void (eu.behind = "9"), { atLeast: "8" }), "Present"],
  ["a watch that is not open yet", look((eu) => eu.becomes({ live: false, synced: false })), "Unasked"],
  [
    "a watch that has not opened for the contact time",
    look((eu) => eu.becomes({ live: false, synced: false }), { seconds: 5 }),
    "Unreachable: eu has not answered for 5 s",
  ],
  [
    "the same, with a reason",
    look((eu) => eu.becomes({ live: false, synced: false, failure: new Error("no route") }), { seconds: 5 }),
    "Unreachable: no route",
  ],
  ["a watch that broke a moment ago", look((eu) => eu.becomes({ live: false }), { seconds: 60 }), "Unasked"],
  [
    "a watch of a server that is known to be out of reach",
    look((eu) => eu.becomes({ live: false, reachability: refused })),
    "Unreachable: connection refused",
  ],
  ["a live watch, whatever else failed", look((eu) => eu.becomes({ reachability: refused })), "Present"],
] as const) {
  test(`${what} is ${expected}`, () => assert.equal(seen, expected));
}

test("nobody follows is Unasked, and no registration is Unreachable", () => {
  const clock = new HandClock();
  const sightings = new Sightings(new FakeFleet(clock, "eu"), clock, 5000, new AbortController().signal);
  assert.deepEqual(
    [sightings.look(place).kind, sightings.look({ ...place, instance: "us" })],
    ["Unasked", { kind: "Unreachable", message: "us is not registered any more", gone: true }],
  );
});

test("one watch serves all who look there, each is told, and the last one ends it", () => {
  const clock = new HandClock();
  const fleet = new FakeFleet(clock, "eu");
  const eu = fleet.at("eu");
  const sightings = new Sightings(fleet, clock, 5000, new AbortController().signal);
  const told: string[] = [];
  const ends = ["a", "b"].map((name) => sightings.follow(place, () => told.push(name)));
  const other = sightings.follow({ ...place, application: { namespace: "argocd", name: "other" } }, () => told.push("other"));
  assert.equal(eu.leases, 1);
  eu.show(application());
  assert.deepEqual(told, ["a", "b"]);
  eu.becomes({ live: false });
  assert.deepEqual(told, ["a", "b", "a", "b", "other"]);
  for (const end of [...ends, ...ends]) end();
  assert.equal(eu.leases, 1);
  other();
  eu.show(application());
  assert.deepEqual([eu.leases, told.length], [0, 5]);
});

test("a registration that was made anew is watched anew", () => {
  const clock = new HandClock();
  const fleet = new FakeFleet(clock, "eu");
  const old = fleet.at("eu");
  const sightings = new Sightings(fleet, clock, 5000, new AbortController().signal);
  sightings.follow(place, () => undefined);
  const fresh = new FakeInstance("eu", clock);
  fresh.show(application());
  fleet.instances.set("eu", fresh);
  assert.deepEqual([sightings.look(place).kind, old.leases, fresh.leases], ["Present", 0, 1]);
});

for (const [what, glance, asked] of [
  ["in flight is asked how far its Rollouts are", { closely: true }, ["/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/checkout"]],
  ["that nobody waits for is not", {}, []],
] as const) {
  test(`a target ${what}`, () => {
    const clock = new HandClock();
    const fleet = new FakeFleet(clock, "eu");
    const eu = fleet.at("eu");
    const one = { group: "argoproj.io", kind: "Rollout", namespace: "shop", name: "checkout" };
    eu.show(
      application()
        .health("Suspended")
        .but((raw) => void (raw.status["resources"] = [one])),
    );
    const sightings = new Sightings(fleet, clock, 5000, new AbortController().signal);
    sightings.follow(place, () => undefined);
    const seen = sightings.see(place, undefined, {}, glance);
    assert.equal(seen.kind === "Present" && seen.observation.rollouts[0]?.name, "checkout");
    assert.deepEqual(
      eu.asked.map(({ path }) => path),
      asked,
    );
  });
}
