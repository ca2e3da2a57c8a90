import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { desired, entry, held, imageName, pick, withoutCredentials } from "#argo/fields.ts";
import type { Source } from "#argo/application.ts";
import { withValues } from "#argo/patch.ts";
import { sameValues } from "#engine/observation.ts";
import { production, R2 } from "#test/build.ts";

const variables = { service: "checkout", environment: "production", cluster: "eu", namespace: "team-a", revision: R2 };
const templates = (application: object): ReturnType<typeof desired> => desired(production({ application }).spec.application, variables);

for (const [what, application, values] of [
  ["a target revision", { targetRevision: "{{revision}}" }, { targetRevision: R2 }],
  [
    "values files by environment and cluster, one that two names fill alike once",
    {
      helm: {
        valueFiles: ["values.yaml", "values-{{environment}}.yaml", "values-production.yaml", "values-{{environment}}-{{cluster}}.yaml"],
      },
    },
    { "helm.valueFiles": ["values.yaml", "values-production.yaml", "values-production-eu.yaml"] },
  ],
  ["whether values files may be missing", { helm: { ignoreMissingValueFiles: true } }, { "helm.ignoreMissingValueFiles": true }],
  [
    "parameters: one with a variable is a string, so that the tag 1.10 stays one",
    { helm: { parameters: { "image.tag": "{{revision}}", replicas: "3" } } },
    { "helm.parameters[image.tag]": { value: R2, forceString: true }, "helm.parameters[replicas]": { value: "3" } },
  ],
  [
    "images by their name",
    { kustomize: { images: ["checkout=registry.example:5000/checkout:{{revision}}", "registry.example/side:1.0"] } },
    {
      "kustomize.images[checkout]": `checkout=registry.example:5000/checkout:${R2}`,
      "kustomize.images[registry.example/side]": "registry.example/side:1.0",
    },
  ],
  ["environment of a plugin", { plugin: { env: { REVISION: "{{ revision }}" } } }, { "plugin.env[REVISION]": R2 }],
] as const) {
  test(`an Environment's templates become ${what}`, () => assert.deepEqual(templates(application), values));
}

test("an image is known by what comes before =, else by its name without tag and digest", () => {
  const names = {
    nginx: "nginx",
    "nginx:1.27": "nginx",
    "nginx@sha256:abc": "nginx",
    "nginx:1.27@sha256:abc": "nginx",
    "localhost:5000/nginx": "localhost:5000/nginx",
    "localhost:5000/nginx:1.27": "localhost:5000/nginx",
    "registry.example:5000/a/b:1@sha256:abc": "registry.example:5000/a/b",
    "old=new:1": "old",
    "registry.example:5000/old=new@sha256:abc": "registry.example:5000/old",
  };
  assert.deepEqual(Object.fromEntries(Object.keys(names).map((image) => [image, imageName(image)])), names);
});

test("a field's name is taken apart whatever stands in the brackets", () => {
  const names = ["targetRevision", "helm.valueFiles", "helm.parameters[a.b[0].c]", "helm.parameters[two\nlines]", "plugin.env[X]"];
  assert.deepEqual(names.map(entry), [
    { group: "targetRevision", name: "" },
    { group: "helm.valueFiles", name: "" },
    { group: "helm.parameters", name: "a.b[0].c" },
    { group: "helm.parameters", name: "two\nlines" },
    { group: "plugin.env", name: "X" },
  ]);
});

const sources: Source[] = [
  { name: "a", repoURL: "https://mara:s3cret@git.example/a.git", path: "x", targetRevision: "main" },
  { name: "b", repoURL: "https://git.example/b.git", path: "x" },
  { name: "c", repoURL: "https://git.example/b.git", path: "y" },
  { repoURL: "https://charts.example", chart: "checkout" },
];
const listed =
  "name a, repoURL https://git.example/a.git, path x; name b, repoURL https://git.example/b.git, path x; name c, repoURL https://git.example/b.git, path y; repoURL https://charts.example, chart checkout";
for (const [what, of, selector, picked] of [
  ["by name", sources, { name: "b" }, 1],
  ["by repository and path", sources, { repoURL: "https://git.example/b.git", path: "y" }, 2],
  ["by repository and chart", sources, { repoURL: "https://charts.example", chart: "checkout" }, 3],
  ["as the only one", sources.slice(3), undefined, 0],
  [
    "by nothing, when there are several: refused, without the password",
    sources,
    undefined,
    `it has 4 sources: say which one in application.source of the Environment (${listed})`,
  ],
  [
    "by what matches two",
    sources,
    { repoURL: "https://git.example/b.git" },
    `2 of its sources match application.source {"repoURL":"https://git.example/b.git"}; its sources: ${listed}`,
  ],
  ["by what matches none", sources, { name: "z" }, `it has no source that matches application.source {"name":"z"}; its sources: ${listed}`],
  ["of none", [], undefined, "it has 0 sources: say which one in application.source of the Environment (none)"],
] as const) {
  test(`a source is picked ${what}`, () => {
    const found = pick(of, selector);
    assert.deepEqual("fault" in found ? found.fault : found.index, picked);
  });
}

test("text loses the user and password of every URL in it, and nothing else", () => {
  assert.equal(
    withoutCredentials("fetch https://mara:s3cret@git.example/a.git and ssh://git@host/b: mail mara@example.org"),
    "fetch https://git.example/a.git and ssh://host/b: mail mara@example.org",
  );
});

/** Everything that can be steered, each possibly absent. */
const value = fc.stringMatching(/^[a-z0-9.]{0,6}$/);
const anyValues = fc.record(
  {
    targetRevision: fc.option(value),
    "helm.valueFiles": fc.option(fc.array(value, { minLength: 1, maxLength: 3 })),
    "helm.ignoreMissingValueFiles": fc.option(fc.boolean()),
    "helm.parameters[image.tag]": fc.option(fc.record({ value, forceString: fc.constant(true) }, { requiredKeys: ["value"] })),
    "helm.parameters[x]": fc.option(fc.record({ value })),
    "kustomize.images[a]": fc.option(value.map((tag) => `a=b:${tag}`)),
    "plugin.env[X]": fc.option(value),
  },
  { requiredKeys: [] },
);
const anySource = fc.record(
  {
    repoURL: fc.constant("https://git.example/a.git"),
    path: fc.constant("chart"),
    targetRevision: value,
    helm: fc.record(
      {
        releaseName: fc.constant("kept"),
        valueFiles: fc.array(value, { minLength: 1, maxLength: 3 }),
        ignoreMissingValueFiles: fc.constant(true),
        parameters: fc.uniqueArray(fc.record({ name: fc.constantFrom("image.tag", "x", "other"), value }), {
          selector: ({ name }) => name,
          minLength: 1,
        }),
      },
      { requiredKeys: ["releaseName"] },
    ),
    kustomize: fc.record({ images: fc.uniqueArray(fc.constantFrom("a:1", "other:2"), { minLength: 1 }) }),
    plugin: fc.record(
      {
        name: fc.constant("cmp"),
        env: fc.uniqueArray(fc.record({ name: fc.constantFrom("X", "OTHER"), value }), { selector: ({ name }) => name, minLength: 1 }),
      },
      { requiredKeys: ["name"] },
    ),
  },
  { requiredKeys: ["repoURL"] },
);

test("what is written is held, and going back to what was held before restores every value and touches nothing else", () => {
  fc.assert(
    fc.property(anySource, anyValues, (source, wanted) => {
      const before = held(source, wanted);
      const after = withValues(source, wanted) as Source;
      assert.ok(sameValues(held(after, wanted), wanted), "it holds what was written");
      const back = withValues(after, before) as Source;
      assert.ok(sameValues(held(back, wanted), before), "it holds what it held");
      const rest = ({ helm, kustomize, plugin, repoURL, path }: Source): unknown => [
        repoURL,
        path,
        (helm as { releaseName?: string } | undefined)?.releaseName,
        helm?.parameters?.filter(({ name }) => name === "other"),
        kustomize?.images?.filter((image) => image.startsWith("other")),
        (plugin as { name?: string } | undefined)?.name,
        plugin?.env?.filter(({ name }) => name === "OTHER"),
      ];
      const others = (one: Source): unknown => JSON.parse(JSON.stringify(rest(one)).replaceAll("[]", "null"));
      assert.deepEqual([others(after), others(back)], [others(source), others(source)]);
      for (const field of ["targetRevision", "helm.valueFiles", "helm.parameters[x]", "plugin.env[X]"])
        if (!(field in wanted)) assert.deepEqual(held(after, { [field]: null }), held(source, { [field]: null }));
    }),
    { numRuns: 500 },
  );
});

test("values are the same whether an absent one is null, false or left out", () => {
  const base = { targetRevision: "a", "helm.parameters[x]": { value: "1" } };
  const variants = [
    { ...base, "helm.ignoreMissingValueFiles": false },
    { ...base, "helm.ignoreMissingValueFiles": null },
    { ...base, "helm.parameters[x]": { value: "1", forceString: false } },
  ];
  assert.deepEqual(
    variants.map((one) => sameValues(base, one)),
    [true, true, true],
  );
  const others = [
    { ...base, targetRevision: "b" },
    { ...base, "helm.parameters[x]": { value: "1", forceString: true } },
    { ...base, "helm.valueFiles": [] },
    { targetRevision: "a" },
  ];
  assert.deepEqual(
    others.map((one) => sameValues(base, one)),
    [false, false, false, false],
  );
});
