import { phaseOf, revisionAt } from "./books.ts";
import { stored, type Sight } from "./sight.ts";
import { SLACK } from "./timeline.ts";

/** 7: a wave is verified after its soak by what a living and connected conductor saw, and after Argo CD was heard in it. */
export function* soak(sight: Sight): Iterable<string> {
  const found = stored(sight);
  if (found === undefined) return;
  const { before, next, book } = found;
  const { weather, books, write } = sight;
  for (const [index, wave] of (next.status?.waves ?? []).entries()) {
    if (wave.phase !== "Verified" || before.status?.waves?.[index]?.phase === "Verified") continue;
    const lost = next.spec.targets.find(
      ({ cluster, wave: own }) => own === index + 1 && phaseOf(next, cluster) === "Unknown" && book.steered.has(cluster),
    );
    if (lost !== undefined) yield `wave ${wave.name} is verified while nobody can see ${lost.cluster}, which was written`;
    const asked = (next.spec.waves[index]?.minSuccessSeconds ?? 0) * 1000;
    const ready = next.spec.targets.filter((target) => target.wave === index + 1 && phaseOf(next, target.cluster) === "Ready");
    if (asked === 0 || ready.length === 0) continue;
    const arrivals = ready.map((target) => {
      const revision = revisionAt(next, target.desired) ?? "";
      const timeline = books.timeline(target);
      const patched = book.steered.get(target.cluster) ?? book.createdAt;
      // A stretch of evidence that nobody could see the end of has not ended for whoever looks.
      const settled = weather.disturbed
        ? timeline?.arrivedAt(revision, patched, weather.settle, write.at)
        : arrivedLast(timeline?.since(revision, write.at - SLACK), patched, weather.settle);
      return { target, timeline, settled };
    });
    const last = Math.max(...arrivals.map(({ settled }) => settled ?? Infinity));
    if (last === Infinity) {
      const { target } = arrivals.find(({ settled }) => settled === undefined) ?? {};
      yield `wave ${wave.name} is verified while ${target?.cluster} gives no evidence`;
      continue;
    }
    const seen = weather.seen(last, write.at, new Set(ready.map(({ instance }) => instance)));
    if (seen < asked - SLACK)
      yield `wave ${wave.name} is verified after ${seen} ms of soak that somebody could see, and ${asked} are asked for`;
    for (const { target, timeline, settled } of arrivals)
      if ((timeline?.heardSince((settled ?? 0) - weather.behind) ?? 0) < 2)
        yield `wave ${wave.name} is verified, and Argo CD was not heard of ${target.cluster} since it was ready`;
  }
}

function arrivedLast(since: number | undefined, patched: number, settle: number): number | undefined {
  return since === undefined ? undefined : Math.max(since, patched) + settle;
}
