import { styleText } from "node:util";
import type { ReleaseRun } from "#api/releaserun.ts";

type Mark = "yes" | "no" | "back" | "·";

/** One line of the table: how far a cluster is. */
export interface Row {
  readonly cluster: string;
  readonly wave: string;
  readonly patched: Mark;
  readonly synced: Mark;
  readonly ready: Mark;
  /** In one word, for a log. */
  readonly stage: "planned" | "patched" | "synced" | "ready" | "failed" | "going back" | "rolled back" | "not touched";
  readonly what: string;
}

/** What an Application shows of the release. */
export interface Sight {
  readonly patched: boolean;
  readonly synced: boolean;
  /** The values that took effect. */
  readonly values: string;
}

export interface Scene {
  readonly rows: readonly Row[];
  /** Which wave it is, and what must happen next; empty when nothing is awaited. */
  readonly waitingOn: string;
}

/** What there is to see of a run: patched and synced as the Applications show it, the rest as the conductor says. */
export function look(run: ReleaseRun | undefined, clusters: readonly string[], sights: ReadonlyMap<string, Sight>): Scene {
  const { status } = run ?? {};
  const waves = status?.waves ?? [];
  const open = waves.findIndex(({ phase }) => phase !== "Verified" && phase !== "Pending");
  const wave = open < 0 ? "" : `wave ${open + 1} of ${waves.length}, `;
  return {
    rows: clusters.map((cluster) => row(run, cluster, sights.get(cluster))),
    waitingOn: status?.waitingOn === undefined ? "" : `${wave}${status.waitingOn.reason}: ${status.waitingOn.message}`,
  };
}

function row(run: ReleaseRun | undefined, cluster: string, sight: Sight | undefined): Row {
  const planned = run?.spec.targets.find((one) => one.cluster === cluster);
  const wave = planned === undefined ? "" : (run?.spec.waves[planned.wave - 1]?.name ?? "");
  const { patched = false, synced = false, values = "" } = sight ?? {};
  const target = run?.status?.targets?.find((one) => one.cluster === cluster);
  const ended = run?.status?.finishedAt !== undefined;
  const base = { cluster, wave, patched: yes(patched), synced: yes(synced) };
  if (run === undefined || (target === undefined && !ended)) return { ...base, ready: "·", stage: "planned", what: "waiting for the plan" };
  // A run that ended lists only what is not ready.
  if (target === undefined || target.phase === "Ready") return { ...base, ready: "yes", stage: "ready", what: values };
  const said = `${target.reason}: ${target.message}`;
  if (target.phase === "RolledBack") return { ...base, patched: "back", synced: "back", ready: "back", stage: "rolled back", what: values };
  if (target.goingBack === true)
    return { ...base, patched: patched ? "yes" : "back", synced: "·", ready: "no", stage: "going back", what: said };
  if (target.phase === "Failed" || target.phase === "Reverted") return { ...base, ready: "no", stage: "failed", what: said };
  if (ended) return { ...base, ready: "·", stage: "not touched", what: values };
  return { ...base, ready: "·", stage: synced ? "synced" : patched ? "patched" : "planned", what: said };
}

function yes(done: boolean): Mark {
  return done ? "yes" : "·";
}

const WIDTH = { cluster: 13, wave: 8, mark: 9 } as const;
const COLOUR = { yes: "green", no: "red", back: "yellow", "·": "dim" } as const;

/** The table and what is awaited, a line each, no wider than `columns`. */
function table({ rows, waitingOn }: Scene, columns: number): readonly string[] {
  const head = `${"CLUSTER".padEnd(WIDTH.cluster)}${"WAVE".padEnd(WIDTH.wave)}${["PATCHED", "SYNCED", "READY"].map((word) => word.padEnd(WIDTH.mark)).join("")}WHAT`;
  const room = columns - WIDTH.cluster - WIDTH.wave - 3 * WIDTH.mark - 1;
  const lines = rows.map(({ cluster, wave, patched, synced, ready, what }) => {
    const marks = [patched, synced, ready].map((mark) => styleText(COLOUR[mark], mark.padEnd(WIDTH.mark))).join("");
    return `${cluster.padEnd(WIDTH.cluster)}${wave.padEnd(WIDTH.wave)}${marks}${fitted(what, room)}`;
  });
  return [styleText("bold", head), ...lines, styleText("cyan", fitted(waitingOn === "" ? "" : `→ ${waitingOn}`, columns - 1))];
}

function fitted(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text;
}

/** Redraws its lines in place on a terminal; in a log it writes a line when a cluster has come further, or something else is awaited. */
export class View {
  readonly #out: NodeJS.WriteStream;
  readonly #said = new Map<string, string>();
  #drawn = 0;
  #shown = "";

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(scene: Scene): void {
    if (!this.#out.isTTY) return this.#log(scene);
    const lines = table(scene, this.#out.columns || 100);
    const text = lines.join("\n");
    if (text === this.#shown) return;
    this.#shown = text;
    const back = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
    this.#out.write(`${back}${lines.map((line) => `\u001b[2K${line}`).join("\n")}\n`);
    this.#drawn = lines.length;
  }

  #log({ rows, waitingOn }: Scene): void {
    for (const { cluster, wave, stage, what } of rows) {
      if (wave === "") continue;
      const isTold = stage === "ready" || stage === "failed" || stage === "rolled back" || stage === "not touched";
      this.#say(cluster, `  ${cluster.padEnd(WIDTH.cluster)}${wave.padEnd(WIDTH.wave)}${isTold ? `${stage.padEnd(13)}${what}` : stage}`);
    }
    // What a single cluster does is in its line.
    if (/Soak|Heartbeat|Rollback/.test(waitingOn)) this.#say("", `  ${"→".padEnd(WIDTH.cluster)}${waitingOn}`);
  }

  #say(about: string, line: string): void {
    if (this.#said.get(about) === line) return;
    this.#said.set(about, line);
    this.#out.write(`${line}\n`);
  }

  /** What follows is another release: a table of its own. */
  next(): void {
    this.#drawn = 0;
    this.#shown = "";
    this.#said.clear();
  }
}
