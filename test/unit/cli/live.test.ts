import assert from "node:assert/strict";
import { test } from "node:test";
import { hasColours, isLively } from "#cli/terminal.ts";
import type { KubeRequest } from "#kube/ports.ts";
import { BAD, ended, fleet, GOOD, NAME, withoutRuns } from "./fleets.ts";
import { golden } from "./golden.ts";
import { as, conductorIn, nowhere, Screen } from "./terminal.ts";

const SIZES = [
  [80, 24],
  [120, 50],
  [60, 10],
  [40, 24],
  [60, 5],
] as const;

for (const [columns, rows] of SIZES)
  test(`on a terminal of ${columns}x${rows} the tree is drawn over itself, and nothing of it is left behind`, async () => {
    const screen = new Screen(columns, rows);
    const { code } = await conductorIn(await ended(fleet({}), GOOD), ["deploy", NAME, "--revision", BAD], { out: screen });
    assert.equal(code, 3);
    assert.ok(screen.shown.length >= 5);
    // The line that declares it, one tree, and how it ended: what was drawn before is gone.
    for (const text of screen.shown) assert.ok(text.split(`${NAME}   `).length <= 2, text);
    assert.match(screen.text.replaceAll(/\s+/g, " "), /RolledBack \(exit code 3\)/);
  });

test("a deploy at a terminal ends with the whole tree and how it ended", async () => {
  const screen = new Screen(100, 30);
  await conductorIn(await ended(fleet({}), GOOD), ["deploy", NAME, "--revision", BAD], { out: screen });
  golden("live-rolledback.txt", screen.text);
  golden("live-middle.txt", screen.shown[Math.floor(screen.shown.length / 2)] ?? "");
});

test("status --watch draws until it is interrupted, which is how it is meant to end", async () => {
  const screen = new Screen(80, 24);
  const stop = new AbortController();
  const simulation = fleet({});
  simulation.wishes.apply(NAME, GOOD);
  simulation.clock.after(40_000, () => stop.abort());
  const { code, err } = await conductorIn(simulation, ["status", NAME, "--watch"], { out: screen, interrupted: stop.signal });
  assert.deepEqual([code, err], [0, ""]);
  assert.match(screen.text, /Waiting[^]*wave first soaks/);
});

test("status --watch says that the release is gone", async () => {
  const simulation = fleet({});
  simulation.wishes.apply(NAME, GOOD);
  simulation.clock.after(20_000, () => simulation.wishes.delete(NAME));
  const { code, err } = await conductorIn(simulation, ["status", NAME, "--watch"], { out: new Screen(80, 24) });
  assert.deepEqual([code, err], [1, `somebody has deleted ServiceRelease ${NAME} in namespace team-a; its clusters stay as they are\n`]);
});

test("a lost API server is said below the tree, and no longer when it is back", async () => {
  const screen = new Screen(120, 30);
  const simulation = fleet({});
  simulation.faults.outage("management", { kind: "Down", how: "refused" }, 20_000, 50_000);
  await conductorIn(simulation, ["deploy", NAME, "--revision", GOOD], { out: screen });
  assert.ok(screen.shown.some((text) => text.includes("the API server is lost, and tried again: ")));
  assert.ok(!screen.text.includes("the API server is lost"));
});

test("a run that is named before it is made is shown when it is there", async () => {
  const screen = new Screen(100, 30);
  const simulation = fleet({});
  let asked = 0;
  const late = ({ path }: { readonly path: string }): 404 | undefined =>
    path.includes("/releaseruns/") && (asked += 1) <= 3 ? 404 : undefined;
  await conductorIn(simulation, ["deploy", NAME, "--revision", GOOD], { out: screen, ...as(simulation, "ci", late) });
  assert.ok(asked > 3);
  assert.match(screen.text, /├─ ✓ first/);
});

test("who may not read runs sees the tree without waves, and asks for them once", async () => {
  const screen = new Screen(100, 30);
  const simulation = fleet({});
  let asked = 0;
  const denied = (request: KubeRequest): 403 | undefined => {
    const status = withoutRuns(request);
    asked += status === undefined ? 0 : 1;
    return status;
  };
  const { code } = await conductorIn(simulation, ["deploy", NAME, "--revision", GOOD], { out: screen, ...as(simulation, "ci", denied) });
  assert.deepEqual([code, asked], [0, 1]);
  assert.match(screen.text, /✓ checkout.production {3}Succeeded {3}3\/3 ready/);
});

const ESCAPE = "\u001b";

test("a log holds no escape code", async () => {
  const { out } = await conductorIn(await ended(fleet({}), GOOD), ["deploy", NAME, "--revision", BAD]);
  assert.ok(!out.includes(ESCAPE));
});

test("with NO_COLOR a terminal is drawn on, without colours", async () => {
  const screen = new Screen(80, 24);
  await conductorIn(fleet(), ["deploy", NAME, "--revision", GOOD], { out: screen, env: { NO_COLOR: "1" } });
  assert.ok(screen.raw.includes(`${ESCAPE}[0J`));
  assert.ok(!new RegExp(`${ESCAPE}\\[\\d*m`).test(screen.raw));
});

for (const env of [{ CI: "true" }, { TERM: "dumb" }])
  test(`with ${Object.keys(env).join()} a terminal is written to line by line`, async () => {
    const screen = new Screen(400, 24);
    await conductorIn(fleet(), ["deploy", NAME, "--revision", GOOD], { out: screen, env });
    assert.ok(!new RegExp(`${ESCAPE}\\[\\d*[AJ]`).test(screen.raw));
    assert.match(screen.text, /^2026-01-01T09:00:00Z /);
  });

test("what a terminal gets is decided by three variables", () => {
  const of = (env: Record<string, string>, isTTY = true): readonly boolean[] => {
    const terminal = { ...nowhere, now: () => 0, err: { write: () => true }, out: { write: () => true, isTTY }, env };
    return [isLively(terminal), hasColours(terminal)];
  };
  assert.deepEqual(
    [of({}), of({ NO_COLOR: "1" }), of({ NO_COLOR: "" }), of({ CI: "true" }), of({ TERM: "dumb" }), of({}, false)],
    [
      [true, true],
      [true, false],
      [true, true],
      [false, true],
      [false, false],
      [false, false],
    ],
  );
});
