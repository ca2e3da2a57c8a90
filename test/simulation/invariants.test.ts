import assert from "node:assert/strict";
import { test } from "node:test";
import { RESOURCES } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import type { Write } from "#simulation/writes.ts";
import { Weather } from "./invariants/weather.ts";
import { execute } from "./plans/execute.ts";
import { having, record, shown } from "./recording.ts";
import { workloadNamed } from "./workloads/workloads.ts";

/** Each invariant can be seen to fail: what was recorded of a good run is shown again with one thing wrong in it. */

const happy = await record("happy");
const fails = await record("fails");
const gated = await record("gated");

const isRun = ({ resource }: Write): boolean => resource === RESOURCES.runs;
const isApp = ({ resource }: Write): boolean => resource === RESOURCES.applications;
const isOurs = ({ who }: Write): boolean => who === CONDUCTOR;

/** Writes that `which` picks, with another value at a path of what is written. */
const changed =
  (which: (write: Write) => boolean, path: readonly (string | number)[], value: unknown) =>
  (write: Write): Write =>
    which(write) && write.after !== undefined ? { ...write, after: having(write.after, path, value) } : write;

function violated(recording: typeof happy, change: Parameters<typeof shown>[1]): readonly number[] {
  return [...new Set(shown(recording, change).violations.map(({ invariant }) => invariant))];
}

test("what was recorded of good runs violates nothing", () => {
  assert.deepEqual(violated(happy, {}), []);
  assert.deepEqual(violated(fails, {}), []);
  assert.deepEqual(violated(gated, {}), []);
});

test("1: two targets in flight where the plan allows one", () => {
  assert.ok(violated(fails, { write: changed(isRun, ["spec", "waves", 1, "maxConcurrency"], 1) }).includes(1));
});

test("1: a target that is started after too many have failed", () => {
  const late = (write: Write): boolean =>
    isRun(write) && write.verb === "update" && JSON.stringify(write.after?.["status"]).includes('"rollback"');
  const started = changed(late, ["status", "targets", 3], {
    cluster: "sa",
    phase: "Pending",
    reason: "Planned",
    message: "",
    since: "2026-01-01T09:00:00Z",
    started: true,
  });
  // The first status after the verdict is the second one with it.
  let verdicts = 0;
  assert.ok(violated(fails, { write: (write) => (late(write) && ++verdicts > 1 ? started(write) : write) }).includes(1));
});

test("2: wave two is written while wave one is not stored as verified", () => {
  assert.ok(
    violated(happy, {
      write: changed((write) => isRun(write) && write.verb === "update", ["status", "waves", 0, "phase"], "Soaking"),
    }).includes(2),
  );
});

test("3: an Application that does not consent is written", () => {
  const without = (write: Write): Write =>
    isApp(write) && isOurs(write) && write.before !== undefined
      ? { ...write, before: having(write.before, ["metadata", "annotations"], {}) }
      : write;
  assert.ok(violated(happy, { write: without }).includes(3));
});

test("3: a plan covers a target that does not consent", () => {
  const apps = happy.apps.map(({ server, app }) => ({ server, app: having(app, ["metadata", "annotations"], {}) }));
  assert.ok(violated({ ...happy, apps }, {}).includes(3));
});

test("4: something else than the baseline is written on the way back", () => {
  let back = 0;
  const other = (write: Write): boolean =>
    isApp(write) && isOurs(write) && JSON.stringify(write.before?.["spec"]) !== JSON.stringify(write.after?.["spec"]) && ++back > 3;
  assert.ok(violated(fails, { write: changed(other, ["spec", "source", "targetRevision"], "f".repeat(40)) }).includes(4));
});

test("4: the values that somebody else wrote are written over", () => {
  const foreign = (write: Write): Write =>
    isApp(write) && isOurs(write) && write.before !== undefined
      ? { ...write, before: having(write.before, ["spec", "source", "targetRevision"], "f".repeat(40)) }
      : write;
  assert.ok(violated(happy, { write: foreign }).includes(4));
});

test("5: two runs of one release are in flight", () => {
  const twice = {
    ...happy,
    events: happy.events.flatMap((event) =>
      "write" in event && isRun(event.write) && event.write.verb === "create"
        ? [event, { write: changed(isRun, ["metadata", "uid"], "another")(event.write) }]
        : [event],
    ),
  };
  assert.ok(violated(twice, {}).includes(5));
});

test("6: a target is Ready whose Application never was", () => {
  assert.ok(
    violated(happy, {
      write: changed((write) => isApp(write) && write.server === "us", ["status", "health", "status"], "Progressing"),
    }).includes(6),
  );
});

test("6: Ready is said of another comparison", () => {
  assert.ok(
    violated(happy, { write: changed((write) => isApp(write) && write.server === "us", ["status", "sync", "comparedTo"], {}) }).includes(6),
  );
});

test("7: a wave is verified before its soak has passed", () => {
  assert.ok(violated(happy, { write: changed(isRun, ["spec", "waves", 0, "minSuccessSeconds"], 60) }).includes(7));
});

test("7: time in which nobody lived, or could see, is no soak", () => {
  const weather = new Weather(false, 5000);
  weather.lives(false, 1000);
  weather.lives(true, 4000);
  weather.down("eu", 3000, 6000);
  assert.equal(weather.seen(0, 10_000, new Set(["eu"])), 5000);
  assert.equal(weather.seen(0, 10_000, new Set(["us"])), 7000);
});

test("8: a patch without its resourceVersion, and one of another version than was read", () => {
  assert.ok(
    violated(happy, {
      asked: (asked) => (asked.request.method === "PATCH" ? { ...asked, request: { ...asked.request, body: [] } } : asked),
    }).includes(8),
  );
  const older = (write: Write): Write =>
    isApp(write) && isOurs(write) && write.before !== undefined
      ? { ...write, before: having(write.before, ["metadata", "resourceVersion"], "1") }
      : write;
  assert.ok(violated(happy, { write: older }).includes(8));
});

test("8: observedGeneration goes back", () => {
  let seen = 0;
  assert.ok(
    violated(happy, {
      write: changed((write) => isRun(write) && write.verb === "update" && ++seen === 5, ["status", "observedGeneration"], 2),
    }).includes(8),
  );
});

test("9: a workload without an end", async () => {
  const endless = { ...workloadNamed("refused"), done: () => false };
  const { violations } = await execute({ workload: endless, seed: "1", faults: [] });
  assert.deepEqual([...new Set(violations.map(({ invariant }) => invariant))], [9]);
});

test("10: a token in a status, and one in a line of the log", () => {
  assert.ok(
    violated(happy, {
      write: changed((write) => isRun(write) && isOurs(write), ["status", "waitingOn"], {
        reason: "Targets",
        message: "Bearer token-1",
        since: "2026-01-01T09:00:00Z",
      }),
    }).includes(10),
  );
  const watcher = shown(happy, {});
  const nothing = (): void => undefined;
  watcher
    .listening({ debug: nothing, info: nothing, warn: nothing, error: nothing }, () => 0)
    .warn("cannot connect", { error: new Error("Bearer token-1") });
  assert.deepEqual(
    watcher.violations.map(({ invariant }) => invariant),
    [10],
  );
});

/** A status of the run that says how the first gate of a wave stands. */
const isStatusOf =
  (wave: number) =>
  (write: Write): boolean =>
    isRun(write) && JSON.stringify(Object(write.after?.["status"]).waves?.[wave]?.gates?.[0] ?? "").includes('"Passed"');

for (const [what, which, path, value] of [
  ["a wave is written before its approval is stored", isStatusOf(1), ["status", "waves", 1, "gates", 0, "phase"], "Waiting"],
  [
    "a wave is written before the analysis of the one before is stored",
    isStatusOf(0),
    ["status", "waves", 0, "gates", 0, "phase"],
    "Waiting",
  ],
  [
    "an approval has passed that nobody has given",
    ({ resource }: Write) => resource === RESOURCES.approvals,
    ["spec", "decisions"],
    { dana: { decision: "Approve" } },
  ],
  [
    "an analysis has passed that measured nothing",
    ({ resource }: Write) => resource === RESOURCES.analysisRuns,
    ["status", "metricResults"],
    [],
  ],
  [
    "a target is started in a freeze",
    ({ resource }: Write) => resource === RESOURCES.freezes,
    ["spec"],
    { reason: "it lasts", from: "2026-01-01T09:00:00Z", to: "2026-01-02T09:00:00Z" },
  ],
] as const)
  test(`11: ${what}`, () => {
    assert.ok(violated(gated, { write: changed(which, path, value) }).includes(11));
  });

test("11: one gate has two AnalysisRuns, and one question is asked twice", () => {
  for (const kind of [RESOURCES.analysisRuns, RESOURCES.approvals]) {
    const twice = gated.events.flatMap((event) =>
      "write" in event && event.write.resource === kind && event.write.verb === "create" && !event.write.key.includes("rehearsal")
        ? [
            event,
            { write: { ...event.write, key: `${event.write.key}-again` } },
            { write: { ...event.write, key: `${event.write.key}-more` } },
          ]
        : [event],
    );
    assert.ok(violated({ ...gated, events: twice }, {}).includes(11), kind);
  }
});
