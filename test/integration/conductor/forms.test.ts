import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { commit, OLD, Stage } from "#test/scene/stage.ts";

/** Every form of what a release writes, as a real API server takes it by Argo CD's own definition. */

const cluster = "eu-west-1";
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: [cluster] });
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

const A = commit("a");
const DIGEST = `sha256:${"d".repeat(64)}`;
const git = { repoURL: "https://git.example/deploy", path: "chart" };

interface Form {
  readonly name: string;
  readonly kind?: string;
  readonly revision?: string;
  readonly application: object;
  readonly before: object;
  readonly after: object;
}

const forms: readonly Form[] = [
  {
    name: "values files by environment and cluster, and parameters beside those of others",
    application: {
      targetRevision: "{{revision}}",
      helm: {
        valueFiles: ["values.yaml", "values-{{environment}}-{{cluster}}.yaml"],
        ignoreMissingValueFiles: true,
        parameters: { "image.tag": "{{revision}}", replicas: "3" },
      },
    },
    before: {
      ...git,
      targetRevision: OLD,
      helm: { releaseName: "kept", valueFiles: ["old.yaml"], parameters: [{ name: "keep", value: "me" }] },
    },
    after: {
      ...git,
      targetRevision: A,
      helm: {
        releaseName: "kept",
        valueFiles: ["values.yaml", "values-helm-eu-west-1.yaml"],
        ignoreMissingValueFiles: true,
        parameters: [
          { name: "keep", value: "me" },
          { name: "image.tag", value: A, forceString: true },
          { name: "replicas", value: "3" },
        ],
      },
    },
  },
  {
    name: "kustomize images, one replaced and one added",
    application: { kustomize: { images: ["registry.example:5000/checkout:{{revision}}", "sidecar=registry.example/sidecar:1.2"] } },
    before: {
      ...git,
      targetRevision: "main",
      kustomize: { namePrefix: "kept-", images: ["other:1", "registry.example:5000/checkout:old"] },
    },
    after: {
      ...git,
      targetRevision: "main",
      kustomize: {
        namePrefix: "kept-",
        images: ["other:1", `registry.example:5000/checkout:${A}`, "sidecar=registry.example/sidecar:1.2"],
      },
    },
  },
  {
    name: "the environment of a config management plugin",
    application: { plugin: { env: { REVISION: "{{revision}}", CLUSTER: "{{cluster}}" } } },
    before: { ...git, targetRevision: "main", plugin: { name: "kept", env: [{ name: "REVISION", value: "old" }] } },
    after: {
      ...git,
      targetRevision: "main",
      plugin: {
        name: "kept",
        env: [
          { name: "REVISION", value: A },
          { name: "CLUSTER", value: cluster },
        ],
      },
    },
  },
  {
    name: "an exact version of a chart",
    kind: "ChartVersion",
    revision: "1.4.2",
    application: { targetRevision: "{{revision}}" },
    before: { repoURL: "https://charts.example", chart: "checkout", targetRevision: "1.4.1" },
    after: { repoURL: "https://charts.example", chart: "checkout", targetRevision: "1.4.2" },
  },
  {
    name: "a digest of an OCI artifact",
    kind: "Digest",
    revision: DIGEST,
    application: { targetRevision: "{{revision}}" },
    before: { repoURL: "oci://registry.example/checkout", path: ".", targetRevision: "latest" },
    after: { repoURL: "oci://registry.example/checkout", path: ".", targetRevision: DIGEST },
  },
];

const names = ["helm", "kustomize", "plugin", "chart", "oci"];

for (const [index, form] of forms.entries())
  test(`a release writes ${form.name}, in one patch`, async () => {
    const name = names[index] ?? "";
    const spec = {
      project: "default",
      source: form.before,
      destination: { server: "https://kubernetes.default.svc", namespace: "default" },
    };
    await stage.environment(name, [cluster], { revision: form.kind ?? "Commit", application: form.application });
    await stage.cluster(cluster).apply([
      {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Application",
        metadata: { name, namespace: "argocd", annotations: { "conductor.dev/authorized": `team-a/${name}.${name}` } },
        spec: { ...spec, syncPolicy: { automated: {} } },
      },
    ]);
    await stage.scene.release(form.revision ?? A, {}, `${name}.${name}`);
    const { status } = await stage.scene.finished({ name: `${name}.${name}` });
    assert.equal(status?.phase, "Succeeded", JSON.stringify(status?.clusters));
    assert.deepEqual((await stage.app(cluster, name)).spec.source, form.after);
    assert.deepEqual(await stage.patches(cluster, name), ["spec", "refresh"]);
  });
