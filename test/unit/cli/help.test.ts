import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { conductor } from "./terminal.ts";

const { out: overview } = await conductor("--help");
const COMMANDS = [...overview.matchAll(/^ {2}([a-z-]+) (?:\[|<)/gm)].flatMap(([, name]) =>
  name === undefined || name === "help" ? [] : [name],
);

/** The flags that a line of shell gives, without a comment and what is in quotes. */
function flagsIn(line: string): readonly string[] {
  const bare = line.replace(/ #.*$/, "").replaceAll(/'[^']*'|"[^"]*"/g, "''");
  return [...bare.matchAll(/(?<= )--?[a-zA-Z][\w-]*/g)].map(([flag]) => flag);
}

test("there are all commands in the overview", () => assert.ok(COMMANDS.length >= 23, COMMANDS.join(" ")));

for (const name of COMMANDS)
  suite(`conductor ${name}`, () => {
    test("--help says how it is used, what it does and what is typed for instance", async () => {
      const { code, out, err } = await conductor(name, "--help");
      assert.deepEqual([code, err], [0, ""]);
      assert.match(out, new RegExp(`^Usage: conductor ${name} .*\\n\\n\\S.{10}`));
      const examples = [...out.matchAll(/^ {2}\$ (?:.*\| )?conductor (.+)$/gm)].map(([, line]) => line ?? "");
      assert.ok(examples.length > 0, "it has no example");
      for (const example of examples) {
        assert.equal(example.split(" ", 1)[0], name, example);
        // A flag that an example has and the command has not would be the first thing that a newcomer meets.
        for (const flag of flagsIn(example)) assert.match(out, new RegExp(`^ {2}(?:-\\w, )?${flag}\\b`, "m"), `${flag} in: ${example}`);
      }
    });

    test("a flag that it does not know is named, with exit code 2", async () => {
      // What a command cannot do without is asked for first.
      const needed = name === "simulate" ? ["-f", "environment.yaml"] : [];
      const { code, out, err } = await conductor(name, ...needed, "--explode");
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /^error: unknown option '--explode'\n/);
    });
  });

test("a flag that is nearly right is corrected", async () => {
  const { err } = await conductor("deploy", "--revison", "v1");
  assert.match(err, /Did you mean --revision\?/);
});
