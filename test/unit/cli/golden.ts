import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is said is what stands in golden/<name>. `UPDATE=1` writes what is said now: read it before you commit it. */
export function golden(name: string, said: string): void {
  const file = join(import.meta.dirname, "golden", name);
  if (process.env["UPDATE"] === "1") writeFileSync(file, said);
  assert.equal(said, readFileSync(file, "utf8"));
}
