import { z } from "zod";

/**
 * What a command has written, and when: asciicast, version 3 (https://docs.asciinema.org/manual/asciicast/v3/), so that
 * `asciinema play` shows it as it went.
 */
export interface Cast {
  readonly title: string;
  /** As a person types it. */
  readonly command: string;
  readonly columns: number;
  readonly rows: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** Seconds since it began. */
  readonly written: readonly (readonly [at: number, text: string])[];
  /** When it ended, and how. */
  readonly ended: number;
  readonly exitCode: number;
}

const header = z.object({
  version: z.literal(3),
  term: z.object({ cols: z.int(), rows: z.int() }),
  timestamp: z.int(),
  title: z.string(),
  command: z.string(),
});
const event = z.tuple([z.number(), z.enum(["o", "x"]), z.string()]);

/** Times between events, in milliseconds, as the format has them. */
export function castText({ title, command, columns, rows, timestamp, written, ended, exitCode }: Cast): string {
  let last = 0;
  const since = (at: number): number => {
    const ms = Math.round(at * 1000) - last;
    last += ms;
    return ms / 1000;
  };
  const lines: unknown[] = [
    { version: 3, term: { cols: columns, rows }, timestamp, title, command },
    ...written.map(([at, text]) => [since(at), "o", text]),
    [since(ended), "x", `${exitCode}`],
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Throws when it is no such text. */
export function castOf(text: string): Cast {
  const [first = "", ...rest] = text.trimEnd().split("\n");
  const { term, timestamp, title, command } = header.parse(JSON.parse(first));
  const written: [number, string][] = [];
  let now = 0;
  let exit: string | undefined;
  for (const line of rest) {
    const [interval, kind, data] = event.parse(JSON.parse(line));
    now = Math.round((now + interval) * 1000) / 1000;
    if (kind === "o") written.push([now, data]);
    else exit = data;
  }
  if (exit === undefined) throw new Error("the recording does not say how the command ended");
  return { title, command, columns: term.cols, rows: term.rows, timestamp, written, ended: now, exitCode: Number(exit) };
}
