import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { text } from "#api/rules.ts";
import { outputs, stale, write } from "#tools/generate/outputs.ts";
import { structural } from "#tools/generate/structural.ts";

const root = join(import.meta.dirname, "..", "..", "..");

test("the committed files are what the generator makes of src/api", () => {
  assert.deepEqual(stale(root), []);
  for (const [path, content] of outputs()) assert.equal(readFileSync(join(root, path), "utf8"), content);
});

test("a changed, a missing and a left-over file are each named with what to do", () => {
  const folder = mkdtempSync(join(tmpdir(), "release-conductor-generate-"));
  try {
    write(folder);
    assert.deepEqual(stale(folder), []);
    writeFileSync(join(folder, "crds/conductor.dev_environments.yaml"), "edited");
    rmSync(join(folder, "crds/conductor.dev_releaseruns.yaml"));
    writeFileSync(join(folder, "crds/old.yaml"), "");
    assert.deepEqual(stale(folder).sort(), [
      "crds/conductor.dev_environments.yaml is out of date: run npm run generate",
      "crds/conductor.dev_releaseruns.yaml is missing: run npm run generate",
      "crds/old.yaml is generated from nothing any more: run npm run generate",
    ]);
    write(folder);
    assert.deepEqual(stale(folder), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a rule of text becomes CEL with its message, and the pattern goes", () => {
  assert.deepEqual(structural(z.object({ a: text(9, /^a+$/, "only a") }), "x"), {
    type: "object",
    properties: { a: { type: "string", maxLength: 9, "x-kubernetes-validations": [{ rule: "self.matches(r'^a+$')", message: "only a" }] } },
    required: ["a"],
  });
});

test("a rule of a map's keys becomes a rule of the map", () => {
  assert.deepEqual(structural(z.record(text(9, /^a+$/, "only a"), z.string().max(3)).meta({ maxProperties: 4 }), "x"), {
    type: "object",
    additionalProperties: { type: "string", maxLength: 3 },
    maxProperties: 4,
    "x-kubernetes-validations": [
      { rule: "self.all(key, size(key) <= 9)", message: "a key has at most 9 characters" },
      { rule: "self.all(key, key.matches(r'^a+$'))", message: "only a" },
    ],
  });
});

test("a whole number is int64 without the bounds of a double", () => {
  assert.deepEqual(structural(z.int(), "x"), { type: "integer", format: "int64" });
  assert.deepEqual(structural(z.int().min(1).max(5), "x"), { type: "integer", format: "int64", minimum: 1, maximum: 5 });
});

test("a default makes a field optional and is kept, nested ones too", () => {
  const inner = z.object({ b: z.enum(["x", "y"]).prefault("x") });
  assert.deepEqual(structural(z.object({ a: inner.prefault({}) }), "x"), {
    type: "object",
    properties: { a: { type: "object", default: {}, properties: { b: { type: "string", enum: ["x", "y"], default: "x" } } } },
  });
});

const impossible: readonly (readonly [what: string, schema: z.ZodType, error: RegExp])[] = [
  ["a text without a bound", z.object({ a: z.string() }), /^Error: x\.a: every string needs maxLength or enum$/],
  ["a list without a bound", z.object({ a: z.array(z.boolean()) }), /^Error: x\.a: every array needs maxItems$/],
  ["a map without a bound", z.object({ a: z.record(z.string().max(5), z.boolean()) }), /^Error: x\.a: every object needs maxProperties$/],
  ["a text without a bound inside a list", z.object({ a: z.array(z.object({ b: z.string() })).max(2) }), /^Error: x\.a\[\]\.b: /],
  ["a union", z.object({ a: z.union([z.boolean(), z.int()]) }), /^Error: x\.a: a structural schema cannot say anyOf/],
];
for (const [what, schema, error] of impossible) {
  test(`${what} is refused with its path`, () => assert.throws(() => structural(schema, "x"), error));
}
