import { spawn } from "node:child_process";

/** Runs a command to its end. Resolves with stdout; rejects with stderr in the message. */
export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string | Buffer,
): Promise<string> {
  const child = spawn(command, [...args], {
    stdio: "pipe",
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // It may end without reading its input; its exit code says so.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")} failed (exit code ${code}):\n${stderr.trim() || stdout.trim()}`));
    });
  });
}
