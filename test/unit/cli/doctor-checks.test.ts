import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, type Environment, type EnvironmentStatus, type InstanceStatus } from "#api/environment.ts";
import type { ReleasePreviewStatus } from "#api/releasepreview.ts";
import { serviceRelease } from "#api/servicerelease.ts";
import type { Check } from "#cli/doctor/check.ts";
import { checkFleet } from "#cli/doctor/fleet.ts";
import { checkConductor, checkPermissions } from "#cli/doctor/installation.ts";
import type { Reading } from "#cli/doctor/reading.ts";
import { checkReleases } from "#cli/doctor/releases.ts";
import { beyond, servedShape } from "#cli/doctor/shapes.ts";

const NOW = Date.UTC(2026, 0, 1, 9);
const metadata = (name: string, namespace = "team-a") => ({ name, namespace, uid: "u", resourceVersion: "1" });
const counts = { covered: 1, usable: 1, unknown: 0, forbidden: 0, refused: 0, unreachable: 0, summary: "1/1" };

function production(status: EnvironmentStatus | undefined, namespace = "team-a"): Environment {
  return environment.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "Environment",
    metadata: metadata("production", namespace),
    spec: { clusters: [{ selector: { matchLabels: {} } }], application: { targetRevision: "{{revision}}" } },
    status,
  });
}

const checkout = serviceRelease.parse({
  apiVersion: "conductor.dev/v1alpha1",
  kind: "ServiceRelease",
  metadata: metadata("checkout.production"),
  spec: { service: "checkout", environment: "production", revision: "1".repeat(40) },
});

/** Where all is well; a test names what is not. */
function reading(more: Partial<Reading> = {}): Reading {
  return {
    now: NOW,
    namespace: "team-a",
    server: "management:6443",
    version: "v1.37.0",
    served: [],
    openapi: undefined,
    policies: { value: undefined },
    permissions: [],
    environments: { value: [] },
    releases: { value: [checkout] },
    unseen: [],
    pulse: { kind: "Answers", after: 500 },
    asked: [],
    unasked: 0,
    ...more,
  };
}

const said = (checks: readonly Check[]): readonly string[] =>
  checks.map(({ level, about, message, remedy }) => `${level} ${about ?? "-"}: ${message}${remedy === null ? "" : ` -> ${remedy}`}`);

const instances = (...all: readonly InstanceStatus[]): Reading =>
  reading({
    environments: {
      value: [production({ clusters: { ...counts, covered: all.length, usable: all.length, summary: "all" }, instances: [...all] })],
    },
  });
const one = (name: string, more: Partial<InstanceStatus> = {}): InstanceStatus => ({
  name,
  clusters: 1,
  argocdVersion: "v3.1.4",
  missingRights: [],
  ...more,
});

test("each right that is missing is named once with the Argo CDs, what is not possible without it, and what gives it", () => {
  const found = checkFleet(
    instances(
      one("eu", { missingRights: ["AppProjects", "RolloutStatus"] }),
      one("us", { missingRights: ["Applications", "AppProjects"] }),
      one("ap"),
    ),
  );
  assert.deepEqual(said(found.filter(({ subject }) => subject === "argo-cd")), [
    "fail us: the conductor has not the right to Applications: nothing can be released there -> apply release-conductor of examples/rbac-target.yaml there",
    "warn eu, us: the conductor has not the right to AppProjects: the consent of an AppProject is not seen, and sync windows that are closed are not named -> apply release-conductor-projects of examples/rbac-target.yaml there",
    "warn eu: the conductor has not the right to RolloutStatus: an aborted canary is not begun again by a retry, and strategy.rollback.promoteFull does nothing -> apply release-conductor-rollouts-steer of examples/rbac-target.yaml there",
  ]);
});

test("an Argo CD of which nothing is known is no good news, and one whose version may not be read is told of once", () => {
  const { argocdVersion: _, ...nameless } = one("eu", { missingRights: ["ArgoCDVersion"] });
  const found = checkFleet(instances({ name: "us", clusters: 1 }, nameless));
  assert.deepEqual(said(found.filter(({ subject }) => subject === "argo-cd")), [
    "warn eu: the conductor has not the right to ArgoCDVersion: Argo CD's version is not known -> apply release-conductor-version of examples/rbac-target.yaml there",
    "warn us: which rights the conductor has there is not known: it has not answered, or does not say -> see the lines about clusters",
  ]);
});

test("a credential that has ended fails, one that soon will warns, the first to end first", () => {
  const at = (hours: number): { readonly expiresAt: string } => ({ expiresAt: new Date(NOW + hours * 3_600_000).toISOString() });
  const found = checkFleet(
    instances(one("a", { credential: at(100) }), one("b", { credential: at(-3) }), one("c", { credential: at(200) })),
  );
  const remedy = "make another, and put it into the Secret of its registration: the conductor takes it at once";
  assert.deepEqual(said(found.filter(({ subject }) => subject === "credentials")), [
    `fail b: its credential ended 3h ago -> ${remedy}`,
    `warn a: its credential ends in 4d, at 2026-01-05T13:00:00.000Z -> ${remedy}`,
  ]);
});

test("of many clusters that cannot be used ten are named; an Environment without any fails, and one that is new is no failure", () => {
  const problems = Array.from({ length: 50 }, (__, n) => {
    const cluster = `c-${n}`;
    return { cluster, problem: "Refused" as const, message: "there is no credential in it", since: "2026-01-01T00:00:00Z" };
  });
  const many = { ...counts, covered: 100, usable: 20, summary: "20/100" };
  const none = { ...counts, covered: 0, usable: 0, summary: "0/0" };
  const found = checkFleet(
    reading({
      environments: { value: [production({ clusters: many, problems }), production({ clusters: none }, "b"), production(undefined, "c")] },
    }),
  );
  assert.deepEqual(said(found).slice(9), [
    "fail team-a/production, c-9: Refused: there is no credential in it",
    "fail team-a/production: 70 clusters more cannot be used -> conductor clusters -o wide",
    "fail b/production: no registration matches -> register a cluster, or correct spec.clusters",
    "warn c/production: the conductor has not looked at it yet -> run doctor again in a minute",
  ]);
});

const answered = (status: ReleasePreviewStatus | undefined): readonly string[] =>
  said(checkReleases(reading({ asked: [{ release: "checkout.production", status }] })));
const plan = (warnings: readonly string[]): ReleasePreviewStatus => ({
  phase: "Planned",
  plan: {
    kind: "Forward",
    revision: "1".repeat(40),
    strategy: { progressDeadlineSeconds: 900, onFailure: "RollBack", rollbackScope: "Run", supersede: "Queue" },
    waves: [],
    values: [],
    targets: [],
    warnings: warnings.map((cluster) => ({ cluster, message: "ApplicationSet checkout would write over it" })),
  },
});

test("whoever owns an Application and would write over a release is named, five at most", () => {
  const warning = (cluster: string): string => `warn checkout.production, ${cluster}: ApplicationSet checkout would write over it`;
  assert.deepEqual(answered(plan(["a"])), [warning("a")]);
  assert.deepEqual(answered(plan(["a", "b", "c", "d", "e", "f", "g"])), [
    ...["a", "b", "c", "d", "e"].map(warning),
    "warn checkout.production: 2 clusters more have an owner that may undo it -> conductor plan checkout.production names them",
  ]);
});

test("what is refused fails with the conductor's words, and what nobody could answer warns", () => {
  assert.deepEqual(answered({ phase: "Refused", reason: "NoClusters", message: "no registration matches" }), [
    "fail checkout.production: NoClusters: no registration matches",
  ]);
  assert.deepEqual(answered({ phase: "Refused", reason: "Unanswered", message: "no answer within 40 s: connection refused" }), [
    "warn checkout.production: no answer within 40 s: connection refused",
  ]);
  const clusters = ["a", "b", "c", "d", "e", "f"].map((name) => ({ name, reason: "NotAuthorized" as const, message: "has not consented" }));
  assert.deepEqual(answered({ phase: "Refused", reason: "NotAuthorized", clusters }).slice(4), [
    "fail checkout.production, e: NotAuthorized: has not consented",
    "fail checkout.production: 1 cluster more speak against it -> conductor plan checkout.production names them",
  ]);
  assert.deepEqual(answered({ phase: "Pending", message: "waits for eu" }), [
    "warn checkout.production: not answered in time: waits for eu -> run doctor for this release again",
  ]);
  const blockers = [
    { reason: "ApprovalUnsafe" as const, message: "nobody is named" },
    { reason: "Paused" as const, message: "paused" },
  ];
  assert.deepEqual(answered({ phase: "Planned", message: "nothing would be done", blockers }), [
    "warn checkout.production: nobody is named",
  ]);
  assert.deepEqual(answered({ phase: "Planned", message: "nothing would be done: it is there" }), [
    "ok checkout.production: nothing would be done: it is there",
  ]);
});

test("releases beyond those that were asked about are counted", () => {
  assert.deepEqual(said(checkReleases(reading({ unasked: 7 }))), ["ok -: 7 releases more were not asked about: name one to do so"]);
});

test("a conductor that answers and has not looked at something is behind, and not alone alive", () => {
  const found = said(checkConductor(reading({ unseen: ["Environment production"] })));
  assert.deepEqual(
    found.map((line) => line.split(" -> ")[0]),
    ["ok -: it answers, in 0.5 s", "fail -: it has not looked at the newest Environment production"],
  );
});

test("where the API server does not say what may be done, nothing is claimed", () => {
  const permissions = [{ commands: "plan", basic: false, missing: [], unknown: true }];
  assert.deepEqual(said(checkPermissions(reading({ permissions }))), [
    "warn plan: whether you may is not known: the API server does not say -> try it",
  ]);
  const denied = [{ commands: "status", basic: true, missing: ["get servicereleases"], unknown: false }];
  assert.deepEqual(said(checkPermissions(reading({ permissions: denied }))), [
    "fail status: you may not get servicereleases in namespace team-a -> ask for a Role with these verbs, if it is yours to do",
  ]);
});

test("of a field that is not there, what is in it is not told, too; a name that only begins alike is another", () => {
  const one_ = new Map([
    ["spec", undefined],
    ["spec.gates", undefined],
    ["spec.gates[].approval", undefined],
    ["spec.gatesOf", undefined],
  ]);
  assert.deepEqual(beyond(one_, new Map([["spec", undefined]])), ["spec.gates", "spec.gatesOf"]);
  assert.equal(servedShape({ swagger: "2.0" }, "conductor.dev", "Environment"), undefined);
});
