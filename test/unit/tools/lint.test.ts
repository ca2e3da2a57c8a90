import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";

/** The real linter with the real configuration over a small source tree: what it says, by file. */
const root = join(import.meta.dirname, "..", "..", "..");
const folder = mkdtempSync(join(tmpdir(), "release-conductor-lint-"));
const said = new Map<string, string>();

const FILES: Readonly<Record<string, string>> = {
  "src/engine/escape.ts": 'export * from "../fleet/fleet.ts";',
  "src/engine/dynamic.ts": 'export const fleet = () => import("#fleet/fleet.ts");',
  "src/engine/computed.ts": "export const load = (name: string) => import(name);",
  "src/engine/type.ts": 'export type Fleet = import("#fleet/fleet.ts").Fleet;',
  "src/engine/node.ts": 'import { readFileSync } from "node:fs";\nexport const read = readFileSync;',
  "src/argo/value.ts": 'import { Client } from "#kube/client.ts";\nexport const client = new Client();',
  "src/argo/type.ts": 'import type { Client } from "#kube/client.ts";\nexport type C = Client;',
  "src/kube/now.ts": "export const now = () => Date.now();",
  "src/kube/date.ts": "export const now = () => new Date();",
  "src/kube/parsed.ts": "export const at = (text: string) => [new Date(text), Date.parse(text)];",
  "src/kube/timer.ts": "export const later = (f: () => void) => setTimeout(f, 1);",
  "src/kube/global.ts": "export const later = (f: () => void) => globalThis.setTimeout(f, 1);",
  "src/kube/timers.ts": 'export { setTimeout } from "node:timers/promises";',
  "src/kube/signal.ts": "export const signal = () => AbortSignal.timeout(1);",
  "src/kube/clock.ts": "export const now = () => Date.now();",
  "src/kube/http.ts": "export const signal = () => AbortSignal.timeout(1);",
  "src/fleet/chance.ts": "export const chance = () => Math.random();",
  "src/fleet/uuid.ts": 'import { randomUUID } from "node:crypto";\nexport const id = () => randomUUID();',
  "src/fleet/hash.ts": 'import { createHash } from "node:crypto";\nexport const hash = () => createHash("sha256");',
  "src/controllers/print.ts": 'export const print = () => console.log("x");',
  "src/observe/print.ts": 'export const print = () => console.log("x");',
  "src/operator/long.ts": "export {};\n".repeat(301),
  "src/operator/short.ts": "export {};\n".repeat(300),
  "src/operator/any.ts": "export const f = (x: any) => x;",
  "src/operator/bang.ts": "export const f = (x?: string) => x!;",
};

before(() => {
  for (const path of ["oxlint.config.ts", "tools/lint", "package.json"]) cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, "node_modules/.bin/oxlint"), "--format=unix", "src"], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.match(stdout, /problems/, stderr);
  for (const line of stdout.split("\n")) {
    const path = line.split(":", 1)[0] ?? "";
    said.set(path, `${said.get(path) ?? ""}${line}\n`);
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

const REFUSED: Readonly<Record<string, RegExp>> = {
  "src/engine/escape.ts": /engine may import api, not src\/fleet/,
  "src/engine/dynamic.ts": /not src\/fleet/,
  "src/engine/computed.ts": /an import names its file/,
  "src/engine/type.ts": /not src\/fleet/,
  "src/engine/node.ts": /no node: modules/,
  "src/argo/value.ts": /kube's types only/,
  "src/kube/now.ts": /Date\.now/,
  "src/kube/date.ts": /machine's clock/,
  "src/kube/timer.ts": /setTimeout/,
  "src/kube/global.ts": /globalThis/,
  "src/kube/timers.ts": /node:timers/,
  "src/kube/signal.ts": /AbortSignal\.timeout/,
  "src/fleet/chance.ts": /Math\.random/,
  "src/fleet/uuid.ts": /randomUUID/,
  "src/controllers/print.ts": /no-console/,
  "src/operator/long.ts": /max-lines/,
  "src/operator/any.ts": /no-explicit-any/,
  "src/operator/bang.ts": /no-non-null-assertion/,
};
for (const path of Object.keys(FILES)) {
  const why = REFUSED[path];
  if (why === undefined) test(`lint accepts ${path}`, () => assert.equal(said.get(path) ?? "", ""));
  else test(`lint refuses ${path}: ${why.source}`, () => assert.match(said.get(path) ?? "nothing was said", why));
}
