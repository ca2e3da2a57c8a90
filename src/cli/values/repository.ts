/** Where a chart and its values files are read: paths have slashes, and begin at the repository's root. */
export interface Repository {
  /** What people call it. */
  readonly what: string;
  /** The chart's directory; "" for the root. */
  readonly chart: string;
  /** Whether the root is that of a repository, and not only the chart. */
  readonly rooted: boolean;
  look(path: string): Look;
  /** What a directory holds, in the order of names; nothing where there is none. */
  entries(path: string): readonly Entry[];
}

export type Look =
  | { readonly kind: "File"; readonly text: string }
  | { readonly kind: "Missing" }
  | { readonly kind: "Directory" }
  /** A link leads out of the repository. */
  | { readonly kind: "Outside" };

export interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

export function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
