/** Clusters of an environment, and the waves that a strategy makes of them. */
import type { Member } from "#engine/members.ts";
import { wavesFor } from "#engine/strategy.ts";
import { strategyOf } from "#test/build.ts";

export const member = (name: string, labels: Member["labels"] = {}): Member => ({ name, labels });
export const regions = ["eu-1", "eu-2", "us-1", "us-2", "ap-1"].map((name) => member(name, { region: name.slice(0, 2) }));
export const plain = (count: number): readonly Member[] => Array.from({ length: count }, (_, n) => member(`c${n + 1}`));
export const eu = { selector: { matchLabels: { region: "eu" } } };

/** The waves of a release as `name: clusters`, or what is wrong. */
export function waves(
  spec: Parameters<typeof strategyOf>[0],
  members: readonly Member[] = regions,
  chosen = members.map(({ name }) => name),
): unknown {
  const made = wavesFor(strategyOf(spec), members, new Set(chosen));
  if (typeof made === "string") return made;
  return made.waves.map(({ name }, index) => `${name}: ${made.order.filter((cluster) => made.waveOf.get(cluster) === index).join(" ")}`);
}
