import assert from "node:assert/strict";
import { test } from "node:test";
import { candidates, destinations } from "#controllers/candidates.ts";
import { driftOf } from "#controllers/drift.ts";
import { releaseHash } from "#controllers/hash.ts";
import type { Parts } from "#controllers/parts.ts";
import { Sightings } from "#controllers/sightings.ts";
import { application, at, production, R1, R2, release, run, type ApplicationBuilder } from "#test/build.ts";
import { FakeFleet, HandClock } from "./fakes.ts";

function fleet(...names: string[]): { fleet: FakeFleet; sightings: Sightings } {
  const clock = new HandClock();
  const made = new FakeFleet(clock, ...names);
  for (const name of names) made.at(name).show(application());
  return { fleet: made, sightings: new Sightings(made, clock, 5000) };
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
};

const brief = (made: ReturnType<typeof destinations>): unknown =>
  made.kind === "Refused"
    ? `${made.reason}: ${made.message}`
    : made.destinations.map(({ cluster, instance, application: { namespace, name } }) => `${cluster} ${instance} ${namespace}/${name}`);

for (const [what, made, expected] of [
  ["each cluster of the environment", destinations(release(), production(), two), ["eu eu argocd/checkout", "us us argocd/checkout"]],
  [
    "the clusters that it names, in the environment's order",
    destinations(release({ clusters: ["us", "eu"] }), production(), two),
    ["eu eu argocd/checkout", "us us argocd/checkout"],
  ],
  [
    "names and namespaces that differ",
    destinations(
      release({ clusters: ["us"] }),
      production({ application: { name: "{{service}}-{{cluster}}", namespace: "argo-{{environment}}", targetRevision: "x" } }),
      two,
    ),
    ["us us argo-production/checkout-us"],
  ],
  [
    "nowhere without its Environment",
    destinations(release(), undefined, two),
    "EnvironmentNotFound: there is no Environment production in namespace team-a: create it, or name another",
  ],
  [
    "nowhere with a branch",
    destinations(release({ revision: "main" }), production(), two),
    'RevisionNotOfKind: revision "main" is not a commit: write the 40 hex digits of one commit (git rev-parse main); a branch, a tag or HEAD would move (Environment production takes revision: Commit)',
  ],
  [
    "nowhere with a cluster that nobody registered",
    destinations(release(), production({ clusters: [{ name: "eu" }, { name: "mars" }] }), two),
    "ClusterUnknown: mars: Environment production names it, and no registration does: register it, or take it out of the Environment",
  ],
  [
    "nowhere with a cluster that is not the environment's",
    destinations(release({ clusters: ["us"] }), production({ clusters: [{ name: "eu" }] }), two),
    "ClusterUnknown: us: it is not among the clusters of Environment production: correct spec.clusters",
  ],
  [
    "nowhere when nothing is selected",
    destinations(release(), production({ clusters: [{ selector: { matchLabels: { region: "mars" } } }] }), two),
    "NoClusters: Environment production covers no cluster: no registration matches its selectors",
  ],
  [
    "nowhere with a registration that cannot be used",
    destinations(release(), production(), refusing),
    "ClusterRefused: eu: its CA is no PEM: correct caData",
  ],
  [
    "nowhere with a registration that does not allow its namespace",
    destinations(release(), production(), locked),
    "NotAuthorized: us: its registration takes no releases from namespace team-a: add team-a to the annotation conductor.dev/allowed-namespaces of Secret cluster-us",
  ],
  [
    "nowhere with what is no name",
    destinations(release(), production({ application: { name: "-{{service}}", targetRevision: "x" } }), two),
    'InvalidName: "argocd/-checkout" is no name of an Application: correct application.name or application.namespace of the Environment',
  ],
] as const) {
  test(`a release goes to ${what}`, () => assert.deepEqual(brief(made), expected));
}

test("every destination is looked at, and asked whether it consents", async () => {
  const { fleet: clusters, sightings } = fleet("eu", "us");
  clusters.at("us").show(application().but((raw) => void (raw.metadata = { ...raw.metadata, annotations: {} })));
  const made = destinations(release(), production(), clusters);
  assert.ok(made.kind === "Destinations");
  for (const place of made.destinations) sightings.follow(place, () => undefined);
  const parts = { fleet: clusters } as unknown as Parts;
  const found = await candidates(
    release(),
    production(),
    made.destinations,
    parts,
    sightings,
    () => undefined,
    new AbortController().signal,
  );
  assert.deepEqual(
    found.map(({ cluster, desired, seen, refusal, takenBy }) => [cluster, desired, seen.kind, refusal?.split(": ")[0], takenBy]),
    [
      ["eu", { targetRevision: R2 }, "Present", undefined, undefined],
      [
        "us",
        { targetRevision: R2 },
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
  return driftOf(one, sightings);
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
    [{ cluster: "us", phase: "Unknown", reason: "WatchLost", message: "us is not registered, or its registration cannot be used" }],
  ],
  ["no answer while one was not looked at", drifted(done, (clusters) => clusters.at("us").becomes({ live: false })), undefined],
  ["nothing of a run that failed", drifted({ ...done, status: { ...done.status, phase: "Failed" } }, shows(undefined)), []],
] as const) {
  test(`drift: ${what}`, () => assert.deepEqual(found, expected));
}

test("a release is the same as long as its revision and clusters are, in any order", () => {
  const [all, some, turned] = [release(), release({ clusters: ["a", "b"] }), release({ clusters: ["b", "a"] })].map(({ spec }) =>
    releaseHash(spec),
  );
  assert.match(all ?? "", /^[0-9a-f]{16}$/);
  assert.deepEqual([some === turned, all === some, all === releaseHash(release({ revision: R1 }).spec)], [true, false, false]);
});
