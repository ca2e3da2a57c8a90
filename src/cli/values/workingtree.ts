import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join as joined, relative, resolve, sep } from "node:path";
import { Wrong } from "../wrong.ts";
import { attempt } from "./git.ts";
import { byName, join, type Entry, type Look, type Repository } from "./repository.ts";

/** The chart as it lies in a directory, changes that are not committed included. Throws Wrong when there is none. */
export function workingTree(path: string): Repository {
  const folder = resolve(path);
  if (!existsSync(joined(folder, "Chart.yaml"))) throw new Wrong(noChart(path, folder));
  const chart = realpathSync(folder);
  const top = topOf(chart);
  return new WorkingTree(top ?? chart, chart, top !== undefined);
}

/** The root of the repository that holds a directory, even one that is gone by now; undefined when there is none. */
export function topOf(folder: string): string | undefined {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const top = attempt(there, "rev-parse", "--show-toplevel")?.replace(/\n$/, "");
  return top === undefined || top === "" ? undefined : realpathSync(top);
}

function noChart(path: string, folder: string): string {
  const what = existsSync(folder) ? "holds no Chart.yaml" : "is not there";
  return `there is no chart in ${path}: it ${what}; name the chart's directory with --chart`;
}

class WorkingTree implements Repository {
  readonly what = "the working tree";
  readonly chart: string;
  readonly rooted: boolean;
  readonly #root: string;

  constructor(root: string, chart: string, rooted: boolean) {
    this.#root = root;
    this.rooted = rooted;
    this.chart = relative(root, chart).split(sep).join("/");
  }

  look(path: string): Look {
    const file = joined(this.#root, path);
    if (!existsSync(file)) return { kind: "Missing" };
    const real = realpathSync(file);
    if (real !== this.#root && !real.startsWith(this.#root + sep)) return { kind: "Outside" };
    return statSync(real).isDirectory() ? { kind: "Directory" } : { kind: "File", text: readFileSync(real, "utf8") };
  }

  entries(path: string): readonly Entry[] {
    const folder = joined(this.#root, path);
    if (!isDirectory(folder)) return [];
    return readdirSync(folder, { withFileTypes: true })
      .map((entry) => ({
        name: entry.name,
        isDirectory: entry.isSymbolicLink() ? isDirectory(joined(this.#root, join(path, entry.name))) : entry.isDirectory(),
      }))
      .toSorted(byName);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
