import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseRun } from "#api/releaserun.ts";
import { plan as planned, type Candidate, type Plan } from "#engine/plan.ts";
import { application, at, R1, R2, R3, run, tracks, type ApplicationBuilder } from "#test/build.ts";

/** All in the first wave. */
const plan = (candidates: readonly Candidate[], previous: readonly ReleaseRun[]): Plan => planned(candidates, previous, () => 0);

function candidate(
  cluster: string,
  app: ApplicationBuilder | Exclude<Candidate["seen"], { kind: "Present" }> = application(),
  more: Partial<Candidate> = {},
): Candidate {
  const desired = { targetRevision: R2 };
  return {
    cluster,
    instance: cluster,
    application: { namespace: "argocd", name: "checkout" },
    desired,
    seen: "kind" in app ? app : { kind: "Present", observation: app.observed(desired) },
    refusal: undefined,
    takenBy: undefined,
    ...more,
  };
}

/** The baselines of a plan, by cluster. */
function baselines(candidates: readonly Candidate[]): Readonly<Record<string, unknown>> {
  const made = plan(candidates, []);
  assert.equal(made.kind, "Plan");
  if (made.kind !== "Plan") return {};
  return Object.fromEntries(
    made.targets.map(({ cluster, baseline }) => [cluster, baseline === undefined ? undefined : made.values[baseline]]),
  );
}

test("a plan names every target with what it shall hold, held and goes back to, equal values once", () => {
  const unhealthy = application().health("Degraded");
  const target = {
    application: { namespace: "argocd", name: "checkout" },
    wave: 1,
    desired: 0,
    live: 1,
    lastOperation: "2026-11-20T10:00:00Z",
  };
  assert.deepEqual(plan([candidate("eu"), candidate("us", unhealthy), candidate("ap", { kind: "Unreachable", message: "refused" })], []), {
    kind: "Plan",
    values: [{ targetRevision: R2 }, { targetRevision: R1 }],
    targets: [
      { ...target, cluster: "eu", instance: "eu", healthy: true, baseline: 1 },
      { ...target, cluster: "us", instance: "us", healthy: false },
      { cluster: "ap", instance: "ap", application: target.application, wave: 1, desired: 0 },
    ],
    unreachable: ["ap"],
  });
});

test("as long as one was not asked, there is no plan", () => {
  assert.deepEqual(plan([candidate("eu"), candidate("us", { kind: "Unasked" }), candidate("ap", { kind: "Behind" })], []), {
    kind: "Observing",
    clusters: ["us", "ap"],
  });
});

const several = application().from({ repoURL: "https://git.example/a.git" }, { repoURL: "https://git.example/b.git" });
for (const [what, one, reason, message] of [
  [
    "one that does not exist",
    candidate("eu", { kind: "Absent" }),
    "Missing",
    "Application argocd/checkout does not exist on eu: create it, or correct application.name and application.namespace of the Environment",
  ],
  ["one that has not consented", candidate("eu", application(), { refusal: "annotate it" }), "NotAuthorized", "annotate it"],
  [
    "one whose source cannot be told",
    candidate("eu", several),
    "SourceNotFound",
    "Application argocd/checkout: it has 2 sources: say which one in application.source of the Environment (repoURL https://git.example/a.git; repoURL https://git.example/b.git)",
  ],
  [
    "one that another release steers",
    candidate("eu", application(), { takenBy: "team-b/shop.production" }),
    "ApplicationTaken",
    "Application argocd/checkout is steered by ServiceRelease team-b/shop.production already: one Application has one release",
  ],
] as const) {
  test(`a plan is refused for ${what}, though the others could be released to`, () => {
    assert.deepEqual(plan([candidate("us"), one], []), { kind: "Refused", objections: [{ cluster: "eu", reason, message }] });
  });
}

test("two clusters that come to one Application are refused, with the way out", () => {
  const message = "us and eu resolve to one Application, argocd/checkout on hub: put {{cluster}} into application.name of the Environment";
  assert.deepEqual(plan([candidate("eu", application(), { instance: "hub" }), candidate("us", application(), { instance: "hub" })], []), {
    kind: "Refused",
    objections: [{ cluster: "us", reason: "DuplicateApplication", message }],
  });
});

test("baselines: at first contact the live values, a branch pinned to its commit; none where it is not settled", () => {
  const branch = application().tracking("main").synced(R1);
  assert.deepEqual(
    baselines([
      candidate("a"),
      candidate("b", branch),
      candidate("c", branch.health("Missing")),
      candidate("d", { kind: "Unreachable", message: "" }),
    ]),
    {
      a: { targetRevision: R1 },
      b: { targetRevision: R1 },
      c: undefined,
      d: undefined,
    },
  );
});

test("a target is in the wave that it is given, counted from 1", () => {
  const made = planned([candidate("eu"), candidate("us")], [], (cluster) => (cluster === "us" ? 2 : 0));
  assert.deepEqual(made.kind === "Plan" && made.targets.map(({ cluster, wave }) => [cluster, wave]), [
    ["eu", 1],
    ["us", 3],
  ]);
});

const ended = { startedAt: at(-100), finishedAt: at(-50) };
const verified = run({ status: { ...ended, phase: "Succeeded" } });
const superseded = run({
  number: 2,
  revision: R3,
  values: [tracks(R3), tracks(R2)],
  status: { ...ended, phase: "Superseded", targets: [{ cluster: "us", phase: "Pending", reason: "Planned", message: "", since: at(-60) }] },
});
for (const [what, app, previous, ours, baseline] of [
  ["what was verified last is the baseline, whatever the target holds now", application().tracking("x1"), [verified], undefined, R2],
  [
    "what a superseded run wrote is ours, and goes back to what was verified before",
    application().tracking(R3),
    [verified, superseded],
    true,
    R2,
  ],
  ["what was verified there is not marked as ours", application().tracking(R2), [verified, superseded], undefined, R2],
  [
    "what was written where nothing was ever verified has no way back",
    application().tracking(R3).health("Degraded"),
    [superseded],
    true,
    R2,
  ],
] as const) {
  test(`plan: ${what}`, () => {
    const made = plan([candidate("eu", app)], previous);
    assert.ok(made.kind === "Plan");
    const [one = assert.fail()] = made.targets;
    assert.deepEqual([one.ours, one.baseline === undefined ? undefined : made.values[one.baseline]], [ours, tracks(baseline)]);
  });
}
