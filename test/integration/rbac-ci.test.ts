import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { systemClock } from "#kube/clock.ts";
import { failed } from "#kube/errors.ts";
import { HttpTransport } from "#kube/http.ts";
import type { ContentType, KubeObject, KubeRequest } from "#kube/ports.ts";
import type { Cluster } from "#plane/cluster.ts";
import { kubeconfig } from "#plane/kubeconfig.ts";
import { Plane } from "#plane/plane.ts";
import { management, object, said, stored } from "#test/scene/people.ts";
import { manifests } from "#test/scene/manifests.ts";
import { installPolicies } from "#test/scene/policies.ts";

/** examples/rbac-ci.yaml, with the ServiceAccount's own token, and the requests that `conductor deploy` and `conductor wait` make. */

const NAME = "checkout.production";
const ACCOUNT = "system:serviceaccount:team-a:release-checkout-production";

let plane: Plane;
let cluster: Cluster;
let pipeline: HttpTransport;

before(async () => {
  plane = await Plane.start();
  cluster = await management(plane, "management");
  await cluster.kubectl(["create", "namespace", "team-b"]);
  await installPolicies(cluster);
  await cluster.apply([...manifests("examples/rbac-ci.yaml")]);
  const account = "release-checkout-production";
  const token = (await cluster.kubectl(["create", "token", account, "--namespace", "team-a", "--duration", "10m"])).trim();
  const config = new KubeConfig();
  config.loadFromString(kubeconfig({ cluster: "management", url: cluster.url, ca: cluster.ca, user: account, token }));
  pipeline = new HttpTransport(config, systemClock);
  await cluster.apply([
    release("payments.production"),
    release("checkout.staging"),
    { ...object("ServiceRelease", NAME, specOf(NAME)), metadata: { name: NAME, namespace: "team-b" } },
  ]);
});
after(async () => {
  await pipeline.close();
  await plane.stop();
});

const API = "/apis/conductor.dev/v1alpha1/namespaces";
const all = `${API}/team-a/servicereleases`;
const path = (name = NAME, namespace = "team-a"): string => `${API}/${namespace}/servicereleases/${name}`;

function specOf(name: string, revision = "v1"): object {
  const [service, environment] = name.split(".");
  return { service, environment, revision };
}

function release(name = NAME, revision = "v1", namespace = "team-a"): object {
  return { apiVersion: "conductor.dev/v1alpha1", kind: "ServiceRelease", metadata: { name, namespace }, spec: specOf(name, revision) };
}

const never = new AbortController().signal;

async function ask<T = KubeObject>(method: KubeRequest["method"], at: string, more: Partial<KubeRequest> = {}): Promise<T> {
  // What the API server answers is the caller's knowledge.
  return (await pipeline.request({ method, path: at, ...more }, never)).body as T;
}

/** Server-side apply, as `conductor deploy` does it. */
function apply(manifest: object, at = path()): Promise<KubeObject> {
  const query = { fieldManager: "conductor", force: "true" };
  return ask("PATCH", at, { query, contentType: "application/apply-patch+yaml", body: manifest });
}

function merge(at: string, body: object): Promise<KubeObject> {
  return ask("PATCH", at, { contentType: "application/merge-patch+json", body });
}

const named = (name: string): Readonly<Record<string, string>> => ({ fieldSelector: `metadata.name=${name}` });

/** What the first frame of a watch shows. */
async function watched(at: string, query: Readonly<Record<string, string>>): Promise<string> {
  const end = new AbortController();
  try {
    for await (const frame of pipeline.watch({ method: "GET", path: at, query: { ...query, watch: "true" } }, end.signal))
      if (frame.type !== "OPENED") return `${frame.type} ${frame.object.metadata.name}`;
    return "nothing";
  } finally {
    end.abort();
  }
}

async function refused(asked: Promise<unknown>, says: RegExp): Promise<void> {
  await assert.rejects(asked, (error: unknown) => {
    assert.ok(failed(error, "Forbidden"), String(error));
    assert.match(error.message, says);
    return true;
  });
}

suite("it may", () => {
  test("create its release by server-side apply, and change the revision by another", async () => {
    await apply(release());
    await apply(release(NAME, "v2"));
    const { spec, metadata } = await stored(cluster, "servicereleases", NAME);
    assert.deepEqual(spec, { service: "checkout", environment: "production", revision: "v2", paused: false });
    assert.equal(metadata.annotations?.["conductor.dev/author"], ACCOUNT);
  });

  test("get its release, list it by its name, and watch it by its name", async () => {
    const { spec } = await ask<{ spec: { revision: string } }>("GET", path());
    assert.equal(spec.revision, "v2");
    const { items } = await ask<{ items: readonly unknown[] }>("GET", all, { query: named(NAME) });
    assert.equal(items.length, 1);
    assert.equal(await watched(all, named(NAME)), `ADDED ${NAME}`);
  });

  test("ask for the release once more by the annotation that --retry writes", async () => {
    await merge(path(), { metadata: { annotations: { "conductor.dev/retry": "checkout.production-1" } } });
    const { metadata } = await stored(cluster, "servicereleases", NAME);
    assert.equal(metadata.annotations?.["conductor.dev/retry"], "checkout.production-1");
  });

  test("release with kubectl alone, as a pipeline without conductor would", async () => {
    const as = { name: ACCOUNT, groups: ["system:serviceaccounts", "system:serviceaccounts:team-a", "system:authenticated"] };
    const answer = await said(cluster, as, ["apply", "--server-side", "--field-manager=conductor", "-f", "-"], release(NAME, "v3"));
    assert.match(answer, /servicerelease.conductor.dev\/checkout.production serverside-applied/);
    const waited = await said(cluster, as, ["wait", "--for=jsonpath={.spec.revision}=v3", "--timeout=10s", `servicerelease/${NAME}`]);
    assert.match(waited, /condition met/);
  });
});

suite("it may not", () => {
  const no = (verb: string, resource = "servicereleases"): RegExp =>
    new RegExp(`"${ACCOUNT}" cannot ${verb} resource "${resource}" in API group "conductor.dev"`);

  for (const [what, name, namespace] of [
    ["another service", "payments.production", "team-a"],
    ["another environment", "checkout.staging", "team-a"],
    ["another namespace", NAME, "team-b"],
  ] as const)
    test(`release, read or watch ${what}`, async () => {
      await refused(apply(release(name, "v9", namespace), path(name, namespace)), no("patch"));
      await refused(ask("GET", path(name, namespace)), no("get"));
      await refused(ask("GET", `${API}/${namespace}/servicereleases`, { query: named(name) }), no("list"));
      await refused(watched(`${API}/${namespace}/servicereleases`, named(name)), no("watch"));
    });

  test("create one that is not there yet, by apply or by create", async () => {
    await refused(apply(release("search.production"), path("search.production")), no("patch"));
    await refused(ask("POST", all, { body: release("search.production") }), no("create"));
  });

  test("hide another service or environment behind its own name", async () => {
    const disguised = { ...release(), spec: specOf("payments.production", "v9") };
    await assert.rejects(apply(disguised), /service is immutable/);
    await cluster.delete(path());
    await assert.rejects(apply(disguised), /metadata.name must be <service>.<environment>, here payments.production/);
    await apply(release());
  });

  test("list or watch all releases", async () => {
    await refused(ask("GET", all), no("list"));
    await refused(watched(all, {}), no("watch"));
    await refused(ask("GET", "/apis/conductor.dev/v1alpha1/servicereleases"), no("list"));
  });

  test("delete its release, or replace it", async () => {
    await refused(ask("DELETE", path()), no("delete"));
    await refused(ask("PUT", path(), { body: release() }), no("update"));
  });

  test("say of its release that it has arrived", async () => {
    const body = { ...release(), status: { phase: "Succeeded" } };
    for (const contentType of ["application/merge-patch+json", "application/apply-patch+yaml"] satisfies ContentType[]) {
      const asked = ask("PATCH", `${path()}/status`, { query: { fieldManager: "conductor" }, contentType, body });
      await refused(asked, no("patch", "servicereleases/status"));
    }
    await apply(body);
    assert.equal((await stored(cluster, "servicereleases", NAME)).status, undefined);
  });

  test("say that somebody else has released", async () => {
    await assert.rejects(
      apply({ ...release(NAME, "v4"), metadata: { name: NAME, annotations: { "conductor.dev/author": "alice" } } }),
      /author/,
    );
  });

  for (const [plural, kind] of [
    ["releaseruns", "ReleaseRun"],
    ["releaseapprovals", "ReleaseApproval"],
    ["environments", "Environment"],
    ["freezewindows", "FreezeWindow"],
  ] as const)
    test(`read or write ${plural}`, async () => {
      const collection = `${API}/team-a/${plural}`;
      await refused(ask("GET", collection), no("list", plural));
      await refused(ask("GET", `${collection}/production`), no("get", plural));
      await refused(ask("POST", collection, { body: object(kind, "production", {}) }), no("create", plural));
      await refused(merge(`${collection}/production`, { spec: {} }), no("patch", plural));
      await refused(ask("DELETE", `${collection}/production`), no("delete", plural));
    });

  test("read secrets, give itself rights or tokens, or look into the conductor's namespace", async () => {
    const core = "/api/v1/namespaces";
    const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/team-a";
    for (const attempt of [
      () => ask("GET", `${core}/team-a/secrets`),
      () => ask("GET", `${core}/release-conductor/secrets`),
      () => ask("GET", `${core}/team-a/pods`),
      () => ask("GET", core),
      () => merge(`${rbac}/roles/release-checkout-production`, { rules: [] }),
      () => ask("POST", `${core}/team-a/serviceaccounts/release-checkout-production/token`, { body: tokenRequest }),
    ])
      await refused(attempt(), new RegExp(`"${ACCOUNT}" cannot`));
  });
});

test("with examples/rbac-ci-plan.yaml it reads runs and asks for previews, and writes no run", async () => {
  await cluster.apply([...manifests("examples/rbac-ci-plan.yaml")]);
  const may = async (verb: string, resource: string): Promise<boolean> => {
    const spec = { user: ACCOUNT, resourceAttributes: { verb, group: "conductor.dev", resource, namespace: "team-a" } };
    const review = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec };
    return (await cluster.create<{ status: { allowed: boolean } }>("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)).status
      .allowed;
  };
  for (const deadline = Date.now() + 10_000; !(await may("list", "releaseruns"));) assert.ok(Date.now() < deadline);
  const verbs = ["get", "list", "watch", "create", "update", "patch", "delete"];
  const allowed = async (resource: string): Promise<readonly string[]> => {
    const answers = await Promise.all(verbs.map((verb) => may(verb, resource)));
    return verbs.filter((_, index) => answers[index]);
  };
  assert.deepEqual(await allowed("releaseruns"), ["get", "list", "watch"]);
  assert.deepEqual(await allowed("releasepreviews"), ["get", "create", "delete"]);
  assert.deepEqual(await allowed("releaseapprovals"), []);
  const { items } = await ask<{ items: readonly unknown[] }>("GET", `${API}/team-a/releaseruns`);
  assert.deepEqual(items, []);
});

const tokenRequest = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
