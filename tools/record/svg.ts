import { duration } from "#cli/words.ts";
import type { Cast } from "./cast.ts";
import { framesOf, LONGEST, textOf, type Frame } from "./frames.ts";
import type { Colour, Run } from "./grid.ts";

const [WIDE, HIGH, PAD, BAR, FOOT] = [8.4, 18, 16, 34, 30];
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
/** Each has a contrast of at least 4.5 to the background, which the picture brings along: it is the same on a light page and on a dark one. */
const BACKGROUND = "#0d1117";
const COLOURS: Readonly<Record<Colour | "plain" | "dim", string>> = {
  plain: "#e6edf3",
  dim: "#9198a1",
  red: "#ff7b72",
  green: "#56d364",
  yellow: "#e3b341",
  blue: "#79c0ff",
  magenta: "#d2a8ff",
  cyan: "#56d4dd",
  gray: "#9198a1",
};

/** A recording as a picture; one that lasts is animated, and stands still at its end where motion is not wanted. */
export function svgOf(cast: Cast): string {
  const { frames, shortened } = framesOf(cast);
  const isStill = frames.length <= 2;
  const shown = isStill ? frames.slice(-1) : frames;
  const rows = Math.max(...shown.map(({ lines }) => lengthOf(lines)));
  const width = Math.round(cast.columns * WIDE + 2 * PAD);
  const height = BAR + rows * HIGH + FOOT;
  const lines = new Lines();
  const bodies = shown.map((frame) => bodyOf(frame, lines));
  // How long one answer takes says more of the machine than of the command.
  const took = isStill
    ? ""
    : ` after ${duration(Math.round(cast.ended))}${shortened ? `; waits of more than ${LONGEST} s are shortened here` : ""}`;
  const note = `exit code ${cast.exitCode}${took}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title text">
<title id="title">${escaped(cast.title)}</title>
<desc id="text">${escaped(textOf(cast).trimEnd())}</desc>
<style>
${styles(shown, width)}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${BACKGROUND}" stroke="#57606a"/>
<text class="dim" x="${PAD}" y="22">${escaped(cast.title)}</text>
<defs>
${lines.defined()}
</defs>
<svg x="0" y="${BAR}" width="${width}" height="${rows * HIGH}">
<g class="film">
${bodies.map((body, index) => `<g transform="translate(${index * width},0)">${body}</g>`).join("\n")}
</g>
</svg>
<text class="dim" x="${PAD}" y="${height - 11}">${escaped(note)}</text>
</svg>
`;
}

/** Frames stand side by side, and the film moves on by one at its time. */
function styles(frames: readonly Frame[], width: number): string {
  const classes = Object.entries(COLOURS).map(([name, colour]) => `.${name}{fill:${colour}}`);
  const fixed = [`text{font:14px ${FONT};white-space:pre}`, ".bold{font-weight:bold}", ...classes];
  const last = `.film{transform:translateX(-${(frames.length - 1) * width}px)}`;
  if (frames.length === 1) return fixed.join("\n");
  const total = frames.reduce((sum, { lasts }) => sum + lasts, 0);
  let at = 0;
  const keys = frames.map(({ lasts }, index) => {
    const key = `${((at / total) * 100).toFixed(3)}%{transform:translateX(-${index * width}px)}`;
    at += lasts;
    return key;
  });
  const film = `@keyframes film{${keys.join("")}100%{transform:translateX(-${(frames.length - 1) * width}px)}}`;
  const play = `@media (prefers-reduced-motion: no-preference){.film{animation:film ${total.toFixed(2)}s step-end infinite}}`;
  return [...fixed, last, film, play].join("\n");
}

/** Lines that are seen in many frames stand in the file once. */
class Lines {
  readonly #ids = new Map<string, string>();

  idOf(runs: readonly Run[]): string {
    const drawn = runs.map(drawnRun).join("");
    const id = this.#ids.get(drawn) ?? `l${this.#ids.size}`;
    this.#ids.set(drawn, id);
    return id;
  }

  defined(): string {
    return [...this.#ids].map(([drawn, id]) => `<g id="${id}">${drawn}</g>`).join("\n");
  }
}

function bodyOf({ lines }: Frame, all: Lines): string {
  return lines.map((runs, row) => (runs.length === 0 ? "" : `<use href="#${all.idOf(runs)}" y="${row * HIGH}"/>`)).join("");
}

/** Columns stay columns, whatever font there is. */
function drawnRun({ column, text, style }: Run): string {
  const trimmed = text.trim();
  const from = column + text.length - text.trimStart().length;
  const name = [style.colour ?? "plain", ...(style.bold ? ["bold"] : [])].join(" ");
  const length = (trimmed.length * WIDE).toFixed(1);
  return `<text class="${name}" x="${(PAD + from * WIDE).toFixed(1)}" y="14" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escaped(trimmed)}</text>`;
}

/** Without empty lines at the end. */
function lengthOf(lines: Frame["lines"]): number {
  return lines.findLastIndex((runs) => runs.length > 0) + 1;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
