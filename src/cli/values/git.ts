import { spawnSync } from "node:child_process";
import { visible } from "./tree.ts";
import { Wrong } from "../wrong.ts";

const LARGEST = 512 * 1024 * 1024;

/** What git prints; undefined when it fails. Arguments go to it one by one, past every shell. */
export function attempt(folder: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = run(folder, args);
  return status === 0 ? stdout : undefined;
}

/** What git prints. Throws Wrong with its own words when it fails. */
export function git(folder: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = run(folder, args);
  if (status === 0) return stdout;
  if (error !== undefined && "code" in error && error.code === "ENOENT") throw new Wrong("git is not installed: --revision needs it");
  const said = visible(stderr.trim().split("\n", 1)[0] ?? "") || String(error?.message ?? "it failed");
  throw new Wrong(`git ${args[0] ?? ""} in ${folder}: ${said}`);
}

function run(folder: string, args: readonly string[]) {
  // In a hook these name the repository of the hook.
  const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE: ___, ...others } = process.env;
  const env = { ...others, LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0" };
  return spawnSync("git", args, { cwd: folder, env, encoding: "utf8", maxBuffer: LARGEST, stdio: ["ignore", "pipe", "pipe"] });
}
