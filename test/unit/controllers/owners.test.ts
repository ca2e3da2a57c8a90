import assert from "node:assert/strict";
import { test } from "node:test";
import { project } from "#argo/read.ts";
import { riskOf, type Writes } from "#controllers/owners.ts";
import { KubeFailure } from "#kube/errors.ts";
import { application, type ApplicationBuilder } from "#test/build.ts";
import { FakeInstance, HandClock } from "./fakes.ts";

const place = { instance: "eu", application: { namespace: "argocd", name: "checkout" } };
const revision: Writes = { source: undefined, fields: ["targetRevision"] };
const free = application().but((raw) => void (raw.metadata = { ...raw.metadata, annotations: {} }));
const child = free.annotated("argocd.argoproj.io/tracking-id", "team-x_root:argoproj.io/Application:argocd/checkout");

async function ask(
  app: ApplicationBuilder,
  answer: object,
  writes = revision,
): Promise<{ readonly risk: string | undefined; readonly asked: readonly string[] }> {
  const instance = new FakeInstance("eu", new HandClock());
  instance.answers["GET"] = () => answer;
  const risk = await riskOf(instance, place, project(app.raw), writes, new AbortController().signal);
  return { risk, asked: instance.asked.map(({ method, path }) => `${method} ${path}`) };
}
const owner = (spec: object): object => ({ metadata: { name: "owner" }, spec });
const SET = "GET /apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets/shops";
const ROOT = "GET /apis/argoproj.io/v1alpha1/namespaces/team-x/applications/root";

test("an Application that nobody owns is at no risk, and nobody is asked", async () => {
  assert.deepEqual(await ask(free, owner({})), { risk: undefined, asked: [] });
});

test("the ApplicationSet that owns it is asked, in its namespace", async () => {
  const { risk, asked } = await ask(free.bySet("shops"), owner({}));
  assert.deepEqual(asked, [SET]);
  assert.match(risk ?? "", /^ApplicationSet shops .* targetRevision: give it .*\[\/spec\/source\/targetRevision\]\}\]$/);
  const rules = { ignoreApplicationDifferences: [{ name: "checkout", jsonPointers: ["/spec/source/targetRevision"] }] };
  assert.deepEqual(await ask(free.bySet("shops"), owner(rules)), { risk: undefined, asked: [SET] });
});

test("an Application that consents itself asks its set to keep that", async () => {
  const { risk } = await ask(application().bySet("shops"), owner({ ignoreApplicationDifferences: [{ jsonPointers: ["/spec/source"] }] }));
  assert.match(risk ?? "", /spec\.preservedFields\.annotations: \[conductor\.dev\/authorized\]$/);
});

test("the parent Application is asked where its tracking id says that it is", async () => {
  const { risk, asked } = await ask(child, owner({ syncPolicy: { automated: { selfHeal: true } } }));
  assert.deepEqual(asked, [ROOT]);
  assert.match(risk ?? "", /^Application team-x\/root applies this one .*selfHeal/);
});

test("the remedy speaks of the source that is steered, in a list or not", async () => {
  const [a, b] = [{ repoURL: "https://git.example/a.git" }, { repoURL: "https://git.example/b.git" }];
  const several = await ask(free.from(a, b).bySet("shops"), owner({}), { source: b, fields: ["helm.parameters[image.tag]"] });
  assert.match(several.risk ?? "", /\[\/spec\/sources\/1\/helm\/parameters\]/);
  const list = await ask(free.from(a).bySet("shops"), owner({}), revision);
  assert.match(list.risk ?? "", /\[\/spec\/sources\/0\/targetRevision\]/);
});

test("an owner that is gone is no risk", async () => {
  const gone = new KubeFailure("NotFound", "not found");
  assert.deepEqual(
    [await ask(free.bySet("shops"), gone), await ask(child, gone)],
    [
      { risk: undefined, asked: [SET] },
      { risk: undefined, asked: [ROOT] },
    ],
  );
});

test("an owner that may not be asked is named with the right that is missing", async () => {
  const forbidden = new KubeFailure("Forbidden", "no");
  assert.deepEqual(
    [(await ask(free.bySet("shops"), forbidden)).risk, (await ask(child, forbidden)).risk],
    [
      "ApplicationSet shops owns this Application, and could not be asked whether it lets a release's values stand: the optional right to get applicationsets in namespace argocd of eu is missing",
      "Application team-x/root owns this Application, and could not be asked whether it lets a release's values stand: the optional right to get applications in namespace team-x of eu is missing",
    ],
  );
});

test("while nobody answers it is not known", async () => {
  await assert.rejects(ask(free.bySet("shops"), new KubeFailure("Untrusted", "no")), { kind: "Untrusted" });
});

test("an Application whose source cannot be told, or that nothing is written to, asks nobody", async () => {
  const several = free.from({ repoURL: "a" }, { repoURL: "b" }).bySet("shops");
  for (const [app, writes] of [
    [several, revision],
    [free.bySet("shops"), { ...revision, fields: [] }],
    [free.bySet("shops").but((raw) => void Object.assign(raw, { spec: 7 })), revision],
  ] as const)
    assert.deepEqual(await ask(app, owner({}), writes), { risk: undefined, asked: [] });
});
