import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { root } from "../tasks/command.ts";

export interface Bundle {
  /** JavaScript that needs nothing but Node. */
  readonly code: string;
  /** Folders below node_modules of all packages that are in it. */
  readonly packages: readonly string[];
  /** What it still imports: modules of Node. */
  readonly imports: readonly string[];
}

/** The oldest Node that it runs on: before, a regular expression could not leave case out of account in a part of it. */
export const NODE = 24;
/** Still read by a Node that is too old, so that it can say so. */
const READABLE = "node20.12";

const BANNER = [
  "#!/usr/bin/env node",
  // Libraries of CommonJS ask for Node's own modules by require.
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
  `if(Number(process.versions.node.split(".")[0])<${NODE}){`,
  `process.stderr.write("conductor needs Node ${NODE} or newer, and this is "+process.version+"\\n");process.exit(2)}`,
];

/**
 * client-node's index takes in a class for every API of Kubernetes: 16 MB, none of which is used. Only these two files are, with
 * what they import; a name that is taken from elsewhere is an error of the build.
 */
const CLIENT_NODE = [
  'export { KubeConfig } from "./dist/config.js";',
  'export { HttpMethod, RequestContext } from "./dist/gen/http/http.js";',
].join("\n");

const slim: Plugin = {
  name: "client-node without its generated APIs",
  setup(build) {
    const folder = join(root, "node_modules/@kubernetes/client-node");
    build.onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({ path: "client-node", namespace: "slim", sideEffects: false }));
    build.onLoad({ filter: /^client-node$/, namespace: "slim" }, () => ({
      contents: CLIENT_NODE,
      resolveDir: folder,
    }));
    // The library debug would colour its lines by it, if somebody had installed it.
    build.onResolve({ filter: /^supports-color$/ }, ({ path }) => ({ path, namespace: "slim" }));
    build.onLoad({ filter: /^supports-color$/, namespace: "slim" }, () => ({ contents: "module.exports = undefined" }));
    // Modules of classes that nobody names have no effect of their own: they are left out.
    build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) =>
      resolveDir.startsWith(join(folder, "dist"))
        ? { path: createRequire(join(resolveDir, "x.js")).resolve(path), sideEffects: false }
        : undefined,
    );
  },
};

/** Of a package.json only the version is asked for. */
const versions: Plugin = {
  name: "versions",
  setup(build) {
    build.onLoad({ filter: /\/package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, "utf8"));
      return { contents: JSON.stringify({ version }), loader: "json" };
    });
  },
};

/**
 * Node loads a module of its own that is imported at the top before anything of ours runs, and node:http takes 20 ms. Required, it is
 * loaded when the first of ours runs that needs it.
 */
const late: Plugin = {
  name: "modules of Node are loaded when they are needed",
  setup(build) {
    build.onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === "import-statement" && isBuiltin(path) ? { path: path.replace(/^(node:)?/, "node:"), namespace: "node" } : undefined,
    );
    build.onLoad({ filter: /./, namespace: "node" }, ({ path }) => ({ contents: `module.exports = require(${JSON.stringify(path)})` }));
  },
};

/** The file at `entry` with all that it imports, as one module. What is imported by `import()` runs only when it is asked for. */
export async function bundle(entry: string, define: Readonly<Record<string, string>> = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    target: READABLE,
    define,
    // Half the size, and the names in a stack trace stay what they are in the source.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none", // they are in THIRD-PARTY-LICENSES.txt
    charset: "utf8",
    plugins: [late, slim, versions],
    logLevel: "error",
    banner: { js: BANNER.join("\n") },
  });
  const [file] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  if (file === undefined || output === undefined) throw new Error("esbuild made no file");
  const packages = Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    return folder === undefined || bytesInOutput === 0 ? [] : [folder];
  });
  const imports = output.imports.map(({ path }) => path);
  return { code: file.text, packages: [...new Set(packages)].toSorted(), imports: [...new Set(imports)].toSorted() };
}
