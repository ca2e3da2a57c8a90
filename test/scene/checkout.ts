import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "#plane/command.ts";

/** A work tree of a bare repository, with git as a person uses it. */
export class Checkout {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async of(url: string, folder: string): Promise<Checkout> {
    await run("git", ["clone", "--quiet", url, folder], IDENTITY);
    return new Checkout(folder);
  }

  /** Writes files (null deletes), commits and pushes. Resolves with the commit. */
  async commit(files: Readonly<Record<string, string | null>>, message: string): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      const at = join(this.#folder, path);
      if (text === null) await rm(at);
      else {
        await mkdir(dirname(at), { recursive: true });
        await writeFile(at, text);
      }
    }
    await this.#git("add", "--all");
    await this.#git("commit", "--quiet", "--message", message);
    return this.#push();
  }

  /** Undoes the newest commit by another one, and pushes it. */
  async revert(): Promise<string> {
    await this.#git("revert", "--no-edit", "HEAD");
    return this.#push();
  }

  async #push(): Promise<string> {
    await this.#git("push", "--quiet", "origin", "HEAD:main");
    return (await this.#git("rev-parse", "HEAD")).trim();
  }

  #git(...args: readonly string[]): Promise<string> {
    return run("git", ["-C", this.#folder, ...args], IDENTITY);
  }
}

/** Nothing of the developer's git configuration has a say. */
const IDENTITY = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Alice",
  GIT_AUTHOR_EMAIL: "alice@example.com",
  GIT_COMMITTER_NAME: "Alice",
  GIT_COMMITTER_EMAIL: "alice@example.com",
};
