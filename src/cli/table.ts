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

/** At most `most` columns, with an ellipsis for what is left out. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}…`;
}
