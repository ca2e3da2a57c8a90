import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * A shell that outlives us for a moment: it reads the process groups we start from a pipe, and when the pipe closes,
 * for whatever reason (our exit, an exception, Ctrl-C, SIGKILL), it kills them and removes the folder. No signal
 * handlers are needed, and there is one way to end, which is therefore always tested.
 */
const script = `
trap '' INT TERM HUP QUIT
groups=
while read -r sign pid; do
  case $sign in
    +) groups="$groups $pid" ;;
    -) kept=
       for g in $groups; do [ "$g" = "$pid" ] || kept="$kept $g"; done
       groups=$kept ;;
  esac
done
for g in $groups; do kill -s KILL -- "-$g" 2>/dev/null; done
# Argo CD makes folders that even their owner cannot list; and who was just killed may still be in a write.
n=0
while [ -e "$1" ] && [ $n -lt 50 ]; do
  chmod -R u+rwx "$1" 2>/dev/null
  rm -rf "$1" 2>/dev/null || sleep 0.1
  n=$((n+1))
done
`;

export class Guard {
  readonly #shell: ChildProcess;

  /** `folder` is removed at the end. */
  constructor(folder: string) {
    // Its own session: the terminal's Ctrl-C must not reach it.
    this.#shell = spawn("/bin/sh", ["-c", script, "release-conductor-guard", folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
    });
    this.#shell.on("error", () => {});
    this.#shell.stdin?.on("error", () => {});
    // A forgotten plane must not keep a test process alive.
    this.#shell.unref();
  }

  get pid(): number | undefined {
    return this.#shell.pid;
  }

  add(group: number): void {
    this.#shell.stdin?.write(`+ ${group}\n`);
  }

  remove(group: number): void {
    this.#shell.stdin?.write(`- ${group}\n`);
  }

  /** Kills every group, removes the folder, and resolves when that is done. */
  async end(): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null || this.#shell.pid === undefined) return;
    this.#shell.ref();
    const exited = once(this.#shell, "exit");
    this.#shell.stdin?.end();
    await exited;
  }
}
