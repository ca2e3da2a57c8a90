import { styleText } from "node:util";
import { clock } from "./words.ts";

/** What a bar shows at one place. */
export type Fill = "Rollout" | "Soak" | "Waiting" | "Paused" | "Rollback";

type Style = Parameters<typeof styleText>[0];

const FILLS: Readonly<Record<Fill, { readonly glyph: string; readonly style: Style }>> = {
  Rollout: { glyph: "█", style: "green" },
  Soak: { glyph: "░", style: "cyan" },
  Waiting: { glyph: "·", style: "yellow" },
  Paused: { glyph: "=", style: "yellow" },
  Rollback: { glyph: "▒", style: "magenta" },
};
const FAILED = { glyph: "x", style: "red" } as const;

export interface Bar {
  /** Seconds; one that does not end has no `to`. */
  readonly segments: readonly { readonly kind: Fill; readonly from: number; readonly to: number | null }[];
  readonly failures: readonly number[];
}

/** A row: its words, then its bar. */
export interface Row {
  readonly cells: readonly string[];
  readonly bar: Bar;
}

export interface Look {
  readonly width: number;
  readonly colours: boolean;
}

const LEAST = 12;
const GAP = "  ";

/** Rows under one axis of time, `total` seconds long, no wider than they may be. The first column is left-aligned, the others right. */
export function chart(heads: readonly string[], rows: readonly Row[], total: number, look: Look): readonly string[] {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0)));
  const words = (cells: readonly string[]): string =>
    widths.map((width, column) => (column === 0 ? (cells[0] ?? "").padEnd(width) : (cells[column] ?? "").padStart(width))).join(GAP);
  const room = Math.max(LEAST, look.width - words(heads).length - GAP.length);
  const lines = rows.map(({ cells, bar }) => `${words(cells)}${GAP}${drawn(bar, total, room, look.colours)}`.trimEnd());
  return [styled(look.colours, "bold", `${words(heads)}${GAP}${axis(total, room)}`.trimEnd()), ...lines];
}

/** What the glyphs of `rows` mean. */
export function legend(rows: readonly Row[], look: Look): string {
  const used = new Set(rows.flatMap(({ bar }) => bar.segments.map(({ kind }) => kind)));
  const fills = Object.entries(FILLS).filter(([kind]) => [...used].some((one) => one === kind));
  const parts = fills.map(([kind, { glyph, style }]) => `${styled(look.colours, style, glyph)} ${kind.toLowerCase()}`);
  const failed = rows.some(({ bar }) => bar.failures.length > 0);
  return [...parts, ...(failed ? [`${styled(look.colours, FAILED.style, FAILED.glyph)} a cluster fails`] : [])].join(GAP);
}

function drawn({ segments: open, failures }: Bar, total: number, room: number, colours: boolean): string {
  const width = total / room;
  const segments = open.map(({ kind, from, to }) => ({ kind, from, to: to ?? total }));
  const place = (at: number): number => Math.min(room - 1, Math.max(0, Math.floor(at / width)));
  const cells = Array.from({ length: room }, (_, index): { glyph: string; style: Style | undefined } => {
    const [from, to] = [index * width, (index + 1) * width];
    let most: { readonly kind: Fill; readonly share: number } | undefined;
    for (const segment of segments) {
      const share = Math.min(to, segment.to) - Math.max(from, segment.from);
      if (share >= width / 2 && share > (most?.share ?? 0)) most = { kind: segment.kind, share };
    }
    return most === undefined ? { glyph: " ", style: undefined } : { ...FILLS[most.kind] };
  });
  // Whatever was there is seen, however short it was.
  for (const { kind, from, to } of segments) {
    const middle = place((from + to) / 2);
    if (!cells.slice(place(from), place(to) + 1).some(({ glyph }) => glyph === FILLS[kind].glyph)) cells[middle] = { ...FILLS[kind] };
  }
  for (const at of failures) cells[place(at)] = FAILED;
  return cells.map(({ glyph, style }) => (style === undefined ? glyph : styled(colours, style, glyph))).join("");
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

function axis(total: number, room: number): string {
  const step = STEPS.find((one) => (one / total) * room >= 10) ?? total;
  let line = "";
  for (let at = 0; at <= total; at += step) {
    const column = Math.floor((at / total) * room);
    const text = clock(at);
    if (column >= line.length && column + text.length <= room) line = line.padEnd(column) + text;
  }
  return line;
}

export function styled(colours: boolean, style: Style, text: string): string {
  // Whether there are colours was decided by who knows the terminal.
  return colours ? styleText(style, text, { validateStream: false }) : text;
}
