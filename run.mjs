// The entry of every npm script. Plain JavaScript for any Node from 18 on: it installs the project's packages,
// finds the project's own Node among them, and starts the task with it.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const modules = join(root, "node_modules");
const stamp = join(modules, ".release-conductor");
const lock = join(root, ".npm-ci.lock");
const wanted = Number(/\d+/.exec(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node)[0]);

const digest = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
const installed = () => existsSync(stamp) && readFileSync(stamp, "utf8") === digest;

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Two tasks may start at once in one checkout: one installs, the other waits for it. */
function install() {
  const started = Date.now();
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (installed()) return;
      if (Date.now() - statSync(lock, { throwIfNoEntry: false })?.mtimeMs > 600_000) rmSync(lock, { recursive: true, force: true });
      if (Date.now() - started > 900_000) fail(`Another installation holds ${lock}; remove it if none is running.`);
      spawnSync(process.execPath, ["-e", "setTimeout(() => {}, 500)"]);
    }
  }
  try {
    if (installed()) return;
    console.error("installing packages (about half a minute the first time) …");
    // The machine's Node may be older than our packages ask for: they run on the Node that comes with them.
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    });
    writeFileSync(stamp, digest);
  } catch (error) {
    fail(`npm ci failed (${error.message}). Check that npm reaches its registry, then run this again.`);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function node() {
  const { platform, arch } = process;
  for (const name of [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`]) {
    const path = join(modules, name, "bin", "node");
    if (existsSync(path)) return path;
  }
  if (Number(process.versions.node.split(".")[0]) >= wanted) return process.execPath;
  return fail(
    `No Node ${wanted} for ${platform}-${arch} came from npm, and this one is ${process.version}. Install Node ${wanted} or newer.`,
  );
}

if (!installed()) install();
const bin = node();
const child = spawn(bin, [join(root, "tools", "tasks.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, PATH: `${dirname(bin)}:${process.env.PATH ?? ""}` },
});
// The child has the terminal's Ctrl-C already; it ends what it started, then we follow.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
