import { styleText } from "node:util";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { Sight } from "./sights.ts";

/** One release to one Environment, and its run as soon as there is one. */
export interface Course {
  readonly environment: string;
  readonly clusters: readonly string[];
  readonly run: ReleaseRun | undefined;
}

/** One line of the table: how far a cluster is. */
interface Row {
  readonly cluster: string;
  /** As environment/wave. */
  readonly wave: string;
  readonly phase: string;
  /** The version that its Rollout has. */
  readonly version: string;
  readonly canary: string;
}

/** A sentence about what all of a wave or of a release waits for; in a log it is written when `topic` is another. */
interface Note {
  readonly about: string;
  readonly topic: string;
  readonly text: string;
}

interface Picture {
  readonly rows: readonly Row[];
  readonly notes: readonly Note[];
}

/** What there is to see: canaries as the Rollouts show them, the rest as the conductor says. */
export function look(courses: readonly Course[], sight: (cluster: string) => Sight | undefined): Picture {
  return {
    rows: courses.flatMap((course) => course.clusters.map((cluster) => row(course, cluster, sight(cluster)))),
    notes: courses.flatMap((course) => [...gates(course), ...waiting(course)]),
  };
}

function row({ environment, run }: Course, cluster: string, sight: Sight | undefined): Row {
  const planned = run?.spec.targets.find((one) => one.cluster === cluster);
  const wave = planned === undefined ? environment : `${environment}/${run?.spec.waves[planned.wave - 1]?.name ?? ""}`;
  return { cluster, wave, phase: phaseOf(run, cluster), version: sight?.version ?? "", canary: sight?.canary ?? "" };
}

function phaseOf(run: ReleaseRun | undefined, cluster: string): string {
  const { targets, finishedAt } = run?.status ?? {};
  const target = targets?.find((one) => one.cluster === cluster);
  // A run that ended lists only what is not Ready.
  if (target === undefined) return finishedAt === undefined ? "" : "Ready";
  if (target.goingBack === true && target.phase !== "RolledBack") return "going back";
  if (finishedAt !== undefined && target.written !== true && target.phase !== "Ready") return "not touched";
  return target.phase;
}

function gates({ environment, run }: Course): readonly Note[] {
  return (run?.status?.waves ?? []).flatMap((wave) =>
    (wave.gates ?? [])
      .filter(({ phase }) => phase !== "Pending")
      .map(({ kind, phase, message, measurements = [] }): Note => {
        const about = `${environment}/${wave.name}`;
        const measured = measurements.filter(({ metric }) => metric === "error-rate").map(({ value }) => value);
        const said = measured.length === 0 ? message : `error-rate ${measured.join(", ")}${phase === "Waiting" ? "" : `; ${message}`}`;
        return { about: `${about} ${kind}`, topic: `${phase} ${measured.join()}`, text: `${kind} gate of ${about}: ${phase}, ${said}` };
      }),
  );
}

function waiting({ environment, run }: Course): readonly Note[] {
  const { waitingOn } = run?.status ?? {};
  if (waitingOn === undefined || waitingOn.reason === "Observing") return [];
  return [{ about: environment, topic: waitingOn.reason, text: `${environment} waits: ${waitingOn.reason}: ${waitingOn.message}` }];
}

const WIDTH = { cluster: 12, wave: 19, phase: 13, version: 6 } as const;
const COLUMNS = 100;

const LEFT = WIDTH.cluster + WIDTH.wave + WIDTH.phase + WIDTH.version;

function line({ cluster, wave, phase, version, canary }: Row, columns: number): string {
  const left = [cluster.padEnd(WIDTH.cluster), wave.padEnd(WIDTH.wave), coloured(phase), version.padEnd(WIDTH.version)];
  return `${left.join("")}${fitted(canary, columns - LEFT)}`;
}

function coloured(phase: string): string {
  const padded = phase.padEnd(WIDTH.phase);
  if (phase === "Ready") return styleText("green", padded);
  if (phase === "Failed") return styleText("red", padded);
  return phase === "RolledBack" || phase === "going back" ? styleText("yellow", padded) : padded;
}

const HEAD = { cluster: "CLUSTER", wave: "WAVE", phase: "PHASE", version: "RUNS", canary: "ROLLOUT" };

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

  show(picture: Picture): void {
    if (this.#out.isTTY) this.#draw(picture);
    else this.#log(picture);
  }

  #draw({ rows, notes }: Picture): void {
    const columns = Math.min(this.#out.columns || COLUMNS, COLUMNS) - 1;
    const said = notes.map(({ text }) => styleText("cyan", fitted(`→ ${text}`, columns)));
    const lines = [styleText("bold", line(HEAD, columns)), ...rows.map((row) => line(row, columns)), ...said];
    const text = lines.join("\n");
    if (text === this.#shown) return;
    this.#shown = text;
    const back = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A\u001b[J`;
    this.#out.write(`${back}${text}\n`);
    this.#drawn = lines.length;
  }

  #log({ rows, notes }: Picture): void {
    for (const row of rows) if (row.phase !== "") this.#say(row.cluster, line(row, COLUMNS));
    for (const { about, topic, text } of notes) this.#say(about, `→ ${text}`, topic);
  }

  #say(about: string, text: string, topic = text): void {
    if (this.#said.get(about) === topic) return;
    this.#said.set(about, topic);
    this.#out.write(`${fitted(`  ${text}`, COLUMNS).trimEnd()}\n`);
  }

  /** What follows is another table, below what was written in between. */
  below(): void {
    this.#drawn = 0;
    this.#shown = "";
  }

  /** What follows is about another release. */
  next(): void {
    this.below();
    this.#said.clear();
  }
}
