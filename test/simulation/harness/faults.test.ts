import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallFault, Outage, WatchFault } from "#simulation/faults.ts";
import type { Call } from "#simulation/calls.ts";
import { commit, OLD } from "#simulation/scenario.ts";
import { HOME, Simulation } from "#simulation/simulation.ts";
import { isWrite } from "#simulation/calls.ts";
import { production } from "./atonce.ts";
import { textAt } from "#simulation/json.ts";
import { jsonOf } from "#simulation/objects.ts";

/** Each fault happens, shows itself to the conductor as it says, and the release comes to its end all the same. */

const [A, B] = [commit("a"), commit("b")];
const RELEASE = "checkout.production";
const CLUSTERS = ["eu", "us"].map((name) => ({ name }));
const isPatch = ({ verb, server }: Call): boolean => verb === "PATCH" && server === "eu";

async function finishes(simulation: Simulation, phase = "Succeeded"): Promise<void> {
  const ended = await simulation.runUntil(() => simulation.wishes.finished(RELEASE), 3 * 3_600_000);
  const { status } = simulation.wishes.release(RELEASE) ?? {};
  assert.equal(ended, true, JSON.stringify(status, null, 1));
  assert.equal(status?.phase, phase);
  for (const { name } of CLUSTERS) assert.deepEqual(simulation.argo(name).deployed("argocd/checkout"), [status?.revision?.desired]);
}

/** How often the conductor has steered an Application. */
function steered(simulation: Simulation, cluster: string): number {
  const revision = (object: (typeof simulation.writes)[number]["after"]): string | undefined =>
    object === undefined ? undefined : textAt(jsonOf(object), "spec", "source", "targetRevision");
  return simulation.conductorWrites().filter(({ server, before, after }) => server === cluster && revision(before) !== revision(after))
    .length;
}

const calls: readonly (readonly [fault: CallFault, outcome: string, writes: number])[] = [
  [{ kind: "Refused", status: 409 }, "Conflict", 0],
  [{ kind: "Refused", status: 429, retryAfter: 3000 }, "TooManyRequests", 0],
  [{ kind: "Refused", status: 500 }, "ServerError", 0],
  [{ kind: "Refused", status: 503 }, "ServerError", 0],
  [{ kind: "Refused", status: 403 }, "Forbidden", 0],
  [{ kind: "TimeoutAfterCommit", after: 30_000 }, "Unreachable", 1],
  [{ kind: "ResetBeforeSend" }, "Unreachable", 0],
  [{ kind: "ResetAfterCommit" }, "Unreachable", 1],
  [{ kind: "Slow", ms: 10_000 }, "done", 1],
];
for (const [fault, outcome, writes] of calls) {
  test(`${Object.values(fault).join(" ")}: the call ends as ${outcome}, ${writes === 1 ? "and is carried out" : "and is not carried out"}`, async () => {
    const simulation = new Simulation({ seed: "calls", clusters: CLUSTERS, environments: [production] });
    const injected = simulation.faults.call(isPatch, fault);
    simulation.wishes.apply(RELEASE, A);
    const hit = (): Call | undefined => simulation.calls.find(({ fault: done }) => done === fault.kind);
    await simulation.runUntil(() => hit() !== undefined && hit()?.outcome !== "open", 120_000);
    assert.deepEqual([injected.fired, hit()?.outcome, steered(simulation, "eu")], [1, outcome, writes]);
    await finishes(simulation);
    assert.equal(steered(simulation, "eu"), 1);
  });
}

for (const [kind, writes] of [
  ["CrashBefore", 0],
  ["CrashAfter", 1],
] as const) {
  test(`${kind}: the conductor is gone at once, its write ${writes === 0 ? "was never sent" : "stands"}, and the next one finishes the release`, async () => {
    const simulation = new Simulation({ seed: "crash", clusters: CLUSTERS, environments: [production] });
    const injected = simulation.faults.call(isPatch, { kind, restartAfter: 4000 });
    simulation.wishes.apply(RELEASE, A);
    await simulation.runUntil(() => injected.fired > 0, 60_000);
    await simulation.settle(1000);
    const before = simulation.calls.length;
    assert.deepEqual([simulation.conductor, steered(simulation, "eu")], [undefined, writes]);
    await simulation.settle(2000);
    assert.equal(simulation.calls.length, before, "a dead process calls nobody");
    await finishes(simulation);
    assert.deepEqual([simulation.lives, steered(simulation, "eu")], [2, 1]);
  });
}

test("a call is found again in another run by its id", async () => {
  const first = new Simulation({ seed: "ids", clusters: CLUSTERS, environments: [production] });
  first.wishes.apply(RELEASE, A);
  await finishes(first);
  const ids = first.calls.filter(isWrite).map(({ id }) => id);
  assert.equal(new Set(first.calls.map(({ id }) => id)).size, first.calls.length);
  for (const id of ids) {
    const second = new Simulation({ seed: "ids", clusters: CLUSTERS, environments: [production] });
    const injected = second.faults.call(id, { kind: "ResetAfterCommit" });
    second.wishes.apply(RELEASE, A);
    await finishes(second);
    assert.equal(injected.fired, 1, id);
  }
});

const watches: readonly WatchFault[] = [
  { kind: "Duplicate", event: 1 },
  { kind: "Swap", event: 2 },
  { kind: "Stall", event: 1 },
  { kind: "CloseAfter", ms: 1000 },
  { kind: "ExpiredAtOpen" },
  { kind: "Expired", event: 2 },
  { kind: "Broken", event: 2 },
  { kind: "BookmarksOnly" },
];
for (const fault of watches) {
  for (const collection of ["applications", "releaseruns", "servicereleases"]) {
    test(`${Object.values(fault).join(" ")} on a watch of ${collection}: it happens, and the release Succeeds`, async () => {
      const simulation = new Simulation({ seed: "watches", clusters: CLUSTERS, environments: [production] });
      const injected = simulation.faults.watch(({ path, server }) => path.endsWith(collection) && server !== "us", fault, 3);
      simulation.wishes.apply(RELEASE, A);
      await finishes(simulation);
      assert.ok(injected.fired > 0);
      assert.ok(simulation.calls.some((call) => call.verb === "WATCH" && call.fault === fault.kind));
    });
  }
}

test("Drop: an event never arrives, and a later one of the same object makes up for it", async () => {
  const simulation = new Simulation({ seed: "drop", clusters: CLUSTERS, environments: [production] });
  const injected = simulation.faults.watch(({ path, server }) => path.endsWith("applications") && server === "eu", {
    kind: "Drop",
    event: 3,
  });
  simulation.wishes.apply(RELEASE, A);
  await finishes(simulation);
  assert.equal(injected.fired, 1);
});

test("relist storm: a watch that is Expired again and again is listed again each time, and recovers", async () => {
  const simulation = new Simulation({ seed: "storm", clusters: CLUSTERS, environments: [production] });
  const injected = simulation.faults.watch(
    ({ path, server }) => path.endsWith("applications") && server === "eu",
    { kind: "ExpiredAtOpen" },
    6,
  );
  simulation.wishes.apply(RELEASE, A);
  await finishes(simulation);
  assert.equal(injected.fired, 6);
  assert.ok(
    simulation.calls.filter(({ verb, server, path }) => verb === "LIST" && server === "eu" && path.endsWith("applications")).length >= 7,
  );
});

test("a stalled watch is noticed by nobody until the watchdog bites after 150 s", async () => {
  const simulation = new Simulation({ seed: "stall", clusters: CLUSTERS, environments: [production] });
  simulation.faults.watch(({ path, server }) => path.endsWith("applications") && server === "eu", { kind: "Stall", event: 1 });
  const began = simulation.clock.now();
  simulation.wishes.apply(RELEASE, A);
  await finishes(simulation);
  assert.ok(simulation.clock.now() - began > 150_000);
});

const outages: readonly (readonly [outage: Outage, kind: string])[] = [
  [{ kind: "Down", how: "refused" }, "Unreachable"],
  [{ kind: "Down", how: "reset" }, "Unreachable"],
  [{ kind: "Down", how: "timeout" }, "Unreachable"],
  [{ kind: "Down", how: "noName" }, "Unreachable"],
  [{ kind: "Down", how: "expiredCertificate" }, "Untrusted"],
  [{ kind: "Down", how: "unknownAuthority" }, "Untrusted"],
  [{ kind: "Flapping", period: 2000 }, "Unreachable"],
  [{ kind: "Slow", ms: 10_000 }, "done"],
  [{ kind: "Refused", status: 401 }, "Unauthorized"],
  [{ kind: "Refused", status: 403 }, "Forbidden"],
  [{ kind: "Refused", status: 429, retryAfter: 1000 }, "TooManyRequests"],
];
for (const [outage, outcome] of outages) {
  for (const [where, begin] of [
    ["eu", 0],
    ["eu", 3000],
    [HOME, 3000],
  ] as const) {
    test(`${Object.values(outage).join(" ")} of ${where} from second ${begin / 1000} on for a minute is told as ${outcome}, and the release Succeeds after it`, async () => {
      const simulation = new Simulation({ seed: "outages", clusters: CLUSTERS, environments: [production] });
      const injected = simulation.faults.outage(where, outage, begin, begin + 60_000);
      simulation.wishes.apply(RELEASE, A);
      await simulation.settle(begin + 80_000);
      assert.ok(injected.fired > 0);
      const hit = simulation.calls.filter(({ fault, verb }) => fault === outage.kind && verb !== "WATCH").map((call) => call.outcome);
      assert.ok(hit.includes(outcome), hit.join());
      await finishes(simulation);
    });
  }
}

test("an outage of a target breaks its watch at once, and the others are steered meanwhile", async () => {
  const simulation = new Simulation({ seed: "streams", clusters: CLUSTERS, environments: [production] });
  simulation.wishes.apply(RELEASE, A);
  await simulation.runUntil(() => steered(simulation, "us") === 1, 60_000);
  simulation.faults.outage("eu", { kind: "Down", how: "refused" }, 100, 600_000);
  await simulation.settle(60_000);
  assert.equal(simulation.wishes.release(RELEASE)?.status?.targets?.unreachable, 1);
  await finishes(simulation);
});

test("Stale: after a restart a list shows the past, the watch after it waits, and then catches up", async () => {
  const simulation = new Simulation({ seed: "stale", clusters: CLUSTERS, environments: [production] });
  simulation.wishes.apply(RELEASE, A);
  await finishes(simulation);
  const injected = simulation.faults.stale(({ path }) => path.endsWith("releaseruns"), { changes: 2, lasts: 3000 });
  const behind = (): boolean => {
    const [stored] = simulation.wishes.runs(RELEASE);
    return simulation.conductor?.runs.list()[0]?.metadata.resourceVersion !== stored?.metadata.resourceVersion;
  };
  assert.equal(behind(), false);
  simulation.crash(1000);
  await simulation.settle(2000);
  assert.deepEqual([injected.fired, behind()], [1, true]);
  await simulation.settle(10_000);
  assert.equal(behind(), false);
});

test("faults are the conductor's only: Argo CD and people go on", async () => {
  const simulation = new Simulation({ seed: "others", clusters: CLUSTERS, environments: [production] });
  simulation.faults.outage("eu", { kind: "Down", how: "refused" }, 0, 3_600_000);
  simulation.person("eu").setRevision(B);
  await simulation.settle(30_000);
  assert.deepEqual(simulation.argo("eu").deployed("argocd/checkout"), [B]);
  assert.deepEqual(simulation.argo("us").deployed("argocd/checkout"), [OLD]);
});

test("writes are told as they happen, with who made them and what changed", async () => {
  const simulation = new Simulation({ seed: "listeners", clusters: CLUSTERS, environments: [production] });
  const seen: string[] = [];
  const stop = simulation.onWrite(({ who, server, verb, resource, subresource }) =>
    seen.push([who, server, verb, resource.split("/").at(-1), subresource ?? ""].join(" ").trim()),
  );
  simulation.wishes.apply(RELEASE, A);
  await finishes(simulation);
  stop();
  assert.equal(seen[0], "ci management create servicereleases");
  for (const line of [
    "release-conductor management create releaseruns",
    "release-conductor eu patch applications",
    "argocd-application-controller eu patch applications",
    "release-conductor management update servicereleases status",
  ])
    assert.ok(seen.includes(line), line);
});
