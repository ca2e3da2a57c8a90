import { existsSync, realpathSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import type { RevisionKind } from "#api/revision.ts";
import { Wrong } from "../wrong.ts";
import { attempt, git } from "./git.ts";
import { byName, join, type Entry, type Look, type Repository } from "./repository.ts";
import { topOf } from "./workingtree.ts";

/** What git takes for a revision, without what it would take for an option, a range or a path. */
const REVISION = /^[0-9A-Za-z_]([0-9A-Za-z._/+~^@{}-]*[0-9A-Za-z_+~^@}-])?$/;

interface Item {
  readonly mode: string;
  readonly object: string;
}

/** The commit that a revision is, 40 digits; where Environments take tags, of a tag alone. Throws Wrong. */
export function commitOf(chart: string, revision: string, kind: RevisionKind): string {
  const top = topOf(resolve(chart));
  if (top === undefined)
    throw new Wrong(`--revision: ${chart} is in no git repository: leave --revision out, or give --chart inside of one`);
  if (!REVISION.test(revision) || revision.includes(".."))
    throw new Wrong(`--revision ${JSON.stringify(revision)} is no revision: give a commit, a tag or a branch`);
  const name = kind === "Tag" ? `refs/tags/${revision}` : revision;
  const commit = attempt(top, "rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`)?.trim();
  if (commit === undefined)
    throw new Wrong(
      `--revision ${revision}: the repository of ${chart} has no such ${kind === "Tag" ? "tag" : "commit"}: git fetch it first`,
    );
  return commit;
}

/** The chart as it is in a commit; nothing is checked out. Throws Wrong when it is not in it. */
export function atCommit(path: string, commit: string): Repository {
  const top = topOf(resolve(path));
  if (top === undefined) throw new Wrong(`${path} is in no git repository`);
  const folder = existsSync(path) ? realpathSync(path) : resolve(path);
  const chart = relative(top, folder).split(sep).join("/");
  const items = new Map<string, Item>();
  for (const line of git(top, "ls-tree", "-r", "-z", "--full-tree", commit).split("\0")) {
    const [, mode, object, name] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    if (mode !== undefined && object !== undefined && name !== undefined) items.set(name, { mode, object });
  }
  const repository = new Commit(top, commit, chart, items);
  if (repository.look(join(chart, "Chart.yaml")).kind !== "File")
    throw new Wrong(`there is no chart in ${path} at ${commit.slice(0, 10)}: ${join(chart, "Chart.yaml")} is not in that commit`);
  return repository;
}

const LINK = "120000";

class Commit implements Repository {
  readonly what: string;
  readonly chart: string;
  readonly rooted = true;
  readonly #top: string;
  readonly #items: ReadonlyMap<string, Item>;
  readonly #folders: ReadonlyMap<string, ReadonlyMap<string, Entry>>;
  readonly #texts = new Map<string, string>();

  constructor(top: string, commit: string, chart: string, items: ReadonlyMap<string, Item>) {
    this.#top = top;
    this.what = `commit ${commit.slice(0, 10)}`;
    this.chart = chart;
    this.#items = items;
    this.#folders = foldersOf(items.keys());
  }

  look(path: string): Look {
    const real = this.#real(path);
    if (real === undefined) return { kind: "Outside" };
    const item = this.#items.get(real);
    if (item !== undefined) return { kind: "File", text: this.#text(item.object) };
    return this.#folders.has(real) ? { kind: "Directory" } : { kind: "Missing" };
  }

  entries(path: string): readonly Entry[] {
    const real = this.#real(path);
    const found = real === undefined ? undefined : this.#folders.get(real);
    return [...(found?.values() ?? [])]
      .map((entry) => ({ ...entry, isDirectory: entry.isDirectory || this.#folders.has(this.#real(join(path, entry.name)) ?? "\0") }))
      .toSorted(byName);
  }

  /** The path without links; undefined where one leads out, or in a circle. */
  #real(path: string): string | undefined {
    let todo = path.split("/");
    let done: string[] = [];
    for (let links = 0; todo.length > 0;) {
      const [step = "", ...rest] = todo;
      todo = rest;
      if (step === "" || step === ".") continue;
      if (step === "..") {
        if (done.length === 0) return undefined;
        done = done.slice(0, -1);
        continue;
      }
      const item = this.#items.get([...done, step].join("/"));
      if (item?.mode !== LINK) {
        done = [...done, step];
        continue;
      }
      links += 1;
      const target = this.#text(item.object);
      if (links > 10 || target.startsWith("/")) return undefined;
      todo = [...target.split("/"), ...todo];
    }
    return done.join("/");
  }

  #text(object: string): string {
    const known = this.#texts.get(object);
    if (known !== undefined) return known;
    const text = git(this.#top, "cat-file", "blob", object);
    this.#texts.set(object, text);
    return text;
  }
}

function foldersOf(paths: Iterable<string>): ReadonlyMap<string, ReadonlyMap<string, Entry>> {
  const folders = new Map<string, Map<string, Entry>>([["", new Map()]]);
  const put = (path: string, isDirectory: boolean): void => {
    const slash = path.lastIndexOf("/");
    const [parent, name] = [slash < 0 ? "" : path.slice(0, slash), path.slice(slash + 1)];
    const known = folders.get(parent);
    if (known === undefined) {
      folders.set(parent, new Map([[name, { name, isDirectory }]]));
      put(parent, true);
    } else known.set(name, { name, isDirectory });
  };
  for (const path of paths) put(path, false);
  return folders;
}
