import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chart, type Manifest } from "#test/scene/manifests.ts";
import { conditionsOf, Scene } from "#test/scene/scene.ts";
import { AT_ONCE } from "#test/scene/stage.ts";
import type { Repository } from "#plane/git.ts";

/** What Argo CD makes of each kind of revision and each form of source, and what the conductor makes of that. */

let scene: Scene;
let repository: Repository;
const commits: string[] = [];

before(async () => {
  scene = await Scene.start({ clusters: ["eu-west-1"], argocd: true });
  repository = await scene.plane.repository("forms");
  for (const version of [1, 2]) commits.push(await repository.commit(chart(version)));
  await scene.conductor();
});
afterEach((context) => scene.plane.keepLogsIfFailed(context));
after(() => scene.stop());

const TAGS = [
  { kind: "a lightweight tag", name: "light", options: () => ({}) },
  { kind: "an annotated tag", name: "annotated", options: (version: string) => ({ annotation: `release ${version}` }) },
];

for (const { kind, name, options } of TAGS)
  for (const automated of [true, false])
    test(`${kind} is released ${automated ? "to an Application that syncs by itself" : "by a sync that the conductor starts"}`, async () => {
      const service = `${name}-${automated ? "auto" : "manual"}`;
      const tag = (version: string) => `${service}-${version}.10`;
      for (const [index, commit] of commits.slice(0, 2).entries())
        await repository.tag(tag(`v${index + 1}`), { ...options(tag(`v${index + 1}`)), revision: commit });
      await apply(service, { path: "chart", targetRevision: commits[0] }, automated);
      await environment(
        { revision: "Tag", application: { targetRevision: "{{revision}}", helm: { parameters: { "image.tag": "{{revision}}" } } } },
        service,
      );
      await release(service, tag("v2"));
      const data = await configMap(service);
      assert.equal(data["version"], "v2");
      assert.equal(data["tag"], `${service}-v2.10`);
    });

test("a values source among several is moved, the chart's source stays, and nothing but it changes", async () => {
  // A repository of its own: Argo CD takes no two revisions of one repository in one Application.
  const overrides = await scene.plane.repository("overrides");
  const before_ = await overrides.commit({ "extra.yaml": "greeting: before\n" });
  const after_ = await overrides.commit({ "extra.yaml": "greeting: after\n" });
  const sources = [
    {
      name: "chart",
      repoURL: repository.url,
      path: "chart",
      targetRevision: commits[0],
      helm: { valueFiles: ["$values/extra.yaml"], parameters: [{ name: "replicas", value: "7" }] },
    },
    { name: "values", ref: "values", repoURL: overrides.url, targetRevision: before_ },
  ];
  await apply("several", sources, true);
  await environment({ application: { source: { name: "values" }, targetRevision: "{{revision}}" } }, "several");
  await release("several", after_);
  const data = await configMap("several");
  assert.deepEqual(
    { version: data["version"], greeting: data["greeting"], replicas: data["replicas"] },
    { version: "v1", greeting: "after", replicas: "7" },
  );
  const app = await scene
    .cluster("eu-west-1")
    .get<{ spec: { sources: unknown } }>("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/several");
  assert.deepEqual(app.spec.sources, [sources[0], { ...sources[1], targetRevision: after_ }]);
});

test("a revision that renders the same manifests never syncs, and is verified all the same", async () => {
  await apply("same", { path: "chart", targetRevision: commits[0] }, true);
  await environment({ application: { targetRevision: "{{revision}}" } }, "same");
  await release("same", commits[0] ?? "");
  const unrelated = await repository.commit({ "notes.txt": "nothing of the chart" });
  await repository.commit({ "notes.txt": null });
  const base = await repository.commit({ "other.txt": "again" });
  await release("same", base);
  await release("same", unrelated);
  const release_ = await scene.getRelease("same.same");
  assert.deepEqual(
    release_.status?.history?.map(({ outcome }) => outcome),
    ["Succeeded", "Succeeded", "Succeeded"],
  );
});

test("a chart whose templates break fails with helm's words, and the revision before it can be released again", async () => {
  await apply("broken", { path: "chart", targetRevision: commits[0] }, false);
  await environment({ application: { targetRevision: "{{revision}}" }, strategy: { progressDeadline: "10s" } }, "broken");
  await release("broken", commits[1] ?? "");
  const broken = await repository.commit({ "chart/templates/bad.yaml": "{{ .Values.no.such.value }}\n" });
  await repository.commit({ "chart/templates/bad.yaml": null });
  await scene.release(broken, {}, "broken.broken");
  const failed = await scene.finished({ name: "broken.broken", seconds: 120 });
  assert.equal(failed.status?.phase, "Failed");
  assert.match(failed.status.clusters?.[0]?.message ?? "", /nil pointer evaluating|helm template/);
  await release("broken", commits[1] ?? "");
  assert.equal((await configMap("broken"))["version"], "v2");
});

async function release(service: string, revision: string): Promise<void> {
  await scene.release(revision, {}, `${service}.${service}`);
  const ended = await scene.finished({ name: `${service}.${service}`, seconds: 120 });
  assert.equal(conditionsOf(ended), "Ready=True Reconciling=False Stalled=False Finished=True", JSON.stringify(ended.status?.clusters));
}

/** An Environment for one service alone, of the service's name. */
async function environment(spec: { readonly strategy?: object; readonly [field: string]: unknown }, name: string): Promise<void> {
  await scene.home.apply([
    {
      apiVersion: "conductor.dev/v1alpha1",
      kind: "Environment",
      metadata: { name, namespace: "team-a" },
      spec: { clusters: [{ name: "eu-west-1" }], ...spec, strategy: { ...AT_ONCE, ...spec.strategy } },
    } as Manifest,
  ]);
}

/** An Application of the service's name, with one source or several, in a namespace of its own. */
async function apply(service: string, source: object, automated: boolean): Promise<void> {
  const from = Array.isArray(source) ? { sources: source } : { source: { repoURL: repository.url, ...source } };
  const spec = {
    project: "default",
    ...from,
    destination: { server: "https://kubernetes.default.svc", namespace: service },
    syncPolicy: { ...(automated ? { automated: {} } : {}), syncOptions: ["CreateNamespace=true"] },
  };
  const annotations = { "conductor.dev/authorized": `team-a/${service}.${service}` };
  await scene
    .cluster("eu-west-1")
    .apply([
      { apiVersion: "argoproj.io/v1alpha1", kind: "Application", metadata: { name: service, namespace: "argocd", annotations }, spec },
    ]);
}

async function configMap(service: string): Promise<Readonly<Record<string, string>>> {
  return (
    await scene.cluster("eu-west-1").get<{ data: Readonly<Record<string, string>> }>(`/api/v1/namespaces/${service}/configmaps/${service}`)
  ).data;
}
