import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { stringify } from "yaml";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import { API_VERSION, GROUP } from "#api/rules.ts";

const root = join(import.meta.dirname, "..", "..");

let plane: Plane;
let cluster: Cluster;

const apply = (manifest: string): Promise<string> => cluster.kubectl(["apply", "-f", "-"], manifest);
const freeze = (spec: object): string => stringify({ apiVersion: API_VERSION, kind: "FreezeWindow", metadata: { name: "freeze" }, spec });
const reason = "Nobody is at work";
const once = (spec: object = {}): string => freeze({ reason, from: "2026-12-23T18:00:00+01:00", to: "2027-01-04T08:00:00+01:00", ...spec });
const recurring = (spec: object = {}): string => freeze({ reason, schedule: "0 18 * * fri", duration: "62h", ...spec });

/** What kubectl says to it, whether it is taken or not. */
async function answer(manifest: string): Promise<string> {
  try {
    return `accepted: ${await apply(manifest)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

before(async () => {
  plane = await Plane.start();
  cluster = await plane.cluster("management");
  await cluster.apply(readFileSync(join(root, `crds/${GROUP}_freezewindows.yaml`), "utf8"));
  await cluster.kubectl(["wait", "--for=condition=Established", "--timeout=30s", `crd/freezewindows.${GROUP}`]);
  await cluster.apply([
    { apiVersion: API_VERSION, kind: "FreezeWindow", metadata: { name: "first" }, spec: { reason, schedule: "0 0 * * *", duration: "1h" } },
  ]); // waits until the kind is served
});
after(async () => plane.stop());

const fields = "schedule must be five cron fields: minute (0-59), hour (0-23), day of month (1-31)";
const zone = "timeZone must be the IANA name of a time zone, such as Europe/Berlin, or UTC";
const exactly = "a FreezeWindow takes exactly one of from (with to: it happens once) and schedule (with duration: it recurs)";
const exists = "to must be after from, and both must be on a calendar and a clock";
const offset = "must be a date and a time with its offset from UTC, such as 2026-12-20T18:00:00+01:00 or 2026-12-20T17:00:00Z";

suite("a FreezeWindow is refused with a sentence that says what to change", () => {
  const cases: readonly (readonly [what: string, manifest: string, message: string])[] = [
    ["no reason", once({ reason: undefined }), "spec.reason: Required value"],
    ["an empty reason", once({ reason: " " }), "reason must say why, for those who are held up"],
    ["neither form", freeze({ reason }), exactly],
    ["both forms", once({ schedule: "0 18 * * fri", duration: "62h" }), exactly],
    ["no end", once({ to: undefined }), "from and to go together"],
    ["no beginning", freeze({ reason, schedule: "0 18 * * fri", duration: "1h", to: "2027-01-04T08:00:00Z" }), "from and to go together"],
    ["no duration", recurring({ duration: undefined }), "schedule and duration go together"],
    ["a duration for one that happens once", once({ duration: "1h" }), "schedule and duration go together"],
    ["a time zone for one that happens once", once({ timeZone: "Europe/Berlin" }), "timeZone goes with schedule"],
    ["an end before its start", once({ to: "2026-12-23T17:59:59+01:00" }), exists],
    ["an end at its start, in another offset", once({ to: "2026-12-23T17:00:00Z" }), exists],
    ["a day that does not exist", once({ to: "2027-02-30T08:00:00Z" }), exists],
    ["an hour that does not exist", once({ to: "2027-02-20T25:00:00Z" }), exists],
    ["a date without a time", once({ to: "2027-01-04" }), `to ${offset}`],
    ["a time without its offset", once({ from: "2026-12-23T18:00:00" }), `from ${offset}`],
    ["four fields", recurring({ schedule: "0 18 * *" }), fields],
    ["six fields", recurring({ schedule: "0 0 18 * * fri" }), fields],
    ["a descriptor", recurring({ schedule: "@daily" }), fields],
    ["a time zone in the schedule", recurring({ schedule: "TZ=Europe/Berlin 0 18 * * fri" }), fields],
    ["minute 60", recurring({ schedule: "60 18 * * fri" }), fields],
    ["hour 24", recurring({ schedule: "0 24 * * *" }), fields],
    ["day 0", recurring({ schedule: "0 18 0 * *" }), fields],
    ["month 13", recurring({ schedule: "0 18 1 13 *" }), fields],
    ["weekday 7", recurring({ schedule: "0 18 * * 7" }), fields],
    ["a weekday in German", recurring({ schedule: "0 18 * * fre" }), fields],
    ["the last day of a month", recurring({ schedule: "0 18 L * *" }), fields],
    ["a step of nothing", recurring({ schedule: "*/0 18 * * *" }), fields],
    [
      "a duration in days",
      recurring({ duration: "2d" }),
      "duration must be a duration of hours, minutes and seconds, such as 90s, 15m or 1h30m",
    ],
    ["a duration of nothing", recurring({ duration: "0s" }), "duration must be a duration of hours, minutes and seconds"],
    [
      "a duration of years",
      recurring({ duration: "8785h" }),
      "duration must be at most 366 days (8784h): write from and to for a freeze that lasts",
    ],
    ["a duration that overflows", recurring({ duration: "999999999999999h" }), "duration must be at most 366 days (8784h)"],
    ["a time zone that does not exist", recurring({ timeZone: "Europe/Berlim" }), `evaluating rule: ${zone}`],
    ["a time zone by its offset", recurring({ timeZone: "+02:00" }), zone],
    ["an empty time zone", recurring({ timeZone: "" }), zone],
    ["the machine's own time zone", recurring({ timeZone: "Local" }), zone],
    ["an environment that is no DNS label", recurring({ environments: ["Prod"] }), "environments must be a DNS label"],
    ["the same service twice", recurring({ services: ["a", "a"] }), 'Duplicate value: "a"'],
    ["no services at all", recurring({ services: [] }), "should have at least 1 items"],
    ["clusters by neither names nor selector", recurring({ clusters: {} }), "clusters of a freeze takes exactly one of names and selector"],
    [
      "clusters by both",
      recurring({ clusters: { names: ["eu"], selector: { matchLabels: { region: "eu" } } } }),
      "clusters of a freeze takes exactly one of names and selector",
    ],
    ["a field that does not exist", recurring({ until: "2027-01-01T00:00:00Z" }), 'unknown field "spec.until"'],
  ];
  for (const [what, manifest, message] of cases) {
    test(what, async () => {
      const said = await answer(manifest);
      assert.ok(said.includes(message), `expected: ${message}\nbut kubectl said: ${said}`);
    });
  }
});

suite("a FreezeWindow is taken", () => {
  const cases: readonly (readonly [what: string, manifest: string])[] = [
    ["once", once()],
    ["once, with ends in different offsets", once({ from: "2026-12-23T18:00:00+01:00", to: "2026-12-23T17:00:01Z" })],
    ["on 29 February", once({ from: "2028-02-29T00:00:00Z", to: "2028-03-01T00:00:00Z" })],
    ["recurring, in UTC by default", recurring()],
    ["in a time zone", recurring({ timeZone: "Europe/Berlin" })],
    ["in a time zone of three parts", recurring({ timeZone: "America/Argentina/Buenos_Aires" })],
    ["in UTC by name", recurring({ timeZone: "UTC" })],
    ["at many times", recurring({ schedule: "*/15,7 8-17/2 1,15 JAN-mar 1-5" })],
    ["with a question mark for any day", recurring({ schedule: "0 18 ? * FRI" })],
    ["for a year", recurring({ duration: "8784h" })],
    ["with a scope", recurring({ environments: ["production"], services: ["checkout"], clusters: { names: ["eu-west-1"] } })],
    ["with a selector of clusters", recurring({ clusters: { selector: { matchLabels: { region: "eu", "example.com/tier": "1" } } } })],
  ];
  for (const [what, manifest] of cases) test(what, async () => assert.match(await answer(manifest), /^accepted: /));
  test("as examples/freezewindow.yaml has it, of both kinds", async () =>
    assert.match(await answer(readFileSync(join(root, "examples/freezewindow.yaml"), "utf8")), /^accepted: .*holidays.*\n.*weekends/));
});

test("kubectl shows why, whether it holds, until when, and when it begins next", async () => {
  const path = `/apis/${API_VERSION}/namespaces/default/freezewindows/shown`;
  await apply(recurring().replace("name: freeze", "name: shown"));
  const status = { active: true, until: "2026-11-23T07:00:00Z", next: "2026-11-27T17:00:00Z" };
  await cluster.patch(`${path}/status`, { status });
  const lines = (await cluster.kubectl(["get", "fw", "shown"])).split("\n").map((line) => line.split(/ {2,}/));
  assert.deepEqual(lines[0], ["NAME", "REASON", "ACTIVE", "UNTIL", "NEXT", "AGE"]);
  assert.deepEqual(lines[1]?.slice(0, 5), ["shown", reason, "true", status.until, status.next]);
});
