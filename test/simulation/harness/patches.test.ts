import assert from "node:assert/strict";
import { test } from "node:test";
import { carried, frozen, same, type Json } from "#simulation/json.ts";
import { jsonPatch, mergePatch, Misfit } from "#simulation/patches.ts";

const document: Json = { spec: { source: { targetRevision: "a", "a/b": 1, "m~n": 2 }, list: ["x", "y"] }, status: null };

const patched: readonly (readonly [name: string, operations: readonly object[], expected: Json])[] = [
  ["adds a member", [{ op: "add", path: "/new", value: 1 }], { ...document, new: 1 }],
  ["add replaces a member that is there", [{ op: "add", path: "/status", value: {} }], { ...document, status: {} }],
  [
    "removes a member",
    [{ op: "remove", path: "/spec/source/targetRevision" }],
    { ...document, spec: { source: { "a/b": 1, "m~n": 2 }, list: ["x", "y"] } },
  ],
  [
    "replaces a member whose name is escaped",
    [
      { op: "replace", path: "/spec/source/a~1b", value: 3 },
      { op: "replace", path: "/spec/source/m~0n", value: 4 },
    ],
    { ...document, spec: { source: { targetRevision: "a", "a/b": 3, "m~n": 4 }, list: ["x", "y"] } },
  ],
  [
    "inserts into a list",
    [{ op: "add", path: "/spec/list/1", value: "z" }],
    { ...document, spec: { source: { targetRevision: "a", "a/b": 1, "m~n": 2 }, list: ["x", "z", "y"] } },
  ],
  [
    "appends to a list",
    [{ op: "add", path: "/spec/list/-", value: "z" }],
    { ...document, spec: { source: { targetRevision: "a", "a/b": 1, "m~n": 2 }, list: ["x", "y", "z"] } },
  ],
  [
    "removes from a list",
    [{ op: "remove", path: "/spec/list/0" }],
    { ...document, spec: { source: { targetRevision: "a", "a/b": 1, "m~n": 2 }, list: ["y"] } },
  ],
  ["tests what holds", [{ op: "test", path: "/spec/list", value: ["x", "y"] }], document],
];
for (const [name, operations, expected] of patched) {
  test(`a JSON patch ${name}, and leaves the document as it is`, () => {
    const before = carried(document);
    assert.deepEqual(jsonPatch(before, carried(operations)), expected);
    assert.deepEqual(before, document);
  });
}

const misfits: readonly (readonly [name: string, operation: object])[] = [
  ["test what does not hold", { op: "test", path: "/spec/list/0", value: "y" }],
  ["replace what is not there", { op: "replace", path: "/spec/none", value: 1 }],
  ["remove what is not there", { op: "remove", path: "/spec/none" }],
  ["add below what is not there", { op: "add", path: "/metadata/labels", value: {} }],
  ["add beyond the end of a list", { op: "add", path: "/spec/list/3", value: 1 }],
  ["take a list's index with a leading zero", { op: "remove", path: "/spec/list/01" }],
  ["do what it does not know", { op: "move", path: "/spec", from: "/status" }],
];
for (const [name, operation] of misfits) {
  test(`a JSON patch does not ${name}`, () => assert.throws(() => jsonPatch(carried(document), carried([operation])), Misfit));
}

/** RFC 7386, appendix A. */
const merged: readonly (readonly [document: Json, patch: Json, expected: Json])[] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];
for (const [before, patch, expected] of merged) {
  test(`the merge patch ${JSON.stringify(patch)} makes ${JSON.stringify(expected)} of ${JSON.stringify(before)}`, () =>
    assert.deepEqual(mergePatch(carried(before), carried(patch)), expected));
}

test("what comes over the wire is a frozen copy without what JSON does not carry", () => {
  const inner = { kept: [1, { deep: true }], gone: undefined };
  const copy = carried({ inner });
  inner.kept.push(2);
  assert.deepEqual(copy, { inner: { kept: [1, { deep: true }] } });
  assert.throws(() => Object.assign(Object(copy), { more: 1 }), TypeError);
  assert.equal(same(copy, frozen({ inner: { kept: [1, { deep: true }] } })), true);
  assert.equal(same(copy, { inner: { kept: [1, { deep: false }] } }), false);
});
