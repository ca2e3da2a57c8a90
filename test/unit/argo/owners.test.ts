import assert from "node:assert/strict";
import { test } from "node:test";
import { isIgnored } from "#argo/ignored.ts";
import { riskOfParent, riskOfSet, type Steered } from "#argo/owners.ts";

type Json = Readonly<Record<string, unknown>>;

const source = { repoURL: "https://git.example/a.git", path: "chart", name: "app", targetRevision: "1" };
const one: Steered = {
  application: { namespace: "argocd", name: "checkout" },
  fields: ["targetRevision"],
  index: undefined,
  source,
  annotated: false,
};
const second: Steered = { ...one, index: 1 };
const fields = {
  revision: "targetRevision",
  files: "helm.valueFiles",
  tag: "helm.parameters[image.tag]",
  image: "kustomize.images[checkout]",
  env: "plugin.env[REVISION]",
};
const all = Object.values(fields);

/** Which of all fields a rule covers, in the one source or in the second of several. */
function covered(rule: Json, steered: Steered): readonly string[] {
  const whole = { group: "", kind: "", name: "", namespace: "", ...rule };
  return Object.entries(fields).flatMap(([name, field]) => (isIgnored([whole], field, steered) ? [name] : []));
}
const every = Object.keys(fields);

const pointed: readonly (readonly [pointer: string, one: readonly string[], second: readonly string[]])[] = [
  ["/spec/source/targetRevision", ["revision"], []],
  ["/spec/source/helm", ["files", "tag"], []],
  ["/spec/source/helm/parameters", ["tag"], []],
  ["/spec/source/helm/parameters/0", [], []],
  ["/spec/source/helm/valueFiles", ["files"], []],
  ["/spec/source/kustomize/images", ["image"], []],
  ["/spec/source/plugin/env", ["env"], []],
  ["/spec/source", every, []],
  ["/spec", every, every],
  ["/spec/sources", [], every],
  ["/spec/sources/1", [], every],
  ["/spec/sources/1/targetRevision", [], ["revision"]],
  ["/spec/sources/0/targetRevision", [], []],
  ["/spec/sources/1/helm/parameters", [], ["tag"]],
  ["/spec/source/targetRevision/x", [], []],
  ["spec/source/targetRevision", [], []],
  ["", [], []],
  ["/", [], []],
];
for (const [pointer, inOne, inSecond] of pointed) {
  test(`the JSON pointer "${pointer}" covers ${[...inOne, ...inSecond].join(", ") || "nothing"}`, () => {
    assert.deepEqual([covered({ jsonPointers: [pointer] }, one), covered({ jsonPointers: [pointer] }, second)], [inOne, inSecond]);
  });
}

const queried: readonly (readonly [expression: string, one: readonly string[], second: readonly string[]])[] = [
  [".spec.source.targetRevision", ["revision"], []],
  [" .spec.source.helm ", ["files", "tag"], []],
  ['.spec["source"].targetRevision', ["revision"], []],
  ['.spec | ."source" | .["targetRevision"]', ["revision"], []],
  [".spec.source?.targetRevision?", ["revision"], []],
  ['.spec.source.helm.parameters[] | select(.name == "image.tag")', ["tag"], []],
  ['.spec.source.helm.parameters[] | select(.name == "other")', [], []],
  ['.spec.source.helm.parameters[] | select(.name == "image.tag") | .value', [], []],
  [".spec.source.helm.parameters[]", ["tag"], []],
  [".spec.source.helm.parameters[0]", [], []],
  [".spec.source.kustomize.images[]", ["image"], []],
  ['.spec.source.kustomize.images[] | select(.name == "checkout")', [], []],
  ['.spec.source.kustomize.images[] | select(.name == "")', [], []],
  ['.spec.source.plugin.env[] | select(.name=="REVISION")', ["env"], []],
  [".spec.sources[].targetRevision", [], ["revision"]],
  [".spec.sources[1].targetRevision", [], ["revision"]],
  [".spec.sources[0].targetRevision", [], []],
  ['.spec.sources[] | select(.repoURL == "https://git.example/a.git").targetRevision', [], ["revision"]],
  ['.spec.sources[] | select(.repoURL=="https://git.example/a.git" and .path == "chart") | .helm', [], ["files", "tag"]],
  ['.spec.sources[] | select(.repoURL == "https://git.example/a.git" and .path == "other").targetRevision', [], []],
  ['.spec.sources[] | select(.repoURL == "https://git.example/b.git").targetRevision', [], []],
  ['.spec.sources[] | select(.targetRevision == "1").targetRevision', [], []],
  // What is not understood covers nothing.
  ['.spec.sources[] | select(.repoURL == "https://git.example/b.git") | select(.path == "chart").targetRevision', [], []],
  ['.spec.sources[] | select(.repoURL == "https://git.example/a.git" or .path == "x").targetRevision', [], []],
  ['.spec.sources[] | select(.repoURL | startswith("https")).targetRevision', [], []],
  [".spec.source.targetRevision, .metadata", [], []],
  ['.spec.source.targetRevision // "x"', [], []],
  ["..", [], []],
  [".", [], []],
  ["", [], []],
  ["select(.spec).spec", [], []],
];
for (const [expression, inOne, inSecond] of queried) {
  test(`the jq path expression ${expression || "of nothing"} covers ${[...inOne, ...inSecond].join(", ") || "nothing"}`, () => {
    const rule = { jqPathExpressions: [expression] };
    assert.deepEqual([covered(rule, one), covered(rule, second)], [inOne, inSecond]);
  });
}

const set = (spec: Json): Json => ({ metadata: { name: "shops" }, spec: { template: { metadata: {} }, ...spec } });
const ignoring = (...jsonPointers: readonly string[]): Json => ({ ignoreApplicationDifferences: [{ jsonPointers }] });
const says = "ApplicationSet shops generates this Application and puts back at once what a release writes to";
const ignore = (pointers: string): string => `spec.ignoreApplicationDifferences: [{jsonPointers: [${pointers}]}]`;

const sets: readonly (readonly [what: string, spec: Json, steered: Steered, message: string | undefined])[] = [
  ["without rules", {}, one, `${says} targetRevision: give it ${ignore("/spec/source/targetRevision")}`],
  ["that ignores the field", ignoring("/spec/source/targetRevision"), one, undefined],
  [
    "that ignores some of the fields",
    ignoring("/spec/source/targetRevision", "/spec/source/plugin"),
    { ...one, fields: all },
    `${says} helm.valueFiles, helm.parameters[image.tag] and kustomize.images[checkout]: give it ${ignore("/spec/source/helm/valueFiles, /spec/source/helm/parameters, /spec/source/kustomize/images")}`,
  ],
  [
    "that ignores the fields in several rules",
    {
      ignoreApplicationDifferences: [
        { jsonPointers: ["/spec/source/helm", "/spec/source/kustomize"] },
        { name: "checkout", jqPathExpressions: [".spec.source.plugin", ".spec.source.targetRevision"] },
      ],
    },
    { ...one, fields: all },
    undefined,
  ],
  [
    "that ignores the field of another Application",
    { ignoreApplicationDifferences: [{ name: "cart", jsonPointers: ["/spec/source/targetRevision"] }] },
    one,
    `${says} targetRevision: give it ${ignore("/spec/source/targetRevision")}`,
  ],
  [
    "of several sources that ignores the only one's field",
    ignoring("/spec/source/targetRevision"),
    second,
    `${says} targetRevision: give it ${ignore("/spec/sources/1/targetRevision")}; any other change that the set makes to spec.sources still writes the whole list, unless /spec/sources is ignored`,
  ],
  ["of several sources that ignores the steered one's field", ignoring("/spec/sources/1/targetRevision"), second, undefined],
  ["that only creates", { syncPolicy: { applicationsSync: "create-only" } }, { ...one, annotated: true }, undefined],
  ["that creates and deletes", { syncPolicy: { applicationsSync: "create-delete" } }, one, undefined],
  [
    "that creates and updates",
    { syncPolicy: { applicationsSync: "create-update" } },
    one,
    `${says} targetRevision: give it ${ignore("/spec/source/targetRevision")}`,
  ],
  [
    "that does not know the annotation that consents",
    {},
    { ...one, annotated: true },
    `${says} targetRevision and the annotation conductor.dev/authorized: give it ${ignore("/spec/source/targetRevision")} and spec.preservedFields.annotations: [conductor.dev/authorized]`,
  ],
  [
    "that ignores the field, and would remove the annotation",
    ignoring("/spec/source"),
    { ...one, annotated: true },
    `${says} the annotation conductor.dev/authorized: give it spec.preservedFields.annotations: [conductor.dev/authorized]`,
  ],
  [
    "that preserves the annotation",
    { ...ignoring("/spec/source"), preservedFields: { annotations: ["conductor.dev/authorized"] } },
    { ...one, annotated: true },
    undefined,
  ],
  [
    "that writes the annotation",
    { ...ignoring("/spec/source"), template: { metadata: { annotations: { "conductor.dev/authorized": "x" } } } },
    { ...one, annotated: true },
    undefined,
  ],
  [
    "that writes the annotation by a patch",
    { ...ignoring("/spec/source"), templatePatch: "metadata: {annotations: {conductor.dev/authorized: x}}" },
    { ...one, annotated: true },
    undefined,
  ],
  [
    "that ignores the annotation",
    ignoring("/spec/source", "/metadata/annotations/conductor.dev~1authorized"),
    { ...one, annotated: true },
    undefined,
  ],
];
for (const [what, spec, steered, message] of sets) {
  test(`an ApplicationSet ${what} is ${message === undefined ? "harmless" : "a risk, with its remedy"}`, () => {
    assert.equal(riskOfSet(set(spec), "shops", steered)?.message, message);
  });
}

const respect = { syncOptions: ["CreateNamespace=true", "RespectIgnoreDifferences=true"] };
const rule = { group: "argoproj.io", kind: "Application", jsonPointers: ["/spec/source/targetRevision"] };
const applies = (when: string): string =>
  `Application argocd/root applies this one and puts back what a release writes to targetRevision ${when}: give it`;
const rules = "spec.ignoreDifferences: [{group: argoproj.io, kind: Application, jsonPointers: [/spec/source/targetRevision, /operation]}]";
const option = "spec.syncPolicy.syncOptions: [RespectIgnoreDifferences=true]";
const healing = "as soon as it sees it (selfHeal)";
const byHand = "at its next sync, which somebody starts by hand";

const parents: readonly (readonly [what: string, spec: Json, message: string | undefined, steered?: Steered])[] = [
  ["that heals itself", { syncPolicy: { automated: { selfHeal: true } } }, `${applies(healing)} ${rules} and ${option}`],
  [
    "that syncs by itself",
    { syncPolicy: { automated: {} } },
    `${applies("at its next sync, when its own source changes")} ${rules} and ${option}`,
  ],
  ["that somebody syncs", {}, `${applies(byHand)} ${rules} and ${option}`],
  [
    "whose automated sync is off",
    { syncPolicy: { automated: { enabled: false, selfHeal: true } } },
    `${applies(byHand)} ${rules} and ${option}`,
  ],
  ["that ignores the field", { ignoreDifferences: [rule], syncPolicy: { automated: { selfHeal: true }, ...respect } }, undefined],
  ["that ignores the field by globs", { ignoreDifferences: [{ ...rule, group: "*", kind: "App*" }], syncPolicy: respect }, undefined],
  [
    "that ignores the field of this one",
    { ignoreDifferences: [{ ...rule, name: "checkout", namespace: "argocd" }], syncPolicy: respect },
    undefined,
  ],
  [
    "that ignores the field of another one",
    { ignoreDifferences: [{ ...rule, name: "cart" }], syncPolicy: respect },
    `${applies(byHand)} ${rules}`,
  ],
  [
    "that ignores the field in another namespace",
    { ignoreDifferences: [{ ...rule, namespace: "team-x" }], syncPolicy: respect },
    `${applies(byHand)} ${rules}`,
  ],
  [
    "that ignores the field of a group with a version",
    { ignoreDifferences: [{ ...rule, group: "argoproj.io/v1alpha1" }], syncPolicy: respect },
    `${applies(byHand)} ${rules}`,
  ],
  [
    "that ignores the field of another kind",
    { ignoreDifferences: [{ ...rule, kind: "AppProject" }], syncPolicy: respect },
    `${applies(byHand)} ${rules}`,
  ],
  [
    "that ignores the field only for the comparison",
    { ignoreDifferences: [rule], syncPolicy: { automated: { selfHeal: true } } },
    `${applies(healing)} ${option}`,
  ],
  [
    "of several sources",
    { syncPolicy: respect },
    "Application argocd/root applies this one and puts back what a release writes to targetRevision at its next sync, which somebody starts by hand: give it spec.ignoreDifferences: [{group: argoproj.io, kind: Application, jsonPointers: [/spec/sources/1/targetRevision, /operation]}]",
    second,
  ],
];
for (const [what, spec, message, steered = one] of parents) {
  test(`a parent Application ${what} is ${message === undefined ? "harmless" : "a risk, with when and the remedy"}`, () => {
    assert.equal(riskOfParent({ metadata: { name: "root" }, spec }, "argocd/root", steered)?.message, message);
  });
}

test("an owner whose rules cannot be read is a risk", () => {
  for (const raw of [undefined, {}, { metadata: { name: "x" } }, set({ ignoreApplicationDifferences: "x" })])
    assert.match(riskOfSet(raw, "shops", one)?.message ?? "", /^ApplicationSet shops owns this Application, and its rules cannot be read/);
  assert.match(riskOfParent({ metadata: { name: "root" }, spec: { syncPolicy: 7 } }, "argocd/root", one)?.message ?? "", /spec.syncPolicy/);
});
