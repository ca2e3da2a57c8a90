import type { Cast } from "./cast.ts";
import { Grid, type Run } from "./grid.ts";

/** What is seen for a while. */
export interface Frame {
  readonly lines: readonly (readonly Run[])[];
  /** Seconds. */
  readonly lasts: number;
}

/** The longest that nothing happens, in seconds: what takes longer is shortened. */
export const LONGEST = 1.5;
/** What is shorter is not seen. */
const SHORTEST = 0.08;
const TYPED = 1.2;
/** How long the end stays. */
const END = 6;

export interface Frames {
  readonly frames: readonly Frame[];
  readonly shortened: boolean;
}

/** The pictures of a recording: the command as it is typed, then each state of the terminal. */
export function framesOf({ command, columns, rows, written, ended }: Cast): Frames {
  const grid = new Grid(columns, rows);
  grid.write(`$ ${command}\n`);
  const seen: { readonly at: number; readonly lines: Frame["lines"] }[] = [{ at: 0, lines: grid.runs }];
  for (const [at, text] of written) {
    grid.write(text);
    if (seen.length > 1 && at - (seen.at(-1)?.at ?? 0) < SHORTEST) seen.pop();
    seen.push({ at, lines: grid.runs });
  }
  let shortened = false;
  const frames = seen.map(({ at, lines }, index): Frame => {
    const next = seen[index + 1]?.at;
    if (next === undefined) return { lines, lasts: END };
    if (index === 0) return { lines, lasts: TYPED };
    shortened ||= next - at > LONGEST;
    return { lines, lasts: Math.min(LONGEST, next - at) };
  });
  return { frames, shortened: shortened || ended - (seen.at(-1)?.at ?? 0) > LONGEST };
}

/** What stands there at the end, as text. */
export function textOf({ command, columns, rows, written }: Cast): string {
  const grid = new Grid(columns, rows);
  grid.write(`$ ${command}\n${written.map(([, text]) => text).join("")}`);
  return grid.text;
}
