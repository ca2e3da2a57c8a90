import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Command } from "commander";
import { onCluster } from "#cli/command.ts";
import { conductor } from "../cli/terminal.ts";
import { page, ROOT } from "./markdown.ts";

/** docs/values.md shows what the commands in it print. UPDATE_GOLDEN=1 writes it anew. */

const file = "docs/values.md";
const BLOCK = /```\n\$ conductor (.*)\n([\s\S]*?)```\n/g;

test("docs/values.md shows what the commands in it print", async () => {
  const text = page(file);
  const printed: string[] = [];
  for (const [, args = ""] of text.matchAll(BLOCK)) {
    const { code, out, err } = await conductor(...args.replaceAll("examples/", `${join(ROOT, "examples")}/`).split(" "));
    assert.deepEqual([code, err], [0, ""]);
    printed.push(`\`\`\`\n$ conductor ${args}\n${out}\`\`\`\n`);
  }
  assert.equal(printed.length, 2);
  const blocks = printed.values();
  const made = text.replaceAll(BLOCK, (whole) => blocks.next().value ?? whole);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(join(ROOT, file), made);
  else assert.equal(text, made);
});

test("docs/values.md names every flag of the command", async () => {
  const { out } = await conductor("values", "--help");
  const flags = [...out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = ""]) => flag);
  // Which API server is asked is the same for every command; of some the letter is written.
  const others = ["--help", "--file", "--output", ...onCluster(new Command()).options.map(({ long }) => long)];
  const own = flags.filter((flag) => !others.includes(flag));
  assert.ok(own.length > 5, out);
  for (const flag of own) assert.ok(page(file).includes(`\`${flag}`), flag);
});
