import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { test } from "node:test";
import { links, page, ROOT, rows } from "./markdown.ts";

/** docs/faults.md promises what a test proves: each of its lines names one that is there. */

for (const cells of rows(page("docs/faults.md"))) {
  const [fault = "", , proofs = ""] = cells;
  test(`docs/faults.md: "${fault}" is proved by what it names`, () => {
    assert.equal(cells.length, 3);
    const named = links(proofs);
    assert.ok(named.length > 0, "it names no test");
    for (const { text, to } of named) {
      const path = normalize(join("docs", to));
      assert.match(path, /^test\//);
      assert.ok(existsSync(join(ROOT, path)), `${path} is not there`);
      const content = readFileSync(join(ROOT, path), "utf8");
      if (path.endsWith(".log")) assert.equal(text, content.split("\n", 1)[0], path);
      else assert.ok(content.includes(text), `${path} has no test "${text}"`);
    }
  });
}

test("docs/faults.md has lines", () => assert.ok(rows(page("docs/faults.md")).length > 50));
