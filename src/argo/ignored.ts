import { z } from "zod";
import { entry } from "./fields.ts";
import type { Source } from "./application.ts";

/**
 * Whether a rule for ignored differences covers a field that a release steers (diffing.md, ignoreApplicationDifferences).
 * Argo CD removes what the rule names from both sides before it compares. A rule that is not understood covers nothing.
 */

const rule = z.object({
  group: z.string().default(""),
  kind: z.string().default(""),
  name: z.string().default(""),
  namespace: z.string().default(""),
  jsonPointers: z.array(z.string()).nullish(),
  jqPathExpressions: z.array(z.string()).nullish(),
});
export const ignoreRules = z.array(rule).nullish();
export type IgnoreRule = z.infer<typeof rule>;

/** The source that a release steers, and where it stands in the spec. */
export interface SteeredSource {
  /** Its place in the list of sources; undefined for the only one. */
  readonly index: number | undefined;
  readonly source: Source;
}

/** A step on the way to a field: a key, one of several sources, or the entry of a list with this name. */
type Step =
  | { readonly key: string }
  | { readonly index: number; readonly of: Readonly<Record<string, unknown>> }
  | { readonly entry: string };

/** A step of a rule: a key or place, all elements of a list, or those that hold these values. */
type Pattern = { readonly at: string } | { readonly every: readonly (readonly [key: string, value: string])[] };

/** The lists whose entries are objects with a name. */
const NAMED: ReadonlySet<string> = new Set(["helm.parameters", "plugin.env"]);

/** Whether one of `rules`, or all of them together, cover `field`. */
export function isIgnored(rules: readonly IgnoreRule[], field: string, at: SteeredSource): boolean {
  const path = pathOf(field, at);
  return rules.some(
    ({ jsonPointers, jqPathExpressions }) =>
      (jsonPointers ?? []).some((pointer) => covers(pointed(pointer), path)) ||
      (jqPathExpressions ?? []).some((expression) => covers(queried(expression), path)),
  );
}

/** Whether a JSON pointer among the rules covers this annotation. */
export function ignoresAnnotation(rules: readonly IgnoreRule[], annotation: string): boolean {
  const path = ["metadata", "annotations", annotation].map((key) => ({ key }));
  return rules.some(({ jsonPointers }) => (jsonPointers ?? []).some((pointer) => covers(pointed(pointer), path)));
}

/** The JSON pointer that covers `field`: of an entry of a list the whole list, whose order is not ours. */
export function pointerTo(field: string, { index }: SteeredSource): string {
  const source = index === undefined ? "/spec/source" : `/spec/sources/${index}`;
  return `${source}/${entry(field).group.replace(".", "/")}`;
}

function pathOf(field: string, { index, source }: SteeredSource): readonly Step[] {
  const { group, name } = entry(field);
  const keys = group.split(".").map((key) => ({ key }));
  const [only, several] = [[{ key: "source" }], [{ key: "sources" }, { index: index ?? 0, of: source }]];
  return [{ key: "spec" }, ...(index === undefined ? only : several), ...keys, ...(name === "" ? [] : [{ entry: entryKey(group, name) }])];
}

/** An image is a text, which no condition on its name finds. */
function entryKey(group: string, name: string): string {
  return NAMED.has(group) ? name : "";
}

/** A rule for what holds the field covers it too. */
function covers(patterns: readonly Pattern[] | undefined, path: readonly Step[]): boolean {
  if (patterns === undefined || patterns.length === 0) return false;
  return patterns.every((pattern, index) => {
    const step = path[index];
    return step !== undefined && fits(pattern, step);
  });
}

function fits(pattern: Pattern, step: Step): boolean {
  if ("at" in pattern) return "key" in step ? step.key === pattern.at : "index" in step && `${step.index}` === pattern.at;
  if ("key" in step) return false;
  if ("entry" in step) return pattern.every.every(([key, value]) => key === "name" && value === step.entry && value !== "");
  // What the release itself changes tells no source.
  return pattern.every.every(([key, value]) => key !== "targetRevision" && step.of[key] === value);
}

function pointed(pointer: string): readonly Pattern[] | undefined {
  if (!pointer.startsWith("/")) return undefined;
  const keys = pointer.slice(1).split("/");
  return keys.map((key) => ({ at: key.replaceAll("~1", "/").replaceAll("~0", "~") }));
}

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
const KEY = new RegExp(String.raw`^\s*(?:\|\s*)?\.(?:([A-Za-z_]\w*)|\[?\s*(${TEXT})\s*\]?)\??`);
const PLACE = /^\s*(?:\|\s*\.|\.)?\[\s*(\d*)\s*\]\??/;
const QUOTED = new RegExp(String.raw`^\s*\[\s*(${TEXT})\s*\]\??`);
const CONDITION = String.raw`\.([A-Za-z_]\w*)\s*==\s*(${TEXT})`;
const SELECT = new RegExp(String.raw`^\s*\|\s*select\(\s*(${CONDITION}(?:\s+and\s+${CONDITION})*)\s*\)`);

/** The jq path expressions that documents show: keys, `[]`, `[0]`, and select() by equal texts right after `[]`. */
function queried(expression: string): readonly Pattern[] | undefined {
  const patterns: Pattern[] = [];
  for (let rest = expression.trim(); rest !== "";) {
    const read = select(rest, patterns) ?? place(rest) ?? key(rest);
    if (read === undefined) return undefined;
    if (read.replaces) patterns.pop();
    patterns.push(read.pattern);
    rest = rest.slice(read.length).trimEnd();
  }
  return patterns;
}

interface Read {
  readonly pattern: Pattern;
  readonly length: number;
  readonly replaces?: true;
}

function select(rest: string, before: readonly Pattern[]): Read | undefined {
  const found = SELECT.exec(rest);
  const last = before.at(-1);
  if (found === null || last === undefined || !("every" in last) || last.every.length > 0) return undefined;
  const conditions = [...(found[1] ?? "").matchAll(new RegExp(CONDITION, "g"))];
  const every = conditions.map(([, name = "", value = '""']) => [name, unquoted(value)] as const);
  return { pattern: { every }, length: found[0].length, replaces: true };
}

function place(rest: string): Read | undefined {
  const found = PLACE.exec(rest);
  if (found === null) return undefined;
  const [all, index = ""] = found;
  return { pattern: index === "" ? { every: [] } : { at: index }, length: all.length };
}

function key(rest: string): Read | undefined {
  const found = KEY.exec(rest) ?? QUOTED.exec(rest);
  if (found === null) return undefined;
  const [all, first, second] = found;
  const text = first ?? second ?? "";
  return { pattern: { at: text.startsWith('"') ? unquoted(text) : text }, length: all.length };
}

function unquoted(text: string): string {
  try {
    return z.string().parse(JSON.parse(text));
  } catch {
    return "";
  }
}
