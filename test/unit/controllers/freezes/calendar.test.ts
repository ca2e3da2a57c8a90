import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { API_VERSION } from "#api/rules.ts";
import type { FreezeWindowSpec } from "#api/freezewindow.ts";
import { calendar, faultOf, type Placed } from "#controllers/freezes/calendar.ts";
import { seenWindow, type SeenWindow } from "#controllers/freezes/seenwindow.ts";
import { at, REASON, windowOf, written } from "./windows.ts";

const HOME = "release-conductor";
const NOW = at("2026-12-24T12:00Z");
const target: Placed = {
  namespace: "team-a",
  service: "checkout",
  environment: "production",
  cluster: "eu-west-1",
  labels: { region: "eu", tier: "1" },
};
const holidays = { from: "2026-12-23T18:00:00Z", to: "2027-01-04T08:00:00Z" };

const names = (windows: readonly SeenWindow[], who: Placed = target, now = NOW): string[] =>
  calendar(windows, HOME)
    .freezesAt(who, now)
    .map(({ name }) => name);

test("a freeze is known by its window, its reason and its end", () =>
  assert.deepEqual(calendar([windowOf(holidays, "team-a/holidays")], HOME).freezesAt(target, NOW), [
    { name: "team-a/holidays", reason: REASON, until: at("2027-01-04T08:00Z") },
  ]));

test("of several that hold, each is told, the one that ends last first", () => {
  const windows = [
    windowOf({ from: "2026-12-24T00:00:00Z", to: "2026-12-25T00:00:00Z" }, "team-a/eve"),
    windowOf({ schedule: "0 10 * * *", duration: "3h" }, `${HOME}/noon`),
    windowOf(holidays, "team-a/holidays"),
    windowOf({ from: "2026-12-25T00:00:00Z", to: "2026-12-26T00:00:00Z" }, "team-a/tomorrow"),
    windowOf(holidays, "team-a/also"),
  ];
  assert.deepEqual(names(windows), ["team-a/also", "team-a/holidays", "team-a/eve", `${HOME}/noon`]);
});

suite("a freeze holds what is in its scope, all of it given", () => {
  const euRegion = { selector: { matchLabels: { region: "eu" } } };
  const cases: readonly (readonly [what: string, holds: boolean, scope: Partial<FreezeWindowSpec>, who?: Partial<Placed>])[] = [
    ["everything, when there is none", true, {}],
    ["its environments", true, { environments: ["staging", "production"] }],
    ["no other environment", false, { environments: ["staging"] }],
    ["its services", true, { services: ["cart", "checkout"] }],
    ["no other service", false, { services: ["cart"] }],
    ["its clusters", true, { clusters: { names: ["us-east-1", "eu-west-1"] } }],
    ["no other cluster", false, { clusters: { names: ["us-east-1"] } }],
    ["clusters with its labels", true, { clusters: euRegion }],
    ["clusters with all of its labels", false, { clusters: { selector: { matchLabels: { region: "eu", tier: "2" } } } }],
    ["no cluster without its labels", false, { clusters: euRegion }, { labels: {} }],
    ["a cluster whose labels are not known", true, { clusters: euRegion }, { labels: undefined }],
    ["no cluster of another name whose labels are not known", false, { clusters: { names: ["us-east-1"] } }, { labels: undefined }],
    ["what all of it says", true, { environments: ["production"], services: ["checkout"], clusters: euRegion }],
    ["nothing that a part of it leaves out", false, { environments: ["production"], services: ["cart"], clusters: euRegion }],
  ];
  for (const [what, holds, scope, who] of cases)
    test(what, () => assert.equal(names([windowOf({ ...holidays, ...scope })], { ...target, ...who }).length === 1, holds));
});

test("a window of the conductor's own namespace holds for all namespaces, any other for its own", () => {
  const windows = [windowOf(holidays, `${HOME}/all`), windowOf(holidays, "team-a/own"), windowOf(holidays, "team-b/other")];
  assert.deepEqual(names(windows), [`${HOME}/all`, "team-a/own"]);
  assert.deepEqual(names(windows, { ...target, namespace: HOME }), [`${HOME}/all`]);
});

suite("the next turn is", () => {
  const noon = windowOf({ schedule: "0 10 * * *", duration: "3h" }, "team-a/noon");
  const next = (windows: readonly SeenWindow[], now: string, who?: Placed): string =>
    written(calendar(windows, HOME).nextTurn(at(now), who));
  const cases: readonly (readonly [what: string, turn: string, windows: readonly SeenWindow[], now: string, who?: Placed])[] = [
    ["a beginning", "2026-12-24T10:00Z", [noon], "2026-12-24T09:00Z"],
    ["an end", "2026-12-24T13:00Z", [noon], "2026-12-24T10:00Z"],
    ["the next beginning, at an end", "2026-12-25T10:00Z", [noon], "2026-12-24T13:00Z"],
    ["the first of several", "2026-12-24T10:00Z", [windowOf(holidays), noon], "2026-12-24T09:00Z"],
    ["never, when all is over", "never", [windowOf(holidays)], "2027-01-04T08:00Z"],
    ["never, without windows", "never", [], "2026-12-24T09:00Z"],
    ["of those that are for a release", "2026-12-24T10:00Z", [noon], "2026-12-24T09:00Z", target],
    ["of no others", "never", [noon], "2026-12-24T09:00Z", { ...target, namespace: "team-b" }],
  ];
  for (const [what, turn, windows, now, who] of cases) test(what, () => assert.equal(next(windows, now, who), turn));
});

suite("a window that cannot be read", () => {
  const never = windowOf({ schedule: "0 0 30 2 *", duration: "24h", services: ["checkout"] }, "team-a/never");
  const good = windowOf(holidays, "team-a/good");
  const garbled = seenWindow({
    apiVersion: API_VERSION,
    kind: "FreezeWindow",
    metadata: { namespace: "team-a", name: "garbled", uid: "1", resourceVersion: "1" },
    spec: { services: ["cart"], holds: "always" },
  });
  const invalid = (windows: readonly SeenWindow[], who: Placed = target): string | undefined =>
    calendar(windows, HOME).invalidFor(who)?.message;

  test("is told to every release that it could be for", () => {
    assert.deepEqual(calendar([good, never], HOME).invalidFor(target), {
      name: "team-a/never",
      message:
        'FreezeWindow team-a/never could be for this release, and schedule "0 0 30 2 *" never comes: no month has such a day. Correct it, or delete it',
    });
    assert.equal(invalid([good, never], { ...target, service: "cart" }), undefined);
    assert.equal(invalid([never], { ...target, namespace: "team-b" }), undefined);
  });
  test("could be for any release when not even its scope can be read", () => {
    const message =
      "FreezeWindow team-a/garbled could be for this release, and it cannot be read: ✖ Invalid input: expected string, received undefined → at spec.reason. Correct it, or delete it";
    assert.equal(invalid([good, garbled]), message);
    assert.equal(invalid([garbled], { ...target, namespace: "team-b" }), undefined);
  });
  test("does not keep the others from holding", () => {
    assert.deepEqual(names([garbled, never, good]), ["team-a/good"]);
    assert.equal(written(calendar([garbled, never, good], HOME).nextTurn(NOW)), "2027-01-04T08:00Z");
  });
  test("has a fault, and one that can has none", () =>
    assert.deepEqual([faultOf(good), faultOf(never)], [undefined, 'schedule "0 0 30 2 *" never comes: no month has such a day']));
});

suite("whatever the windows and their time zones", () => {
  const MINUTE = 60_000;
  const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe");
  const start = fc
    .integer({ min: at("2026-03-01T00:00Z") / MINUTE, max: at("2026-12-01T00:00Z") / MINUTE })
    .map((minute) => minute * MINUTE);
  const stamp = (time: number): string => written(time).replace("Z", ":00Z");
  const once = fc
    .tuple(start, fc.integer({ min: 1, max: 20_000 }))
    .map(([from, minutes]) => ({ from: stamp(from), to: stamp(from + minutes * MINUTE) }));
  const recurring = fc.record({
    schedule: fc.constantFrom("30 2 * * *", "0 18 * * fri", "0 0 1 * *", "0 */6 * * *", "15 1-3 * * sun", "0 0 * * sat,sun"),
    duration: fc.constantFrom("30m", "1h", "90m", "4h", "24h", "62h"),
    timeZone: zone,
  });
  const windows = fc
    .array(fc.oneof(once, recurring), { minLength: 1, maxLength: 4 })
    .map((specs) => specs.map((spec, index) => windowOf(spec, `team-a/w${index}`)).filter((window) => faultOf(window) === undefined));

  test("who holds changes at a turn, and at no other time", () => {
    const property = fc.property(windows, start, fc.double({ min: 0, max: 1, noNaN: true }), (all, now, part) => {
      const fresh = (time: number): string => names(all, target, time).join(" ");
      const turn = calendar(all, HOME).nextTurn(now);
      if (turn === undefined) return assert.equal(fresh(now), "");
      assert.ok(turn > now);
      const before = fresh(now);
      for (const time of [now + Math.floor((turn - 1 - now) * part), turn - 1]) assert.equal(fresh(time), before, written(time));
      assert.notEqual(fresh(turn), before);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("a freeze holds up to its end, which stays the same, and then that window holds no more", () => {
    const property = fc.property(windows, start, fc.double({ min: 0, max: 1, noNaN: true }), (all, now, part) => {
      const shared = calendar(all, HOME);
      for (const freeze of shared.freezesAt(target, now)) {
        const later = now + Math.floor((freeze.until - 1 - now) * part);
        for (const one of [shared, calendar(all, HOME)]) {
          assert.deepEqual(
            one.freezesAt(target, later).find(({ name }) => name === freeze.name),
            freeze,
          );
          assert.equal(
            one.freezesAt(target, freeze.until).some(({ name }) => name === freeze.name),
            false,
          );
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
