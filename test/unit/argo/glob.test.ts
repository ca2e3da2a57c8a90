import assert from "node:assert/strict";
import { test } from "node:test";
import { globMatches } from "#argo/glob.ts";

const cases: readonly (readonly [pattern: string, matches: readonly string[], not: readonly string[]])[] = [
  ["checkout", ["checkout"], ["", "checkout-eu", "a-checkout"]],
  ["*", ["", "a", "https://eu.example/a"], []],
  ["**", ["", "a/b"], []],
  ["*-prod", ["-prod", "a-prod"], ["prod", "a-prod-1"]],
  ["a*b*c", ["abc", "axxbyyc", "abbcc"], ["ab", "acb"]],
  ["?at", ["cat", "éat"], ["at", "chat"]],
  ["[abc]x", ["ax", "cx"], ["x", "dx", "[abc]x"]],
  ["[!abc]x", ["dx"], ["ax"]],
  ["[a-c]x", ["bx"], ["dx", "-x"]],
  ["[!a-c]x", ["dx", "-x"], ["bx"]],
  ["{eu,us}-{a*,}", ["eu-", "us-abc"], ["ap-", "eu", "eu-b"]],
  ["{a,{b,c}d}", ["a", "bd", "cd"], ["b", "ad"]],
  ["a,b", ["a,b"], ["a"]],
  ["a}", ["a}"], ["a"]],
  ["\\*", ["*"], ["a"]],
  ["{\\,,x}", [",", "x"], [""]],
  // Those that Argo CD cannot read match nothing.
  ["[a-cx]", [], ["a", "x", "[a-cx]"]],
  ["[]", [], ["", "[]"]],
  ["[c-a]", [], ["b"]],
  ["[a", [], ["a", "[a"]],
  ["{a,b", [], ["a", "{a,b"]],
  ["a\\", [], ["a", "a\\"]],
];
for (const [pattern, matches, not] of cases) {
  test(`the pattern ${pattern} matches what Argo CD matches with it`, () => {
    const matched = [...matches, ...not].filter((text) => globMatches(pattern, text));
    assert.deepEqual(matched, matches);
  });
}

test("a pattern of many stars takes no longer than a short one", () => {
  assert.equal(globMatches("*a".repeat(200), "a".repeat(199)), false);
  assert.equal(globMatches(`${"{a,aa}".repeat(60)}b`, "a".repeat(100)), false);
});
