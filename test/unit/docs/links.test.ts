import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { links, page, ROOT } from "./markdown.ts";

/** As GitHub makes them of headings. */
function anchors(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(/^```[\s\S]*?^```/gm, "").match(/^#+ .*$/gm) ?? [];
  const names = headings.map((heading) =>
    heading
      .replace(/^#+ /, "")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(names);
}

for (const file of ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...globSync("docs/**/*.md", { cwd: ROOT }).sort()]) {
  test(`the links in ${file} lead somewhere`, () => {
    const text = page(file);
    for (const { to } of links(text)) {
      if (/^https?:/.test(to)) continue;
      const [path = "", anchor] = to.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      assert.ok(existsSync(join(ROOT, target)), `${to}: ${target} is not there`);
      if (anchor !== undefined) assert.ok(anchors(page(target)).has(anchor), `${to}: there is no such heading`);
    }
  });
}
