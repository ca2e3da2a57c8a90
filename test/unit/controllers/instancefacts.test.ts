import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { InstanceFacts, type Facts } from "#controllers/instancefacts.ts";
import { KubeClient } from "#kube/client.ts";
import { KubeFailure } from "#kube/errors.ts";
import type { Transport } from "#kube/ports.ts";
import type { Access } from "#kube/reviews.ts";
import { settle } from "../kube/fakes.ts";
import { FakeInstance, HandClock } from "./fakes.ts";

const STATEFULSET = "/apis/apps/v1/namespaces/argocd/statefulsets/argocd-application-controller";
const DEPLOYMENT = "/apis/apps/v1/namespaces/argocd/deployments/argocd-server";

let clock: HandClock;
let instance: FakeInstance;
let told: string[];
let stop: AbortController;
let facts: InstanceFacts;
/** What is refused, as `verb resource[/subresource] namespace`. */
let refused: Set<string>;
let workloads: Map<string, object>;

const words = ({ verb, resource, subresource, namespace }: Access): string =>
  `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`} ${namespace ?? "everywhere"}`;

beforeEach(() => {
  clock = new HandClock();
  instance = new FakeInstance("eu", clock);
  refused = new Set();
  workloads = new Map([[STATEFULSET, argocd("v3.1.4")]]);
  instance.answers["GET"] = ({ path }) => workloads.get(path) ?? new KubeFailure("NotFound", "not found");
  instance.answers["POST"] = ({ body }) => {
    const { spec } = body as { readonly spec: { readonly resourceAttributes: Access } };
    return { status: { allowed: !refused.has(words(spec.resourceAttributes)) } };
  };
  told = [];
  stop = new AbortController();
  facts = new InstanceFacts(clock, (key) => void told.push(key), stop.signal);
});

function argocd(version: string): object {
  const name = "argocd-application-controller";
  return { metadata: { name }, spec: { template: { spec: { containers: [{ name, image: `quay.io/argoproj/argocd:${version}` }] } } } };
}

/** What is known after so many minutes, and what is found out when somebody looks then. */
async function look(minutes: number, where = "argocd", key = "team-a/production"): Promise<Facts | undefined> {
  clock.time += minutes * 60_000;
  const known = facts.of(instance, where === "by service" ? undefined : where, key);
  await settle();
  await settle();
  return known;
}

test("the first look says nothing and asks for the version and each right, once; who asked is told, and it is known", async () => {
  assert.equal(await look(0), undefined);
  assert.deepEqual(told, ["team-a/production"]);
  assert.deepEqual(await look(0), { argocdVersion: "v3.1.4", missingRights: [] });
  const asked = instance.asked.map(({ method, path, body }) =>
    method === "GET" ? path : words((body as { readonly spec: { readonly resourceAttributes: Access } }).spec.resourceAttributes),
  );
  assert.deepEqual(asked, [
    STATEFULSET,
    ...["get", "list", "watch", "patch"].map((verb) => `${verb} applications argocd`),
    "get appprojects argocd",
    "get applicationsets argocd",
    "get rollouts everywhere",
    "get analysisruns everywhere",
    "patch rollouts/status everywhere",
    "get statefulsets argocd",
  ]);
});

test("it is asked again after ten minutes and over another connection, and only news is told", async () => {
  await look(0);
  const once = instance.asked.length;
  await look(9);
  assert.equal(instance.asked.length, once);
  await look(1);
  assert.deepEqual([instance.asked.length, told], [2 * once, ["team-a/production"]]);
  workloads.set(STATEFULSET, argocd("v3.2.0"));
  instance.connection += 1;
  await look(0);
  assert.deepEqual([told.length, (await look(0))?.argocdVersion], [2, "v3.2.0"]);
});

test("all who have asked are told", async () => {
  void look(0, "argocd", "team-a/production");
  await look(0, "argocd", "team-b/production");
  assert.deepEqual(told, ["team-a/production", "team-b/production"]);
});

test("what is missing is named in a fixed order; what Argo CD's namespace grants is there for Applications in another", async () => {
  refused = new Set(["patch rollouts/status everywhere", "get appprojects shop", "get applicationsets shop", "patch applications shop"]);
  refused.add("get applicationsets argocd");
  await look(0, "shop");
  assert.deepEqual((await look(0, "shop"))?.missingRights, ["Applications", "ApplicationSets", "RolloutStatus"]);
});

test("where the namespace depends on the service, rights are not known and the version is", async () => {
  await look(0, "by service");
  assert.deepEqual(await look(0, "by service"), { argocdVersion: "v3.1.4", missingRights: undefined });
});

test("without a StatefulSet of the name the server's Deployment tells, and without that nobody does", async () => {
  workloads = new Map([[DEPLOYMENT, { ...argocd("v2.14.1"), metadata: { name: "argocd-server" } }]]);
  await look(0);
  assert.equal((await look(0))?.argocdVersion, "v2.14.1");
  workloads.clear();
  await look(10);
  assert.deepEqual(await look(0), { argocdVersion: undefined, missingRights: [] });
});

test("without the right to it the version is not known, and the right is named", async () => {
  instance.answers["GET"] = () => new KubeFailure("Forbidden", "forbidden");
  refused.add("get statefulsets argocd");
  await look(0);
  assert.deepEqual(await look(0), { argocdVersion: undefined, missingRights: ["ArgoCDVersion"] });
});

test("an API server that lets nobody ask leaves rights unknown", async () => {
  instance.answers["POST"] = () => new KubeFailure("Forbidden", "forbidden");
  await look(0);
  assert.deepEqual(await look(0), { argocdVersion: "v3.1.4", missingRights: undefined });
});

test("nobody's answer takes nothing back, and is asked for again a minute later", async () => {
  await look(0);
  instance.answers["POST"] = () => new KubeFailure("Unreachable", "connection refused");
  await look(10);
  const asked = instance.asked.length;
  assert.deepEqual(await look(0), { argocdVersion: "v3.1.4", missingRights: [] });
  assert.equal(instance.asked.length, asked);
  await look(1);
  assert.ok(instance.asked.length > asked);
});

test("who cannot be reached is not asked", async () => {
  instance.reachability = { state: "Unreachable", since: 0, message: "connection refused", kind: "Unreachable" };
  await look(0);
  instance.reachability = { state: "Unknown" };
  await look(0);
  assert.deepEqual(instance.asked, []);
});

test("eight are asked at once, and the others one by one as those have answered", async () => {
  const answers: (() => void)[] = [];
  const slow: Transport = {
    request: ({ method }) => {
      if (method === "POST") return Promise.resolve({ status: 201, body: { status: { allowed: true } } });
      return new Promise((resolve) => void answers.push(() => resolve({ status: 200, body: argocd("v3.1.4") })));
    },
    watch: () => {
      throw new Error("nobody watches here");
    },
  };
  const client = new KubeClient(slow, { open: () => true }, clock, () => 0);
  const many = Array.from({ length: 20 }, (_, n) => Object.assign(new FakeInstance(`c-${n}`, clock), { client }));
  for (const one of many) facts.of(one, "argocd", one.name);
  await settle();
  const counts: number[] = [];
  while (answers.length > 0) {
    counts.push(answers.length);
    answers.shift()?.();
    await settle();
    await settle();
  }
  assert.deepEqual([Math.max(...counts), told.length], [8, 20]);
});
