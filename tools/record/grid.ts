/** How a character is drawn; the colours are those of a terminal's palette. */
export interface Style {
  readonly colour: Colour | undefined;
  readonly bold: boolean;
}

export type Colour = "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "gray";

/** Neighbouring characters of one style. */
export interface Run {
  /** From 0. */
  readonly column: number;
  readonly text: string;
  readonly style: Style;
}

interface Cell {
  readonly character: string;
  readonly style: Style;
}

const PLAIN: Style = { colour: undefined, bold: false };
const ESCAPE = "\u001b";
const PARTS = new RegExp(`(${ESCAPE}\\[[0-9;]*[A-Za-z]|\\n|\\r)`);
const CODE = new RegExp(`^${ESCAPE}\\[([0-9;]*)([A-Za-z])$`);
const COLOURS: Readonly<Record<string, Colour>> = {
  31: "red",
  32: "green",
  33: "yellow",
  34: "blue",
  35: "magenta",
  36: "cyan",
  90: "gray",
};

/** What stands on a terminal, with what has scrolled away above it: as far as our commands write to one. It throws at what they do not. */
export class Grid {
  readonly #columns: number;
  readonly #rows: number;
  #lines: Cell[][] = [[]];
  #row = 0;
  #column = 0;
  #style = PLAIN;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** Without styles. */
  get text(): string {
    return this.#lines.map((line) => line.map(({ character }) => character).join("")).join("\n");
  }

  /** Each line's runs. */
  get runs(): readonly (readonly Run[])[] {
    return this.#lines.map(runsOf);
  }

  write(text: string): void {
    for (const part of text.split(PARTS)) {
      const code = CODE.exec(part);
      if (part === "\n") this.#down();
      else if (part === "\r") this.#column = 0;
      else if (code !== null) this.#obey(code[1] ?? "", code[2] ?? "");
      else for (const character of part) this.#put(character);
    }
  }

  #put(character: string): void {
    if (character === ESCAPE) throw new Error("an escape code that is none");
    if (this.#column === this.#columns) this.#down();
    const line = this.#lines[this.#row] ?? [];
    line[this.#column] = { character, style: this.#style };
    this.#column += 1;
  }

  /** A line feed of a program goes to the beginning of the next line. */
  #down(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#lines.length) this.#lines.push([]);
  }

  #obey(parameter: string, letter: string): void {
    if (letter === "m") for (const one of parameter.split(";")) this.#paint(one);
    else if (letter === "A") this.#up(Number(parameter || 1));
    else if (letter === "J" && (parameter === "" || parameter === "0")) {
      const line = this.#lines[this.#row]?.slice(0, this.#column) ?? [];
      this.#lines = [...this.#lines.slice(0, this.#row), line];
    } else throw new Error(`nobody knows the escape code ${parameter}${letter}`);
  }

  #up(rows: number): void {
    const top = Math.max(0, this.#lines.length - this.#rows);
    // What has scrolled away cannot be drawn over.
    if (this.#row - rows < top) throw new Error(`it goes up ${rows} rows, over the top of a screen of ${this.#rows}`);
    this.#row -= rows;
  }

  #paint(code: string): void {
    if (code === "" || code === "0") this.#style = PLAIN;
    else if (code === "1") this.#style = { ...this.#style, bold: true };
    else if (code === "22") this.#style = { ...this.#style, bold: false };
    else if (code === "39") this.#style = { ...this.#style, colour: undefined };
    else if (COLOURS[code] !== undefined) this.#style = { ...this.#style, colour: COLOURS[code] };
    else throw new Error(`nobody knows the style ${code}`);
  }
}

function runsOf(line: readonly Cell[]): readonly Run[] {
  const runs: { column: number; text: string; style: Style }[] = [];
  for (const [column, { character, style }] of line.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && last.style.colour === style.colour && last.style.bold === style.bold) last.text += character;
    else runs.push({ column, text: character, style });
  }
  return runs.filter(({ text }) => text.trim() !== "");
}
