/**
 * Patterns as Argo CD matches names with them (github.com/gobwas/glob without separators): `*` and `**` are any text,
 * `?` one character, `[abc]`, `[a-c]` and `[!…]` one of them or none, `{a,b}` one of several, `\` takes the next as it is.
 */

type Part =
  | { readonly kind: "Any" }
  | { readonly kind: "One"; readonly is: (character: string) => boolean }
  | { readonly kind: "OneOf"; readonly alternatives: readonly (readonly Part[])[] };

/** Whether `pattern` matches all of `text`; a pattern that cannot be read matches nothing, as in Argo CD. */
export function globMatches(pattern: string, text: string): boolean {
  const parts = read(pattern);
  if (parts === undefined) return false;
  const characters = Array.from(text);
  return walk(parts, characters, new Set([0])).has(characters.length);
}

/** Where the text may have come to after `parts`: all places at once, so that no pattern takes long. */
function walk(parts: readonly Part[], text: readonly string[], from: ReadonlySet<number>): ReadonlySet<number> {
  let places = from;
  for (const part of parts) {
    if (places.size === 0) return places;
    places = step(part, text, places);
  }
  return places;
}

function step(part: Part, text: readonly string[], from: ReadonlySet<number>): ReadonlySet<number> {
  switch (part.kind) {
    case "Any": {
      const first = Math.min(...from);
      return new Set(Array.from({ length: text.length - first + 1 }, (_, index) => first + index));
    }
    case "One":
      return new Set([...from].filter((at) => at < text.length && part.is(text[at] ?? "")).map((at) => at + 1));
    case "OneOf":
      return new Set(part.alternatives.flatMap((alternative) => [...walk(alternative, text, from)]));
  }
}

function read(pattern: string): readonly Part[] | undefined {
  const rest = Array.from(pattern).toReversed();
  const parts = sequence(rest, false);
  return rest.length === 0 ? parts : undefined;
}

/** Reads until the end, or in braces until `,` or `}`, which stays. Takes what it reads off the end of `rest`. */
function sequence(rest: string[], inBraces: boolean): readonly Part[] | undefined {
  const parts: Part[] = [];
  for (let next = rest.at(-1); next !== undefined; next = rest.at(-1)) {
    if (inBraces && (next === "," || next === "}")) break;
    rest.pop();
    const part = partOf(next, rest);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts;
}

function partOf(character: string, rest: string[]): Part | undefined {
  switch (character) {
    case "*":
      return { kind: "Any" };
    case "?":
      return { kind: "One", is: () => true };
    case "[":
      return set(rest);
    case "{":
      return braces(rest);
    case "\\": {
      const taken = rest.pop();
      return taken === undefined ? undefined : { kind: "One", is: (found) => found === taken };
    }
    default:
      return { kind: "One", is: (found) => found === character };
  }
}

function braces(rest: string[]): Part | undefined {
  const alternatives: (readonly Part[])[] = [];
  for (;;) {
    const alternative = sequence(rest, true);
    const end = rest.pop();
    if (alternative === undefined || end === undefined) return undefined;
    alternatives.push(alternative);
    if (end === "}") return { kind: "OneOf", alternatives };
  }
}

/** One range or one list of characters, not both in one. */
function set(rest: string[]): Part | undefined {
  const not = rest.at(-1) === "!";
  if (not) rest.pop();
  if (rest.at(-2) === "-") {
    const [low = "", , high = "", end] = [rest.pop(), rest.pop(), rest.pop(), rest.pop()];
    if (end !== "]" || point(high) < point(low)) return undefined;
    return { kind: "One", is: (found) => (point(low) <= point(found) && point(found) <= point(high)) !== not };
  }
  const characters: string[] = [];
  for (let next = rest.pop(); next !== "]"; next = rest.pop()) {
    const taken = next === "\\" ? rest.pop() : next;
    if (taken === undefined) return undefined;
    characters.push(taken);
  }
  return characters.length === 0 ? undefined : { kind: "One", is: (found) => characters.includes(found) !== not };
}

function point(character: string): number {
  return character.codePointAt(0) ?? 0;
}
