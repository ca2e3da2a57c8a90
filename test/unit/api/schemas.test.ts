import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { environmentCrd } from "#api/environment.ts";
import { releasePreviewCrd } from "#api/releasepreview.ts";
import { serviceReleaseCrd } from "#api/servicerelease.ts";
import { nodes } from "#tools/generate/schema.ts";
import { RESOURCES } from "#tools/generate/outputs.ts";
import { structural } from "#tools/generate/structural.ts";
import { refusedAt } from "./validator.ts";

const root = join(import.meta.dirname, "..", "..", "..");

for (const { kind, schema } of RESOURCES) {
  const whole = [...nodes(structural(schema.spec, "spec"), "spec"), ...nodes(structural(schema.status, "status"), "status")];

  suite(`the schema of ${kind} is one that the API server takes`, () => {
    test("every node has a type, and no word that a structural schema may not use", () => {
      for (const [path, node] of whole) {
        assert.ok(node.type !== undefined || node["x-kubernetes-int-or-string"] === true, path);
        for (const word of Object.keys(node)) assert.doesNotMatch(word, /^(\$|const|oneOf|anyOf|allOf|not|propertyNames|override)/, path);
      }
    });
    test("properties and additionalProperties never stand together", () => {
      for (const [path, node] of whole) assert.ok(node.properties === undefined || node.additionalProperties === undefined, path);
    });
    test("every key of a keyed list is required in its items", () => {
      for (const [path, node] of whole)
        for (const key of node["x-kubernetes-list-map-keys"] ?? []) assert.ok(node.items?.required?.includes(key), `${path}: ${key}`);
    });
    test("no default is required", () => {
      for (const [path, node] of whole) {
        for (const [name, child] of Object.entries(node.properties ?? {}))
          assert.ok(child.default === undefined || !node.required?.includes(name), `${path}.${name}`);
      }
    });
    test("every pattern is RE2: no look-around, no back-reference", () => {
      for (const [path, node] of whole)
        for (const { rule } of node["x-kubernetes-validations"] ?? []) assert.doesNotMatch(rule, /\(\?[=!<]|\\[1-9]/, path);
    });
    test("every rule has a sentence", () => {
      for (const [path, node] of whole)
        for (const rule of node["x-kubernetes-validations"] ?? []) assert.ok(rule.message ?? rule.messageExpression, path);
    });
  });
}

/** Good and bad values of one field, good ones often enough that whole specs are accepted, too. */
const some = (good: readonly unknown[], bad: readonly unknown[]) =>
  fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constantFrom(...bad) });
const maybe = fc.option;
const optional = { nil: undefined };
const names = some(["a", "eu-west-1", "0"], ["", "A", "a.b", 1, "x".repeat(64)]);
const texts = some(["a", "{{service}}", "{a,b}", "{{ cluster }}-x"], ["{{revision}}", "{{tag}}", 7, "x".repeat(2000)]);
const values = some(["a", "{{revision}}", "{{service}}:{{ revision }}"], ["{{tag}}", true, "x".repeat(2000)]);

const share = (least: 0 | 1) =>
  some([1, 7, "1%", "25%", "100%", ...(least === 0 ? [0, "0%"] : [])], [-1, "101%", "5", "", ...(least === 1 ? [0, "0%"] : [])]);
const soak = some(["0s", "15m", "1h30m"], ["1d", "0", 5]);
const numbers = { maxConcurrency: share(1), maxFailures: share(0), maxUnreachable: share(0), minSuccessTime: soak };
const overridable = {
  ...numbers,
  progressDeadline: some(["15m", "1h30m"], ["1d", "0s", 5]),
  onFailure: some(["RollBack", "Pause", "Continue"], ["Ignore"]),
  rollbackScope: some(["Run", "Target"], ["Wave"]),
  supersede: some(["Queue", "Replace"], [true]),
};
const wave = fc.record(
  {
    name: names,
    clusters: fc.record({ names: fc.uniqueArray(names, { maxLength: 2 }), count: share(1) }, { requiredKeys: [] }),
    ...numbers,
  },
  { requiredKeys: ["name"] },
);
const strategy = fc.record(
  {
    ...overridable,
    waves: fc.array(wave, { minLength: 1, maxLength: 3 }),
    rollbackWindow: fc.record({ revisions: some([0, 3, 10], [-1, 11, 1.5]), age: some(["1h"], ["0s"]) }, { requiredKeys: [] }),
    orderByLabel: some(["tier", "a/b"], ["", 1]),
    overridable: fc.uniqueArray(some(["onFailure", "maxFailures"], ["waves"]), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const release = fc.record(
  {
    service: names,
    environment: names,
    revision: some(["v1", "a".repeat(40), "1.x"], ["^1", "", "a b", 1]),
    clusters: maybe(
      fc.oneof(fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }), fc.array(names, { maxLength: 2 })),
      optional,
    ),
    strategy: fc.record(overridable, { requiredKeys: [] }),
  },
  { requiredKeys: ["service", "environment", "revision"] },
);
const application = fc.record(
  {
    name: texts,
    namespace: texts,
    targetRevision: values,
    source: fc.record({ name: some(["a"], ["", 1]), path: some(["a"], [""]) }, { requiredKeys: [] }),
    helm: fc.record(
      {
        valueFiles: fc.uniqueArray(texts, { minLength: 0, maxLength: 3 }),
        ignoreMissingValueFiles: some([true, false], ["yes"]),
        parameters: fc.dictionary(fc.constantFrom("tag", "a.b", "{{revision}}"), values, { maxKeys: 2 }),
      },
      { requiredKeys: [] },
    ),
    plugin: fc.record({ env: fc.dictionary(fc.constantFrom("TAG", "_a", "a-b"), values, { maxKeys: 2 }) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const notifications = fc.array(
  fc.record(
    {
      receiver: some(["slack", "a.b-c"], ["", "A", "-a"]),
      phases: fc.uniqueArray(some(["Started", "Finished"], ["Ended"]), { minLength: 1, maxLength: 2 }),
      templates: fc.record(
        { Started: some(["{{service}} {x}", "{{ approval }}"], ["{{cluster}}", "{{", "x".repeat(2000)]), Finished: some(["a\nb"], [1]) },
        { requiredKeys: [] },
      ),
      repository: some(["acme/checkout", "a/{{service}}/b", "{{ namespace }}/x"], ["acme", "a//b", "a/{{revision}}", "a/b?c", "../x y"]),
      comment: some([true], ["yes"]),
    },
    { requiredKeys: ["receiver"] },
  ),
  { minLength: 1, maxLength: 1 },
);
const environment = fc.record(
  {
    clusters: fc.array(
      fc.record(
        { name: names, selector: fc.record({ matchLabels: fc.dictionary(fc.constantFrom("a", "b/c"), names) }) },
        { requiredKeys: [] },
      ),
      { maxLength: 3 },
    ),
    revision: some(["Commit", "Tag"], ["Branch", 1]),
    application,
    strategy,
    notifications,
  },
  { requiredKeys: ["clusters", "application"] },
);

for (const [{ kind, schema }, arbitrary] of [
  [serviceReleaseCrd, release],
  [environmentCrd, environment],
  [releasePreviewCrd, fc.record({ release, environment: maybe(environment) }, { requiredKeys: ["release"] })],
] as const) {
  test(`zod and the CRD agree about every spec of a ${kind}`, () => {
    const crd = structural(schema.spec, "spec");
    const seen = { accepted: 0, refused: 0 };
    const property = fc.property(arbitrary, (drawn) => {
      const spec: unknown = JSON.parse(JSON.stringify(drawn)); // as it comes over the wire
      const { success, error } = schema.spec.safeParse(spec);
      const refused = refusedAt(crd, spec);
      // A set's duplicates are the API server's business alone.
      assert.equal(
        success && refused?.endsWith("duplicate") !== true,
        refused === undefined,
        `zod: ${error?.message ?? "ok"}; CRD: ${refused ?? "ok"}`,
      );
      seen[refused === undefined ? "accepted" : "refused"] += 1;
    });
    fc.assert(property, { numRuns: 1000 });
    assert.ok(seen.accepted > 50 && seen.refused > 50, JSON.stringify(seen));
  });
}

for (const [file, { schema }] of [
  ["environment.yaml", environmentCrd],
  ["servicerelease.yaml", serviceReleaseCrd],
] as const) {
  test(`examples/${file} is accepted by zod and by the schema`, () => {
    const { spec }: { spec: unknown } = parse(readFileSync(join(root, "examples", file), "utf8"));
    assert.ok(schema.spec.safeParse(spec).success);
    assert.equal(refusedAt(structural(schema.spec, "spec"), spec), undefined);
  });
}
