import { styleText } from "node:util";
import type { ReleaseRun } from "#api/releaserun.ts";

/** One line of the table: how far a cluster is. */
export interface Row {
  readonly cluster: string;
  readonly patched: boolean;
  readonly synced: boolean;
  readonly ready: boolean;
  readonly failed: boolean;
  readonly doing: string;
  readonly values: string;
}

/** What an Application shows of the release. */
export interface Sight {
  readonly patched: boolean;
  readonly synced: boolean;
  /** The values that took effect, once it is ready. */
  readonly values: string;
}

/** The rows of a run: patched and synced as the Applications show it, ready as the conductor says. */
export function rows(run: ReleaseRun | undefined, clusters: readonly string[], sights: ReadonlyMap<string, Sight>): readonly Row[] {
  return clusters.map((cluster) => {
    const target = run?.status?.targets?.find((one) => one.cluster === cluster);
    // A run that ended lists only what is not ready.
    const ready = target === undefined ? run?.status?.finishedAt !== undefined : target.phase === "Ready";
    const { patched = false, synced = false, values = "" } = sights.get(cluster) ?? {};
    const failed = target?.phase === "Failed" || target?.phase === "Reverted";
    const doing = target === undefined ? "waiting for the plan" : `${target.reason}: ${target.message}`;
    return { cluster, patched, synced, ready, failed, doing, values };
  });
}

const WIDTH = { cluster: 13, mark: 9 } as const;

/** The table, a line each, no wider than `columns`. */
function table(all: readonly Row[], columns: number): readonly string[] {
  const head = `${"CLUSTER".padEnd(WIDTH.cluster)}${["PATCHED", "SYNCED", "READY"].map((word) => word.padEnd(WIDTH.mark)).join("")}WHAT`;
  const room = columns - WIDTH.cluster - 3 * WIDTH.mark - 1;
  const lines = all.map((row) => {
    const marks = [row.patched, row.synced, row.ready].map((done) =>
      styleText(done ? "green" : row.failed ? "red" : "dim", mark(done, row.failed).padEnd(WIDTH.mark)),
    );
    const what = row.ready ? row.values : row.doing;
    return `${row.cluster.padEnd(WIDTH.cluster)}${marks.join("")}${what.length > room ? `${what.slice(0, Math.max(0, room - 1))}…` : what}`;
  });
  return [styleText("bold", head), ...lines];
}

function mark(done: boolean, failed: boolean): string {
  return done ? "yes" : failed ? "no" : "·";
}

/** Redraws its lines in place on a terminal; in a log it writes a line when a cluster has come further. */
export class View {
  readonly #out: NodeJS.WriteStream;
  readonly #said = new Map<string, string>();
  #drawn = 0;
  #shown = "";

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(all: readonly Row[]): void {
    if (this.#out.isTTY) {
      const lines = table(all, this.#out.columns || 100);
      const text = lines.join("\n");
      if (text === this.#shown) return;
      this.#shown = text;
      const back = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
      this.#out.write(`${back}${lines.map((line) => `\u001b[2K${line}`).join("\n")}\n`);
      this.#drawn = lines.length;
      return;
    }
    for (const row of all) {
      const line = `  ${row.cluster.padEnd(WIDTH.cluster)}${stage(row)}`;
      if (this.#said.get(row.cluster) === line) continue;
      this.#said.set(row.cluster, line);
      this.#out.write(`${line}\n`);
    }
  }

  /** What follows is another release: a table of its own. */
  next(): void {
    this.#drawn = 0;
    this.#shown = "";
    this.#said.clear();
  }
}

function stage(row: Row): string {
  if (row.failed) return `failed   ${row.doing}`;
  if (row.ready) return `ready    ${row.values}`;
  if (row.synced) return "synced";
  return row.patched ? "patched" : "planned";
}
