import { stamp } from "#api/conditions.ts";
import type { ApiServer } from "./apiserver.ts";
import type { VirtualClock } from "./clock.ts";
import { at, frozen, listAt, objectAt, put, textAt, type Json, type JsonObject } from "./json.ts";
import { keyOf } from "./locations.ts";
import { pathOf, RESOURCES, TEAM } from "./scenario.ts";

export type Measured = "Successful" | "Failed" | "Inconclusive" | "Error";

/** Whom an AnalysisRun is about, as its arguments say. */
export interface Analysed {
  readonly service: string;
  readonly environment: string;
  readonly revision: string;
  readonly wave: string;
}

/** A template, and what its one metric will say. */
export interface AnalysisScript {
  readonly clusterScope?: boolean;
  /** Why Argo Rollouts refuses what is made of it. */
  readonly invalid?: string;
  /** Between measurements, and before the first, in milliseconds. Default: ten seconds. */
  readonly interval?: number;
  /** Default: it ends with its last measurement. Otherwise it says the last one again and again until it is told to end. */
  readonly endless?: boolean;
  /** One after another; what is not Successful is the end. None: nothing is measured. Default: one that is Successful. */
  readonly measures?: (of: Analysed) => readonly Measured[];
}

/** Templates by their names, in the namespace of the releases or for the cluster. */
export type AnalysisScripts = Readonly<Record<string, AnalysisScript>>;

const ROLLOUTS = "argo-rollouts";
const ARGUMENTS = ["service", "environment", "revision", "wave"] as const;
/** Until a change is noticed, in milliseconds. */
const NOTICE = 100;
const INTERVAL = 10_000;

/** What somebody has installed, as its API server holds it. */
export function template(name: string, { clusterScope = false, interval = INTERVAL, endless = false }: AnalysisScript): JsonObject {
  const kind = clusterScope ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
  const metric = { name, interval: `${interval / 1000}s`, initialDelay: `${interval / 1000}s`, ...(endless ? {} : { count: 1 }) };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind,
    metadata: { name },
    spec: { args: ARGUMENTS.map((arg) => ({ name: arg })), metrics: [{ ...metric, provider: { prometheus: { query: "simulated" } } }] },
  };
}

/**
 * The controller of Argo Rollouts, as far as it measures (analysis/analysis.go): each AnalysisRun has the one metric of its
 * template, and says what its script says. All that it knows stands in the status, so that it goes on after a stop. Draws no randomness.
 */
export class SimulatedRollouts {
  readonly #server: ApiServer;
  readonly #clock: VirtualClock;
  readonly #scripts: AnalysisScripts;
  #silent = false;

  constructor(server: ApiServer, clock: VirtualClock, scripts: AnalysisScripts) {
    this.#server = server;
    this.#clock = clock;
    this.#scripts = scripts;
    server.onWrite(({ resource, who, key, after }) => {
      if (resource === RESOURCES.analysisRuns && who !== ROLLOUTS && after !== undefined) this.#lookIn(NOTICE, pathOfKey(key));
    });
  }

  /** Whether it is stopped. When it starts again it looks at everything. */
  get silent(): boolean {
    return this.#silent;
  }

  set silent(silent: boolean) {
    this.#silent = silent;
    if (!silent) for (const run of this.#server.all(RESOURCES.analysisRuns)) this.#lookIn(NOTICE, pathOfKey(keyOf(run)));
  }

  #lookIn(ms: number, path: string): void {
    this.#clock.after(ms, () => this.#look(path));
  }

  /** One step: it begins, it measures, or it ends. */
  #look(path: string): void {
    if (this.#silent) return;
    this.#server.modify(ROLLOUTS, path, (run) => {
      const phase = textAt(run, "status", "phase");
      if (phase !== undefined && phase !== "Running") return undefined;
      const name = textAt(objectAt(listAt(run, "spec", "metrics")[0]), "name") ?? "";
      const script = this.#scripts[name] ?? {};
      if (script.invalid !== undefined) return ends(run, "Error", script.invalid);
      if (at(run, "spec", "terminate") === true) return ends(run, "Successful", "Run Terminated");
      return this.#measure(run, name, script, path);
    });
  }

  #measure(run: JsonObject, name: string, { interval = INTERVAL, endless = false, measures }: AnalysisScript, path: string) {
    const all = measures?.(about(run)) ?? ["Successful"];
    const now = this.#clock.now();
    const begun = textAt(run, "status", "startedAt");
    if (begun === undefined) {
      if (all.length > 0) this.#lookIn(interval, path);
      return put(run, "status", frozen({ phase: "Running", startedAt: stamp(now) }));
    }
    const known = listAt(objectAt(listAt(run, "status", "metricResults")[0]), "measurements");
    const last = textAt(objectAt(known.at(-1)), "finishedAt") ?? begun;
    const due = Date.parse(last) + interval;
    const next = all[known.length] ?? (endless ? all.at(-1) : undefined);
    if (next === undefined) return undefined;
    if (now < due) {
      // Somebody else has written, or it was stopped meanwhile.
      this.#lookIn(due - now, path);
      return undefined;
    }
    const value = { phase: next, value: next === "Successful" ? "0.001" : "0.2", startedAt: stamp(now), finishedAt: stamp(now) };
    const measured = withResult(run, name, [...known, value]);
    const isLast = !endless && known.length + 1 >= all.length;
    if (next !== "Successful") return ends(measured, next, `metric ${name} assessed ${next}`);
    if (isLast) return ends(measured, "Successful", "");
    this.#lookIn(interval, path);
    return measured;
  }
}

function ends(run: JsonObject, phase: Measured, message: string): JsonObject {
  return put(run, "status", frozen({ ...objectAt(run, "status"), phase, message }));
}

function withResult(run: JsonObject, name: string, measurements: readonly Json[]): JsonObject {
  const of = (phase: Measured): number => measurements.filter((one) => textAt(one, "phase") === phase).length;
  const result = {
    name,
    phase: textAt(objectAt(measurements.at(-1)), "phase") ?? "Running",
    count: measurements.length,
    successful: of("Successful"),
    failed: of("Failed"),
    inconclusive: of("Inconclusive"),
    error: of("Error"),
    measurements,
  };
  return put(run, "status", frozen({ ...objectAt(run, "status"), metricResults: [result] }));
}

function about(run: JsonObject): Analysed {
  const values = new Map(listAt(run, "spec", "args").map((arg) => [textAt(arg, "name"), textAt(arg, "value") ?? ""]));
  const value = (name: (typeof ARGUMENTS)[number]): string => values.get(name) ?? "";
  return { service: value("service"), environment: value("environment"), revision: value("revision"), wave: value("wave") };
}

function pathOfKey(key: string): string {
  const [namespace = TEAM, name] = key.split("/");
  return pathOf(RESOURCES.analysisRuns, namespace, name);
}
