import { mkdir } from "node:fs/promises";
import { run } from "./command.ts";

/** A bare git repository on disk. */
export interface Repository {
  /** file:///… */
  readonly url: string;
  /** One commit on main: paths with their text, null to delete. No change is a commit too. Resolves with the full SHA. */
  commit(files: Readonly<Record<string, string | null>>, message?: string): Promise<string>;
  /** Lightweight unless `annotation` is given; at main's head unless `revision` is. */
  tag(name: string, options?: { readonly annotation?: string; readonly revision?: string }): Promise<void>;
}

/** Nothing of the developer's git configuration (signing, hooks, default branch) has a say. */
const environment = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Test Plane",
  GIT_AUTHOR_EMAIL: "plane@conductor.dev",
  GIT_COMMITTER_NAME: "Test Plane",
  GIT_COMMITTER_EMAIL: "plane@conductor.dev",
};

export async function createRepository(folder: string): Promise<Repository> {
  await mkdir(folder, { recursive: true });
  const git = (args: readonly string[], input?: Buffer) => run("git", ["-C", folder, ...args], environment, input);
  await git(["init", "--quiet", "--bare", "--initial-branch=main"]);
  let head: string | undefined;
  // Commits asked for at once follow each other.
  let last: Promise<unknown> = Promise.resolve();
  return {
    url: `file://${folder}`,
    commit(files, message = "change") {
      const commit = last.then(async () => {
        await git(["fast-import", "--quiet", "--force"], stream(files, message, head));
        head = (await git(["rev-parse", "refs/heads/main"])).trim();
        return head;
      });
      last = commit.catch(() => {});
      return commit;
    },
    async tag(name, { annotation, revision = "main" } = {}) {
      await git(["tag", "--force", ...(annotation === undefined ? [] : ["--annotate", "--message", annotation]), name, revision]);
    },
  };
}

/** git's own batch format: one process per commit, and no work tree. */
function stream(files: Readonly<Record<string, string | null>>, message: string, parent: string | undefined): Buffer {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const committer = `committer Test Plane <plane@conductor.dev> ${Math.floor(Date.now() / 1000)} +0000\n`;
  const changes = Object.entries(files).map(([path, text]) => (text === null ? `D ${path}\n` : `M 100644 inline ${path}\n${data(text)}`));
  const from = parent === undefined ? "" : `from ${parent}\n`;
  return Buffer.from(`commit refs/heads/main\n${committer}${data(message)}${from}${changes.join("")}\n`);
}
