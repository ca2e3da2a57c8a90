import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldValues } from "#api/releaserun.ts";
import { project } from "#argo/read.ts";
import { application, at, R1, R2, type ApplicationBuilder } from "#test/build.ts";

interface Entry {
  readonly manager: string;
  readonly time?: string;
  readonly fieldsV1?: unknown;
}
const wrote = (manager: string, seconds: number, source?: object): Entry => ({
  manager,
  time: at(seconds),
  ...(source === undefined ? { fieldsV1: { "f:metadata": { "f:labels": {} } } } : { fieldsV1: { "f:spec": source } }),
});
const by = (app: ApplicationBuilder, ...managedFields: readonly Entry[]): ApplicationBuilder =>
  app.but((raw) => void (raw.metadata = { ...raw.metadata, managedFields }));
const revision = { "f:source": { ".": {}, "f:targetRevision": {} } };
const parameters = { "f:source": { "f:helm": { ".": {}, "f:parameters": {} } } };
const tag: FieldValues = { "helm.parameters[image.tag]": { value: "2" } };

const cases: readonly (readonly [what: string, app: ApplicationBuilder, wanted: FieldValues, manager: string | undefined])[] = [
  ["nobody", by(application()), { targetRevision: R2 }, undefined],
  [
    "who holds the field, whoever wrote since",
    by(application(), wrote("ours", 1, revision), wrote("labels", 9)),
    { targetRevision: R2 },
    "ours",
  ],
  [
    "the last of those who hold it, in whatever order",
    by(application(), wrote("b", 7, revision), wrote("a", 3, revision)),
    { targetRevision: R2 },
    "b",
  ],
  ["who wrote last, where nobody holds it", by(application(), wrote("b", 7), wrote("a", 9, parameters)), { targetRevision: R2 }, "a"],
  ["who holds the list", by(application(), wrote("a", 3, parameters), wrote("b", 9, revision)), tag, "a"],
  [
    "who holds what is not as wanted",
    by(application(), wrote("a", 3, parameters), wrote("b", 9, revision)),
    { targetRevision: R1, ...tag },
    "a",
  ],
  ["who holds the whole source", by(application(), wrote("a", 3, { "f:source": {} }), wrote("b", 9)), tag, "a"],
  [
    "who holds the list of sources",
    by(application().from({ repoURL: "https://git.example/a.git" }), wrote("a", 3, { "f:sources": {} }), wrote("b", 9, revision)),
    { targetRevision: R2 },
    "a",
  ],
  [
    "neither us nor Argo CD's controller",
    by(application(), wrote("a", 1), wrote("release-conductor", 5, revision), wrote("argocd-application-controller", 6, revision)),
    { targetRevision: R2 },
    "a",
  ],
  [
    "no part of Argo CD, unless it holds the field",
    by(application(), wrote("a", 1), wrote("argocd-server", 5)),
    { targetRevision: R2 },
    "a",
  ],
  ["those without a time first", by(application(), wrote("a", 1), { manager: "b" }), { targetRevision: R2 }, "a"],
];
for (const [what, app, wanted, manager] of cases) {
  test(`who wrote: ${what}`, () => assert.equal(app.observed(wanted, undefined).manager, manager));
}

for (const [manager, described] of [
  ["argocd-applicationset-controller", "argocd-applicationset-controller: the ApplicationSet controller"],
  ["argocd-controller", "argocd-controller: Argo CD syncing a parent Application"],
  ["argocd-server", "argocd-server: somebody through the UI or CLI of Argo CD"],
  ["kubectl-edit", "kubectl-edit: somebody with kubectl"],
  ["kubectl", "kubectl: somebody with kubectl"],
  ["kubectlish", "kubectlish"],
  ["terraform", "terraform"],
] as const) {
  test(`a writer is named as people know it: ${described}`, () => {
    assert.equal(by(application(), wrote(manager, 1, revision)).observed({ targetRevision: R2 }).manager, described);
  });
}

test("of managedFields no more is kept than who wrote what can be steered", () => {
  const app = by(application(), wrote("a", 1, { "f:project": {}, ...parameters }), wrote("b", 2, { ...revision, "f:syncPolicy": {} }));
  assert.deepEqual(project(app.raw).writers, { "": "b", "helm.parameters": "a", targetRevision: "b" });
});
