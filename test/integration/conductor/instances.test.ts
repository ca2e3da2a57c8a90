import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, afterEach, before, test } from "node:test";
import type { InstanceStatus } from "#api/environment.ts";
import type { AuditEvent } from "#plane/audit.ts";
import { manifests, registration, served, type Manifest } from "#test/scene/manifests.ts";
import { conditionLines, Stage, until } from "#test/scene/stage.ts";

/** What is known of the clusters is written into their Environment, for those who have no credential for them. */

const [EU, US] = ["eu-west-1", "us-east-1"];
const HOUR = 3_600_000;
/** What the token of a ServiceAccount is allowed under, as its own user. */
const ACCOUNT = "system:serviceaccount:argocd:release-conductor";
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: [EU, US] });
  await stage.cluster(EU).apply([controller("v3.1.4")]);
  await stage.environment("production", [EU, US]);
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

/** Argo CD's controller, as far as anybody can read its version off it: nobody runs it. */
function controller(version: string): Manifest {
  const name = "argocd-application-controller";
  const labels = { "app.kubernetes.io/name": name };
  const containers = [{ name, image: `quay.io/argoproj/argocd:${version}` }];
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace: "argocd" },
    spec: { serviceName: name, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

/** The account as users make it, bound as they bind it, and a token of it that is good for so long. */
async function token(cluster: string, hours: number): Promise<string> {
  await stage.cluster(cluster).apply(manifests("examples/rbac-target.yaml").filter(({ kind }) => kind !== "Secret"));
  const path = "/api/v1/namespaces/argocd/serviceaccounts/release-conductor/token";
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { audiences: [], expirationSeconds: hours * 3600 },
  };
  return (await stage.cluster(cluster).create<{ readonly status: { readonly token: string } }>(path, request)).status.token;
}

async function register(cluster: string, credential: string): Promise<void> {
  const { name, url, ca } = stage.cluster(cluster);
  await stage.home.apply([registration({ name, url, ca, token: credential })]);
}

/** What production says of a cluster's instance, as soon as it `holds`. */
async function instance(name: string, holds: (found: InstanceStatus) => boolean, environment = "production"): Promise<InstanceStatus> {
  const find = async (): Promise<InstanceStatus | undefined> =>
    (await stage.getEnvironment(environment)).status?.instances?.find((one) => one.name === name);
  const found = await until(`${name} in ${environment}`, find, (one) => one !== undefined && holds(one));
  assert.ok(found !== undefined);
  return found;
}

const questions = async (): Promise<readonly AuditEvent[]> =>
  await stage.cluster(EU).audit({ user: "release-conductor", resource: "selfsubjectaccessreviews" });

test("an Environment tells which Argo CD there is and which right is missing, and nothing is missing with the whole example", async () => {
  const eu = await instance(EU, ({ missingRights }) => missingRights !== undefined);
  const us = await instance(US, ({ missingRights }) => missingRights !== undefined);
  const { credential, ...rest } = eu;
  assert.deepEqual(rest, { name: EU, clusters: 1, argocdVersion: "v3.1.4", missingRights: [] });
  assert.deepEqual(us, { name: US, clusters: 1, credential: us.credential, missingRights: [] });
  const age = Date.now() - Date.parse(credential?.since ?? "");
  assert.ok(age > -1000 && age < HOUR, `the credential is ${age} ms old`);
  assert.equal(credential?.expiresAt, undefined, "a token of this kind does not say when it ends");
});

test("nothing is written while nothing changes: not by a conductor that starts anew either, and what is asked is asked once", async () => {
  const before_ = await stage.writes(stage.home);
  const asked = await questions();
  const environment = await stage.getEnvironment("production");
  await sleep(3000);
  assert.deepEqual([await stage.writes(stage.home), await questions()], [before_, asked]);
  await stage.restart();
  await until("the questions of the new conductor", questions, ({ length }) => length === 2 * asked.length);
  await sleep(1000);
  assert.deepEqual(await stage.writes(stage.home), before_);
  assert.equal((await stage.getEnvironment("production")).metadata.resourceVersion, environment.metadata.resourceVersion);
  assert.deepEqual(await stage.writes(stage.cluster(EU)), []);
});

test("rights that are taken away are named over the next connection, those without which nothing goes first", async () => {
  const roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/argocd/rolebindings";
  for (const role of ["release-conductor-version", "release-conductor-projects"]) await stage.cluster(US).delete(`${roles}/${role}`);
  await stage.cluster(US).delete("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/release-conductor-rollouts-steer");
  await stage.restart();
  const us = await instance(US, ({ missingRights = [] }) => missingRights.length > 0);
  assert.deepEqual(us.missingRights, ["AppProjects", "RolloutStatus", "ArgoCDVersion"]);
  const { status } = await stage.getEnvironment("production");
  assert.deepEqual([status?.clusters?.summary, status?.instances?.map(({ name }) => name)], ["2/2", [US, EU]]);

  await stage.cluster(US).delete(`${roles}/release-conductor`);
  await stage.restart();
  const worse = await instance(US, ({ missingRights = [] }) => missingRights.includes("Applications"));
  assert.deepEqual(worse.missingRights, ["Applications", "AppProjects", "RolloutStatus", "ArgoCDVersion"]);
});

test("a token that soon expires is told of, with its Secret, and is used; one that is good for long is not", async () => {
  await register(EU, await token(EU, 24));
  const eu = await instance(EU, ({ credential }) => credential?.expiresAt !== undefined);
  const left = Date.parse(eu.credential?.expiresAt ?? "") - Date.now();
  assert.ok(left > 23 * HOUR && left <= 24 * HOUR, `${left} ms are left`);
  assert.deepEqual([eu.argocdVersion, eu.missingRights], ["v3.1.4", []]);
  const environment = await until(
    "the condition",
    () => stage.getEnvironment("production"),
    (found) => found.status?.conditions?.length === 2,
  );
  assert.deepEqual(conditionLines(environment), ["Ready=True AllUsable @1", "CredentialsExpire=True Expiring @1"]);
  const told = `${EU}: its credential expires at ${eu.credential?.expiresAt}: renew it in Secret "cluster-${EU}"`;
  assert.equal(environment.status?.conditions?.[1]?.message, told);
  const events = await until(
    "the Event",
    () => stage.events("production"),
    ({ length }) => length > 0,
  );
  assert.deepEqual(
    events.map(({ type, reason, note }) => [type, reason, note]),
    [["Warning", "CredentialExpiring", told]],
  );

  await register(EU, await token(EU, 24 * 30));
  const renewed = await until(
    "no condition",
    () => stage.getEnvironment("production"),
    (found) => found.status?.conditions?.length === 1,
  );
  assert.deepEqual(conditionLines(renewed), ["Ready=True AllUsable @1"]);
  await until(
    "requests with the token",
    () => stage.cluster(EU).audit({ user: ACCOUNT }),
    ({ length }) => length > 0,
  );
});

test("clusters that one Argo CD serves are named with it, and no credential is anywhere", async () => {
  const credential = await token(EU, 24);
  await register(EU, credential);
  await stage.home.apply(["tokyo-1", "osaka-1"].map((name) => served(name, EU)));
  await stage.environment("asia", ["tokyo-1", "osaka-1"]);
  const hub = await instance(EU, ({ clusters, argocdVersion }) => clusters === 2 && argocdVersion !== undefined, "asia");
  assert.deepEqual([hub.clusters, hub.serves, hub.argocdVersion, hub.missingRights], [2, ["osaka-1", "tokyo-1"], "v3.1.4", []]);
  const objects = await Promise.all(
    ["/apis/conductor.dev/v1alpha1/environments", "/apis/events.k8s.io/v1/events"].map((path) => stage.home.get(path)),
  );
  const texts = { objects: JSON.stringify(objects), log: await stage.conductor.log() };
  for (const part of credential.split("."))
    for (const [where, text] of Object.entries(texts)) assert.ok(!text.includes(part), `${where} holds a part of the token`);
});
