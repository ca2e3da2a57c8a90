import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseApproval } from "#api/releaseapproval.ts";
import { approvalName, gateOf, newApproval, type Question } from "#controllers/approvals/build.ts";
import { plannedWave, R1, R2, R3, run, RUN, T0, tracks } from "#test/build.ts";
import { asking, GATE, hashed } from "./approval.ts";

const FIRST: Question = { purpose: "Wave", wave: 0, gate: 0 };
const YEAR_END = { name: "team-a/year-end", reason: "books are closed", until: T0 + 3_600_500 };
const FREEZE: Question = { purpose: "FreezeOverride", freeze: YEAR_END };

test("an approval says what would change, where, and until when it is waited for, and goes with its run", () => {
  const waves = [
    plannedWave("canary"),
    plannedWave("rest", { gates: [{ approval: { ...GATE, groups: ["sre"], serviceAccounts: ["a/b"] } }] }),
  ];
  const by = asking({
    author: "carol",
    waves,
    targets: [
      { cluster: "eu", wave: 1 },
      { cluster: "us", wave: 2 },
      { cluster: "ap", wave: 2, live: 2, baseline: 1 },
    ],
    values: [tracks(R2), tracks(R1), tracks(R3)],
  });
  const made = newApproval(by, { purpose: "Wave", wave: 1, gate: 0 }, T0);
  assert.deepEqual(made, {
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ReleaseApproval",
    metadata: {
      name: approvalName(by.run, { purpose: "Wave", wave: 1, gate: 0 }),
      namespace: "team-a",
      labels: { "conductor.dev/service": "checkout", "conductor.dev/environment": "production" },
      ownerReferences: [
        { apiVersion: "conductor.dev/v1alpha1", kind: "ReleaseRun", name: "checkout.production-1", uid: RUN, controller: true },
      ],
    },
    spec: {
      run: { name: "checkout.production-1", uid: RUN, planHash: by.planHash },
      purpose: "Wave",
      wave: "rest",
      service: "checkout",
      environment: "production",
      revision: R2,
      author: "carol",
      count: 2,
      groups: ["sre"],
      serviceAccounts: ["a/b"],
      expiresAt: "2026-11-24T10:00:00Z",
      changes: {
        clusters: ["us", "ap"],
        clusterCount: 2,
        from: [R1, R3],
        message: `checkout from ${R1}, ${R3} to ${R2} on 2 clusters of production, wave rest`,
      },
    },
  });
  assert.equal(made?.metadata.name, "checkout.production-1-w2-g1");
});

test("a freeze is asked about for the whole run, until it ends", () => {
  const by = asking();
  const { purpose, wave, freeze, count, expiresAt, changes, author } = newApproval(by, FREEZE, T0)?.spec ?? assert.fail();
  assert.deepEqual(
    { purpose, wave, freeze, count, expiresAt, author },
    {
      purpose: "FreezeOverride",
      wave: undefined,
      freeze: "team-a/year-end",
      count: 1,
      expiresAt: "2026-11-23T11:00:00Z",
      author: undefined,
    },
  );
  assert.equal(
    changes.message,
    `checkout from ${R1} to ${R2} on 2 clusters of production in spite of FreezeWindow team-a/year-end (books are closed)`,
  );
});

test("a gate that is not there, or no approval, is not asked about", () => {
  const analysis = { templateName: "errors", clusterScope: false, args: [], background: false };
  const by = asking({ waves: [plannedWave("all", { gates: [{ analysis }] })] });
  for (const [wave, gate] of [
    [0, 0],
    [0, 1],
    [1, 0],
  ] as const)
    assert.equal(newApproval(by, { purpose: "Wave", wave, gate }, T0), undefined);
});

test("what cannot be known is left out, and what is long is cut", () => {
  const bare = { live: undefined, baseline: undefined };
  const targets = Array.from({ length: 300 }, (_, index) => ({
    cluster: `c${index}`,
    ...(index === 0 ? bare : { live: 1 + (index % 20) }),
  }));
  const values = [tracks(R2), ...Array.from({ length: 20 }, (_, index) => ({ targetRevision: `v${index}-`.padEnd(300, "x") }))];
  const made = newApproval(asking({ targets, values }), FIRST, T0);
  const { clusters, clusterCount, from, message } = made?.spec.changes ?? assert.fail();
  assert.deepEqual([clusters.length, clusterCount, from.length, Math.max(...from.map(({ length }) => length))], [200, 300, 10, 253]);
  assert.ok(message.length <= 1024 && message.includes("and others to"));
  const none = newApproval(asking({ targets: [{ cluster: "eu", ...bare }] }), FIRST, T0)?.spec.changes;
  assert.deepEqual([none?.from, none?.message], [[], `checkout to ${R2} on 1 cluster of production, wave rest`]);
});

test("what is replaced is read in the fields that name the revision, whichever they are", () => {
  const image = (tag: string): string => `registry.example/checkout:${tag}`;
  const held = (revision: string) => ({
    targetRevision: "main",
    "helm.parameters[image.tag]": { value: revision },
    "kustomize.images[checkout]": image(revision),
    "helm.valueFiles": ["values.yaml"],
  });
  const { from } = newApproval(asking({ values: [held(R2), held(R1)] }), FIRST, T0)?.spec.changes ?? assert.fail();
  assert.deepEqual(from, [R1, image(R1)]);
});

test("each question has a name of its own, which says whose it is", () => {
  const { run: one } = asking();
  const questions: readonly Question[] = [
    FIRST,
    { purpose: "Wave", wave: 0, gate: 1 },
    { purpose: "Wave", wave: 11, gate: 0 },
    FREEZE,
    { purpose: "FreezeOverride", freeze: { ...YEAR_END, until: YEAR_END.until + 60_000 } },
  ];
  const names = questions.map((question) => approvalName(one, question));
  assert.equal(new Set(names).size, 5);
  assert.deepEqual(
    names.map(gateOf),
    questions.map((each) => (each.purpose === "Wave" ? { wave: each.wave, gate: each.gate } : undefined)),
  );
});

test("the hash of a plan is the same however its fields are ordered, and another as soon as anything else is planned", () => {
  const whole = run();
  const turned = { ...whole, spec: Object.fromEntries(Object.entries(whole.spec).toReversed()) as typeof whole.spec };
  assert.match(hashed(whole).planHash, /^[0-9a-f]{64}$/);
  assert.equal(hashed(turned).planHash, hashed(whole).planHash);
  const others = [
    run({ targets: [{ cluster: "us" }, { cluster: "eu" }] }),
    run({ targets: [{ cluster: "eu" }] }),
    run({ strategy: { onFailure: "Pause" } }),
    run({ values: [{ targetRevision: null }, tracks(R1)] }),
    asking().run,
  ];
  assert.equal(new Set([whole, ...others].map((one) => hashed(one).planHash)).size, 6);
});

test("what is made is what the resource says", () => {
  const made = newApproval(asking(), FIRST, T0) ?? assert.fail();
  const stored = { ...made, metadata: { ...made.metadata, uid: "a", resourceVersion: "1" } };
  assert.deepEqual(releaseApproval.parse(stored).spec, made.spec);
});
