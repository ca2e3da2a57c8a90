import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { command, root } from "../tasks/command.ts";
import { contents, EXECUTABLES } from "./contents.ts";

/** `npm run pack`: dist/npm/ and the tarball beside it, or both below another folder. */

const [folder = join(root, "dist")] = process.argv.slice(2);
const unpacked = join(resolve(folder), "npm");
rmSync(unpacked, { recursive: true, force: true });
mkdirSync(unpacked, { recursive: true });
const { files, parts } = await contents();
for (const [name, text] of files) {
  writeFileSync(join(unpacked, name), text);
  console.log(`${(Buffer.byteLength(text) / 1024).toFixed(0).padStart(6)} kB  ${name}`);
}
for (const name of EXECUTABLES) chmodSync(join(unpacked, name), 0o755);
const { code, output } = await command("npm", ["pack", unpacked, "--pack-destination", resolve(folder), "--silent"]);
console.log(code === 0 ? `${join(resolve(folder), output.trim())}: ${parts.length} packages are bundled, none is asked for` : output);
process.exitCode = code;
