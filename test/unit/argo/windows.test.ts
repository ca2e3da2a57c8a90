import assert from "node:assert/strict";
import { test } from "node:test";
import { closedWindow, syncWindows, type Sync, type Windowed } from "#argo/windows.ts";

type Json = Readonly<Record<string, unknown>>;

const app: Windowed = {
  name: "checkout-eu",
  project: "shops",
  destination: { server: "https://eu.example", name: "eu", namespace: "checkout" },
};
const everything = { applications: ["*"] };
/** Every night from 22:00 to 06:00. */
const night = { kind: "deny", schedule: "0 22 * * *", duration: "8h", ...everything };
/** Every day from 09:00 to 17:00. */
const office = { kind: "allow", schedule: "0 9 * * *", duration: "8h", ...everything };
const project = (...windows: readonly unknown[]): unknown => ({ metadata: { name: "shops" }, spec: { syncWindows: windows } });

/** `open`, or until when it is closed. */
function state(windows: readonly unknown[], now: string, sync: Sync = { automated: true }, of = app): string {
  const closed = closedWindow(syncWindows(project(...windows)), of, Date.parse(now), sync);
  if (closed === undefined) return "open";
  return closed.until === undefined ? "closed" : new Date(closed.until).toISOString().replace(/:00\.\d+Z$/, "");
}

const morning = "2026-11-24T05:00:00Z";
const noon = "2026-11-24T12:00:00Z";
const evening = "2026-11-24T23:00:00Z";

const times: readonly (readonly [what: string, windows: readonly Json[], now: string, state: string, sync?: Sync])[] = [
  ["no window", [], noon, "open"],
  ["a deny window that is not active", [night], noon, "open"],
  ["an active deny window", [night], morning, "2026-11-24T06:00"],
  ["a deny window, at its very beginning", [night], "2026-11-24T22:00:00Z", "open"],
  ["a deny window, a moment after its beginning", [night], "2026-11-24T22:00:00.001Z", "2026-11-25T06:00"],
  ["a deny window, at its very end", [night], "2026-11-24T06:00:00Z", "open"],
  ["an active allow window", [office], noon, "open"],
  ["an allow window that is not active", [office], evening, "2026-11-25T09:00"],
  [
    "an active allow window and an active deny window",
    [office, { ...night, schedule: "0 11 * * *", duration: "2h" }],
    noon,
    "2026-11-24T13:00",
  ],
  ["a deny window that ends when no allow window is active", [office, night], evening, "2026-11-25T09:00"],
  ["one of two allow windows", [{ ...office, schedule: "0 1 * * *" }, office], noon, "open"],
  ["an allow window and none that denies now", [office, night], noon, "open"],
  ["deny windows that follow each other", [night, { ...night, schedule: "0 6 * * *", duration: "1h" }], morning, "2026-11-24T07:00"],
  ["deny windows that overlap", [night, { ...night, schedule: "0 5 * * *", duration: "4h" }], "2026-11-24T05:30:00Z", "2026-11-24T09:00"],
  ["a deny window without end", [{ ...night, schedule: "* * * * *", duration: "1h" }], noon, "closed"],
  ["an allow window of another year", [{ ...office, schedule: "0 0 29 2 *" }], noon, "closed"],
  ["a window of neither kind", [{ ...night, kind: "" }], morning, "open"],
  ["a schedule without any time, which Argo CD takes for always", [{ ...night, schedule: "0 0 30 2 *" }], noon, "closed"],
  ["an allow window with such a schedule", [{ ...office, schedule: "0 0 30 2 *" }], noon, "open"],
  ["a negative duration", [{ ...night, duration: "-8h" }], morning, "open"],
  // Whoever starts it.
  ["a deny window that lets people pass, for Argo CD", [{ ...night, manualSync: true }], morning, "2026-11-24T06:00"],
  ["a deny window that lets people pass, for a person", [{ ...night, manualSync: true }], morning, "open", { automated: false }],
  ["a deny window, for a person", [night], morning, "2026-11-24T06:00", { automated: false }],
  [
    "two deny windows of which one lets people pass, for a person",
    [
      { ...night, manualSync: true },
      { ...night, duration: "9h" },
    ],
    morning,
    "2026-11-24T07:00",
    { automated: false },
  ],
  [
    "an inactive allow window that lets people pass, for a person",
    [{ ...office, manualSync: true }],
    evening,
    "open",
    { automated: false },
  ],
  [
    "inactive allow windows of which one lets people pass, for a person",
    [{ ...office, manualSync: true }, office],
    evening,
    "2026-11-25T09:00",
    { automated: false },
  ],
  // What was started when it might.
  [
    "a deny window with overrun, for what began before it",
    [{ ...night, syncOverrun: true }],
    evening,
    "open",
    { automated: true, since: Date.parse(noon) },
  ],
  ["a deny window with overrun, for what is to begin", [{ ...night, syncOverrun: true }], evening, "2026-11-25T06:00"],
  [
    "a deny window with overrun, for what began in it",
    [{ ...night, syncOverrun: true }],
    evening,
    "2026-11-25T06:00",
    { automated: true, since: Date.parse(morning) },
  ],
  ["a deny window, for what began before it", [night], evening, "2026-11-25T06:00", { automated: true, since: Date.parse(noon) }],
  [
    "two deny windows of which one has overrun, for what began before them",
    [night, { ...night, syncOverrun: true }],
    evening,
    "2026-11-25T06:00",
    { automated: true, since: Date.parse(noon) },
  ],
  [
    "an allow window with overrun, for what began in it",
    [{ ...office, syncOverrun: true }],
    evening,
    "open",
    { automated: true, since: Date.parse(noon) },
  ],
  ["an allow window, for what began in it", [office], evening, "2026-11-25T09:00", { automated: true, since: Date.parse(noon) }],
  // Time zones: the clock on the wall counts, with the offset of now.
  ["a window in Berlin", [{ ...night, timeZone: "Europe/Berlin" }], "2026-11-24T21:30:00Z", "2026-11-25T05:00"],
  ["a window in Berlin in summer", [{ ...night, timeZone: "Europe/Berlin" }], "2026-07-24T20:30:00Z", "2026-07-25T04:00"],
  ["a window in Kolkata", [{ ...office, timeZone: "Asia/Kolkata" }], "2026-11-24T02:00:00Z", "2026-11-24T03:30"],
  ["a window in a time zone that is unknown: UTC", [{ ...night, timeZone: "Nowhere/Town" }], "2026-11-24T21:30:00Z", "open"],
  ["a window in a time zone with wrong capitals: UTC", [{ ...night, timeZone: "europe/berlin" }], "2026-11-24T21:30:00Z", "open"],
  ["the night when clocks go forward", [{ ...night, timeZone: "Europe/Berlin" }], "2027-03-27T22:00:00Z", "2027-03-28T04:00"],
  ["the night when clocks go back", [{ ...night, timeZone: "Europe/Berlin" }], "2026-10-24T22:00:00Z", "2026-10-25T05:00"],
  ["the allow window after clocks went back", [{ ...office, timeZone: "Europe/Berlin" }], "2026-10-24T22:00:00Z", "2026-10-25T08:00"],
  [
    "a window in the hour that clocks skip",
    [{ ...night, schedule: "30 2 * * *", duration: "1h", timeZone: "Europe/Berlin" }],
    "2027-03-28T01:15:00Z",
    "2027-03-28T01:30",
  ],
  // What cannot be read keeps every sync from starting (types.go, CanSync).
  ["a descriptor", [{ ...night, schedule: "@daily" }], noon, "closed"],
  ["a broken schedule beside one that can be read", [night, { ...night, schedule: "nightly" }], noon, "closed"],
  ["a broken duration", [{ ...office, duration: "1d" }], noon, "closed", { automated: false }],
  ["a broken window of other Applications", [{ ...night, schedule: "nightly", applications: ["other"] }], noon, "open"],
];
for (const [what, windows, now, expected, sync] of times) {
  test(`a sync and ${what}: ${expected}`, () => assert.equal(state(windows, now, sync), expected));
}

const matching: readonly (readonly [what: string, window: Json, matches: boolean, of?: Partial<Windowed["destination"]>])[] = [
  ["nothing", {}, false],
  ["its name", { applications: ["other", "checkout-*"] }, true],
  ["another name", { applications: ["other"] }, false],
  ["the name of its cluster", { clusters: ["eu"] }, true],
  ["the server of its cluster", { clusters: ["https://eu.*"] }, true],
  ["any cluster, without one", { clusters: ["*"] }, false, { name: "", server: "" }],
  ["its namespace", { namespaces: ["check*"] }, true],
  ["any of name, cluster and namespace", { applications: ["other"], clusters: ["us"], namespaces: ["checkout"] }, true],
  ["none of name, cluster and namespace", { applications: ["other"], clusters: ["us"], namespaces: ["cart"] }, false],
  [
    "all of name, cluster and namespace",
    { andOperator: true, applications: ["checkout-eu"], clusters: ["eu"], namespaces: ["checkout"] },
    true,
  ],
  [
    "only some of them, where all must match",
    { andOperator: true, applications: ["checkout-eu"], clusters: ["us"], namespaces: ["checkout"] },
    false,
  ],
  ["all that are set", { andOperator: true, clusters: ["eu"], namespaces: [] }, true],
  ["all of nothing", { andOperator: true }, false],
];
for (const [what, lists, matches, destination] of matching) {
  test(`a window for ${what} is ${matches ? "" : "not "}one for the Application`, () => {
    const always = { kind: "deny", schedule: "* * * * *", duration: "1h", ...lists };
    assert.equal(
      state([always], noon, { automated: true }, { ...app, destination: { ...app.destination, ...destination } }),
      matches ? "closed" : "open",
    );
  });
}

const sentences: readonly (readonly [windows: readonly Json[], now: string, message: string, sync?: Sync])[] = [
  [
    [{ ...night, timeZone: "Europe/Berlin", description: "freeze, CHG-17" }],
    "2026-11-24T21:30:00Z",
    'Argo CD starts no sync in the deny window "0 22 * * *" for 8h (Europe/Berlin; freeze, CHG-17) of AppProject shops: a sync may start at 2026-11-25T05:00:00Z',
  ],
  [
    [
      { ...office, schedule: "0 8 * * *" },
      { ...office, schedule: "0 7 * * *", manualSync: true },
    ],
    morning,
    'Argo CD starts no sync outside of the allow window "0 7 * * *" for 8h (UTC) of AppProject shops: a sync may start at 2026-11-24T07:00:00Z',
  ],
  [
    [{ ...night, manualSync: true }],
    morning,
    'Argo CD starts no sync in the deny window "0 22 * * *" for 8h (UTC) of AppProject shops: a sync may start at 2026-11-24T06:00:00Z; one that a person starts may at once',
  ],
  [
    [{ ...night, timeZone: "Mars" }],
    morning,
    'Argo CD starts no sync in the deny window "0 22 * * *" for 8h (Mars, which is unknown and read as UTC) of AppProject shops: a sync may start at 2026-11-24T06:00:00Z',
  ],
  [
    [{ ...night, schedule: "* * * * *" }],
    noon,
    'Argo CD starts no sync in the deny window "* * * * *" for 8h (UTC) of AppProject shops: no time was found when a sync may start',
  ],
  [
    [{ ...night, schedule: "0 22 * *" }],
    noon,
    'Argo CD starts no sync: the deny window "0 22 * *" for 8h (UTC) of AppProject shops cannot be read (it has 4 fields, not five): correct it',
  ],
];
for (const [windows, now, message, sync = { automated: true }] of sentences) {
  test(`a closed window says: ${message}`, () => {
    assert.equal(closedWindow(syncWindows(project(...windows)), app, Date.parse(now), sync)?.message, message);
  });
}

test("an AppProject of any form has windows, or none", () => {
  const none = [
    undefined,
    null,
    {},
    { spec: null },
    { spec: { syncWindows: null } },
    { spec: { syncWindows: "x" } },
    project(null, 7, { schedule: 3 }),
  ];
  assert.deepEqual(
    none.map((raw) => syncWindows(raw).length),
    none.map(() => 0),
  );
  assert.equal(syncWindows(project(null, { ...night, unheardOf: true, applications: null })).length, 1);
});
