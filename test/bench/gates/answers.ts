import type { Script } from "#plane/fake-metrics.ts";
import { samples, type Wave } from "./cells.ts";
import { answer, read } from "./queries.ts";

/**
 * What a metrics server says of those waves: to each question about a service the next minute. Argo Rollouts sometimes measures again at once,
 * where it saw its own write late, and drops what it had; a question within `again` milliseconds is about the same minute.
 */
export function answers(waves: ReadonlyMap<string, Wave>, latencyThreshold: number, again: number): Script {
  const asked = new Map<string, { readonly look: number; readonly at: number }>();
  const lookOf = (key: string): number => {
    const last = asked.get(key);
    const now = performance.now();
    if (last !== undefined && now - last.at < again) return last.look;
    const look = last === undefined ? 0 : last.look + 1;
    asked.set(key, { look, at: now });
    return look;
  };
  return (api, query) => {
    const question = read(query);
    const wave = waves.get(question.service);
    if (wave === undefined) throw new Error(`there is no service ${question.service}`);
    const { design } = wave.cell;
    const figures = samples(wave.traffic, design, lookOf(`${question.service} ${question.about}`)).map(({ count, bad }) => {
      // The percentile stands at its threshold when just as many requests are slower as may be.
      return { requests: count, errorRate: bad / count, latency: (bad / count / design.threshold) * latencyThreshold };
    });
    return answer(question, api, figures);
  };
}
