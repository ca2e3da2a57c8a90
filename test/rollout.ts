/** A Rollout of Argo Rollouts as it goes through a canary, each step told in a word. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { analysisOf, canaryOf } from "#argo/rollouts.ts";
import type { Rollout } from "#engine/observation.ts";
import type { KubeObject } from "#kube/ports.ts";

type Json = Record<string, unknown>;

interface Raw extends KubeObject {
  metadata: KubeObject["metadata"] & Json;
  spec: Json;
  status?: Json;
}

// The fixture has this shape.
const BASE = parse(readFileSync(join(import.meta.dirname, "unit/argo/fixtures/rollout.yaml"), "utf8")) as Raw;

export class RolloutBuilder {
  readonly #raw: Raw;

  constructor(raw: Raw) {
    this.#raw = raw;
  }

  get raw(): KubeObject {
    return this.#raw;
  }

  /** Any change that no other method makes. */
  but(change: (raw: Raw) => void): RolloutBuilder {
    const raw = structuredClone(this.#raw);
    change(raw);
    return new RolloutBuilder(raw);
  }

  #status(more: Json): RolloutBuilder {
    return this.but((raw) => void (raw.status = { ...raw.status, ...more }));
  }

  /** At the step at `index`, from 0; nothing holds it there. */
  at(index: number): RolloutBuilder {
    const going = { phase: "Progressing", message: "more replicas need to be updated", controllerPause: false, pauseConditions: undefined };
    return this.#status({ ...going, currentStepIndex: index });
  }

  paused(reason: string): RolloutBuilder {
    const pauseConditions = [{ reason, startTime: "2026-11-23T10:00:04Z" }];
    return this.#status({ phase: "Paused", message: reason, controllerPause: true, pauseConditions });
  }

  /** Follows an AnalysisRun in a step. */
  analysed(status: string, message?: string): RolloutBuilder {
    const found = { name: "checkout-7c4f-2-3", status, ...(message === undefined ? {} : { message }) };
    return this.#status({ canary: { currentStepAnalysisRunStatus: found } });
  }

  aborted(abortedAt: string | undefined, why = 'Metric "error-rate" assessed Failed due to failed (1) > failureLimit (0)'): RolloutBuilder {
    const message = `RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: ${why}`;
    return this.at(0).#status({ phase: "Degraded", message, abort: true, ...(abortedAt === undefined ? {} : { abortedAt }), canary: {} });
  }

  promoted(): RolloutBuilder {
    return this.at(4).#status({ phase: "Healthy", message: undefined, stableRS: "7c4f" });
  }

  promoting(): RolloutBuilder {
    return this.#status({ promoteFull: true });
  }

  /** As the engine sees it. */
  seen(asked: Rollout["asked"] = "Since", detail?: KubeObject): Rollout {
    const canary = canaryOf(this.#raw);
    const analysis = detail === undefined ? undefined : analysisOf(detail, detail.metadata.name);
    const { name, namespace = "" } = this.#raw.metadata;
    return {
      namespace,
      name,
      asked,
      canary: canary === undefined || analysis === undefined ? canary : { ...canary, analyses: [analysis] },
    };
  }
}

/** In step 2 of 4, paused there until somebody promotes it. */
export const rollout = (): RolloutBuilder => new RolloutBuilder(BASE);

/** An AnalysisRun that has measured the error rate so often. */
export function analysisRun(phase: string, values: readonly string[], message?: string): KubeObject {
  const measurements = values.map((value) => ({ phase, value, startedAt: "2026-11-23T10:00:05Z" }));
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: "checkout-7c4f-2-3", namespace: "shop" },
    status: {
      phase,
      ...(message === undefined ? {} : { message }),
      metricResults: [{ name: "error-rate", phase, count: values.length, measurements }],
    },
  };
}
