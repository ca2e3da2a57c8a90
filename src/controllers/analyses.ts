import { ANALYSIS_RUNS } from "#argo/application.ts";
import { RUN_LABEL, type Analysed } from "#argo/analysis.ts";
import type { AnalysisRunSpec } from "#argo/templates.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { API_VERSION } from "#api/rules.ts";
import type { AnalysisSeen } from "#engine/gates/seen.ts";
import type { KubeClient } from "#kube/client.ts";
import { failed } from "#kube/errors.ts";
import { collection, object } from "#kube/paths.ts";
import type { Clock, Reflector } from "#kube/ports.ts";
import type { AnalysisTemplates } from "./analysistemplates.ts";

/** One that we made and cannot see is made again after so many milliseconds: it may be gone. */
const UNSEEN = 10_000;

export interface AnalysesParts {
  readonly home: KubeClient;
  /** Starts watching the AnalysisRuns that are ours. Only where there are gates that need them: Argo Rollouts is no prerequisite. */
  readonly watch: () => Reflector<Analysed>;
  readonly templates: AnalysisTemplates;
  readonly clock: Clock;
}

/** The AnalysisRuns of gates: made, seen and ended. What they measure, and how, is Argo Rollouts' own. */
export class Analyses {
  readonly #parts: AnalysesParts;
  #watched: Reflector<Analysed> | undefined;
  readonly #madeAt = new Map<string, number>();
  /** What could not be made, and why. */
  readonly #refused = new Map<string, string>();

  constructor(parts: AnalysesParts) {
    this.#parts = parts;
  }

  get watched(): Reflector<Analysed> {
    return (this.#watched ??= this.#parts.watch());
  }

  see(run: ReleaseRun, wave: number, gate: number): AnalysisSeen {
    const { namespace, uid } = run.metadata;
    const name = analysisName(run, wave, gate);
    const refusal = this.#refused.get(`${namespace}/${name}`);
    if (refusal !== undefined) return broken(refusal);
    const found = this.watched.get(`${namespace}/${name}`);
    if (found === undefined) return { kind: "Absent" };
    this.#madeAt.delete(`${namespace}/${name}`);
    return found.owners.includes(uid) ? found.seen : broken(`AnalysisRun ${name} is there already and not of this run: delete it`);
  }

  /** Makes the AnalysisRun of a gate, once. What it is refused for is seen as its Error. Rejects with KubeFailure when it must be tried again. */
  async begin(run: ReleaseRun, wave: number, gate: number, signal: AbortSignal): Promise<void> {
    const { namespace } = run.metadata;
    const { home, templates, clock } = this.#parts;
    const name = analysisName(run, wave, gate);
    const key = `${namespace}/${name}`;
    const planned = run.spec.waves[wave]?.gates?.[gate]?.analysis;
    if (planned === undefined || !this.watched.synced) return;
    if (clock.now() - (this.#madeAt.get(key) ?? -Infinity) < UNSEEN) return;
    const clusters = run.spec.targets.filter((target) => target.wave === wave + 1).map(({ cluster }) => cluster);
    const spec = await templates.specOf({ ...run.spec, namespace, wave: run.spec.waves[wave]?.name ?? "", clusters }, planned, signal);
    if (typeof spec === "string") {
      this.#refused.set(key, spec);
      return;
    }
    try {
      await home.create(collection(ANALYSIS_RUNS, namespace), analysisRun(run, name, spec), signal);
    } catch (error) {
      if (failed(error, "Invalid", "NotFound", "Forbidden")) this.#refused.set(key, error.message);
      else if (!failed(error, "AlreadyExists")) throw error;
    }
    this.#madeAt.set(key, clock.now());
  }

  /** Tells the AnalysisRun of a gate to end: its verdict is what it has measured so far. */
  async end(run: ReleaseRun, wave: number, gate: number, signal: AbortSignal): Promise<void> {
    try {
      const path = object(ANALYSIS_RUNS, run.metadata.namespace, analysisName(run, wave, gate));
      await this.#parts.home.mergePatch(path, { spec: { terminate: true } }, signal);
    } catch (error) {
      if (!failed(error, "NotFound")) throw error;
    }
  }

  /** A run that has ended asks nothing any more. Resolves with whether all is ended. */
  async close(run: ReleaseRun, signal: AbortSignal): Promise<boolean> {
    if (!run.spec.waves.some(({ gates = [] }) => gates.some(({ analysis }) => analysis !== undefined))) return true;
    if (!this.watched.synced) return failed(this.watched.failure, "NotFound");
    for (const [wave, { gates = [] }] of run.spec.waves.entries())
      for (const [gate, { analysis }] of gates.entries()) {
        if (analysis === undefined) continue;
        this.#refused.delete(`${run.metadata.namespace}/${analysisName(run, wave, gate)}`);
        const seen = this.see(run, wave, gate);
        if (seen.kind === "Present" && !seen.ending && (seen.phase === "Pending" || seen.phase === "Running"))
          await this.end(run, wave, gate, signal);
      }
    return true;
  }

  async stop(): Promise<void> {
    await this.#watched?.stop();
  }
}

/** The name of the AnalysisRun of a gate; positions are from 0. */
export function analysisName({ metadata }: ReleaseRun, wave: number, gate: number): string {
  return `${metadata.name}-w${wave + 1}-g${gate + 1}`;
}

function analysisRun({ metadata }: ReleaseRun, name: string, spec: AnalysisRunSpec): object {
  const owner = { apiVersion: API_VERSION, kind: "ReleaseRun", name: metadata.name, uid: metadata.uid, controller: true };
  return {
    apiVersion: `${ANALYSIS_RUNS.group}/${ANALYSIS_RUNS.version}`,
    kind: "AnalysisRun",
    metadata: { name, namespace: metadata.namespace, labels: { [RUN_LABEL]: metadata.uid }, ownerReferences: [owner] },
    spec,
  };
}

function broken(message: string): AnalysisSeen {
  const nothing = { fingerprint: "", patience: 0, metrics: 0, measured: 0, ending: false, measurements: [] };
  return { kind: "Present", phase: "Error", message, ...nothing };
}
