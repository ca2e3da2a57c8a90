import type { MetricsApi } from "#plane/fake-metrics.ts";

/** What the queries of the chart's templates ask for, as far as a scripted server must understand them. */
export interface Question {
  readonly service: string;
  readonly clusters: readonly string[];
  /** ErrorRate and Latency of each cluster, or how many clusters have Enough requests. */
  readonly about: "ErrorRate" | "Latency" | "Enough";
  /** Requests without which a cluster is not in the answer. */
  readonly least: number;
}

/** Throws with the query where it is none of the templates'. */
export function read(query: string): Question {
  return query.includes("sum by (") ? readPrometheus(query) : readDatadog(query);
}

function readPrometheus(query: string): Question {
  const least = /\) >= ([\d.]+)(?: \/ ([\d.]+))?\)$/.exec(query);
  return {
    service: part(query, /service="([^"]+)"/),
    clusters: part(query, /cluster=~"([^"]+)"/).split("|"),
    about: query.startsWith("histogram_quantile(") ? "Latency" : "ErrorRate",
    least: Number(least?.[1]) / Number(least?.[2] ?? 1),
  };
}

function readDatadog(query: string): Question {
  const least = /cutoff_min\((?:([\d.]+) \* )?moving_rollup\([^']*'sum'\), ([\d.]+)\)/.exec(query);
  return {
    service: part(query, /service:(\S+)/),
    clusters: part(query, /cluster_name IN \(([^)]+)\)/).split(","),
    about: query.startsWith("count_not_null(") ? "Enough" : query.startsWith("top(moving_rollup(p") ? "Latency" : "ErrorRate",
    least: Number(least?.[2]) / Number(least?.[1] ?? 1),
  };
}

function part(query: string, pattern: RegExp): string {
  const found = pattern.exec(query)?.[1];
  if (found === undefined) throw new Error(`this is no query of the chart's templates: ${query}`);
  return found;
}

/** What one cluster has to say. */
export interface Figures {
  readonly requests: number;
  readonly errorRate: number;
  /** Seconds. */
  readonly latency: number;
}

/** One value for each series of the answer, the way each provider's query makes them. */
export function answer(question: Question, api: MetricsApi, figures: readonly Figures[]): number[] {
  const enough = figures.filter(({ requests }) => requests >= question.least - 1e-6);
  if (question.about === "Enough") return [enough.length];
  const values = enough.map(({ errorRate, latency }) => (question.about === "ErrorRate" ? errorRate : latency));
  // Datadog's asks for the worst of them.
  return api === "prometheus" || values.length === 0 ? values : [Math.max(...values)];
}
