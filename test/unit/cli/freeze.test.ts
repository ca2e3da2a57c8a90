import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { pathOf, RESOURCES, TEAM } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { conductor, conductorIn, typing, type Said } from "./terminal.ts";

const NAME = "checkout.production";
const WEEKENDS = { reason: "nobody is at work", schedule: "0 18 * * fri", duration: "62h", timeZone: "Europe/Berlin" };

/** A release whose canary soaks for ten minutes, twenty seconds after it began. */
async function inFlight(): Promise<Simulation> {
  const waves = [{ name: "canary", clusters: { count: 1 }, minSuccessTime: "10m" }, { name: "rest" }];
  const simulation = new Simulation({
    seed: "freeze",
    clusters: ["eu-1", "eu-2"].map((name) => ({ name })),
    environments: [{ name: "production", spec: { strategy: { waves } } }],
  });
  simulation.wishes.apply(NAME, "1".repeat(40), {}, "carol");
  await simulation.settle(20_000);
  return simulation;
}

const said = (code: number, ...lines: readonly string[]): Said => ({ code, out: lines.map((line) => `${line}\n`).join(""), err: "" });
const wrong = (...lines: readonly string[]): Said => ({ code: 2, out: "", err: lines.map((line) => `${line}\n`).join("") });

function windows({ home }: Simulation): readonly string[] {
  return home.all(RESOURCES.freezes).map(({ metadata }) => metadata.name);
}

suite("freeze", () => {
  test("from now on, and it says which releases it reaches", async () => {
    const simulation = await inFlight();
    const args = [
      "freeze",
      "incident",
      "--reason",
      "repair",
      "--for",
      "2h",
      "--environment",
      "production,staging",
      "--service",
      "checkout",
    ];
    assert.deepEqual(
      await conductorIn(simulation, args),
      said(
        0,
        "incident freezes services checkout; environments production, staging in namespace team-a, from 2026-01-01T09:00:20Z to 2026-01-01T11:00:20Z",
        `  in flight there: ${NAME}; clusters that are started finish, no other is started`,
      ),
    );
    await simulation.settle(900_000);
    assert.match(
      (await conductorIn(simulation, ["status", NAME])).out,
      /waiting on Freeze: FreezeWindow team-a\/incident \(repair\) holds eu-2/,
    );
  });

  test("what it does not reach is not named", async () => {
    const args = ["freeze", "incident", "--reason", "repair", "--for", "2h", "--service", "ledger"];
    assert.deepEqual(
      await conductorIn(await inFlight(), args),
      said(0, "incident freezes services ledger in namespace team-a, from 2026-01-01T09:00:20Z to 2026-01-01T11:00:20Z"),
    );
  });

  test("later, in any time zone, for programs", async () => {
    const simulation = await inFlight();
    const times = ["--from", "2026-12-23T18:00:00+01:00", "--until", "2027-01-04T08:00:00+01:00"];
    const { out, ...rest } = await conductorIn(simulation, [
      "freeze",
      "holidays",
      "--reason",
      "rest",
      ...times,
      "--cluster",
      "eu-1",
      "-o",
      "json",
    ]);
    assert.deepEqual(rest, { code: 0, err: "" });
    assert.deepEqual(JSON.parse(out), {
      version: 1,
      name: "holidays",
      namespace: TEAM,
      spec: { reason: "rest", from: "2026-12-23T17:00:00Z", to: "2027-01-04T07:00:00Z", clusters: { names: ["eu-1"] } },
      active: null,
      until: null,
      next: null,
      inFlight: [],
    });
  });

  test("a name is taken once", async () => {
    const simulation = await inFlight();
    simulation.wishes.freeze("weekends", WEEKENDS);
    assert.deepEqual(
      await conductorIn(simulation, ["freeze", "weekends", "--reason", "x", "--for", "1h"]),
      wrong("there is already a FreezeWindow weekends in namespace team-a: choose another name, or delete it first"),
    );
  });

  const rows: readonly (readonly [args: readonly string[], line: string])[] = [
    [
      ["Year.End", "--reason", "x", "--for", "1h"],
      '"Year.End" is no name of a freeze: write lower-case letters, digits and dashes, such as year-end',
    ],
    [["year-end", "--for", "1h"], 'a freeze needs a reason, for those who are held up: --reason "…"'],
    [["year-end", "--reason", " ", "--for", "1h"], 'a freeze needs a reason, for those who are held up: --reason "…"'],
    [["year-end", "--reason", "x"], "until when? Give one of --for and --until"],
    [["year-end", "--reason", "x", "--for", "1h", "--until", "2027-01-01T00:00:00Z"], "until when? Give one of --for and --until"],
    [
      ["year-end", "--reason", "x", "--from", "2027-01-02T00:00:00Z", "--until", "2027-01-01T00:00:00Z"],
      "it would end at 2027-01-01T00:00:00Z and begin at 2027-01-02T00:00:00Z: let it end after that",
    ],
    [
      ["year-end", "--reason", "x", "--until", "next week"],
      "error: option '--until <time>' argument 'next week' is invalid. It must be a date and a time with its offset from UTC, such as 2026-12-20T18:00:00+01:00.",
    ],
  ];
  for (const [args, line] of rows)
    test(`wrong: freeze ${args.join(" ")}`, async () => assert.deepEqual(await conductor("freeze", ...args), wrong(line)));

  test("a freeze of the past is wrong", async () => {
    const times = ["--from", "2025-01-01T00:00:00Z", "--until", "2025-01-02T00:00:00Z"];
    assert.deepEqual(
      await conductorIn(await inFlight(), ["freeze", "past", "--reason", "x", ...times]),
      wrong("it would have ended at 2025-01-02T00:00:00Z: give a time to come"),
    );
  });
});

suite("freeze without a name", () => {
  test("lists what there is, what holds first", async () => {
    const simulation = await inFlight();
    simulation.wishes.freeze("a-later-one", WEEKENDS);
    simulation.wishes.freeze("now", { reason: "repair", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", services: ["checkout"] });
    await simulation.settle(5000);
    assert.deepEqual(
      await conductorIn(simulation, ["freeze"]),
      said(
        0,
        "NAME          ACTIVE   UNTIL                  NEXT                   HOLDS               REASON",
        "now           yes      2026-01-02T00:00:00Z   -                      services checkout   repair",
        "a-later-one   no       -                      2026-01-02T17:00:00Z   everything          nobody is at work",
      ),
    );
    assert.deepEqual(
      await conductorIn(simulation, ["freeze", "-o", "name"]),
      said(0, "freezewindow.conductor.dev/now", "freezewindow.conductor.dev/a-later-one"),
    );
    assert.deepEqual(JSON.parse((await conductorIn(simulation, ["freeze", "-o", "json"])).out), {
      version: 1,
      freezes: [
        {
          version: 1,
          name: "now",
          namespace: TEAM,
          spec: { reason: "repair", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", services: ["checkout"] },
          active: true,
          until: "2026-01-02T00:00:00Z",
          next: null,
        },
        { version: 1, name: "a-later-one", namespace: TEAM, spec: WEEKENDS, active: false, until: null, next: "2026-01-02T17:00:00Z" },
      ],
    });
  });

  test("where there are none it says so", async () =>
    assert.deepEqual(await conductorIn(await inFlight(), ["freeze"]), said(0, "no freezes in namespace team-a")));

  test("what would make one takes a name", async () =>
    assert.deepEqual(
      await conductorIn(await inFlight(), ["freeze", "--for", "2h"]),
      wrong("--for is for a freeze that is made: name it, such as conductor freeze year-end --for …"),
    ));
});

suite("unfreeze", () => {
  test("says what goes on", async () => {
    const simulation = await inFlight();
    await conductorIn(simulation, ["freeze", "incident", "--reason", "repair", "--for", "2h"]);
    await simulation.settle(900_000);
    assert.deepEqual(
      await conductorIn(simulation, ["unfreeze", "incident"]),
      said(0, `incident is gone: ${NAME} goes on, unless something else holds`),
    );
    assert.match((await conductorIn(simulation, ["wait", NAME])).out, /Succeeded \(exit code 0\): every target is verified\n$/);
  });

  test("one that is not there is wrong, and says what is", async () => {
    const simulation = await inFlight();
    const nothing = "there is no freeze nope in namespace team-a: ";
    assert.deepEqual(
      await conductorIn(simulation, ["unfreeze", "nope"]),
      wrong(`${nothing}conductor freeze lists them, -n chooses another namespace`),
    );
    simulation.wishes.freeze("weekends", WEEKENDS);
    assert.deepEqual(await conductorIn(simulation, ["unfreeze", "nope"]), wrong(`${nothing}there is weekends`));
  });

  test("of one that recurs it asks first", async () => {
    const simulation = await inFlight();
    simulation.wishes.freeze("weekends", WEEKENDS);
    assert.deepEqual(
      await conductorIn(simulation, ["unfreeze", "weekends"]),
      wrong("nobody is at a terminal to be asked: give --yes to do it without"),
    );
    const { input, asked } = typing("n", "y");
    assert.deepEqual(await conductorIn(simulation, ["unfreeze", "weekends"], { input }), said(1, "you said no: it stays"));
    assert.deepEqual(windows(simulation), ["weekends"]);
    assert.deepEqual(await conductorIn(simulation, ["unfreeze", "weekends"], { input }), said(0, "weekends is gone"));
    assert.deepEqual(windows(simulation), []);
    assert.deepEqual(
      asked,
      Array(2).fill(
        "weekends recurs, whenever it is 0 18 * * fri in Europe/Berlin, for 62h (nobody is at work). Delete it, with all that are to come? [y/N] ",
      ),
    );
  });

  test("or not, with --yes, and tells programs what it was", async () => {
    const simulation = await inFlight();
    simulation.wishes.freeze("weekends", WEEKENDS);
    const { out, ...rest } = await conductorIn(simulation, ["unfreeze", "weekends", "--yes", "-o", "json"]);
    assert.deepEqual(rest, { code: 0, err: "" });
    assert.deepEqual(JSON.parse(out), {
      version: 1,
      name: "weekends",
      namespace: TEAM,
      spec: WEEKENDS,
      active: null,
      until: null,
      next: null,
      goesOn: [],
    });
    assert.equal(simulation.home.find(pathOf(RESOURCES.freezes, TEAM, "weekends")), undefined);
  });
});
