import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { stringify } from "yaml";
import type { ReleaseRun } from "#api/releaserun.ts";
import { Checkout } from "#test/scene/checkout.ts";
import { Fleet } from "#test/scene/fleet.ts";
import { manifests, type Manifest } from "#test/scene/manifests.ts";
import { Parent } from "#test/scene/parent.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { conditionsOf } from "#test/scene/scene.ts";
import { CLUSTERS, type Service } from "#test/scene/service.ts";
import { ARGOCD_CM } from "#tools/generate/argocd.ts";

/**
 * Releases in a repository: a real Argo CD in the management cluster applies it with self-heal, and three others deploy what is released. The
 * repository, the parent Application and its health are those of examples/gitops and of the chart.
 */

const [, SECOND] = CLUSTERS;
const WHERE = "https://argocd.example.com/applications/argocd/releases?node=conductor.dev/ServiceRelease/{{namespace}}/{{release}}/0";
const [environment, application] = ["examples/gitops/releases/production.yaml", "examples/gitops/application.yaml"].map(one) as [
  Manifest,
  Manifest,
];

let fleet: Fleet;
let checkout: Service;
let repository: Checkout;
let parent: Parent;
/** What the repository has held, oldest first. */
const commits: string[] = [];
const revisions: Record<"first" | "second" | "third" | "bad", string> = { first: "", second: "", third: "", bad: "" };

before(async () => {
  fleet = await Fleet.start({ gitops: true, args: ["--release-url", WHERE] });
  const { scene } = fleet;
  await scene.home.apply(manifests(ARGOCD_CM));
  await installPolicies(scene.home, { user: "release-conductor" });
  checkout = await fleet.deployed("checkout", await fleet.version(0), "checkout.production");
  revisions.first = await fleet.version(1);
  revisions.second = await fleet.version(2);
  revisions.third = await fleet.version(3);
  revisions.bad = await fleet.version(4, { [SECOND]: "Degraded" });

  const { url } = await scene.plane.repository("releases");
  repository = await Checkout.of(url, join(scene.plane.folder, "releases-checkout"));
  const quick = structuredClone(environment) as Manifest & { readonly spec: { strategy: { minSuccessTime: string } } };
  quick.spec.strategy.minSuccessTime = "3s";
  commits.push(await repository.commit({ ...released(revisions.first), "releases/production.yaml": stringify(quick) }, "checkout v1"));
  const spec = application["spec"] as { readonly source: object };
  parent = await Parent.start(scene.home, { ...application, spec: { ...spec, source: { ...spec.source, repoURL: url } } });
});
afterEach((context) => fleet.scene.plane.keepLogsIfFailed(context));
after(async () => {
  await parent?.stop();
  await fleet.stop();
});

test("what the repository holds at the beginning is released to three clusters", async () => {
  await parent.synced(newest());
  await succeeded(revisions.first);
  assert.deepEqual(await checkout.deployed(), ["v1", "v1", "v1"]);
  await parent.healthIs("Healthy");
  assert.deepEqual(parent.drift, []);
});

test("a commit is a release, and Argo CD sees no drift in fifty looks while it goes on and when it has ended", async () => {
  commits.push(await repository.commit(released(revisions.second), "checkout v2"));
  await parent.synced(newest());
  const looks = parent.looksAgain(50);
  await succeeded(revisions.second);
  await looks;
  await parent.healthIs("Healthy");
  assert.deepEqual(await checkout.deployed(), ["v2", "v2", "v2"]);
  assert.deepEqual(parent.drift, []);
  assert.deepEqual(parent.healths.slice(-2), ["Progressing", "Healthy"]);
});

test("git revert undoes it: planned as a rollback, since that was verified a moment ago", async () => {
  commits.push(await repository.revert());
  await parent.synced(newest());
  const { spec } = await succeeded(revisions.first);
  assert.deepEqual([spec.kind, spec.cause], ["Rollback", { action: "window" }]);
  assert.deepEqual(await checkout.deployed(), ["v1", "v1", "v1"]);
  await parent.healthIs("Healthy");
  assert.deepEqual(parent.drift, []);
});

test("what an action in Argo CD's UI writes is no drift: paused on the release it is Suspended, resumed on the run it goes on", async () => {
  commits.push(await repository.commit(released(revisions.third), "checkout v3"));
  await parent.synced(newest());
  const { metadata } = await checkout.untilRun("it is planned", revisions.third);
  await fleet.scene.home.kubectl(["annotate", "servicerelease", checkout.release, ...asks("pause", metadata.name)]);
  await parent.healthIs("Suspended");
  await parent.looksAgain(5);
  await fleet.scene.home.kubectl(["annotate", "releaserun", metadata.name, ...asks("resume", metadata.name)]);
  await succeeded(revisions.third);
  await parent.healthIs("Healthy");
  const { status } = await checkout.get();
  assert.deepEqual(
    status?.actions?.map(({ action, result }) => [action, result]),
    [
      ["pause", "Done"],
      ["resume", "Done"],
    ],
  );
  assert.deepEqual(parent.healths.slice(-3), ["Suspended", "Progressing", "Healthy"]);
  assert.deepEqual(parent.drift, []);
});

test("a release that has failed and was taken back is Degraded, until its revert", async () => {
  commits.push(await repository.commit(released(revisions.bad), "checkout v4"));
  await parent.synced(newest());
  const failed = await checkout.finished();
  assert.equal(failed.status?.phase, "RolledBack");
  await parent.healthIs("Degraded");
  await parent.looksAgain(5);
  assert.deepEqual(parent.healths.slice(-2), ["Progressing", "Degraded"]);
  assert.deepEqual(parent.drift, []);

  commits.push(await repository.revert());
  await parent.synced(newest());
  await succeeded(revisions.third);
  await parent.healthIs("Healthy");
  assert.deepEqual(await checkout.deployed(), ["v3", "v3", "v3"]);
  assert.deepEqual(parent.drift, []);
});

test("the conductor has written nothing that the repository owns: of releases and Environments only the status", async () => {
  const verbs = ["create", "update", "patch", "delete", "deletecollection"];
  const events = await fleet.scene.home.audit({ user: "release-conductor", verbs });
  const kinds = new Set(events.map(({ objectRef: { resource, subresource } }) => [resource, subresource].filter(Boolean).join("/")));
  assert.deepEqual([...kinds].toSorted(), ["environments/status", "events", "releaseruns", "releaseruns/status", "servicereleases/status"]);
});

test("each Application leads to the release that steers it", async () => {
  const url = "https://argocd.example.com/applications/argocd/releases?node=conductor.dev/ServiceRelease/team-a/checkout.production/0";
  for (const cluster of CLUSTERS)
    assert.deepEqual(
      (await checkout.app(cluster)).metadata.annotations,
      {
        "conductor.dev/authorized": "team-a/checkout.production",
        "link.argocd.argoproj.io/release": `ServiceRelease team-a/checkout.production|${url}`,
        "notice.argocd.argoproj.io/content": "Last released by ServiceRelease team-a/checkout.production",
        "notice.argocd.argoproj.io/severity": "info",
        "notice.argocd.argoproj.io/url": url,
      },
      cluster,
    );
});

test("the Application that says by which commit an object came is accepted as it is", async () => {
  const asItIs = manifests("examples/gitops/application-with-commit.yaml");
  const said = await fleet.scene.home.kubectl(
    ["apply", "--dry-run=server", "--server-side", "--force-conflicts", "--validate=strict", "-f", "-"],
    JSON.stringify(asItIs[0]),
  );
  assert.match(said, /application\.argoproj\.io\/releases serverside-applied \(server dry run\)/);
});

/** The ServiceRelease in the repository, at another revision. */
function released(revision: string): Readonly<Record<string, string>> {
  const manifest = one("examples/gitops/releases/checkout.production.yaml");
  return { "releases/checkout.production.yaml": stringify({ ...manifest, spec: { ...(manifest["spec"] as object), revision } }) };
}

function one(path: string): Manifest {
  const [manifest = assert.fail(`${path} is empty`)] = manifests(path);
  return manifest;
}

function newest(): string {
  return commits.at(-1) ?? assert.fail("nothing was committed yet");
}

/** What an action leaves behind: helm/release-conductor/argocd/release.action.lua. */
function asks(action: string, run: string): readonly string[] {
  return ["--namespace", "team-a", `conductor.dev/${action}=${run}/argocd-1763974361`];
}

/** The run that has brought `revision` to all clusters. */
async function succeeded(revision: string): Promise<ReleaseRun> {
  const release = await checkout.until("it has ended", ({ spec, status }) => spec.revision === revision && isFinished(status?.conditions));
  assert.equal(conditionsOf(release), "Ready=True Reconciling=False Stalled=False Finished=True", JSON.stringify(release.status));
  return checkout.untilRun("it has succeeded", revision, ({ status }) => status?.phase === "Succeeded");
}

function isFinished(conditions: readonly { readonly type: string; readonly status: string }[] = []): boolean {
  return conditions.some(({ type, status }) => type === "Finished" && status === "True");
}
