import type { Script } from "#plane/fake-metrics.ts";
import { answer, read, type Figures } from "#test/bench/gates/queries.ts";
import type { Sight } from "./sights.ts";

/** The version that customers of production do not take well. */
const BAD = "v2";
const USUAL = 0.004;
/** What it comes to, from look to look. */
const RISING = [0.012, 0.034, 0.09];

/**
 * What Datadog would say of the requests that the clusters answer: few of them fail, but where `isProduction` and the bad version runs more and more do.
 */
export function traffic(sight: (cluster: string) => Sight | undefined, isProduction: (cluster: string) => boolean): Script {
  const looks = new Map<string, number>();
  return (api, query) => {
    const question = read(query);
    const figures = question.clusters.map((cluster): Figures => {
      const seen = sight(cluster);
      const isBad = isProduction(cluster) && seen?.version === BAD && seen.updated > 0;
      if (!isBad) looks.delete(cluster);
      const look = looks.get(cluster) ?? 0;
      if (isBad && question.about === "ErrorRate") looks.set(cluster, look + 1);
      const errorRate = isBad ? (RISING[Math.min(look, RISING.length - 1)] ?? USUAL) : USUAL;
      return { requests: 1000, errorRate, latency: 0.1 };
    });
    return answer(question, api, figures);
  };
}
