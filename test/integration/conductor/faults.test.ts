import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { commit, Stage, until } from "#test/scene/stage.ts";

/** Single requests that go wrong, on the way to one cluster: each Application still gets exactly one change of its spec. */

const EU = "eu-west-1";
const A = commit("a");
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: [EU], proxied: true });
  await stage.environment("production", [EU], { strategy: { progressDeadline: "2m" } });
});
afterEach(async (t) => {
  await stage.keepIfFailed(t);
  await stage.clear();
});
after(() => stage.stop());

const isPatch = (method: string): boolean => method === "PATCH";

/** The codes that the API server gave to our patches of an Application, oldest first. */
async function codes(name: string): Promise<readonly (number | undefined)[]> {
  const events = await stage.cluster(EU).audit({ user: "release-conductor", verbs: ["patch"], resource: "applications" });
  return events.filter(({ objectRef }) => objectRef.name === name).map(({ responseStatus }) => responseStatus.code);
}

async function succeeds(name: string): Promise<void> {
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
}

/** Released, patched, and not looked at by Argo CD. */
async function inFlight(service: string, more = {}): Promise<string> {
  const name = `${service}.production`;
  await stage.deploy(service, [EU], more);
  stage.argo(EU).script(service, { silent: true });
  await stage.scene.release(A, {}, name);
  await stage.scene.until("in flight", ({ status }) => status?.waitingOn?.reason === "NotObserved", { name });
  return name;
}

for (const code of [429, 500, 503] as const) {
  test(`a patch that is answered ${code} is tried again, no sooner than Retry-After says`, async () => {
    const service = `answered-${code}`;
    const name = `${service}.production`;
    await stage.deploy(service, [EU]);
    stage.proxy(EU).set({ kind: "status", code, times: 2, retryAfterSeconds: 1 }, isPatch);
    await stage.scene.release(A, {}, name);
    await succeeds(name);
    assert.deepEqual(await stage.patches(EU, service), ["spec", "refresh"]);
    const sent = stage
      .proxy(EU)
      .requests()
      .filter(({ method, path }) => method === "PATCH" && path.includes(`/${service}?`));
    assert.deepEqual(
      sent.map(({ fault }) => fault),
      ["status", "status", undefined, undefined],
    );
    const [first = 0, second = 0, third = 0] = sent.map(({ at }) => at);
    assert.ok(second - first >= 1000 && third - second >= 1000, `${second - first} ms and ${third - second} ms lay between`);
  });
}

for (const [how, automated] of [
  ["one that syncs by itself", true],
  ["one that gets an operation", false],
] as const) {
  test(`a patch that was carried out and not answered is not sent again, for ${how}`, async () => {
    const service = `dropped-${automated}`;
    const name = `${service}.production`;
    await stage.deploy(service, [EU], { automated });
    stage.proxy(EU).set({ kind: "drop-after-commit", times: 1 }, isPatch);
    await stage.scene.release(A, {}, name);
    await succeeds(name);
    assert.deepEqual(await stage.patches(EU, service), [automated ? "spec" : "spec+operation", "refresh"]);
    assert.deepEqual(await codes(service), [200, 200]);
  });
}

test("a connection that is reset before the patch arrives is tried again", async () => {
  const name = "reset.production";
  await stage.deploy("reset", [EU]);
  stage.proxy(EU).set({ kind: "reset", times: 2 }, isPatch);
  await stage.scene.release(A, {}, name);
  await succeeds(name);
  assert.deepEqual(await stage.patches(EU, "reset"), ["spec", "refresh"]);
});

test("whoever writes between our read and our patch is read again and not overwritten", async () => {
  const name = "contended.production";
  await stage.deploy("contended", [EU]);
  stage.proxy(EU).set({ kind: "delay", ms: 1500, times: 1 }, isPatch);
  await stage.scene.release(A, {}, name);
  await until(
    "the patch on its way",
    async () => stage.proxy(EU).requests(),
    (requests) => requests.some(({ method, path }) => method === "PATCH" && path.includes("/contended?")),
  );
  await stage.patchApp(EU, "contended", { metadata: { labels: { team: "payments" } }, spec: { source: { directory: { recurse: true } } } });
  await succeeds(name);
  assert.deepEqual(await codes("contended"), [409, 200, 200]);
  assert.deepEqual(await stage.patches(EU, "contended"), ["spec", "refresh"]);
  const app = await stage.app(EU, "contended");
  assert.deepEqual(app.metadata.labels, { team: "payments" });
  assert.deepEqual(app.spec.source, {
    repoURL: "https://git.example/deploy",
    path: "chart",
    targetRevision: A,
    directory: { recurse: true },
  });
});

for (const [what, service, disturb] of [
  ["cut", "cut", () => stage.proxy(EU).cutWatches()],
  ["answered with 410", "expired", () => stage.proxy(EU).expireWatches()],
] as const) {
  test(`a watch that is ${what} again and again recovers by itself, and loses nothing`, async () => {
    const name = await inFlight(service);
    const watches = (): number =>
      stage
        .proxy(EU)
        .requests()
        .filter(({ path }) => path.includes("watch=true")).length;
    for (let times = 0; times < 4; times += 1) {
      const before = watches();
      // Until it opens another one: the moment between two has none to disturb.
      await until(
        "another watch",
        async () => (disturb(), watches()),
        (now) => now > before,
      );
    }
    stage.argo(EU).script(service, {});
    await succeeds(name);
    assert.deepEqual(await stage.patches(EU, service), ["spec", "refresh"]);
  });
}

test("a watch that falls silent is no evidence: the release waits, and ends when frames come again", async () => {
  const name = await inFlight("stalled");
  stage.proxy(EU).set({ kind: "stall" });
  stage.argo(EU).script("stalled", {});
  await stage.untilApp(EU, "stalled", (app) => app.status?.sync?.revision === A && app.status.sync.status === "Synced");
  assert.equal((await stage.scene.getRelease(name)).status?.phase, "Progressing");
  await stage.proxy(EU).clear();
  await succeeds(name);
  assert.deepEqual(await stage.patches(EU, "stalled"), ["spec", "refresh"]);
});

test("a list that is answered with errors at first delays the plan, and nothing else", async () => {
  const name = "listed.production";
  await stage.deploy("listed", [EU]);
  await stage.conductor.kill();
  stage.proxy(EU).set({ kind: "status", code: 500, times: 2 }, (method, path) => method === "GET" && path.includes("/applications?limit="));
  await stage.revive();
  await stage.scene.release(A, {}, name);
  await succeeds(name);
  assert.deepEqual(await stage.patches(EU, "listed"), ["spec", "refresh"]);
});

test("without the right to patch the release says so, and goes on when the right is given", async () => {
  const name = "forbidden.production";
  await stage.deploy("forbidden", [EU]);
  const role = "/apis/rbac.authorization.k8s.io/v1/namespaces/argocd/roles/release-conductor";
  const rights = (verbs: readonly string[]): object => ({ rules: [{ apiGroups: ["argoproj.io"], resources: ["applications"], verbs }] });
  const review = {
    user: "release-conductor",
    resourceAttributes: { namespace: "argocd", group: "argoproj.io", resource: "applications", verb: "patch" },
  };
  await stage.cluster(EU).patch(role, rights(["get", "list", "watch"]));
  const ask = () =>
    stage.cluster(EU).create<{ status: { allowed: boolean } }>("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: review,
    });
  await until("the right to patch", ask, ({ status }) => !status.allowed);
  await stage.scene.release(A, {}, name);
  const { status } = await stage.scene.until("refused", (release) => release.status?.waitingOn?.reason === "WriteRefused", { name });
  assert.match(
    String(status?.waitingOn?.message),
    /^eu-west-1: the API server answered 403: applications\.argoproj\.io "forbidden" is forbidden: User "release-conductor" cannot patch/,
  );
  await stage.cluster(EU).patch(role, rights(["get", "list", "watch", "patch"]));
  await succeeds(name);
  assert.deepEqual(await stage.patches(EU, "forbidden"), ["spec", "refresh"]);
});
