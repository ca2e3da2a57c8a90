import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseRun } from "#api/releaserun.ts";
import { plan, valuesOf, wasVerified, type Candidate } from "#engine/plan.ts";
import { application, at, R1, R2, R3, run, type ApplicationBuilder } from "#test/build.ts";

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
function baselines(candidates: readonly Candidate[], previous: readonly ReleaseRun[] = []): Readonly<Record<string, unknown>> {
  const made = plan(candidates, previous);
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

const finished = { startedAt: at(-100), finishedAt: at(-50) };
const failure = { cluster: "us", phase: "Failed", reason: "SyncFailed", message: "x", since: at(-60) } as const;
const succeeded = run({ number: 1, status: { ...finished, phase: "Succeeded" } });
const halfFailed = run({
  number: 2,
  revision: R3,
  values: [{ targetRevision: R3 }, { targetRevision: R2 }],
  status: { ...finished, phase: "Failed", targets: [failure] },
});

test("baselines: what a run verified replaces them, what failed there passes the older one on", () => {
  assert.deepEqual(baselines([candidate("eu"), candidate("us")], [succeeded, halfFailed]), {
    eu: { targetRevision: R3 },
    us: { targetRevision: R2 },
  });
});

test("baselines: a run that did not cover a target leaves its baseline", () => {
  const narrow = run({ number: 2, revision: R3, targets: [{ cluster: "eu" }], status: { ...finished, phase: "Succeeded" } });
  const broken = application().health("Degraded");
  assert.deepEqual(baselines([candidate("eu", broken), candidate("us", broken)], [succeeded, narrow]), {
    eu: { targetRevision: R3 },
    us: { targetRevision: R2 },
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

test("verified is what an ended run does not list, and what a run in flight lists as Ready", () => {
  const inFlight = run({
    status: { startedAt: at(-100), targets: [failure, { ...failure, cluster: "eu", phase: "Ready", reason: "Verified" }] },
  });
  assert.deepEqual(
    [succeeded, halfFailed, inFlight, run()].map((one) => [wasVerified(one, "eu"), wasVerified(one, "us")]),
    [
      [true, true],
      [true, false],
      [true, false],
      [false, false],
    ],
  );
});

test("values are found by their position, and nowhere by none", () => {
  assert.deepEqual(
    [valuesOf(run().spec, 1), valuesOf(run().spec, undefined), valuesOf(run().spec, 9)],
    [{ targetRevision: R1 }, undefined, undefined],
  );
});
