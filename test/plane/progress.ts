export type Progress = (line: string) => void;

/** For people: on a terminal one line that is redrawn, in a log one line every ten seconds and at each change. */
export function reporter(stream: NodeJS.WriteStream): Progress {
  let shown = 0;
  let topic = "";
  return (line) => {
    if (stream.isTTY) {
      stream.write(`\r\u001b[2K${line}${line.endsWith(".") ? "\n" : ""}`);
      return;
    }
    // What stands before the first comma says what is going on; the rest are figures.
    const now = line.split(",", 1)[0] ?? "";
    if (now === topic && Date.now() - shown < 10_000) return;
    topic = now;
    shown = Date.now();
    stream.write(`${line}\n`);
  };
}

/** 80 → "1m20s" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
}
