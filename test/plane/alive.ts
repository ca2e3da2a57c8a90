import { readFileSync } from "node:fs";

/** A zombie is not alive: whether somebody reaps it is the machine's affair (a container's process 1 may not). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // No such folder here (macOS): the signal's answer stands.
    return true;
  }
}
