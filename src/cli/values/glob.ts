import { join, type Repository } from "./repository.ts";

/**
 * Globs among valueFiles as Argo CD expands them, by github.com/bmatcuk/doublestar/v4: a directory's own files come before those of its
 * directories, each in the order of names; hidden files count.
 */

/** What Argo CD takes for a glob. */
export function isGlob(path: string): boolean {
  return /[*?[]/.test(path);
}

/** Paths that match, in the order in which helm is given them; undefined for a pattern that is not read here: with { in it, or broken. */
export function expand(pattern: string, repository: Pick<Repository, "entries" | "look">): readonly string[] | undefined {
  if (/[{}\\]/.test(pattern)) return undefined;
  const [last = "", ...folders] = pattern.split("/").toReversed();
  let found: readonly string[] = [""];
  for (const segment of folders.toReversed()) {
    const next = stepInto(found, segment, repository, true);
    if (next === undefined) return undefined;
    found = next;
  }
  return stepInto(found, last, repository, false);
}

function stepInto(
  folders: readonly string[],
  segment: string,
  repository: Pick<Repository, "entries" | "look">,
  onlyFolders: boolean,
): readonly string[] | undefined {
  if (segment === "**") return folders.flatMap((folder) => below(folder, repository, onlyFolders, 0));
  if (!isGlob(segment)) {
    const wanted = onlyFolders ? ["Directory"] : ["Directory", "File", "Outside"];
    return folders.map((folder) => join(folder, segment)).filter((path) => wanted.includes(repository.look(path).kind));
  }
  const matches = matcher(segment);
  if (matches === undefined) return undefined;
  return folders.flatMap((folder) =>
    repository
      .entries(folder)
      .filter(({ name, isDirectory }) => matches.test(name) && (isDirectory || !onlyFolders))
      .map(({ name }) => join(folder, name)),
  );
}

/** Links may lead in circles. */
const DEEPEST = 64;

function below(folder: string, repository: Pick<Repository, "entries">, onlyFolders: boolean, depth: number): readonly string[] {
  if (depth > DEEPEST) return [];
  const inside = repository.entries(folder).flatMap(({ name, isDirectory }): readonly string[] => {
    const path = join(folder, name);
    if (isDirectory) return below(path, repository, onlyFolders, depth + 1);
    return onlyFolders ? [] : [path];
  });
  return [folder, ...inside];
}

/** `*`, `?`, `[abc]`, `[a-z]`, `[^a]` and `[!a]` inside of one name; undefined when a bracket is not closed. */
function matcher(segment: string): RegExp | undefined {
  let source = "";
  for (let at = 0; at < segment.length; at += 1) {
    const letter = segment.charAt(at);
    if (letter === "*") source += ".*";
    else if (letter === "?") source += ".";
    else if (letter === "[") {
      const [whole, not = "", inside = ""] = /^\[(?![!^]\])([!^]?)([^\]]+)\]/.exec(segment.slice(at)) ?? [];
      if (whole === undefined) return undefined;
      source += `[${not === "" ? "" : "^"}${inside.replaceAll(/[[\]^\\&~|]/g, String.raw`\$&`)}]`;
      at += whole.length - 1;
    } else source += letter.replaceAll(/[\\^$.|?*+()[\]{}/]/g, String.raw`\$&`);
  }
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    return undefined;
  }
}
