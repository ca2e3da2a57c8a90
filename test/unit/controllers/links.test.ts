import assert from "node:assert/strict";
import { test } from "node:test";
import { Links } from "#controllers/links.ts";

test("who looks at something is found, and not when it looks elsewhere since, or at nothing", () => {
  const links = new Links();
  const at = (other: string): readonly string[] => [...links.at(other)];
  links.set("a", ["x", "y"]);
  links.set("b", ["x"]);
  assert.deepEqual([at("x"), at("y"), at("z")], [["a", "b"], ["a"], []]);
  links.set("a", ["z"]);
  assert.deepEqual([at("x"), at("y"), at("z")], [["b"], [], ["a"]]);
  links.set("b", []);
  assert.deepEqual([at("x"), at("z")], [[], ["a"]]);
});
