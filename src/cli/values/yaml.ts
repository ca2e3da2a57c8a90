import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Alias,
  type Document,
  type Scalar as YamlScalar,
} from "yaml";
import { mapOf, scalar, type MapTree, type Scalar, type Tree } from "./tree.ts";

/**
 * Reads a values file as helm does: by sigs.k8s.io/yaml, which is YAML 1.1 as go.yaml.in/yaml/v2 has it (yes and on are true, 010 is
 * eight, a date is a text), turned into JSON. Of several documents the first counts.
 */

export interface Faulty {
  readonly fault: string;
}

const MOST = 1_000_000;
const DEEPEST = 500;

/** The values in `text`; or what is wrong with it, with line and column. */
export function valuesIn(text: string, from: string): MapTree | Faulty {
  // Only the form is the parser's matter: what a plain word means is said below.
  const documents = parseAllDocuments(text, { schema: "failsafe", uniqueKeys: false, merge: false });
  const first = Array.isArray(documents) ? documents[0] : undefined;
  if (first === undefined || first.contents === null) return mapOf([], from);
  const [error] = first.errors;
  if (error !== undefined) {
    const { line, col } = error.linePos?.[0] ?? { line: 1, col: 1 };
    const what = error.message.split("\n", 1)[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "";
    return { fault: `line ${line}, column ${col}: ${what}` };
  }
  const tree = new Reading(first, text, from).read();
  if ("fault" in tree) return tree;
  if (tree.kind === "Scalar" && tree.value === null) return mapOf([], from);
  if (tree.kind !== "Map")
    return { fault: `it holds a ${tree.kind === "List" ? "list" : "single value"} where helm needs keys and values` };
  return tree;
}

class Stopped extends Error {}

class Reading {
  readonly #document: Document;
  readonly #text: string;
  readonly #from: string;
  #count = 0;

  constructor(document: Document, text: string, from: string) {
    this.#document = document;
    this.#text = text;
    this.#from = from;
  }

  read(): Tree | Faulty {
    try {
      return this.#tree(this.#document.contents, 0);
    } catch (error) {
      if (error instanceof Stopped) return { fault: error.message };
      throw error;
    }
  }

  #tree(node: unknown, depth: number): Tree {
    this.#count += 1;
    // Aliases of aliases grow without end; helm's parser stops, too.
    if (this.#count > MOST || depth > DEEPEST) throw new Stopped("it grows too large where its aliases are put in");
    if (isAlias(node)) return this.#tree(this.#resolved(node), depth + 1);
    if (isSeq(node)) return { kind: "List", items: node.items.map((item) => this.#tree(item, depth + 1)), from: this.#from };
    if (isMap(node)) {
      const entries = new Map<string, Tree>();
      for (const pair of node.items) {
        if (isMerge(pair.key)) this.#merge(pair.value, entries, depth);
        else entries.set(this.#key(pair.key), this.#tree(pair.value, depth + 1));
      }
      return { kind: "Map", entries, from: this.#from };
    }
    if (isPair(node)) return this.#tree(node.value, depth + 1);
    return scalar(isScalar(node) ? meaning(node) : null, this.#from);
  }

  /** `<<` counts where it stands: what comes after it wins, and it wins over what was before. */
  #merge(value: unknown, into: Map<string, Tree>, depth: number): void {
    const resolved = isAlias(value) ? this.#resolved(value) : value;
    // Of several the first has the last word.
    for (const one of isSeq(resolved) ? resolved.items.toReversed() : [resolved]) {
      const tree = this.#tree(one, depth + 1);
      if (tree.kind !== "Map") throw new Stopped(`${this.#place(one)}: << takes a map, or a list of maps`);
      for (const [key, item] of tree.entries) into.set(key, item);
    }
  }

  #key(node: unknown): string {
    const resolved = isAlias(node) ? this.#resolved(node) : node;
    if (!isScalar(resolved)) throw new Stopped(`${this.#place(resolved)}: a key must be a text`);
    const key = meaning(resolved);
    if (key === null) throw new Stopped(`${this.#place(resolved)}: a key must not be null: put it in quotes`);
    return String(key);
  }

  #resolved(alias: Alias): unknown {
    const node = alias.resolve(this.#document);
    if (node === undefined) throw new Stopped(`${this.#place(alias)}: there is no anchor ${alias.source}`);
    return node;
  }

  #place(node: unknown): string {
    const at = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    const before = this.#text.slice(0, at).split("\n");
    return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  }
}

function isMerge(key: unknown): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.value === "<<" && key.tag === undefined;
}

function meaning(node: YamlScalar): Scalar {
  const text = String(node.value);
  if (node.type !== "PLAIN" || node.tag === "tag:yaml.org,2002:str") return text;
  return resolved(text);
}

const WORDS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
]);
const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/** What a word without quotes means. Numbers become doubles, as helm has them from JSON. */
export function resolved(text: string): Scalar {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  const digits = text.replaceAll("_", "");
  const [, sign = "", whole] = INTEGER.exec(digits) ?? [];
  if (whole !== undefined && /^[-+.\d]/.test(text)) {
    const octal = /^0[oO]?([0-7]+)$/.exec(whole)?.[1];
    const size = octal === undefined ? Number(whole) : Number.parseInt(octal, 8);
    return sign === "-" && size !== 0 ? -size : size;
  }
  if (/^[-+.\d]/.test(text) && FLOAT.test(digits)) return Number(digits);
  return text;
}
