import { stripVTControlCharacters } from "node:util";

/** Columns as wide as they must be, two blanks between, the last one as long as it is: what kubectl prints, and grep and awk read. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ""))));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => padded(cell, widths[column] ?? 0))
          .join("   ")
          .trimEnd()}\n`,
    )
    .join("");
}

function padded(text: string, wide: number): string {
  return text + " ".repeat(Math.max(0, wide - width(text)));
}

/** Columns that a text takes, without its colours. */
function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

const CODES = new RegExp(`(${String.fromCodePoint(27)}\\[[0-9;]*m)`);

/** A line of at most `most` columns; its colours stay, and end where they did. */
export function clipped(line: string, most: number): string {
  if (width(line) <= most) return line;
  let left = most - 1;
  const parts = line.split(CODES).map((part, index) => {
    if (index % 2 === 1) return part;
    const shown = part.slice(0, Math.max(0, left));
    left -= part.length;
    return left < 0 && left + part.length >= 0 ? `${shown}…` : shown;
  });
  return parts.join("");
}
