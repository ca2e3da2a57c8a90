import assert from "node:assert/strict";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { before, test } from "node:test";
import { VERSION } from "#cli/version.ts";
import { bundle, NODE, type Bundle } from "#tools/pack/bundle.ts";
import { contents, type Contents } from "#tools/pack/contents.ts";
import { notices, part, type Part } from "#tools/pack/licences.ts";
import { root } from "#tools/tasks/command.ts";

/** What `npm run pack` makes; that it installs and runs is in test/integration/pack.test.ts. */

let made: Contents;
let library: Bundle;
before(async () => {
  made = await contents();
  // What commands load when they speak to an API server.
  library = await bundle("src/kube/http.ts");
});

test("the bundle imports nothing but modules of Node", () => {
  for (const { imports } of [made.bundle, library]) {
    assert.deepEqual(
      imports.filter((name) => !isBuiltin(name)),
      [],
    );
    assert.ok(imports.includes("node:fs"));
  }
});

test("of client-node it has what is used, and not a class for every API of Kubernetes", () => {
  assert.ok(library.packages.includes("node_modules/@kubernetes/client-node"));
  assert.deepEqual(
    ["HttpTransport", "loadFromDefault", "listNamespacedPod"].filter((name) => library.code.includes(name)),
    ["HttpTransport", "loadFromDefault"],
  );
});

test("of this project's own package.json it has the version", () => {
  assert.deepEqual(
    [VERSION, "devDependencies", "test:mutation"].filter((word) => made.bundle.code.includes(`"${word}"`)),
    [VERSION],
  );
});

test("every package in it is named with its version and the text of its licence", () => {
  const text = made.files.get("THIRD-PARTY-LICENSES.txt") ?? "";
  assert.ok(made.parts.length > 0);
  for (const { name, version, licence, text: own = "" } of made.parts) {
    assert.ok(text.includes(`\n${name} ${version} (${licence})\n`), name);
    assert.ok(text.includes(own), name);
  }
});

test("packages with one text share it, and one without says so", () => {
  const one = (name: string, text: string | undefined): Part => ({ name, version: "1.0.0", licence: "MIT", node: undefined, text });
  const line = "-".repeat(80);
  assert.equal(
    notices([one("a", "Do what you like."), one("b", undefined), one("c", "Do what you like.")]),
    [
      ...["conductor.mjs has these packages in it.", "", line, ""],
      ...["a 1.0.0 (MIT)", "c 1.0.0 (MIT)", "", "Do what you like.", "", line, ""],
      ...["b 1.0.0 (MIT)", "", "This package brings no text of its licence. Its package.json says: MIT.", ""],
    ].join("\n"),
  );
});

test("every package in it may be handed on, and runs on the Node that is asked for", () => {
  for (const folder of [...made.bundle.packages, ...library.packages]) {
    const { name, node = ">=0" } = part(join(root, folder));
    // Alternatives such as ^18 || >=20: the last one is the newest.
    const [, least = "0"] = />= ?(\d+)[^|]*$/.exec(node) ?? [];
    assert.ok(Number(least) < NODE, `${name} needs Node ${node}`);
  }
});

test("installing it asks no registry and runs no script", () => {
  const manifest: Readonly<Record<string, unknown>> = JSON.parse(made.files.get("package.json") ?? "");
  for (const field of ["dependencies", "optionalDependencies", "peerDependencies", "scripts"])
    assert.equal(manifest[field], undefined, field);
  assert.deepEqual(manifest["engines"], { node: `>=${NODE}` });
  assert.ok(made.files.get("README.md")?.includes(`Node ${NODE} or newer`));
});
