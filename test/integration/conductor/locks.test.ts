import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { registration, type Manifest } from "#test/scene/manifests.ts";
import { appPath, commit, four, conditionLines, Stage, until } from "#test/scene/stage.ts";

/** Who may be released to: nothing is written anywhere before every target that answers has consented. */

const both = ["eu-west-1", "us-east-1"];
const A = commit("a");
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: both });
  await stage.environment("production", both);
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

/** us-east-1 once more under another name, open to what `allowed` says. */
async function registerAs(name: string, allowed: string | undefined): Promise<void> {
  const { url, ca } = stage.cluster("us-east-1");
  const secret = registration({ name, url, ca, token: stage.cluster("us-east-1").token("release-conductor") });
  const annotations = allowed === undefined ? {} : { "conductor.dev/allowed-namespaces": allowed };
  await stage.home.apply([{ ...secret, metadata: { ...secret.metadata, annotations } }]);
}

async function consent(cluster: string, service: string, entry: string | null): Promise<void> {
  await stage.patchApp(cluster, service, { metadata: { annotations: { "conductor.dev/authorized": entry } } });
}

const secretPath = (name: string): string => `/api/v1/namespaces/release-conductor/secrets/cluster-${name}`;

for (const [title, cluster, allowed] of [
  ["without the annotation", "closed", undefined],
  ["open to another namespace only", "elsewhere", "team-b"],
] as const) {
  test(`a registration ${title} takes no release, and one that allows the namespace later starts it`, async () => {
    const name = `${cluster}.${cluster}`;
    await registerAs(cluster, allowed);
    await stage.environment(cluster, ["eu-west-1", cluster]);
    await stage.deploy(cluster, both, { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
    await stage.scene.release(A, {}, name);
    const { status } = await stage.stalled(name, "NotAuthorized");
    const message = `its registration takes no releases from namespace team-a: add team-a to the annotation conductor.dev/allowed-namespaces of Secret cluster-${cluster}`;
    assert.deepEqual(status?.clusters, [{ name: cluster, phase: "Pending", reason: "NotAuthorized", message }]);
    assert.equal(status?.waitingOn?.message, `${cluster}: ${message}`);
    assert.deepEqual(await stage.touched(cluster), []);
    assert.deepEqual(await stage.runs(name), []);

    await stage.home.patch(secretPath(cluster), { metadata: { annotations: { "conductor.dev/allowed-namespaces": "team-b, team-a" } } });
    assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  });
}

test("a registration that allows every namespace takes the release", async () => {
  await registerAs("open", "*");
  await stage.environment("wide", ["open"]);
  await stage.deploy("open", ["us-east-1"], { annotations: { "conductor.dev/authorized": "team-a/open.wide" } });
  await stage.scene.release(A, {}, "open.wide");
  assert.equal((await stage.scene.finished({ name: "open.wide" })).status?.phase, "Succeeded");
});

interface Owned {
  readonly by: string;
  readonly service: string;
  readonly metadata: object;
  readonly remedy: string;
}

const owned: readonly Owned[] = [
  { by: "nobody", service: "orphan", metadata: {}, remedy: "annotate it: conductor.dev/authorized: team-a/orphan.production" },
  {
    by: "an ApplicationSet",
    service: "generated",
    metadata: {
      ownerReferences: [
        {
          apiVersion: "argoproj.io/v1alpha1",
          kind: "ApplicationSet",
          name: "all-regions",
          uid: "0b7e0a3c-6d8d-4f5b-9c51-1f6a2f0e7c11",
          controller: true,
        },
      ],
    },
    remedy:
      "put conductor.dev/authorized: team-a/generated.production into spec.template.metadata.annotations of ApplicationSet all-regions, which generates it",
  },
  {
    by: "a parent Application",
    service: "child",
    metadata: { annotations: { "argocd.argoproj.io/tracking-id": "platform:argoproj.io/Application:argocd/child" } },
    remedy: "put conductor.dev/authorized: team-a/child.production into its manifest in git, which Application platform applies",
  },
];

for (const { by, service, metadata, remedy } of owned) {
  test(`one Application without consent, owned by ${by}, stops the whole release with that owner's remedy; consent starts it by itself`, async () => {
    const name = `${service}.production`;
    await stage.deploy(service, both);
    await consent("us-east-1", service, null);
    await stage.patchApp("us-east-1", service, { metadata });
    await stage.scene.release(A, {}, name);
    const release = await stage.stalled(name, "NotAuthorized");
    const message = `Application argocd/${service} on us-east-1 has not consented to team-a/${service}.production: ${remedy}`;
    assert.deepEqual(release.status?.clusters, [{ name: "us-east-1", phase: "Pending", reason: "NotAuthorized", message }]);
    assert.deepEqual(conditionLines(release), four("NotAuthorized", 1, "Stalled"));
    assert.deepEqual(await stage.touched(service), []);
    const warned = await until(
      "the Event",
      () => stage.events(name),
      (events) => events.length > 0,
    );
    assert.deepEqual(
      warned.map(({ type, reason, note }) => ({ type, reason, note })),
      [{ type: "Warning", reason: "NotAuthorized", note: `us-east-1: ${message}` }],
    );

    await consent("us-east-1", service, `team-b/other.production, team-a/${service}.production`);
    assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
    assert.deepEqual(await stage.patches("us-east-1", service), ["spec", "refresh"]);
  });
}

test("consent to another namespace, service or environment, or with a star on an Application, is none", async () => {
  const name = "strict.production";
  await stage.deploy("strict", both);
  await consent("eu-west-1", "strict", "team-b/strict.production,team-a/strict.staging,team-a/stricter.production,team-a/*.production,*");
  await stage.scene.release(A, {}, name);
  const { status } = await stage.stalled(name, "NotAuthorized");
  assert.deepEqual(
    status?.clusters?.map((cluster) => cluster.name),
    ["eu-west-1"],
  );
  assert.deepEqual(await stage.touched("strict"), []);
});

const project = (annotation: string): Manifest => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AppProject",
  metadata: { name: "default", namespace: "argocd", annotations: { "conductor.dev/authorized": annotation } },
  spec: {},
});

test("an AppProject consents for all of its Applications with a star for the service, and not for another environment", async () => {
  const name = "pooled.production";
  await stage.deploy("pooled", both);
  await consent("us-east-1", "pooled", null);
  await stage.cluster("us-east-1").apply([project("team-a/*.staging")]);
  await stage.scene.release(A, {}, name);
  const { status } = await stage.stalled(name, "NotAuthorized");
  assert.match(String(status?.waitingOn?.message), /; or annotate AppProject default for all of its Applications$/);
  await stage.cluster("us-east-1").apply([project("team-a/*.production")]);
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  await stage.cluster("us-east-1").delete("/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/default");
});

test("without the right to read AppProjects the message says so", async () => {
  const name = "blind.production";
  const cluster = stage.cluster("us-east-1");
  await stage.deploy("blind", both);
  await consent("us-east-1", "blind", null);
  await cluster.delete("/apis/rbac.authorization.k8s.io/v1/namespaces/argocd/rolebindings/release-conductor-projects");
  const review = {
    spec: {
      user: "release-conductor",
      resourceAttributes: { namespace: "argocd", group: "argoproj.io", resource: "appprojects", verb: "get" },
    },
  };
  const ask = () =>
    cluster.create<{ status: { allowed: boolean } }>("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      ...review,
    });
  await until("the right to read AppProjects", ask, ({ status }) => !status.allowed);
  await stage.scene.release(A, {}, name);
  const { status } = await stage.stalled(name, "NotAuthorized");
  assert.equal(
    status?.clusters?.[0]?.message,
    "Application argocd/blind on us-east-1 has not consented to team-a/blind.production: annotate it: conductor.dev/authorized: team-a/blind.production (AppProject default could not be asked: the right to get appprojects is missing)",
  );
  await consent("us-east-1", "blind", `team-a/${name}`);
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
});

test("a release of another namespace is none of ours: its Application consents to one namespace", async () => {
  await stage.deploy("foreign", both);
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "team-b" } };
  const inTeamB = (kind: string, name: string, spec: object): object => ({
    apiVersion: "conductor.dev/v1alpha1",
    kind,
    metadata: { name, namespace: "team-b" },
    spec,
  });
  for (const name of both)
    await stage.home.patch(secretPath(name), { metadata: { annotations: { "conductor.dev/allowed-namespaces": "*" } } });
  await stage.home.apply([
    namespace,
    inTeamB("Environment", "production", { clusters: both.map((name) => ({ name })), application: { targetRevision: "{{revision}}" } }),
    inTeamB("ServiceRelease", "foreign.production", { service: "foreign", environment: "production", revision: A }),
  ]);
  const found = await until(
    "the release of team-b",
    () =>
      stage.home.get<{ status?: { phase?: string; clusters?: readonly { message: string }[] } }>(
        "/apis/conductor.dev/v1alpha1/namespaces/team-b/servicereleases/foreign.production",
      ),
    ({ status }) => status?.phase === "Stalled" && status.clusters !== undefined,
  );
  assert.equal(
    found.status?.clusters?.[0]?.message,
    "Application argocd/foreign on eu-west-1 has not consented to team-b/foreign.production: annotate it: conductor.dev/authorized: team-b/foreign.production",
  );
  assert.deepEqual(await stage.touched("foreign"), []);
  assert.equal(
    (await stage.cluster("eu-west-1").get<{ spec: { source: { targetRevision: string } } }>(appPath("foreign"))).spec.source.targetRevision,
    "0".repeat(40),
  );
});
