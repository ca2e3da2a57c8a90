import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { FreezeWindowSpec } from "#api/freezewindow.ts";
import { timesOf } from "#controllers/freezes/times.ts";
import { at, windowOf, written } from "./windows.ts";

type Spec = Partial<FreezeWindowSpec>;

/** How a window stands at a moment: "until …" when it holds, else "from …" or "over"; or its fault. */
function stand(spec: Spec, moment: string): string {
  const times = timesOf(windowOf(spec).spec);
  if ("fault" in times) return times.fault;
  const { holds, until } = times.at(at(moment));
  if (holds) return `until ${written(until)}`;
  return until === undefined ? "over" : `from ${written(until)}`;
}

const holidays: Spec = { from: "2026-12-23T18:00:00+01:00", to: "2027-01-04T08:00:00+01:00" };
const weekends: Spec = { schedule: "0 18 * * fri", duration: "62h", timeZone: "Europe/Berlin" };
const nights = (duration: string, timeZone = "Europe/Berlin"): Spec => ({ schedule: "30 1 * * *", duration, timeZone });

suite("a freeze holds from its beginning, and at its end no more", () => {
  const cases: readonly (readonly [what: string, spec: Spec, moment: string, stand: string])[] = [
    ["once, before", holidays, "2026-12-23T16:59:59.999Z", "from 2026-12-23T17:00Z"],
    ["once, from the first moment", holidays, "2026-12-23T17:00Z", "until 2027-01-04T07:00Z"],
    ["once, to the last moment", holidays, "2027-01-04T06:59:59.999Z", "until 2027-01-04T07:00Z"],
    ["once, at the end", holidays, "2027-01-04T07:00Z", "over"],

    ["recurring, before", weekends, "2026-11-27T16:59:59.999Z", "from 2026-11-27T17:00Z"],
    ["recurring, from the first moment", weekends, "2026-11-27T17:00Z", "until 2026-11-30T07:00Z"],
    ["recurring, to the last moment", weekends, "2026-11-30T06:59:59.999Z", "until 2026-11-30T07:00Z"],
    ["recurring, at the end", weekends, "2026-11-30T07:00Z", "from 2026-12-04T17:00Z"],

    ["for as long as time passes, when clocks are put forward meanwhile", weekends, "2026-03-28T12:00Z", "until 2026-03-30T07:00Z"],
    ["for as long as time passes, when clocks are put back meanwhile", weekends, "2026-10-24T12:00Z", "until 2026-10-26T06:00Z"],
    [
      "from when clocks are put forward over its beginning",
      { ...nights("1h"), schedule: "30 2 * * *" },
      "2026-03-29T01:00Z",
      "until 2026-03-29T02:00Z",
    ],
    [
      "twice when clocks are put back over its beginning",
      { ...nights("15m"), schedule: "30 2 * * *" },
      "2026-10-25T00:45Z",
      "from 2026-10-25T01:30Z",
    ],
    ["at one go when it lasts that long", { ...nights("2h"), schedule: "30 2 * * *" }, "2026-10-25T00:30Z", "until 2026-10-25T03:30Z"],
    ["in New York by its own change of clocks", nights("15m", "America/New_York"), "2026-11-01T05:30Z", "until 2026-11-01T05:45Z"],
    ["and again an hour later", nights("15m", "America/New_York"), "2026-11-01T05:45Z", "from 2026-11-01T06:30Z"],

    [
      "through what begins just when it ends",
      { schedule: "0 0 * * sat,sun", duration: "24h" },
      "2026-11-28T12:00Z",
      "until 2026-11-30T00:00Z",
    ],
    [
      "through what begins before it has ended",
      { schedule: "0 8,9,12 * * *", duration: "2h" },
      "2026-11-28T08:30Z",
      "until 2026-11-28T11:00Z",
    ],
    ["and not through a minute between", { schedule: "0 8,10 * * *", duration: "1h59m" }, "2026-11-28T08:30Z", "until 2026-11-28T09:59Z"],
    [
      "all year but for the hour that days of 24 hours lack",
      { schedule: "0 0 * * *", duration: "24h", timeZone: "Europe/Berlin" },
      "2026-11-23T10:00Z",
      "until 2027-10-31T22:00Z",
    ],
  ];
  for (const [what, spec, moment, expected] of cases) test(`${what}: at ${moment}`, () => assert.equal(stand(spec, moment), expected));

  test("whatever was asked before", () => {
    const times = timesOf(windowOf(weekends).spec);
    assert.ok(!("fault" in times));
    const asked = ["2026-11-28T00:00Z", "2026-11-30T07:00Z", "2026-11-27T17:00Z", "2026-11-20T00:00Z", "2026-12-05T00:00Z"];
    assert.deepEqual(
      asked.map((moment) => times.at(at(moment)).holds),
      [true, false, true, false, true],
    );
  });
});

suite("what is no window has a fault that says what to change", () => {
  const onAndOn = (duration: string): string =>
    `it begins again before it has ended (${duration}), more than 400 times on end: give it a longer duration and a schedule that comes less often, or write from and to`;
  const form = "it takes exactly one of from (with to) and schedule (with duration)";
  const cases: readonly (readonly [what: string, spec: Spec, fault: string])[] = [
    ["neither form", {}, form],
    ["both forms", { ...holidays, ...weekends }, form],
    ["half a form", { from: "2026-12-23T18:00:00Z", duration: "1h" }, form],
    [
      "an end before its start",
      { from: "2027-01-04T08:00:00Z", to: "2026-12-23T18:00:00Z" },
      "it ends (2026-12-23T18:00:00Z) before it begins (2027-01-04T08:00:00Z): correct from or to",
    ],
    [
      "an hour that does not exist",
      { from: "2026-12-23T18:00:00Z", to: "2026-12-24T25:00:00Z" },
      'to "2026-12-24T25:00:00Z" is no date and time',
    ],
    [
      "a month that does not exist",
      { from: "2026-13-23T18:00:00Z", to: "2026-12-24T15:00:00Z" },
      'from "2026-13-23T18:00:00Z" is no date and time',
    ],
    [
      "a time zone that does not exist",
      { ...weekends, timeZone: "Mars/Olympus" },
      'timeZone "Mars/Olympus" is not known: write the IANA name of a time zone, such as Europe/Berlin, or UTC',
    ],
    ["a day that never comes", { schedule: "0 0 30 2 *", duration: "24h" }, 'schedule "0 0 30 2 *" never comes: no month has such a day'],
    [
      "a range from back to front",
      { schedule: "0 18 * * fri-mon", duration: "1h" },
      'schedule "0 18 * * fri-mon" cannot be read: "fri-mon" is no day of week',
    ],
    ["a year too long", { ...weekends, duration: "8785h" }, 'duration "8785h" must be from 1s to 366 days (8784h)'],
    ["every day, all day", { schedule: "0 0 * * *", duration: "24h" }, onAndOn("24h")],
    ["every minute, for an hour", { schedule: "* * * * *", duration: "1h" }, onAndOn("1h")],
    ["every minute of some hours, each for a minute", { schedule: "* 9-17 * * *", duration: "1m" }, onAndOn("1m")],
  ];
  for (const [what, spec, fault] of cases) test(what, () => assert.equal(stand(spec, "2026-11-23T10:00Z"), fault));
});
