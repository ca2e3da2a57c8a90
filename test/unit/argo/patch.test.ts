import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { FieldValue, FieldValues } from "#api/releaserun.ts";
import type { SourceSelector } from "#argo/fields.ts";
import { patch, type ApplicationWrite } from "#argo/patch.ts";
import { observe, project } from "#argo/read.ts";
import { application, R1, R2, RUN, type ApplicationBuilder } from "#test/build.ts";
import { apply, type Op } from "./jsonpatch.ts";

function ops(app: ApplicationBuilder, kind: ApplicationWrite["kind"], values: FieldValues, source?: SourceSelector): readonly Op[] {
  return patch(app.raw, { kind, values, source, run: RUN }).body as readonly Op[];
}
const guard = (app: ApplicationBuilder): Op => ({
  op: "replace",
  path: "/metadata/resourceVersion",
  value: app.raw.metadata.resourceVersion,
});

test("a write is one JSON patch in our name, and begins with the resourceVersion of what was read", () => {
  const { body, ...request } = patch(application().raw, { kind: "Patch", values: { targetRevision: R2 }, source: undefined, run: RUN });
  assert.deepEqual(request, { method: "PATCH", query: { fieldManager: "release-conductor" }, contentType: "application/json-patch+json" });
  assert.deepEqual(body, [guard(application()), { op: "add", path: "/spec/source/targetRevision", value: R2 }]);
});

const kustomized = application().but(
  ({ spec }) =>
    void (spec.source = {
      repoURL: "r",
      path: "p",
      targetRevision: "main",
      kustomize: { images: ["a:1", "b=c:1", "reg:5000/d@sha256:1"], namePrefix: "x-" },
    }),
);
const plain = application().but(({ spec }) => void (spec.source = { repoURL: "r", path: "p", targetRevision: "main" }));
const forms: readonly (readonly [string, ApplicationBuilder, FieldValues, readonly Op[]])[] = [
  ["nothing that is there already", application(), { targetRevision: R1, "helm.valueFiles": ["values.yaml"] }, []],
  [
    "values files as a whole",
    application(),
    { "helm.valueFiles": ["a.yaml", "b.yaml"] },
    [{ op: "add", path: "/spec/source/helm", value: { valueFiles: ["a.yaml", "b.yaml"], parameters: [{ name: "replicas", value: "3" }] } }],
  ],
  [
    "a parameter beside the others, a known one where it stands",
    application(),
    { "helm.parameters[image.tag]": { value: "1.10", forceString: true }, "helm.parameters[replicas]": { value: "5" } },
    [
      {
        op: "add",
        path: "/spec/source/helm",
        value: {
          valueFiles: ["values.yaml"],
          parameters: [
            { name: "replicas", value: "5" },
            { name: "image.tag", value: "1.10", forceString: true },
          ],
        },
      },
    ],
  ],
  [
    "a parameter away, and its empty list",
    application(),
    { "helm.parameters[replicas]": null },
    [{ op: "add", path: "/spec/source/helm", value: { valueFiles: ["values.yaml"] } }],
  ],
  [
    "the parents that are left empty away",
    application(),
    { "helm.parameters[replicas]": null, "helm.valueFiles": null },
    [{ op: "remove", path: "/spec/source/helm" }],
  ],
  ["a revision away", application(), { targetRevision: null }, [{ op: "remove", path: "/spec/source/targetRevision" }]],
  [
    "parents that are missing",
    plain,
    { "helm.ignoreMissingValueFiles": true },
    [{ op: "add", path: "/spec/source/helm", value: { ignoreMissingValueFiles: true } }],
  ],
  [
    "images by name, whatever their old syntax",
    kustomized,
    {
      "kustomize.images[a]": "a=reg/a:2",
      "kustomize.images[b]": "b=c:2@sha256:2",
      "kustomize.images[reg:5000/d]": "reg:5000/d:2",
      "kustomize.images[e]": "e:1",
    },
    [
      {
        op: "add",
        path: "/spec/source/kustomize",
        value: { images: ["a=reg/a:2", "b=c:2@sha256:2", "reg:5000/d:2", "e:1"], namePrefix: "x-" },
      },
    ],
  ],
  [
    "a plugin's variable",
    plain,
    { "plugin.env[REVISION]": R2 },
    [{ op: "add", path: "/spec/source/plugin", value: { env: [{ name: "REVISION", value: R2 }] } }],
  ],
];
for (const [what, app, values, expected] of forms) {
  test(`a patch writes ${what}`, () => assert.deepEqual(ops(app, "Patch", values), [guard(app), ...expected]));
}

const several = application().from(
  { name: "chart", repoURL: "https://charts.example", chart: "checkout", targetRevision: "1.0.0" },
  { name: "values", repoURL: "https://git.example/v.git", targetRevision: R1, ref: "values" },
);
for (const [how, source, at, url] of [
  ["name", { name: "values" }, 1, "https://git.example/v.git"],
  ["repository", { repoURL: "https://git.example/v.git" }, 1, "https://git.example/v.git"],
  ["chart", { repoURL: "https://charts.example", chart: "checkout" }, 0, "https://charts.example"],
] as const) {
  test(`one of several sources, found by ${how}, is tested to be that one before it is written`, () => {
    assert.deepEqual(ops(several, "Patch", { targetRevision: "9" }, source), [
      guard(several),
      { op: "test", path: `/spec/sources/${at}/repoURL`, value: url },
      { op: "add", path: `/spec/sources/${at}/targetRevision`, value: "9" },
    ]);
  });
}

test("a source that cannot be told is never written", () => {
  assert.throws(() => ops(several, "Patch", { targetRevision: R2 }), /it has 2 sources/);
});

const policy = { syncOptions: ["CreateNamespace=true"], retry: { limit: 3, backoff: { duration: "10s", factor: 2, maxDuration: "1m" } } };
const byUs = { initiatedBy: { username: "release-conductor", automated: true }, info: [{ name: "conductor.dev/run", value: RUN }] };
test("PatchAndSync names the revision, is tagged with the run, copies the Application's own options and clears the state before", () => {
  const operation = {
    ...byUs,
    retry: policy.retry,
    sync: { revision: R2, prune: true, syncOptions: policy.syncOptions, syncStrategy: { hook: {} } },
  };
  assert.deepEqual(ops(application(), "PatchAndSync", { targetRevision: R2 }), [
    guard(application()),
    { op: "add", path: "/spec/source/targetRevision", value: R2 },
    { op: "add", path: "/operation", value: operation },
    { op: "remove", path: "/status/operationState" },
  ]);
});

test("Sync writes no field, prunes nothing that no policy prunes, and has nothing to clear where nothing was", () => {
  const app = application()
    .byHand()
    .but(({ status }) => void delete status.operationState);
  const sync = { revision: R1, prune: false, syncOptions: policy.syncOptions, syncStrategy: { hook: {} } };
  const retry = { limit: 5, backoff: { duration: "5s", factor: 2, maxDuration: "3m" } };
  assert.deepEqual(ops(app, "Sync", { targetRevision: R1 }), [
    guard(app),
    { op: "add", path: "/operation", value: { ...byUs, retry, sync } },
  ]);
});

test("an operation on several sources names a revision for each, in their order", () => {
  const [, , , operation] = ops(several, "PatchAndSync", { targetRevision: R2 }, { name: "values" });
  assert.deepEqual((operation?.value as { sync: unknown } | undefined)?.sync, {
    revisions: ["1.0.0", R2],
    prune: true,
    syncOptions: policy.syncOptions,
    syncStrategy: { hook: {} },
  });
});

test("where no revision is steered, the operation names the one of the spec", () => {
  const [, , operation] = ops(plain, "PatchAndSync", { "plugin.env[A]": "1" });
  assert.equal((operation?.value as { sync: { revision: string } } | undefined)?.sync.revision, "main");
});

test("an operation that is there is never written over", () => {
  assert.throws(() => ops(application().syncing({ revision: R1 }), "Sync", { targetRevision: R1 }), /an operation is running/);
});

test("Refresh asks for a normal one, beside other annotations or as the first", () => {
  const op = { op: "add", path: "/metadata/annotations/argocd.argoproj.io~1refresh", value: "normal" };
  const bare = application().but((raw) => void (raw.metadata = { name: "checkout", resourceVersion: "1" }));
  assert.deepEqual(ops(application(), "Refresh", { targetRevision: R1 }), [guard(application()), op]);
  assert.deepEqual(ops(bare, "Refresh", {}), [guard(bare), { op: "add", path: "/metadata/annotations", value: {} }, op]);
});

test("Terminate changes the phase of the operation and nothing else", () => {
  const app = application().syncing({ revision: R1, run: "an-older-run" });
  assert.deepEqual(ops(app, "Terminate", { targetRevision: R2 }), [
    guard(app),
    { op: "replace", path: "/status/operationState/phase", value: "Terminating" },
  ]);
});

test("applied to the Application, a patch makes it hold the values, and the patch of the old ones brings them back", () => {
  const values = fc.record(
    {
      targetRevision: fc.constantFrom(R1, R2, null),
      "helm.valueFiles": fc.constantFrom<string[] | null>(["values.yaml"], ["b.yaml"], null),
      "helm.parameters[replicas]": fc.constantFrom<FieldValue>({ value: "3" }, { value: "4", forceString: true }, null),
      "helm.parameters[image.tag]": fc.constantFrom<FieldValue>({ value: "1.10", forceString: true }, null),
      "kustomize.images[a]": fc.constantFrom("a:2", null),
      "plugin.env[X]": fc.constantFrom("1", null),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(values, (wanted) => {
      const before = application();
      const seen = before.observed(wanted);
      const after = apply(before.raw, ops(before, "Patch", wanted));
      assert.deepEqual(observe(project(after), undefined, wanted).values, wanted);
      const back = apply(
        after,
        patch(after, { kind: "Patch", values: seen.values ?? {}, source: undefined, run: RUN }).body as readonly Op[],
      );
      assert.deepEqual(back, before.raw);
    }),
  );
});
