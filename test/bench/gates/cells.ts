import { chance } from "#simulation/random.ts";
import { table } from "#tools/tasks/words.ts";
import type { Provider } from "./templates.ts";
import { judge, leastRequests, recallAtLeast, type Design, type Judged, type Sample } from "./statistics.ts";
import { KINDS, PROVIDERS, type Kind, type TemplateName } from "./templates.ts";
import { Traffic } from "./traffic.ts";

export const RATES = [100, 1000, 10_000] as const;
/** Times the threshold; clean clusters are at half of it. */
export const CLEAN = 0.5;
const FACTORS = [CLEAN, 1, 1.1, 1.25, 1.5] as const;
/** From here on a regression must be found. */
const REGRESSION = 1.25;
export const CLUSTERS = ["eu-west-1", "us-east-1", "ap-south-1"] as const;

export interface Cell {
  readonly perMinute: number;
  /** How bad one cluster of the wave is; the others are clean. */
  readonly factor: number;
  readonly kind: Kind;
  readonly provider: Provider;
  readonly design: Design;
  /** Arguments of the template that are not its defaults. */
  readonly given: Readonly<Record<string, string>>;
}

export function templateOf({ kind, provider }: Cell): TemplateName {
  return `conductor-${kind}-${provider}`;
}

/** All that the templates are judged by, with their default arguments. */
export function cells(designs: Readonly<Record<Kind, Design>>): readonly Cell[] {
  return RATES.flatMap((perMinute) =>
    FACTORS.flatMap((factor) =>
      PROVIDERS.flatMap((provider) => KINDS.map((kind) => ({ perMinute, factor, kind, provider, design: designs[kind], given: {} }))),
    ),
  );
}

/** Where the threshold is so low that the fewest requests hold no verdict. */
export function forbidden(designs: Readonly<Record<Kind, Design>>): readonly Cell[] {
  const threshold = 0.01;
  const design = { ...designs["error-rate"], threshold };
  return [CLEAN, 1.5].flatMap((factor) =>
    PROVIDERS.map((provider): Cell => {
      return { perMinute: RATES[0], factor, kind: "error-rate", provider, design, given: { threshold: `${threshold}` } };
    }),
  );
}

/** One wave: its cell, and what its clusters do minute by minute. */
export interface Wave {
  readonly service: string;
  readonly cell: Cell;
  readonly traffic: readonly Traffic[];
  /** What the design says of that traffic. */
  readonly expected: Judged;
}

export function wave(seed: string, index: number, cell: Cell): Wave {
  const service = `s${String(index).padStart(5, "0")}`;
  const { design, factor, perMinute } = cell;
  const random = chance(`gates ${seed}`).split(service);
  const worst = random.below(CLUSTERS.length);
  // Twice as long as it is looked at: a look may be repeated (see answers.ts), and the last one then comes later.
  const minutes = design.window + 2 * design.looks * design.interval;
  const traffic = CLUSTERS.map(
    (cluster, at) => new Traffic(random.split(cluster), perMinute, (at === worst ? factor : CLEAN) * design.threshold, minutes),
  );
  const looks = Array.from({ length: design.looks }, (_, look) => samples(traffic, design, look));
  return { service, cell, traffic, expected: judge(design, looks) };
}

/** What look number `look`, from 0, sees of each cluster. */
export function samples(traffic: readonly Traffic[], { window, interval }: Design, look: number): readonly Sample[] {
  return traffic.map((cluster) => cluster.window(window + look * interval, window));
}

/** How a wave ended; minutes of the templates' own time from its beginning. */
export interface Outcome {
  readonly wave: Wave;
  readonly phase: string;
  readonly minutes: number;
}

const isRegression = ({ factor }: Cell): boolean => factor >= REGRESSION;
const isClean = ({ factor }: Cell): boolean => factor === CLEAN;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;
}

const count = (outcomes: readonly Outcome[], phase: string): number => outcomes.filter((outcome) => outcome.phase === phase).length;

/** A line for each rate, factor and provider. */
export function tabulate(all: readonly Cell[], outcomes: readonly Outcome[]): string {
  const keys = new Map(all.map((cell) => [keyOf(cell), cell]));
  const rows = [...keys].map(([key, cell]) => {
    const of = outcomes.filter(({ wave }) => keyOf(wave.cell) === key);
    const failed = of.filter(({ phase }) => phase === "Failed");
    const clean = isClean(cell);
    const requests = cell.perMinute * cell.design.window;
    return [
      `${cell.perMinute} a minute, threshold ${percent(cell.design.threshold)}, ${clean ? "clean" : `${cell.factor.toFixed(2)} times`}, ${cell.provider}`,
      `${of.length}`,
      clean ? "" : `${failed.length}`,
      clean ? "" : `${count(of, "Successful")}`,
      clean ? `${failed.length}` : "",
      `${count(of, "Inconclusive")}`,
      failed.length === 0 ? "" : `${median(failed.map(({ minutes }) => minutes * 60))} s`,
      clean
        ? ""
        : requests < leastRequests(cell.design)
          ? "forbidden"
          : percent(recallAtLeast(cell.design, requests, cell.factor * cell.design.threshold)),
    ];
  });
  return table([["", "runs", "detected", "missed", "false alarms", "inconclusive", "median time", "recall at least"], ...rows]);
}

/** Error rate and latency share a line: both count bad requests, and both allow 5 % of them. */
function keyOf({ perMinute, factor, provider, design }: Cell): string {
  return [perMinute, factor, provider, design.threshold].join(" ");
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

export interface Score {
  readonly precision: number;
  readonly recall: number;
  /** Median, of what was detected. */
  readonly seconds: number;
}

/** Over the cells that count: clean ones, and regressions that must be found. Inconclusive opens no gate, and is no detection either. */
export function score(outcomes: readonly Outcome[]): Score {
  const regressions = outcomes.filter(({ wave }) => isRegression(wave.cell));
  const detected = regressions.filter(({ phase }) => phase === "Failed");
  const alarms = outcomes.filter(({ wave, phase }) => isClean(wave.cell) && phase === "Failed").length;
  return {
    precision: detected.length / (detected.length + alarms),
    recall: detected.length / regressions.length,
    seconds: median(detected.map(({ minutes }) => minutes * 60)),
  };
}
