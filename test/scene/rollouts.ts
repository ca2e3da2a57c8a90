import { stringify } from "yaml";
import type { MetricsApi } from "#plane/fake-metrics.ts";
import type { Manifest } from "./manifests.ts";

/** Manifests for Argo Rollouts: a canary of four pods, and what judges it. */

export interface Canary {
  /** How long it stays at a quarter of its pods, such as "2s"; "forever" is until somebody promotes it. No pause without it. */
  readonly pause?: string;
  /** The AnalysisTemplate that judges it before it goes on. */
  readonly analysis?: string;
}

export interface RolloutSpec extends Canary {
  readonly name?: string;
  /** The tag of its image. */
  readonly version: string;
}

export function rollout({ name = "checkout", version, pause, analysis }: RolloutSpec): Manifest {
  const labels = { app: name };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name },
    spec: {
      replicas: 4,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "checkout", image: `registry.example/checkout:${version}` }] },
      },
      strategy: {
        canary: {
          steps: [
            { setWeight: 25 },
            ...(pause === undefined ? [] : [{ pause: pause === "forever" ? {} : { duration: pause } }]),
            ...(analysis === undefined ? [] : [{ analysis: { templates: [{ templateName: analysis }] } }]),
          ],
        },
      },
    },
  };
}

export interface MetricSpec {
  readonly api: MetricsApi;
  readonly query: string;
  /** An expression over `result`: a number from Datadog, a list from Prometheus. */
  readonly success: string;
  /** Of the Prometheus; Datadog's is in the Secret "datadog" of the same namespace. */
  readonly address: string;
  /** Seconds to wait for an answer. */
  readonly timeout?: number;
}

/** One measurement, and one error, decide. */
export function metric({ api, query, success, address, timeout = 10 }: MetricSpec): object {
  const provider =
    api === "prometheus"
      ? { prometheus: { address, query, timeout } }
      : {
          datadog: {
            apiVersion: api === "datadog-v1" ? "v1" : "v2",
            interval: "5m",
            query,
            requestTimeout: `${timeout}s`,
            secretRef: { name: "datadog", namespaced: true },
          },
        };
  return { name: "error-rate", count: 1, consecutiveErrorLimit: 0, successCondition: success, provider };
}

export function analysis(kind: "AnalysisRun" | "AnalysisTemplate", name: string, metrics: readonly object[]): Manifest {
  return { apiVersion: "argoproj.io/v1alpha1", kind, metadata: { name }, spec: { metrics } };
}

/** A chart of one Rollout, whose image has the version as its tag, and of the AnalysisTemplate with `metrics` if there are any. */
export function rolloutChart(
  version: number,
  { pause, metrics = [] }: { readonly pause?: string; readonly metrics?: readonly object[] } = {},
): Readonly<Record<string, string>> {
  const name = "{{ .Release.Name }}";
  const judged = metrics.length > 0;
  const canary = { ...(pause === undefined ? {} : { pause }), ...(judged ? { analysis: name } : {}) };
  // Arguments of an AnalysisTemplate look like Helm's expressions.
  const literal = stringify(analysis("AnalysisTemplate", "RELEASE", metrics))
    .replaceAll("{{", "{{ `{{` }}")
    .replace("RELEASE", name);
  return {
    "chart/Chart.yaml": "apiVersion: v2\nname: checkout\nversion: 1.0.0\n",
    "chart/values.yaml": `version: v${version}\n`,
    "chart/templates/rollout.yaml": stringify(rollout({ name, version: "{{ .Values.version }}", ...canary })),
    ...(judged ? { "chart/templates/analysistemplate.yaml": literal } : {}),
  };
}
