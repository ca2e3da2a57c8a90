import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { beginnings } from "#controllers/freezes/beginnings.ts";
import { at, written } from "./windows.ts";

function following(schedule: string, zone: string, from: string, count: number): string[] {
  const read = beginnings(schedule, zone);
  if ("fault" in read) return [read.fault];
  const found: string[] = [];
  for (let time: number | undefined = at(from); found.length < count && time !== undefined;) {
    time = read.next(time);
    found.push(written(time));
  }
  return found;
}

suite("a schedule begins by the clocks of its time zone", () => {
  const cases: readonly (readonly [what: string, schedule: string, zone: string, from: string, begins: readonly string[]])[] = [
    ["in UTC", "0 18 * * fri", "UTC", "2026-11-23T10:00Z", ["2026-11-27T18:00Z", "2026-12-04T18:00Z"]],
    ["strictly after what is asked for", "0 18 * * *", "UTC", "2026-11-23T18:00Z", ["2026-11-24T18:00Z"]],
    [
      "in Berlin, in summer and in winter",
      "0 18 * * fri",
      "Europe/Berlin",
      "2026-10-20T00:00Z",
      ["2026-10-23T16:00Z", "2026-10-30T17:00Z"],
    ],
    [
      "in New York, in winter and in summer",
      "0 18 * * fri",
      "America/New_York",
      "2026-03-02T00:00Z",
      ["2026-03-06T23:00Z", "2026-03-13T22:00Z"],
    ],
    ["in a zone of half hours", "0 9 * * *", "Asia/Kolkata", "2026-11-23T00:00Z", ["2026-11-23T03:30Z"]],
    ["on the last of months that have one", "0 0 31 * *", "Europe/Berlin", "2026-02-01T00:00Z", ["2026-03-30T22:00Z", "2026-05-30T22:00Z"]],
    ["on 29 February", "0 12 29 2 *", "Europe/Berlin", "2026-01-01T00:00Z", ["2028-02-29T11:00Z", "2032-02-29T11:00Z"]],
    ["never on 30 February", "0 12 30 2 *", "Europe/Berlin", "2026-01-01T00:00Z", ["never"]],

    [
      "put forward over it: at that moment",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T00:00Z",
      ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"],
    ],
    [
      "in New York, too",
      "30 2 * * *",
      "America/New_York",
      "2026-03-07T00:00Z",
      ["2026-03-07T07:30Z", "2026-03-08T07:00Z", "2026-03-09T06:30Z"],
    ],
    ["put forward over it, once a year", "30 2 29 3 *", "Europe/Berlin", "2025-12-01T00:00Z", ["2026-03-29T01:00Z", "2027-03-29T00:30Z"]],
    ["put forward over several: once", "*/15 2 * * *", "Europe/Berlin", "2026-03-29T00:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:00Z"]],
    ["put forward to it: at that moment", "0 3 * * *", "Europe/Berlin", "2026-03-29T00:00Z", ["2026-03-29T01:00Z", "2026-03-30T01:00Z"]],
    ["put forward just before it", "30 3 29 3 *", "Europe/Berlin", "2026-01-01T00:00Z", ["2026-03-29T01:30Z"]],

    [
      "put back over it: twice",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-24T12:00Z",
      ["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-26T01:30Z"],
    ],
    [
      "in New York, too",
      "30 1 * * *",
      "America/New_York",
      "2026-10-31T12:00Z",
      ["2026-11-01T05:30Z", "2026-11-01T06:30Z", "2026-11-02T06:30Z"],
    ],
    [
      "put back over it, once a year",
      "30 2 25 10 *",
      "Europe/Berlin",
      "2025-12-01T00:00Z",
      ["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2027-10-25T00:30Z"],
    ],
    ["put back to it: twice", "0 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25T00:00Z", "2026-10-25T01:00Z"]],
    ["put back from it: once", "0 3 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25T02:00Z", "2026-10-26T02:00Z"]],
    ["asked between the two", "30 2 * * *", "Europe/Berlin", "2026-10-25T00:45Z", ["2026-10-25T01:30Z"]],
    [
      "put back by half an hour",
      "45 1 * * *",
      "Australia/Lord_Howe",
      "2026-04-04T12:00Z",
      ["2026-04-04T14:45Z", "2026-04-04T15:15Z", "2026-04-05T15:15Z"],
    ],
    ["of a day that a zone left out: when it did", "0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00Z", ["2011-12-30T10:00Z"]],
  ];
  for (const [what, schedule, zone, from, expected] of cases)
    test(`${what}: "${schedule}" in ${zone} after ${from}`, () =>
      assert.deepEqual(following(schedule, zone, from, expected.length), expected));
});

test("what is no schedule, and what is no time zone, is said", () => {
  const said = (schedule: string, zone = "UTC"): string => following(schedule, zone, "2026-11-23T10:00Z", 1).join("");
  assert.deepEqual(
    [
      said("0 18 * *"),
      said("@daily"),
      said("TZ=Europe/Berlin 0 18 * * *"),
      said("0 24 * * *"),
      said("0 0 * * fri-mon"),
      said("0 0 * * *", "Europe/Berlim"),
    ],
    [
      'schedule "0 18 * *" has 4 fields, not minute, hour, day of month, month and day of week',
      'schedule "@daily" has 1 fields, not minute, hour, day of month, month and day of week',
      'schedule "TZ=Europe/Berlin 0 18 * * *" has 6 fields, not minute, hour, day of month, month and day of week',
      'schedule "0 24 * * *" cannot be read: "24" is no hour',
      'schedule "0 0 * * fri-mon" cannot be read: "fri-mon" is no day of week',
      'timeZone "Europe/Berlim" is not known: write the IANA name of a time zone, such as Europe/Berlin, or UTC',
    ],
  );
});

suite("whatever the schedule, it is found as by watching the clocks minute by minute", () => {
  const MINUTE = 60_000;
  const DAYS = 6;
  /** Around changes of the clocks. */
  const places = [
    ["Europe/Berlin", "2026-03-26T00:00Z"],
    ["Europe/Berlin", "2026-10-22T00:00Z"],
    ["America/New_York", "2026-03-05T00:00Z"],
    ["America/New_York", "2026-10-29T00:00Z"],
    ["America/Santiago", "2026-09-03T00:00Z"], // at midnight
    ["Australia/Lord_Howe", "2026-04-02T00:00Z"], // by half an hour
  ] as const;
  const some = (least: number, most: number) =>
    fc.option(fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 3 }), { nil: "*" as const, freq: 2 });
  const drawn = fc.record({
    minutes: some(0, 59),
    hours: fc.oneof(some(0, 3), some(0, 23)),
    days: some(1, 31),
    weekdays: some(0, 6),
    from: fc.integer({ min: 0, max: DAYS * 24 * 60 - 1 }),
  });

  for (const [zone, start] of places) {
    test(`in ${zone} from ${start} on`, () => {
      const clocks = watched(zone, at(start), DAYS * 24 * 60);
      const property = fc.property(drawn, ({ minutes, hours, days, weekdays, from }) => {
        const read = beginnings(`${minutes} ${hours} ${days} * ${weekdays}`, zone);
        if ("fault" in read) throw new Error(read.fault);
        const has = (field: "*" | readonly number[], value: number): boolean => field === "*" || field.includes(value);
        const isShown = (clock: number): boolean => {
          const date = new Date(clock);
          const [day, weekday] = [has(days, date.getUTCDate()), has(weekdays, date.getUTCDay())];
          // Cron's own rule: where both days are given, either will do.
          const isDay = days === "*" || weekdays === "*" ? day && weekday : day || weekday;
          return has(minutes, date.getUTCMinutes()) && has(hours, date.getUTCHours()) && isDay;
        };
        const expected = clocks.findIndex((clock, index) => {
          if (index <= from) return false;
          for (let skipped = (clocks[index - 1] ?? clock) + MINUTE; skipped < clock; skipped += MINUTE) if (isShown(skipped)) return true;
          return isShown(clock);
        });
        const found = read.next(at(start) + from * MINUTE);
        const end = at(start) + clocks.length * MINUTE;
        assert.equal(
          found === undefined || found >= end ? "later" : written(found),
          expected < 0 ? "later" : written(at(start) + expected * MINUTE),
        );
      });
      fc.assert(property, { numRuns: 300 });
    });
  }

  /** What the clocks of a zone show, minute by minute, as if it were UTC. */
  function watched(zone: string, start: number, count: number): readonly number[] {
    const clock = new Intl.DateTimeFormat("en", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
    return Array.from({ length: count }, (_, index) => {
      const parts = new Map(clock.formatToParts(start + index * MINUTE).map(({ type, value }) => [type, Number(value)]));
      const [year = 0, month = 0, day, hour, minute] = (["year", "month", "day", "hour", "minute"] as const).map((type) => parts.get(type));
      return Date.UTC(year, month - 1, day, hour, minute);
    });
  }
});
