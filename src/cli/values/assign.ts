import { isNull, mapOf, scalar, type ListTree, type MapTree, type Scalar, type Step, type Tree } from "./tree.ts";

/**
 * A Helm parameter as Argo CD hands it to helm, `--set name=value` or `--set-string name=value`, and as helm reads that: dots go into maps,
 * `[0]` into lists, `\` takes the next character as it is, `{a,b}` is a list (argo-cd util/helm/cmd.go, helm pkg/strvals).
 */

export interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly forceString: boolean;
}

const LARGEST_INDEX = 65_536;
const DEEPEST = 30;

/** The values with the parameter in them; or why helm would refuse it. */
export function assigned(values: MapTree, { name, value, forceString }: Parameter): MapTree | string {
  const from = `parameter ${name}`;
  const assignments = read(`${name}=${escaped(value)}`, forceString);
  if (typeof assignments === "string") return assignments;
  let tree: Tree = values;
  for (const { steps, value: set, isLost } of assignments) {
    const next = put(tree, steps, literal(set, from), from, isLost);
    if (typeof next === "string") return next;
    tree = next;
  }
  return tree.kind === "Map" ? tree : "it would replace all values";
}

/** Argo CD escapes commas, but for those in what looks like a list. */
function escaped(value: string): string {
  return value.startsWith("{") && value.endsWith("}") ? value : value.replaceAll(/(?<!\\),/g, String.raw`\,`);
}

interface Assignment {
  readonly steps: readonly Step[];
  readonly value: Scalar | readonly Scalar[];
  /** Nothing at the end of the line: helm forgets it where a list would have to grow for a map that shall hold it. */
  readonly isLost: boolean;
}

function literal(value: Assignment["value"], from: string): Tree {
  if (typeof value !== "object" || value === null) return scalar(value, from);
  return { kind: "List", items: value.map((item) => scalar(item, from)), from };
}

/** Characters one by one; the index is after what was taken. */
class Letters {
  readonly #letters: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#letters = Array.from(text);
  }

  peek(): string | undefined {
    return this.#letters[this.#at];
  }

  skip(): void {
    this.#at += 1;
  }

  /** All until one of `ends`, which is taken and told; undefined where the text is over. */
  until(ends: string): { readonly text: string; readonly end: string | undefined } {
    let text = "";
    for (let letter = this.peek(); letter !== undefined; letter = this.peek()) {
      this.skip();
      if (ends.includes(letter)) return { text, end: letter };
      if (letter === "\\") {
        text += this.peek() ?? "";
        this.skip();
      } else text += letter;
    }
    return { text, end: undefined };
  }
}

function read(line: string, asText: boolean): readonly Assignment[] | string {
  const letters = new Letters(line);
  const found: Assignment[] = [];
  while (letters.peek() !== undefined) {
    const steps = stepsOf(letters);
    if (typeof steps === "string") return steps;
    const value = valueOf(letters, asText);
    if (typeof value === "object" && value !== null && "fault" in value) return value.fault;
    if (steps.includes("")) {
      if (steps.length > 1) return "a part of its name is empty";
    } else found.push({ steps, value, isLost: value === "" && letters.peek() === undefined && typeof steps.at(-1) === "string" });
  }
  return found;
}

/** The name, until its `=`. */
function stepsOf(letters: Letters): readonly Step[] | string {
  const steps: Step[] = [];
  // After an index, text before the next mark is no key.
  let afterIndex = false;
  for (;;) {
    const { text, end } = letters.until(afterIndex ? "[.=" : "=[,.");
    if (afterIndex && text !== "") return `there is ${JSON.stringify(text)} after an index`;
    if (!afterIndex) steps.push(text);
    switch (end) {
      case "=":
        return steps;
      case ".":
        if (steps.length > DEEPEST) return `its name is more than ${DEEPEST} levels deep`;
        afterIndex = false;
        break;
      case "[": {
        const { text: index, end: closed } = letters.until("]");
        if (closed === undefined || !/^[-+]?\d+$/.test(index)) return `[${index} is no index`;
        if (index.startsWith("-") || Number(index) > LARGEST_INDEX) return `index ${index} is not between 0 and ${LARGEST_INDEX}`;
        steps.push(Number(index));
        afterIndex = true;
        break;
      }
      default:
        return `key ${JSON.stringify(text)} has no value: write \\, for a comma in a name`;
    }
  }
}

function valueOf(letters: Letters, asText: boolean): Assignment["value"] | { readonly fault: string } {
  if (letters.peek() !== "{") return typed(letters.until(",").text, asText);
  letters.skip();
  const items: Scalar[] = [];
  for (;;) {
    const { text, end } = letters.until(",}");
    if (end === undefined) return { fault: "a list must end with }" };
    items.push(typed(text, asText));
    if (end === "}") break;
  }
  if (letters.peek() === ",") letters.skip();
  return items;
}

const INT64 = 2n ** 63n;

function typed(text: string, asText: boolean): Scalar {
  if (asText) return text;
  const word = text.toLowerCase();
  if (word === "true") return true;
  if (word === "false") return false;
  if (word === "null") return null;
  // 007 is a text, and so is what does not fit into 64 bits.
  if (text !== "0" && !/^[-+]?\d+$/.test(text)) return text;
  if (text.startsWith("0") && text !== "0") return text;
  const whole = BigInt(text.replace(/^\+/, ""));
  if (whole >= INT64 || whole < -INT64) return text;
  const short = Number(whole);
  return Number.isSafeInteger(short) ? short : whole;
}

function put(tree: Tree | undefined, [step, ...rest]: readonly Step[], value: Tree, from: string, isLost: boolean): Tree | string {
  if (step === undefined) return value;
  const [next] = rest;
  if (typeof step === "string") {
    const map = tree?.kind === "Map" ? tree : mapOf([], from);
    const old = map.entries.get(step);
    // Inside of a list helm makes room for a map; in a map it does not.
    if (next !== undefined && old !== undefined && old.kind !== (typeof next === "string" ? "Map" : "List"))
      return `${JSON.stringify(step)} is no ${typeof next === "string" ? "map" : "list"}`;
    const inner = put(old, rest, value, from, isLost);
    return typeof inner === "string" ? inner : { ...map, entries: new Map([...map.entries, [step, inner]]) };
  }
  const list: ListTree = tree?.kind === "List" ? tree : { kind: "List", items: [], from };
  const old = list.items[step];
  if (typeof next === "number" && old !== undefined && old.kind !== "List" && !isNull(old)) return `[${step}] is no list`;
  const isThere = typeof next === "number" ? old?.kind === "List" : old !== undefined;
  if (isLost && !isThere) return list;
  const inner = put(old, rest, value, from, isLost);
  if (typeof inner === "string") return inner;
  const items = Array.from({ length: Math.max(list.items.length, step + 1) }, (_, index) => list.items[index] ?? scalar(null, from));
  return { ...list, items: items.with(step, inner) };
}
