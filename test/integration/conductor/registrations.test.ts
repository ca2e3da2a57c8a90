import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { forUser, manifests, registration, served, type Manifest } from "#test/scene/manifests.ts";
import { defineArgoCD } from "#test/scene/scene.ts";
import { commit, conditionLines, Stage, until } from "#test/scene/stage.ts";

/** Where clusters come from, what is said of those that cannot be used, and that no credential shows anywhere. */

const EU = "eu-west-1";
const [A, B] = [commit("a"), commit("b")] as const;
const secrets = "/api/v1/namespaces/release-conductor/secrets";
const canary = "canary-0d9f3b7a5c";
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: [EU], args: ["--contact-time", "3s"] });
  await defineArgoCD(stage.home);
  await stage.home.apply(forUser(manifests("examples/rbac-target.yaml")));
  stage.play(stage.home);
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

/** eu-west-1 once more, under another name and with another configuration. */
async function register(name: string, config: object, url = stage.cluster(EU).url): Promise<void> {
  const secret = registration({ name, url, ca: "", token: "" });
  await stage.home.apply([{ ...secret, stringData: { name, server: url, config: JSON.stringify(config) } }]);
}

const caData = (): string => Buffer.from(stage.cluster(EU).ca).toString("base64");
const bearerToken = (): string => stage.cluster(EU).token("release-conductor");

/** A release of a service of its own to one cluster succeeds; its Application is on eu-west-1. */
async function releases(cluster: string): Promise<void> {
  const name = await wish(cluster);
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
}

async function wish(cluster: string, revision = A): Promise<string> {
  const name = `svc-${cluster}.only-${cluster}`;
  await stage.environment(`only-${cluster}`, [cluster]);
  await stage.deploy(`svc-${cluster}`, [EU], { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
  await stage.scene.release(revision, {}, name);
  return name;
}

/** What the Environment of one cluster says of it. */
async function problemOf(cluster: string): Promise<{ readonly problem: string; readonly message: string } | undefined> {
  const { status } = await until(
    "the Environment",
    () => stage.getEnvironment(`only-${cluster}`),
    (environment) => environment.status?.problems?.length === 1,
  );
  const [found] = status?.problems ?? [];
  return found === undefined ? undefined : { problem: found.problem, message: found.message };
}

test("a kubeconfig in a Secret registers a cluster", async () => {
  const kubeconfig = stage.cluster(EU).kubeconfigFor("release-conductor");
  const metadata = {
    name: "cluster-from-kubeconfig",
    namespace: "release-conductor",
    labels: { "conductor.dev/secret-type": "kubeconfig" },
    annotations: { "conductor.dev/allowed-namespaces": "team-a", "conductor.dev/cluster-name": "from-kubeconfig" },
  };
  await stage.home.apply([{ apiVersion: "v1", kind: "Secret", metadata, stringData: { kubeconfig } }]);
  await releases("from-kubeconfig");
});

test("a cluster of Cluster API registers with its kubeconfig under value, by the name in its label", async () => {
  const metadata = {
    name: "capi-1-kubeconfig",
    namespace: "release-conductor",
    labels: { "conductor.dev/secret-type": "kubeconfig", "cluster.x-k8s.io/cluster-name": "capi-1" },
    annotations: { "conductor.dev/allowed-namespaces": "team-a" },
  };
  await stage.home.apply([
    { apiVersion: "v1", kind: "Secret", metadata, stringData: { value: stage.cluster(EU).kubeconfigFor("release-conductor") } },
  ]);
  await releases("capi-1");
});

test("a certificate for another name is refused with the remedy, and serverName is that remedy", async () => {
  const url = stage.cluster(EU).url.replace("127.0.0.1", "localhost");
  await register("renamed", { bearerToken: bearerToken(), tlsClientConfig: { caData: caData() } }, url);
  const name = await wish("renamed");
  const { status } = await stage.scene.until("unreachable", (release) => release.status?.targets?.unreachable === 1, { name });
  assert.match(
    String(status?.waitingOn?.message),
    /^renamed: the server's certificate is for another name: give serverName \(localhost:\d+, ERR_TLS_CERT_ALTNAME_INVALID\)$/,
  );
  await register(
    "renamed",
    { bearerToken: bearerToken(), tlsClientConfig: { caData: caData(), serverName: "kubernetes.default.svc" } },
    url,
  );
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
});

test("a certificate of another CA is refused, and the right CA lets the release go on", async () => {
  await register("mistrusted", { bearerToken: bearerToken(), tlsClientConfig: { caData: Buffer.from(stage.home.ca).toString("base64") } });
  const name = await wish("mistrusted");
  await stage.scene.until("unreachable", (release) => release.status?.targets?.unreachable === 1, { name });
  const found = await problemOf("mistrusted");
  assert.equal(found?.problem, "Unreachable");
  assert.match(
    String(found?.message),
    /^(the server's certificate is not signed by the given CA|the TLS connection to 127\.0\.0\.1:\d+ was refused) \(.*\)$/,
  );
  await register("mistrusted", { bearerToken: bearerToken(), tlsClientConfig: { caData: caData() } });
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
});

test("a token that the API server refuses is named with its Secret, and a new one lets the release go on", async () => {
  await register("rotated", { bearerToken: `${canary}-stale`, tlsClientConfig: { caData: caData() } });
  const name = await wish("rotated");
  const { status } = await stage.scene.until("unreachable", (release) => release.status?.targets?.unreachable === 1, { name });
  assert.equal(
    status?.waitingOn?.message,
    'rotated: the API server answered 401: Unauthorized: renew the credential in Secret "cluster-rotated"',
  );
  assert.deepEqual(await problemOf("rotated"), {
    problem: "Unreachable",
    message: 'the API server answered 401: Unauthorized: renew the credential in Secret "cluster-rotated"',
  });
  await register("rotated", { bearerToken: bearerToken(), tlsClientConfig: { caData: caData() } });
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
});

test("a registration that is removed during a run leaves its target waiting, and one that returns lets it end", async () => {
  await register("moving", { bearerToken: bearerToken(), tlsClientConfig: { caData: caData() } });
  stage.argo(EU).script("svc-moving", {});
  await releases("moving");
  stage.argo(EU).script("svc-moving", { silent: true });
  const name = "svc-moving.only-moving";
  await stage.scene.release(B, {}, name);
  await stage.scene.until("patched", ({ status }) => status?.waitingOn?.reason === "NotObserved", { name });
  await stage.home.delete(`${secrets}/cluster-moving`);
  const { status } = await stage.scene.until("lost", (release) => release.status?.clusters?.[0]?.phase === "Unknown", { name });
  assert.deepEqual(status?.clusters, [
    { name: "moving", phase: "Unknown", reason: "NotRegistered", message: "moving is not registered any more" },
  ]);
  await register("moving", { bearerToken: bearerToken(), tlsClientConfig: { caData: caData() } });
  stage.argo(EU).script("svc-moving", {});
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  assert.deepEqual(await stage.patches(EU, "svc-moving"), ["spec", "refresh", "spec", "refresh"]);
});

test("one Argo CD serves two clusters whose Applications are named by cluster", async () => {
  const name = "hubbed.asia";
  const clusters = ["tokyo-1", "osaka-1"];
  await stage.home.apply(clusters.map((cluster) => served(cluster, EU)));
  await stage.environment("asia", clusters, { application: { name: "{{service}}-{{cluster}}", targetRevision: "{{revision}}" } });
  for (const cluster of clusters)
    await stage.deploy(`hubbed-${cluster}`, [EU], { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
  await stage.scene.release(A, {}, name);
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  const [run] = await stage.runs(name);
  assert.deepEqual(
    run?.spec.targets.map(({ cluster, instance, application }) => `${cluster} by ${instance}: ${application.name}`),
    clusters.map((cluster) => `${cluster} by ${EU}: hubbed-${cluster}`),
  );
  for (const cluster of clusters) assert.deepEqual(await stage.patches(EU, `hubbed-${cluster}`), ["spec", "refresh"]);
});

test("the Argo CD of the management cluster is steered with the conductor's own credential", async () => {
  const name = "local.home";
  await stage.home.apply([served("home-1", "in-cluster")]);
  await stage.environment("home", ["home-1"]);
  const app: Manifest = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "local", namespace: "argocd", annotations: { "conductor.dev/authorized": `team-a/${name}` } },
    spec: {
      project: "default",
      source: { repoURL: "https://git.example/deploy", path: "chart", targetRevision: B },
      destination: { server: "https://kubernetes.default.svc", namespace: "default" },
      syncPolicy: { automated: {} },
    },
  };
  await stage.home.apply([app]);
  await stage.scene.release(A, {}, name);
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
  const [run] = await stage.runs(name);
  assert.equal(run?.spec.targets[0]?.instance, "in-cluster");
  const found = await stage.home.get<{ spec: { source: object } }>("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/local");
  assert.deepEqual(found.spec.source, { repoURL: "https://git.example/deploy", path: "chart", targetRevision: A });
});

test("an Environment counts its clusters and names those that cannot be used, each with the remedy", async () => {
  await register("exec-1", { execProviderConfig: { command: "aws", env: { AWS_SECRET: canary } } });
  await register("down-1", { bearerToken: bearerToken(), tlsClientConfig: { caData: caData() } }, "https://127.0.0.1:1");
  const secret = registration({ name: "closed-1", url: stage.cluster(EU).url, ca: stage.cluster(EU).ca, token: bearerToken() });
  await stage.home.apply([{ ...secret, metadata: { ...secret.metadata, annotations: { "conductor.dev/allowed-namespaces": "team-b" } } }]);
  await stage.environment("mixed", [EU, "nowhere-1", "closed-1", "exec-1", "down-1"]);
  const found = await until(
    "the Environment",
    () => stage.getEnvironment("mixed"),
    ({ status }) => status?.clusters?.unreachable === 1,
  );
  assert.deepEqual(found.status?.clusters, { covered: 5, usable: 1, unknown: 1, forbidden: 1, refused: 1, unreachable: 1, summary: "1/5" });
  assert.deepEqual(
    found.status.problems?.map(({ cluster, problem, message }) => `${cluster} ${problem}: ${message}`),
    [
      "nowhere-1 Unknown: no registration has this name: register the cluster, or take it out of the Environment",
      "closed-1 Forbidden: its registration takes no releases from namespace team-a: add team-a to the annotation conductor.dev/allowed-namespaces of Secret cluster-closed-1",
      "exec-1 Refused: exec credential plugins are not run by the conductor yet: give a bearerToken or a client certificate",
      "down-1 Unreachable: connection refused by 127.0.0.1:1",
    ],
  );
  assert.deepEqual(conditionLines(found), ["Ready=False Unknown @1"]);

  await stage.environment("mixed", [EU]);
  const good = await until(
    "the Environment",
    () => stage.getEnvironment("mixed"),
    ({ status }) => status?.observedGeneration === 2,
  );
  assert.deepEqual(conditionLines(good), ["Ready=True AllUsable @2"]);
  assert.deepEqual(good.status?.problems, []);
});

test("no credential of any registration occurs in a log, a status, an Event or a metric", async () => {
  await register("odd-1", { bearerToken: `${canary} with a space`, tlsClientConfig: { caData: caData() } });
  await register("odd-2", { bearerToken: "", username: "robot", password: `${canary}-password`, tlsClientConfig: { caData: caData() } });
  await stage.home.apply([
    {
      ...registration({ name: "odd-3", url: "https://127.0.0.1:1", ca: "", token: "" }),
      stringData: { name: "odd-3", server: `https://robot:${canary}@127.0.0.1:1`, config: `{"bearerToken": "${canary}` },
    },
  ]);
  await stage.environment("odd", ["odd-1", "odd-2", "odd-3", "rotated"]);
  await register("rotated", { bearerToken: `${canary}-refused`, tlsClientConfig: { caData: caData() } });
  await stage.scene.release(A, {}, "svc.odd");
  await stage.stalled("svc.odd", "ClusterRefused");
  await until(
    "the Environment",
    () => stage.getEnvironment("odd"),
    ({ status }) => (status?.problems?.length ?? 0) >= 3,
  );

  const kinds = ["servicereleases", "releaseruns", "environments"].map((kind) => `/apis/conductor.dev/v1alpha1/${kind}`);
  const objects = await Promise.all([...kinds, "/apis/events.k8s.io/v1/events"].map((path) => stage.home.get(path)));
  const metrics = await (await fetch(`${stage.conductor.url}/metrics`)).text();
  const log = await stage.conductor.log();
  assert.match(metrics, /^release_conductor_target_writes_total\{kind="Patch",result="Done"\} [1-9]/m);
  assert.match(log, /"msg":"run ended"/);
  for (const [where, text] of Object.entries({ log, metrics, objects: JSON.stringify(objects) })) {
    for (const secret of [canary, bearerToken(), stage.home.token("release-conductor"), stage.cluster(EU).token("admin")]) {
      assert.ok(!text.includes(secret), `${where} holds a secret`);
      assert.ok(!text.includes(Buffer.from(secret).toString("base64").slice(0, 20)), `${where} holds a secret in base64`);
    }
  }
});

test("it is alive and says why it is not ready while its API server is away at the start, and becomes ready by itself", async () => {
  await stage.conductor.kill();
  await stage.home.stopApiServer();
  const conductor = await stage.scene.conductor({ unready: true });
  const get = async (path: string): Promise<{ readonly code: number; readonly text: string }> => {
    const answer = await fetch(conductor.url + path);
    return { code: answer.status, text: await answer.text() };
  };
  assert.deepEqual(await get("/healthz"), { code: 200, text: "ok\n" });
  const port = new URL(stage.home.url).port;
  const why = ["servicereleases", "environments", "releaseruns", "releaseapprovals", "freezewindows", "releasepreviews", "registrations"]
    .map((what) => `${what} not read yet: connection refused by 127.0.0.1:${port}`)
    .join("; ");
  await until(
    "the reason",
    () => get("/readyz"),
    ({ text }) => text === `${why}\n`,
  );
  assert.equal((await get("/readyz")).code, 503);
  assert.equal((await get("/metrics")).code, 200);
  assert.equal((await get("/secrets")).code, 404);
  await stage.home.startApiServer();
  await until(
    "ready",
    () => get("/readyz"),
    ({ code }) => code === 200,
  );
  assert.deepEqual(await get("/readyz"), { code: 200, text: "ok\n" });
});
