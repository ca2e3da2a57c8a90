/** A value that helm can hold. Whole numbers of `--set` may be longer than a double is exact. */
export type Scalar = string | number | bigint | boolean | null;

/** Values, each with the file or parameter that it is from. Never changed: what is written anew shares the rest. */
export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: "Map";
  readonly entries: ReadonlyMap<string, Tree>;
  readonly from: string;
}

export interface ListTree {
  readonly kind: "List";
  readonly items: readonly Tree[];
  readonly from: string;
}

export interface ScalarTree {
  readonly kind: "Scalar";
  readonly value: Scalar;
  readonly from: string;
}

/** Values without where they are from, for programs. */
export type Plain = Exclude<Scalar, bigint> | readonly Plain[] | { readonly [key: string]: Plain };

export function mapOf(entries: Iterable<readonly [string, Tree]>, from: string): MapTree {
  return { kind: "Map", entries: new Map(entries), from };
}

export function scalar(value: Scalar, from: string): ScalarTree {
  return { kind: "Scalar", value, from };
}

export function isNull(tree: Tree): boolean {
  return tree.kind === "Scalar" && tree.value === null;
}

/** Keys in the order in which helm prints them. */
function sorted(tree: MapTree): readonly (readonly [string, Tree])[] {
  return [...tree.entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

export function plain(tree: Tree): Plain {
  switch (tree.kind) {
    case "Scalar":
      return shortened(tree.value);
    case "List":
      return tree.items.map(plain);
    case "Map":
      return Object.fromEntries(sorted(tree).map(([key, value]) => [key, plain(value)]));
  }
}

/** A whole number that is longer than a double is exact becomes a text: it keeps its digits. */
export function shortened(value: Scalar): Exclude<Scalar, bigint> {
  return typeof value === "bigint" ? String(value) : value;
}

/** A step into a tree: a key of a map, an index of a list. */
export type Step = string | number;

/** What stands at the end of a path: a scalar, or a map or a list that is empty. */
export interface Leaf {
  readonly steps: readonly Step[];
  readonly value: Scalar;
  /** Whether it is an empty map or list, and not the text that `value` shows. */
  readonly empty: boolean;
  readonly from: string;
}

export function leaves(tree: Tree, steps: readonly Step[] = []): readonly Leaf[] {
  switch (tree.kind) {
    case "Scalar":
      return [{ steps, value: tree.value, empty: false, from: tree.from }];
    case "List":
      if (tree.items.length === 0) return [{ steps, value: "[]", empty: true, from: tree.from }];
      return tree.items.flatMap((item, index) => leaves(item, [...steps, index]));
    case "Map":
      if (tree.entries.size === 0) return [{ steps, value: "{}", empty: true, from: tree.from }];
      return sorted(tree).flatMap(([key, value]) => leaves(value, [...steps, key]));
  }
}

/** A path as `helm --set` writes it: `a.b\.c[0]`. */
export function pathText(steps: readonly Step[]): string {
  return steps
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      const name = /^[\w-]+$/.test(step) ? step : visible(step.replaceAll(/[\\.,=[]/g, String.raw`\$&`));
      return `${index === 0 ? "" : "."}${name}`;
    })
    .join("");
}

/** A text without what would move a terminal's cursor or turn its letters around. */
export function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
