import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { consentRemedy } from "#argo/ownership.ts";
import { observe, project } from "#argo/read.ts";
import { application, at, R1, R2, RUN, type ApplicationBuilder } from "#test/build.ts";

const seen = (app: ApplicationBuilder) => app.observed({ targetRevision: R2 });

test("of a whole Application, everything that a decision looks at is seen", () => {
  assert.deepEqual(seen(application()), {
    resourceVersion: "4711",
    values: { targetRevision: R1 },
    sourceAt: "/spec/source",
    sourceFault: undefined,
    settled: { targetRevision: R1 },
    compared: true,
    revision: R1,
    pinned: R1,
    sync: "Synced",
    pruneOnly: false,
    health: { status: "Healthy", message: "" },
    errors: [],
    operation: undefined,
    lastOperation: {
      run: undefined,
      automated: true,
      revision: R1,
      phase: "Succeeded",
      message: "successfully synced (all tasks run)",
      startedAt: "2026-11-20T10:00:00Z",
      finishedAt: "2026-11-20T10:00:02Z",
      retryCount: 0,
      hasResult: true,
    },
    reconciledAt: "2026-11-23T09:55:01Z",
    refreshing: false,
    automated: true,
    paused: false,
    window: undefined,
    rollouts: [],
    owner: { kind: "Nobody" },
    manager: "kubectl-client-side-apply: somebody with kubectl",
  });
});

test("an operation of ours is known by its tag", () => {
  const { operation, lastOperation } = seen(
    application().syncing({ run: RUN, revision: R2, retries: 2, finished: 4, message: "Retrying" }),
  );
  assert.deepEqual(operation, { run: RUN, automated: false, revision: R2 });
  assert.deepEqual(lastOperation, {
    run: RUN,
    automated: false,
    revision: R2,
    phase: "Running",
    message: "Retrying",
    startedAt: at(0),
    finishedAt: at(4),
    retryCount: 2,
    hasResult: true,
  });
});

for (const [what, app, settled] of [
  ["a commit is where to go back to", application(), { targetRevision: R1 }],
  ["a branch is pinned to the commit that it resolved to", application().tracking("main").synced(R1), { targetRevision: R1 }],
  [
    "no revision is pinned to the commit of HEAD",
    application()
      .but(({ spec }) => void delete spec.source?.targetRevision)
      .synced(R1),
    { targetRevision: R1 },
  ],
  ["what is not compared yet is nowhere to go back to", application().tracking("main"), undefined],
  ["what is out of sync is nowhere to go back to", application().outOfSync(), undefined],
  ["what is not healthy is nowhere to go back to", application().health("Progressing"), undefined],
  ["what has an error is nowhere to go back to", application().condition("ComparisonError", "x"), undefined],
] as const) {
  test(`baseline: ${what}`, () => assert.deepEqual(seen(app).settled, settled));
}

for (const [what, change, compared] of [
  ["another path", { path: "other" }, false],
  ["another values file", { helm: { valueFiles: ["other.yaml"], parameters: [{ name: "replicas", value: "3" }] } }, false],
  ["another parameter", { helm: { valueFiles: ["values.yaml"], parameters: [{ name: "replicas", value: "4" }] } }, false],
  ["another image", { kustomize: { images: ["a:1"] } }, false],
  ["another plugin variable", { plugin: { env: [{ name: "A", value: "1" }] } }, false],
  ["an empty kustomize, which Argo CD drops", { kustomize: {} }, true],
  [
    "a false that Argo CD drops",
    {
      helm: {
        valueFiles: ["values.yaml"],
        parameters: [{ name: "replicas", value: "3", forceString: false }],
        ignoreMissingValueFiles: false,
      },
    },
    true,
  ],
] as const) {
  test(`a comparison of the source with ${what} is ${compared ? "" : "not "}of the source of now`, () => {
    assert.equal(seen(application().tracking(R1, change)).compared, compared);
  });
}

test("a comparison of more sources, or of fewer, is not of the sources of now", () => {
  const [a, b] = [{ repoURL: "https://git.example/a.git" }, { repoURL: "https://git.example/b.git" }];
  const app = application();
  const compared = (was: typeof app, now: typeof app): boolean =>
    observe(project({ ...now.raw, status: was.synced().raw["status"] }), { repoURL: a.repoURL }, {}).compared;
  const [one, both] = [app.from(a), app.from(a, b)];
  assert.deepEqual(
    [compared(both, both), compared(both, one), compared(one, both), compared(app.from(b, a), both)],
    [true, false, false, false],
  );
});

test("automated sync that is switched off, or missing, is none", () => {
  const policy = (syncPolicy: Record<string, unknown>) =>
    seen(application().but(({ spec }) => void (spec.syncPolicy = syncPolicy))).automated;
  assert.deepEqual(
    [policy({ automated: {} }), policy({ automated: { enabled: true } }), policy({ automated: { enabled: false } }), policy({})],
    [true, true, false, false],
  );
});

test("who would write over us: the ApplicationSet that owns it, else the Application that applies it", () => {
  const child = application().annotated("argocd.argoproj.io/tracking-id", "root:argoproj.io/Application:argocd/checkout");
  assert.deepEqual(
    [seen(child.bySet("shops")).owner, seen(child).owner, seen(application()).owner],
    [{ kind: "ApplicationSet", name: "shops" }, { kind: "Application", name: "root" }, { kind: "Nobody" }],
  );
  assert.deepEqual(
    [seen(child.bySet("shops")).owner, seen(child).owner, seen(application()).owner].map((owner) => consentRemedy(owner, "a: b")),
    [
      "put a: b into spec.template.metadata.annotations of ApplicationSet shops, which generates it",
      "put a: b into its manifest in git, which Application root applies",
      "annotate it: a: b",
    ],
  );
});

test("an Application that Argo CD tracks leads to its parent, wherever that is; a copied annotation leads nowhere", () => {
  const tracked = (id: string, change: (app: ApplicationBuilder) => ApplicationBuilder = (app) => app) =>
    project(change(application().annotated("argocd.argoproj.io/tracking-id", id)).raw);
  const far = (app: ApplicationBuilder) => app.but(({ status }) => void (status["controllerNamespace"] = "argo-system"));
  const unseen = (app: ApplicationBuilder) => app.but(({ status }) => void delete status["controllerNamespace"]);
  const id = "argoproj.io/Application:argocd/checkout";
  assert.deepEqual(
    [
      tracked(`root:${id}`),
      tracked(`root:${id}`, far),
      tracked(`root:${id}`, unseen),
      tracked(`team-x_root:${id}`, far),
      tracked("root:argoproj.io/Application:/checkout"),
    ].map(({ parent, rest }) => [parent?.namespace, parent?.name, rest.owner]),
    [
      ["argocd", "root", { kind: "Application", name: "root" }],
      ["argo-system", "root", { kind: "Application", name: "root" }],
      ["argocd", "root", { kind: "Application", name: "root" }],
      ["team-x", "root", { kind: "Application", name: "root" }],
      ["argocd", "root", { kind: "Application", name: "root" }],
    ],
  );
  for (const other of ["root", "root:apps/Deployment:argocd/checkout", "root:argoproj.io/Application:argocd/cart", `:${id}`, `a:b:${id}`])
    assert.deepEqual([tracked(other).parent, tracked(other).rest.owner], [undefined, { kind: "Nobody" }], other);
});

test("where an Application goes and which Argo CD has it is known, as far as it says so", () => {
  const { destination, controllerNamespace, multi } = project(application().raw);
  assert.deepEqual(
    [destination, controllerNamespace, multi],
    [{ server: "https://kubernetes.default.svc", name: "", namespace: "checkout" }, "argocd", false],
  );
  const bare = project({ metadata: { name: "checkout" }, spec: { sources: [{ repoURL: "a" }] } });
  assert.deepEqual([bare.destination, bare.controllerNamespace, bare.multi], [{ server: "", name: "", namespace: "" }, undefined, true]);
});

test("what failed in a sync is named, hooks with their phase, and so is what is out of sync: the first few", () => {
  const app = application().but(({ status }) => {
    const resource = { group: "", version: "v1", namespace: "checkout" };
    status["resources"] = ["a", "b", "c", "d"].map((name) => ({ ...resource, kind: "ConfigMap", name, status: "OutOfSync" }));
    const resources = [
      {
        ...resource,
        kind: "Job",
        name: "migrate",
        status: "Synced",
        hookType: "PreSync",
        hookPhase: "Failed",
        message: "https://m:s3cret@x Job has reached the backoff limit",
      },
      { ...resource, kind: "ConfigMap", name: "a", status: "Synced", hookPhase: "Running", message: "configured" },
      { ...resource, kind: "Deployment", name: "b", status: "SyncFailed", hookPhase: "Failed", message: "x".repeat(900) },
      { ...resource, kind: "Job", name: "c", hookType: "PostSync", hookPhase: "Error" },
      { ...resource, kind: "Job", name: "d", hookType: "PostSync", hookPhase: "Error" },
    ];
    status.operationState = { ...status.operationState, syncResult: { revision: R1, resources } };
  });
  const { failures, outOfSync } = project(app.raw);
  assert.deepEqual(outOfSync, ["ConfigMap/a", "ConfigMap/b", "ConfigMap/c"]);
  assert.deepEqual(failures, [
    { resource: "Job/migrate", hook: "PreSync", message: "https://x Job has reached the backoff limit" },
    { resource: "Deployment/b", hook: undefined, message: "x".repeat(700) },
    { resource: "Job/c", hook: "PostSync", message: "" },
  ]);
  assert.deepEqual([project(application().raw).failures, project(application().raw).outOfSync], [[], []]);
});

test("messages lose the passwords of URLs, and are cut", () => {
  const app = application()
    .condition("ComparisonError", `fetch https://mara:s3cret@git.example/a.git ${"x".repeat(2000)}`)
    .ended("Failed", { message: "https://mara:s3cret@git.example/a.git" })
    .health("Degraded", "https://mara:s3cret@git.example/a.git");
  assert.doesNotMatch(JSON.stringify(project(app.raw)), /s3cret/);
  assert.equal(seen(app).errors[0]?.message.length, 700);
});

test("conditions that only warn are no errors", () => {
  assert.deepEqual(seen(application().condition("SyncError", "Failed last sync attempt")).errors, []);
});

test("whatever an API server sends is read, or named as what cannot be read", () => {
  const broken = project({ metadata: { name: "checkout" }, spec: { source: { repoURL: 7 } } });
  assert.deepEqual(
    [broken.fault?.startsWith("it is not an Application that can be read: spec.source.repoURL"), observe(broken, undefined, {}).values],
    [true, undefined],
  );
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom("spec", "status", "operation"),
        fc.object({ key: fc.constantFrom("source", "sources", "sync", "operationState", "health", "revisions", "info"), maxDepth: 3 }),
      ),
      (fields) => {
        observe(project({ ...fields, metadata: { name: "checkout" } }), undefined, { targetRevision: R2 });
      },
    ),
  );
});
