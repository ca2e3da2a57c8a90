import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..", "..");

export function page(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The text below a heading, until the next one of its level or above. */
export function section(text: string, heading: string): string {
  const lines = text.split("\n");
  const begin = lines.indexOf(heading);
  if (begin < 0) throw new Error(`there is no heading "${heading}"`);
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const rest = lines.slice(begin + 1);
  let isCode = false; // where a # is a comment
  const end = rest.findIndex((line) => {
    if (line.startsWith("```")) isCode = !isCode;
    return !isCode && line.startsWith("#") && (/^#+/.exec(line)?.[0].length ?? 0) <= level;
  });
  return rest.slice(0, end < 0 ? rest.length : end).join("\n");
}

/** The cells of every row of every table, without the heads. */
export function rows(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const isRow = line.startsWith("|") && !/^\|[-|]+\|$/.test(line) && !/^\|[-|]+\|$/.test(lines[index + 1] ?? "");
    return isRow
      ? [
          line
            .slice(1, -1)
            .split("|")
            .map((cell) => cell.trim()),
        ]
      : [];
  });
}

/** What stands in backticks, outside of blocks of code. */
export function words(text: string): ReadonlySet<string> {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "");
  return new Set([...prose.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word));
}

/** The blocks of code of one language. */
export function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].flatMap(([, found, block = ""]) => (found === language ? [block] : []));
}

/** Links with their text, to other files. */
export function links(text: string): readonly { readonly text: string; readonly to: string }[] {
  return [...text.matchAll(/\[([^\]\n]+)\]\(([^)\s]+)\)/g)].map(([, said = "", to = ""]) => ({ text: said, to }));
}
