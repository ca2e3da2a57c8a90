import assert from "node:assert/strict";
import { test } from "node:test";
import { candidates, destinations } from "#controllers/candidates.ts";
import { coverage, summary } from "#controllers/coverage.ts";
import { driftOf } from "#controllers/drift.ts";
import { releaseHash } from "#controllers/hash.ts";
import { verifiedBy } from "#engine/baselines.ts";
import type { Parts } from "#controllers/parts.ts";
import { Sightings } from "#controllers/sightings.ts";
import { application, at, production, R1, R2, release, run, tracks, type ApplicationBuilder } from "#test/build.ts";
import { FakeFleet, HandClock } from "./fakes.ts";

function fleet(...names: string[]): { fleet: FakeFleet; sightings: Sightings } {
  const clock = new HandClock();
  const made = new FakeFleet(clock, ...names);
  for (const name of names) made.at(name).show(application());
  return { fleet: made, sightings: new Sightings(made, clock, 5000, new AbortController().signal) };
}
const { fleet: two } = fleet("eu", "us");
const locked = fleet("eu", "us").fleet;
locked.entries[1] = {
  ...locked.entries[0],
  name: "us",
  secret: "cluster-us",
  instance: "us",
  labels: {},
  allowedNamespaces: ["team-b"],
  refusal: undefined,
  server: undefined,
  validity: undefined,
};
const refusing = fleet("eu", "us").fleet;
refusing.entries[0] = {
  name: "eu",
  secret: "s",
  instance: "eu",
  labels: {},
  allowedNamespaces: "*",
  refusal: "its CA is no PEM: correct caData",
  server: undefined,
  validity: undefined,
};

/** Where a release goes, or why it cannot. */
function goes(
  to: FakeFleet,
  spec: Parameters<typeof release>[0] = {},
  environment: ReturnType<typeof production> | "none" = production(),
): unknown {
  const covered = coverage(release(spec), environment === "none" ? undefined : environment, to);
  if (covered.kind === "Refused") return `${covered.reason}: ${covered.message}`;
  const [objection] = covered.objections;
  if (objection !== undefined) return `${objection.reason}: ${summary(covered.objections)}`;
  const places = destinations(release(spec), covered, covered.clusters, release(spec).spec.revision, to);
  if ("kind" in places) return `${places.reason}: ${places.message}`;
  return places.map(({ cluster, instance, application: { namespace, name } }) => `${cluster} ${instance} ${namespace}/${name}`);
}

for (const [what, made, expected] of [
  ["each cluster of the environment", goes(two), ["eu eu argocd/checkout", "us us argocd/checkout"]],
  [
    "the clusters that it names, in the environment's order",
    goes(two, { clusters: ["us", "eu"] }),
    ["eu eu argocd/checkout", "us us argocd/checkout"],
  ],
  [
    "names and namespaces that differ",
    goes(
      two,
      { clusters: ["us"] },
      production({ application: { name: "{{service}}-{{cluster}}", namespace: "argo-{{environment}}", targetRevision: "x" } }),
    ),
    ["us us argo-production/checkout-us"],
  ],
  [
    "nowhere without its Environment",
    goes(two, {}, "none"),
    "EnvironmentNotFound: there is no Environment production in namespace team-a: create it, or name another",
  ],
  [
    "nowhere with a branch",
    goes(two, { revision: "main" }),
    'RevisionNotOfKind: revision "main" is not a commit: write the 40 hex digits of one commit (git rev-parse main); a branch, a tag or HEAD would move (Environment production takes revision: Commit)',
  ],
  [
    "nowhere with a cluster that nobody registered",
    goes(two, {}, production({ clusters: [{ name: "eu" }, { name: "mars" }] })),
    "ClusterUnknown: mars: Environment production names it, and no registration does: register it, or take it out of the Environment",
  ],
  [
    "nowhere with a cluster that is not the environment's",
    goes(two, { clusters: ["us"] }, production({ clusters: [{ name: "eu" }] })),
    "ClusterUnknown: us: it is not among the clusters of Environment production: correct spec.clusters",
  ],
  [
    "nowhere when nothing is selected",
    goes(two, {}, production({ clusters: [{ selector: { matchLabels: { region: "mars" } } }] })),
    "NoClusters: Environment production covers no cluster: no registration matches its selectors",
  ],
  ["nowhere with a registration that cannot be used", goes(refusing), "ClusterRefused: eu: its CA is no PEM: correct caData"],
  [
    "nowhere with a registration that does not allow its namespace",
    goes(locked),
    "NotAuthorized: us: its registration takes no releases from namespace team-a: add team-a to the annotation conductor.dev/allowed-namespaces of Secret cluster-us",
  ],
  [
    "nowhere with what is no name",
    goes(two, {}, production({ application: { name: "-{{service}}", targetRevision: "x" } })),
    'InvalidName: "argocd/-checkout" is no name of an Application: correct application.name or application.namespace of the Environment',
  ],
] as const) {
  test(`a release goes to ${what}`, () => assert.deepEqual(made, expected));
}

test("every destination is looked at, with what it shall hold, and asked whether it consents", async () => {
  const { fleet: clusters, sightings } = fleet("eu", "us");
  clusters.at("us").show(application().but((raw) => void (raw.metadata = { ...raw.metadata, annotations: {} })));
  const covered = coverage(release(), production(), clusters);
  assert.ok(covered.kind === "Coverage");
  const places = destinations(release(), covered, covered.clusters, R2, clusters);
  assert.ok(!("kind" in places));
  for (const place of places) sightings.follow(place, () => undefined);
  // All that it uses of its parts.
  const tools = { parts: { fleet: clusters } as unknown as Parts, sightings, takenBy: () => undefined, repeats: false };
  const found = await candidates(release(), covered, places, new Map([["us", tracks(R1)]]), tools, new AbortController().signal);
  assert.deepEqual(
    found.map(({ cluster, desired, seen, refusal, takenBy }) => [cluster, desired, seen.kind, refusal?.split(": ")[0], takenBy]),
    [
      ["eu", { targetRevision: R2 }, "Present", undefined, undefined],
      [
        "us",
        { targetRevision: R1 },
        "Present",
        "Application argocd/checkout on us has not consented to team-a/checkout.production",
        undefined,
      ],
    ],
  );
});

const done = run({ status: { phase: "Succeeded", startedAt: at(-9), finishedAt: at(-1) } });
function drifted(one: typeof done, change: (clusters: FakeFleet) => void): unknown {
  const { fleet: clusters, sightings } = fleet("eu", "us");
  for (const target of one.spec.targets) {
    clusters.at(target.cluster).show(application().tracking(R2));
    sightings.follow(target, () => undefined);
  }
  change(clusters);
  return driftOf(one, verifiedBy(one), sightings);
}
const shows = (app: ApplicationBuilder | undefined) => (clusters: FakeFleet) => clusters.at("us").show(app);
for (const [what, found, expected] of [
  ["nothing when all hold what was released", drifted(done, () => undefined), []],
  [
    "a value that is another one",
    drifted(done, shows(application())),
    [{ cluster: "us", phase: "Drifted", reason: "ValuesChanged", message: `targetRevision was released as "${R2}" and is "${R1}"` }],
  ],
  [
    "a source that cannot be told",
    drifted(done, shows(application().from())),
    [
      {
        cluster: "us",
        phase: "Drifted",
        reason: "ValuesChanged",
        message: "it has 0 sources: say which one in application.source of the Environment (none)",
      },
    ],
  ],
  [
    "an Application that is gone",
    drifted(done, shows(undefined)),
    [{ cluster: "us", phase: "Unknown", reason: "Missing", message: "its Application is gone" }],
  ],
  [
    "a cluster that was lost",
    drifted(done, (clusters) => void clusters.instances.delete("us")),
    [{ cluster: "us", phase: "Unknown", reason: "WatchLost", message: "the registration of us cannot be used" }],
  ],
  ["no answer while one was not looked at", drifted(done, (clusters) => clusters.at("us").becomes({ live: false })), undefined],
  [
    "nothing of a target that was not verified",
    drifted(
      {
        ...done,
        status: { ...done.status, targets: [{ cluster: "us", phase: "Skipped", reason: "SkippedByPerson", message: "", since: at(0) }] },
      },
      shows(undefined),
    ),
    [],
  ],
] as const) {
  test(`drift: ${what}`, () => assert.deepEqual(found, expected));
}

test("a release to some clusters covers them in the environment's order, and knows all of its members", () => {
  const labelled = fleet("ap", "eu", "us").fleet;
  for (const [index, entry] of labelled.entries.entries()) labelled.entries[index] = { ...entry, labels: { tier: `${index}` } };
  const covered = coverage(
    release({ clusters: ["us", "ap"] }),
    production({ clusters: [{ name: "us" }, { selector: { matchLabels: {} } }, { name: "mars" }] }),
    labelled,
  );
  assert.ok(covered.kind === "Coverage");
  assert.deepEqual(
    [covered.clusters, covered.members, covered.objections],
    [
      ["us", "ap"],
      [
        { name: "us", labels: { tier: "2" } },
        { name: "ap", labels: { tier: "0" } },
        { name: "eu", labels: { tier: "1" } },
        { name: "mars", labels: {} },
      ],
      [],
    ],
  );
});

test("what a release overrides without leave is refused; with it, its strategy is what it says", () => {
  const overriding = release({ strategy: { maxConcurrency: 3 } });
  const refusal = coverage(overriding, production(), two);
  assert.equal(refusal.kind === "Refused" && refusal.reason, "NotOverridable");
  const allowed = coverage(overriding, production({ strategy: { overridable: ["maxConcurrency"] } }), two);
  assert.equal(allowed.kind === "Coverage" && allowed.strategy.maxConcurrency, 3);
});

test("a release is the same as long as its revision and clusters are, in any order", () => {
  const [all, some, turned] = [release(), release({ clusters: ["a", "b"] }), release({ clusters: ["b", "a"] })].map(({ spec }) =>
    releaseHash(spec),
  );
  assert.match(all ?? "", /^[0-9a-f]{16}$/);
  assert.deepEqual([some === turned, all === some, all === releaseHash(release({ revision: R1 }).spec)], [true, false, false]);
});
