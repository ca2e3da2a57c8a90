import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { duration, label, milliseconds, NAME_VARIABLES, template, VALUE_VARIABLES } from "#api/rules.ts";

const value = template(1024, "value", VALUE_VARIABLES);
const name = template(1024, "name", NAME_VARIABLES);

/** Text without double braces, a variable with any number of spaces. */
const plain = fc.string({ maxLength: 8 }).filter((text) => !text.includes("{"));
const variable = (of: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...of), fc.nat(2), fc.nat(2))
    .map(([word, before, behind]) => `{{${" ".repeat(before)}${word}${" ".repeat(behind)}}}`);
const mixed = (of: readonly string[]) => fc.array(fc.oneof(plain, variable(of)), { maxLength: 8 }).map((parts) => parts.join(""));

test("any text with known variables is accepted", () => {
  fc.assert(fc.property(mixed(VALUE_VARIABLES), (text) => value.safeParse(text).success));
  fc.assert(fc.property(mixed(NAME_VARIABLES), (text) => name.safeParse(text).success));
});

test("one unknown variable anywhere is refused", () => {
  const unknown = fc.stringMatching(/^[a-zA-Z.]{0,9}$/).filter((word) => !VALUE_VARIABLES.some((known) => known === word));
  fc.assert(
    fc.property(
      mixed(VALUE_VARIABLES),
      unknown,
      mixed(VALUE_VARIABLES),
      (before, word, behind) => !value.safeParse(`${before}{{${word}}}${behind}`).success,
    ),
  );
});

test("the revision is refused in every name", () => {
  fc.assert(
    fc.property(
      mixed(NAME_VARIABLES),
      mixed(NAME_VARIABLES),
      (before, behind) => !name.safeParse(`${before}{{revision}}${behind}`).success,
    ),
  );
});

for (const text of ["", "{a,b}", "{", "a{", "{a}{b}", "}}", "{}", "{{service}}{"]) {
  test(`a single brace is itself: ${JSON.stringify(text)}`, () => assert.ok(value.safeParse(text).success));
}
for (const text of ["{{", "{{}}", "{{ service", "{{service}", "{{{service}}}", "{{service.name}}", "{{Service}}"]) {
  test(`a broken variable is refused: ${text}`, () => assert.ok(!value.safeParse(text).success));
}

test("a duration of hours, minutes and seconds is read as its milliseconds", () => {
  const part = fc.integer({ min: 0, max: 999 });
  fc.assert(
    fc.property(part, part, part, (hours, minutes, seconds) => {
      fc.pre(hours + minutes + seconds > 0);
      const text = `${hours > 0 ? `${hours}h` : ""}${minutes > 0 ? `${minutes}m` : ""}${seconds > 0 ? `${seconds}s` : ""}`;
      assert.equal(duration("d").parse(text), text);
      assert.equal(milliseconds(text), ((hours * 60 + minutes) * 60 + seconds) * 1000);
    }),
  );
});
for (const text of ["", "0s", "15", "m", "1d", "1.5h", "-1m", "1m1h", "1h 30m", "1m1m", "15M"]) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.ok(!duration("d").safeParse(text).success));
}

for (const text of ["a", "eu-west-1", "0", "a".repeat(63)])
  test(`${text} is a DNS label`, () => assert.ok(label("x").safeParse(text).success));
for (const text of ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a".repeat(64)])
  test(`${JSON.stringify(text)} is no DNS label`, () => assert.ok(!label("x").safeParse(text).success));

test("a refusal is the sentence that the API server says, too", () => {
  const { error } = label("service").safeParse("A");
  assert.equal(
    error?.issues[0]?.message,
    "service must be a DNS label: at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit",
  );
});
