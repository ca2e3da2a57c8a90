import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mutants, mutated } from "./mutants.ts";

const all = mutants();
const source = (file: string): string => readFileSync(join(import.meta.dirname, "../..", file), "utf8");

for (const mutant of all)
  test(`mutant ${mutant.name} is the mistake that was meant: its text is there once`, () => {
    assert.notEqual(mutated(source(mutant.file), mutant), source(mutant.file));
  });

test("a mutant whose text is not there, or there twice, is an error", () => {
  const [mutant] = all;
  assert.ok(mutant !== undefined);
  assert.throws(() => mutated("nothing of it", mutant), /found 0 times/);
  assert.throws(() => mutated(`${mutant.text} ${mutant.text}`, mutant), /found 2 times/);
});

test("there are two mutants for each invariant from 1 to 9, and one for each trap", () => {
  for (const number of "123456789") assert.ok(all.filter(({ name }) => name.startsWith(`${number}-`)).length >= 2, number);
  for (const trap of "abcdefghi") assert.equal(all.filter(({ name }) => name.startsWith(`trap-${trap}-`)).length, 1, trap);
});
