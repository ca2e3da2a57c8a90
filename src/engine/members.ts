import type { EnvironmentSpec } from "#api/environment.ts";

/** A registered cluster, as far as membership is concerned. */
export interface Member {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Membership {
  /** In the order of the environment, each once. */
  readonly clusters: readonly string[];
  /** Named, and not registered. */
  readonly unknown: readonly string[];
}

/** The clusters that an environment names or selects. `registered` is sorted by name: that orders a selector's. */
export function members(entries: EnvironmentSpec["clusters"], registered: readonly Member[]): Membership {
  const names = new Set(registered.map((member) => member.name));
  const clusters = new Set<string>();
  const unknown = new Set<string>();
  for (const { name, selector } of entries) {
    if (name !== undefined) (names.has(name) ? clusters : unknown).add(name);
    if (selector !== undefined) for (const member of registered) if (selects(selector, member)) clusters.add(member.name);
  }
  return { clusters: [...clusters], unknown: [...unknown] };
}

/** Whether a member has all of a selector's labels. */
export function selects(selector: NonNullable<EnvironmentSpec["clusters"][number]["selector"]>, member: Member): boolean {
  return Object.entries(selector.matchLabels ?? {}).every(([key, value]) => member.labels[key] === value);
}
