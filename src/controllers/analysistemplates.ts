import type { PlannedGate } from "#api/releaserun.ts";
import {
  ANALYSIS_TEMPLATES,
  analysisRunSpec,
  CLUSTER_ANALYSIS_TEMPLATES,
  isHarmless,
  type AnalysisRunSpec,
  type Restricted,
} from "#argo/templates.ts";
import { fill } from "#engine/template.ts";
import type { KubeClient } from "#kube/client.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { KubeObject } from "#kube/ports.ts";

/** What the installer allows in AnalysisRuns, by namespace; "*" is every one. */
export type Allowed = ReadonlyMap<string, ReadonlySet<Restricted>>;

/** Whom an analysis is about: what its template's arguments are filled with. */
export interface Subject {
  readonly namespace: string;
  readonly service: string;
  readonly environment: string;
  readonly revision: string;
  readonly wave: string;
  readonly clusters: readonly string[];
}

type PlannedAnalysis = NonNullable<PlannedGate["analysis"]>;

/** Argo Rollouts' templates, read when they are needed. */
export class AnalysisTemplates {
  readonly #home: KubeClient;
  readonly #allowed: Allowed;

  constructor(home: KubeClient, allowed: Allowed) {
    this.#home = home;
    this.#allowed = allowed;
  }

  /** The AnalysisRun that a gate would make, or why it cannot. Rejects with KubeFailure when that cannot be told now. */
  async specOf(
    subject: Subject,
    { templateName, clusterScope, args, background }: PlannedAnalysis,
    signal: AbortSignal,
  ): Promise<AnalysisRunSpec | string> {
    const { namespace, service, environment, revision } = subject;
    const [kind, path] = clusterScope
      ? ["ClusterAnalysisTemplate", object(CLUSTER_ANALYSIS_TEMPLATES, undefined, templateName)]
      : ["AnalysisTemplate", object(ANALYSIS_TEMPLATES, namespace, templateName)];
    const where = clusterScope ? "" : ` in namespace ${namespace}`;
    let found: KubeObject;
    try {
      found = await this.#home.get<KubeObject>(path, signal);
    } catch (error) {
      if (failed(error, "NotFound")) return `there is no ${kind} ${templateName}${where}: create it, or correct templateName`;
      if (failed(error, "Forbidden")) return `the conductor may not read ${kind}s: give it the rights of examples/rbac-management.yaml`;
      throw error;
    }
    const variables = { service, environment, namespace, revision };
    if (!isHarmless(revision) && args.some(({ value }) => fill(value, { revision }) !== value))
      return `revision ${JSON.stringify(revision)} could end the quotes that a query has around it: leave it out of the gate's args`;
    const spec = analysisRunSpec(found, {
      args: args.map(({ name, value }) => ({ name, value: fill(value, variables) })),
      given: givenTo(subject),
      background,
      allowed: new Set([...(this.#allowed.get(namespace) ?? []), ...(this.#allowed.get("*") ?? [])]),
    });
    return typeof spec === "string" ? `${kind} ${templateName}: ${spec}` : spec;
  }
}

/** What every template gets that has such an argument. */
function givenTo({
  namespace,
  service,
  environment,
  revision,
  wave,
  clusters,
}: Subject): readonly { readonly name: string; readonly value: string }[] {
  const values = { namespace, service, environment, revision, wave, clusters: clusters.join(","), "clusters-regex": clusters.join("|") };
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}
