import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../tasks/command.ts";
import { bundle, NODE, type Bundle } from "./bundle.ts";
import { notices, part, type Part } from "./licences.ts";

/** What kubectl asks for the words of `kubectl conductor <TAB>`. */
const COMPLETE = "kubectl_complete-conductor";
/** The files that are run. */
export const EXECUTABLES: readonly string[] = ["conductor.mjs", COMPLETE];

export interface Contents {
  /** File → its text. */
  readonly files: ReadonlyMap<string, string>;
  readonly bundle: Bundle;
  /** What was bundled. */
  readonly parts: readonly Part[];
}

/** All files of the npm package. */
export async function contents(): Promise<Contents> {
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const made = await bundle("src/cli/main.ts");
  const parts = made.packages.map((folder) => part(join(root, folder)));
  const files = new Map([
    ["conductor.mjs", made.code],
    [COMPLETE, '#!/bin/sh\nexec conductor __complete "$@"\n'],
    ["package.json", `${JSON.stringify(manifest(JSON.parse(read("package.json"))), undefined, 2)}\n`],
    ["README.md", read("tools/pack/README.md")],
    ["LICENSE", read("LICENSE")],
    ["THIRD-PARTY-LICENSES.txt", notices(parts)],
  ]);
  return { files, bundle: made, parts };
}

/** What npm reads. Nothing is a dependency: installing it asks no registry, and runs no script. */
function manifest({ version, description, license }: { readonly [key: string]: unknown }): object {
  return {
    name: "@release-conductor/cli",
    version,
    description,
    license,
    type: "module",
    bin: { conductor: "conductor.mjs", "kubectl-conductor": "conductor.mjs", [COMPLETE]: COMPLETE },
    files: ["conductor.mjs", COMPLETE, "THIRD-PARTY-LICENSES.txt"],
    engines: { node: `>=${NODE}` },
    publishConfig: { access: "public" },
  };
}
