import { createHash } from "node:crypto";
import { ANALYSIS_RUNS } from "#argo/application.ts";
import { RUN_LABEL } from "#argo/analysis.ts";
import type { PlannedGate } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { KubeClient } from "#kube/client.ts";
import { failed } from "#kube/errors.ts";
import { collection, object } from "#kube/paths.ts";
import type { Clock } from "#kube/ports.ts";
import type { Analyses } from "./analyses.ts";
import type { AnalysisTemplates, Subject } from "./analysistemplates.ts";
import { refused, type Refusal } from "./coverage.ts";

/** How long Argo Rollouts may take to answer, in milliseconds; it takes a tenth of a second. */
const PATIENCE = 10_000;
/** How long its answer is good, in milliseconds. */
const GOOD = 60_000;

const UNINSTALLED = refused(
  "AnalysisUnavailable",
  "the management cluster has no AnalysisRuns: install Argo Rollouts there, or take the analysis out of the Environment's gates",
);

export type Rehearsed = "Fine" | Refusal | { readonly kind: "Waiting"; readonly message: string };

/** Whether a gate's analysis could be made. */
export interface AnalysisCheck {
  /** Rejects with KubeFailure when the management cluster does not answer. */
  rehearse(
    release: ServiceRelease,
    subject: Subject,
    planned: NonNullable<PlannedGate["analysis"]>,
    signal: AbortSignal,
  ): Promise<Rehearsed>;
}

/** Looks at templates only, for whoever may make no AnalysisRun: what Argo Rollouts would say is not asked. */
export class TemplateChecks implements AnalysisCheck {
  readonly #home: KubeClient;
  readonly #templates: AnalysisTemplates;

  constructor(home: KubeClient, templates: AnalysisTemplates) {
    this.#home = home;
    this.#templates = templates;
  }

  async rehearse(...[, subject, planned, signal]: Parameters<AnalysisCheck["rehearse"]>): Promise<Rehearsed> {
    const spec = await this.#templates.specOf(subject, planned, signal);
    if (typeof spec !== "string") return "Fine";
    return (await uninstalled(this.#home, subject.namespace, signal)) ?? refused("AnalysisInvalid", spec);
  }
}

/** A template is missing as well where its definition is: that is another fault, with another remedy. */
async function uninstalled(home: KubeClient, namespace: string, signal: AbortSignal): Promise<Refusal | undefined> {
  try {
    await home.list(collection(ANALYSIS_RUNS, namespace), { labelSelector: `${RUN_LABEL}=rehearsal` }, signal);
    return undefined;
  } catch (error) {
    if (failed(error, "NotFound")) return UNINSTALLED;
    if (failed(error, "Forbidden")) return undefined;
    throw error;
  }
}

/**
 * Asks Argo Rollouts before anything is written whether it could make an analysis: by an AnalysisRun that is told to end as it
 * begins. Its controller checks arguments and metrics, measures nothing, and answers; if it does not, it is not running.
 */
export class Rehearsals implements AnalysisCheck {
  readonly #home: KubeClient;
  readonly #analyses: Analyses;
  readonly #templates: AnalysisTemplates;
  readonly #clock: Clock;
  readonly #asked = new Map<string, number>();
  /** What Argo Rollouts has answered, a No too: that its question is deleted is a look at the release, which would ask again at once. */
  readonly #answers = new Map<string, { readonly answer: "Fine" | Refusal; readonly at: number }>();

  constructor(home: KubeClient, analyses: Analyses, templates: AnalysisTemplates, clock: Clock) {
    this.#home = home;
    this.#analyses = analyses;
    this.#templates = templates;
    this.#clock = clock;
  }

  async rehearse(
    release: ServiceRelease,
    subject: Subject,
    planned: NonNullable<PlannedGate["analysis"]>,
    signal: AbortSignal,
  ): Promise<Rehearsed> {
    const spec = await this.#templates.specOf(subject, planned, signal);
    if (typeof spec === "string") return (await uninstalled(this.#home, subject.namespace, signal)) ?? refused("AnalysisInvalid", spec);
    const { namespace, name: owner, uid } = release.metadata;
    const name = `${owner}-rehearsal-${createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 16)}`;
    const key = `${namespace}/${name}`;
    const now = this.#clock.now();
    for (const [old, { at }] of this.#answers) if (now - at >= GOOD) this.#answers.delete(old);
    const known = this.#answers.get(key);
    if (known !== undefined) return known.answer;

    const seen = this.#analyses.watched.get(key)?.seen;
    if (seen === undefined && !this.#asked.has(key)) {
      const owners = [{ apiVersion: release.apiVersion, kind: release.kind, name: owner, uid }];
      const metadata = { name, namespace, labels: { [RUN_LABEL]: "rehearsal" }, ownerReferences: owners };
      const body = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata, spec: { ...spec, terminate: true } };
      const refusal = await this.#create(namespace, body, signal);
      if (refusal !== undefined) return refusal;
    }
    // One that a process before us has made was asked for now, too: it must not be waited for without an end.
    const asked = this.#asked.get(key) ?? now;
    this.#asked.set(key, asked);
    if (seen === undefined || seen.phase === "Pending" || seen.phase === "Running") {
      if (now - asked < PATIENCE)
        return { kind: "Waiting", message: `asking Argo Rollouts whether it can make analysis ${planned.templateName}` };
      this.#asked.delete(key);
      await this.#delete(namespace, name, signal);
      return refused(
        "AnalysisUnavailable",
        `Argo Rollouts does not look at AnalysisRuns of namespace ${namespace}: is its controller running in the management cluster, and meant for this namespace?`,
      );
    }
    await this.#delete(namespace, name, signal);
    this.#asked.delete(key);
    const answer =
      seen.phase === "Error"
        ? refused("AnalysisInvalid", `analysis ${planned.templateName}: Argo Rollouts refuses it: ${seen.message}`)
        : "Fine";
    this.#answers.set(key, { answer, at: now });
    return answer;
  }

  async #create(namespace: string, body: object, signal: AbortSignal): Promise<Refusal | undefined> {
    try {
      await this.#home.create(collection(ANALYSIS_RUNS, namespace), body, signal);
    } catch (error) {
      if (failed(error, "AlreadyExists")) return undefined;
      if (failed(error, "NotFound")) return UNINSTALLED;
      if (failed(error, "Forbidden"))
        return refused(
          "AnalysisUnavailable",
          "the conductor may not make AnalysisRuns: give it the rights of examples/rbac-management.yaml",
        );
      if (failed(error, "Invalid")) return refused("AnalysisInvalid", error.message);
      throw error;
    }
    return undefined;
  }

  async #delete(namespace: string, name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#home.delete(object(ANALYSIS_RUNS, namespace, name), signal);
    } catch (error) {
      if (!failed(error, "NotFound")) throw error;
    }
  }
}
