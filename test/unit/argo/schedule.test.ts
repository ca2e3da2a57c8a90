import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, schedule, zoneOf } from "#argo/schedule.ts";

/** A Monday. */
const NOW = Date.parse("2026-11-23T10:00:00Z");
function next(text: string, from = NOW): string {
  const read = schedule(text);
  if ("fault" in read) return read.fault;
  const found = read.next(from);
  return found === undefined ? "never" : new Date(found).toISOString().replace(":00.000Z", "");
}

const cases: readonly (readonly [schedule: string, next: string])[] = [
  ["0 22 * * *", "2026-11-23T22:00"],
  ["0 10 * * *", "2026-11-24T10:00"],
  ["*/15 * * * *", "2026-11-23T10:15"],
  ["  0   22 *\t* ?  ", "2026-11-23T22:00"],
  ["0 8/2 * * *", "2026-11-23T12:00"],
  ["10-20/5 9 * * *", "2026-11-24T09:10"],
  ["0 0 * DEC sun", "2026-12-06T00:00"],
  ["0 0 * * fri-sat", "2026-11-27T00:00"],
  ["0 0 29 2 *", "2028-02-29T00:00"],
  ["0 0 30 2 *", "never"],
  ["0 0 , * *", "never"],
  ["*/100 * * * *", "2026-11-23T11:00"],
  // Both days are set: either will do. A star means that only the other one counts, and a full list is no star.
  ["0 0 1 * 3", "2026-11-25T00:00"],
  ["0 0 1 * *", "2026-12-01T00:00"],
  ["0 0 * * 3", "2026-11-25T00:00"],
  ["0 0 1-31 * 3", "2026-11-24T00:00"],
  ["0 0 */2 * 3", "2026-11-25T00:00"],
  ["TZ=Europe/Berlin 0 22 * * *", "2026-11-23T21:00"],
  ["CRON_TZ=America/New_York 0 22 * * *", "2026-11-24T03:00"],
  ["TZ=Nowhere/Town 0 22 * * *", 'there is no time zone "Nowhere/Town"'],
  ["TZ=europe/berlin 0 22 * * *", 'there is no time zone "europe/berlin"'],
  ["", "it has 0 fields, not five"],
  ["0 22 * *", "it has 4 fields, not five"],
  ["0 0 22 * * *", "it has 6 fields, not five"],
  ["60 * * * *", '"60" is no minute'],
  ["0 24 * * *", '"24" is no hour'],
  ["0 0 0 * *", '"0" is no day of month'],
  ["0 0 L * *", '"L" is no day of month'],
  ["0 0 * 13 *", '"13" is no month'],
  ["0 0 * * 7", '"7" is no day of week'],
  ["0 0 * * fri#2", '"fri#2" is no day of week'],
  ["0 0 * * sat-sun", '"sat-sun" is no day of week'],
  ["*/0 * * * *", '"*/0" is no minute'],
  ["1-2-3 * * * *", '"1-2-3" is no minute'],
  ["-1 * * * *", '"-1" is no minute'],
  ["@daily", 'Argo CD takes no descriptor such as "@daily" here: write minute, hour, day of month, month and day of week'],
];
for (const [text, expected] of cases) {
  test(`the schedule "${text}" is read as Argo CD reads it`, () => assert.equal(next(text), expected));
}

test("a duration is read as Go reads it", () => {
  const durations = { "1h30m": 5_400_000, "0": 0, "-1h": -3_600_000, "1.5h": 5_400_000, ".5s": 500, "100ms": 100, "+2m": 120_000 };
  assert.deepEqual(Object.fromEntries(Object.keys(durations).map((text) => [text, duration(text)])), durations);
  for (const text of ["", "1", "h", "1d", "1h 2m", "-", "1e3s"])
    assert.deepEqual(duration(text), { fault: `"${text}" is no duration such as 1h30m` });
});

test("a time zone is ahead of UTC by what its clocks show then, and is known by the name that Go knows", () => {
  const hours = (zone: string, when: string): number | undefined => {
    const offset = zoneOf(zone)?.(Date.parse(when));
    return offset === undefined ? undefined : offset / 3_600_000;
  };
  assert.deepEqual(
    [
      hours("UTC", "2026-07-01T00:00:00Z"),
      hours("Europe/Berlin", "2026-07-01T00:00:00Z"),
      hours("Europe/Berlin", "2026-12-01T00:00:00Z"),
      hours("America/St_Johns", "2026-12-01T00:00:00Z"),
      hours("Asia/Kathmandu", "2026-12-01T00:00:00Z"),
      hours("Europe/London", "2026-12-01T00:00:00Z"),
    ],
    [0, 2, 1, -3.5, 5.75, 0],
  );
  for (const name of ["europe/berlin", "+02:00", "Nowhere/Town", ""]) assert.equal(zoneOf(name), undefined, name);
});
