import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type { ClusterList } from "#cli/clusters/rows.ts";
import type { Diagnosis } from "#cli/doctor/diagnosis.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { commit, Stage, until } from "#test/scene/stage.ts";

/** `conductor clusters` and `conductor doctor` as processes, against a real API server and a real conductor. */

const EU = "eu-west-1";
const MAIN = join(import.meta.dirname, "..", "..", "..", "src", "cli", "main.ts");
const roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/argocd/rolebindings";
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: [EU] });
  await installPolicies(stage.home, { user: "release-conductor" });
  await stage.home.allow("alice", [{ apiGroups: ["conductor.dev"], resources: ["environments"], verbs: ["get", "list"] }], "team-a");
  await stage.environment("production", [EU]);
  await stage.deploy("checkout", [EU]);
  await stage.scene.release(commit("a"));
  await stage.scene.finished();
  await until(
    "what is known of the Argo CD",
    () => stage.getEnvironment("production"),
    ({ status }) => status?.instances?.[0]?.missingRights !== undefined,
  );
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function conductor(...args: readonly string[]): Promise<Ended> {
  const process_ = spawn(process.execPath, [MAIN, ...args, "--kubeconfig", stage.home.kubeconfig, "-n", "team-a"], { env: {} });
  const ended = new Promise<number | null>((resolve) => process_.on("close", resolve));
  const [out, err, code] = await Promise.all([text(process_.stdout), text(process_.stderr), ended]);
  return { code, out, err };
}

/** The checks as `level subject about`. */
async function checks(...args: readonly string[]): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const { code, out, err } = await conductor("doctor", ...args, "-o", "json");
  assert.equal(err, "");
  const { checks: all }: Diagnosis = JSON.parse(out);
  return {
    code,
    lines: all.map(({ level, subject, about, message }) => `${level} ${subject}: ${about === null ? "" : `${about}: `}${message}`),
  };
}

test("a whole installation is well: definitions, policies, rights, the conductor's answer, clusters and releases", async () => {
  const { code, lines } = await checks();
  const host = new URL(stage.home.url).host;
  assert.deepEqual(
    lines.map((line) => line.replace(/ v\d+\.\d+\.\S+/, " v1").replace(/in \d+(\.\d+)? s$/, "soon")),
    [
      `ok server: ${host} is Kubernetes v1`,
      "ok crds: 6 kinds of conductor.dev/v1alpha1 are served as this command knows them",
      "ok policies: who decides on approvals, who has released, and who reports is guarded",
      "ok rights: in namespace team-a you may status, history, explain, wait, every cluster in status and explain, clusters, values, plan, deploy, pause, resume, skip, abort, retry, confirm, rollback, approve, reject, freeze, unfreeze",
      "ok conductor: it answers, soon",
      "ok clusters: production: 1/1 can be used",
      "ok credentials: 1 Argo CD: no credential ends within a week, as far as they say",
      `warn argo-cd: ${EU}: the version of its Argo CD is not known: neither argocd-application-controller nor argocd-server tells it`,
      "ok releases: checkout.production: the next revision could start, on 1 cluster: every owner consents, and none is seen that would undo it",
    ],
  );
  assert.equal(code, 0);
});

test("who may list Environments and nothing else sees the clusters, and is told what is out of reach", async () => {
  const { code, out, err } = await conductor("clusters", "--as", "alice", "-o", "json");
  assert.deepEqual([code, err], [0, ""]);
  const { clusters }: ClusterList = JSON.parse(out);
  assert.deepEqual(
    clusters.map(({ name, instance, state, environments }) => [name, instance, state, environments]),
    [[EU, EU, "Usable", [{ namespace: "team-a", name: "production" }]]],
  );
  const found = await checks("--as", "alice");
  assert.equal(found.code, 1);
  assert.deepEqual(
    found.lines.filter((line) => !line.startsWith("ok")).map((line) => line.split(": ").slice(0, 2).join(": ")),
    [
      "warn policies: you may not read the admission policies",
      "fail rights: status, history, explain, wait",
      "warn rights: every cluster in status and explain",
      "warn rights: plan",
      "warn rights: deploy",
      "warn rights: pause, resume, skip, abort, retry, confirm, rollback",
      "warn rights: approve, reject",
      "warn rights: freeze, unfreeze",
      "warn conductor: it has looked at the newest of all that is there; whether it is alive now is not known",
      `warn argo-cd: ${EU}`,
      "warn releases: you may not list servicereleases in namespace team-a",
    ],
  );
});

test("an owner that takes back its consent, a right that is gone and an older definition are found", async () => {
  await stage.patchApp(EU, "checkout", { metadata: { annotations: { "conductor.dev/authorized": null } } });
  await stage.cluster(EU).delete(`${roles}/release-conductor-owners`);
  await stage.restart();
  await until(
    "the missing right",
    () => stage.getEnvironment("production"),
    ({ status }) => status?.instances?.[0]?.missingRights?.length === 1,
  );
  const name = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/freezewindows.conductor.dev";
  const crd = await stage.home.get<{
    spec: { versions: [{ schema: { openAPIV3Schema: { properties: { status: { properties: object } } } } }] };
  }>(name);
  const { properties } = crd.spec.versions[0].schema.openAPIV3Schema.properties.status;
  Reflect.deleteProperty(properties, "until");
  await stage.home.patch(name, { spec: { versions: crd.spec.versions } });
  const older = "fail crds: FreezeWindow: what is installed is older than this command: it does not know status.until";
  const { code, lines } = await until(
    "the API server's new schema",
    () => checks("checkout.production"),
    (found) => found.lines.includes(older),
  );
  assert.equal(code, 1);
  assert.deepEqual(
    lines.filter((line) => line.startsWith("fail") || line.includes("ApplicationSets")),
    [
      older,
      `warn argo-cd: ${EU}: the conductor has not the right to ApplicationSets: an ApplicationSet that would write over a release is not noticed before the first patch`,
      `fail releases: checkout.production, ${EU}: NotAuthorized: Application argocd/checkout on ${EU} has not consented to team-a/checkout.production: annotate it: conductor.dev/authorized: team-a/checkout.production`,
    ],
  );
});

test("a conductor that is gone is found out", async () => {
  await stage.conductor.kill();
  const { code, lines } = await checks();
  assert.equal(code, 1);
  assert.ok(
    lines.some((line) => /^fail conductor: it has not answered a ReleasePreview within \d+ s$/.test(line)),
    lines.join("\n"),
  );
});
