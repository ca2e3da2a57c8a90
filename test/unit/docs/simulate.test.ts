import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "#cli/program.ts";
import { page, ROOT } from "./markdown.ts";
import { nowhere } from "../cli/terminal.ts";

/** The README shows what `npm run simulate` prints. UPDATE_GOLDEN=1 writes it anew. */

test("the README shows what the command in it prints", async () => {
  const text = page("README.md");
  const [block = "", args = "", shown = ""] = /```\n\$ npm run simulate -- (.*)\n([\s\S]*?)```\n/.exec(text) ?? [];
  let printed = "";
  const file = join(ROOT, "examples/environment.yaml");
  const quiet = { write: () => true };
  const out = { write: (part: string) => (printed += part) };
  const code = await run(["simulate", ...args.replace("examples/environment.yaml", file).split(" ")], {
    out,
    err: quiet,
    env: {},
    now: () => 0,
    ...nowhere,
  });
  assert.equal(code, 0);
  if (process.env["UPDATE_GOLDEN"] === "1")
    writeFileSync(
      join(ROOT, "README.md"),
      text.replace(block, () => `\`\`\`\n$ npm run simulate -- ${args}\n${printed}\`\`\`\n`),
    );
  else assert.equal(shown, printed);
});
