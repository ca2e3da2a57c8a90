import type { Gate } from "#api/gates.ts";
import type { PlannedGate, PlannedWave } from "#api/releaserun.ts";
import { milliseconds, portion } from "#api/rules.ts";
import type { Overrides, Strategy } from "#api/strategy.ts";
import { selects, type Member } from "./members.ts";

/** A wave before numbers are put in: who is in it, and what its strategy says. */
interface Group {
  readonly wave: Strategy["waves"][number];
  readonly clusters: readonly string[];
}

export interface Waves {
  readonly waves: readonly PlannedWave[];
  /** Position of each cluster's wave, from 0. */
  readonly waveOf: ReadonlyMap<string, number>;
  /** The clusters in the order in which they are started. */
  readonly order: readonly string[];
}

/** What a release says otherwise than its environment, and may not; undefined when it may. */
export function notOverridable(strategy: Strategy, overrides: Overrides | undefined): string | undefined {
  const refused = fieldsOf(overrides).filter((field) => !strategy.overridable.some((allowed) => allowed === field));
  if (refused.length === 0) return undefined;
  const allowed = strategy.overridable.length === 0 ? "nothing" : strategy.overridable.join(", ");
  return `spec.strategy.${refused.join(", spec.strategy.")} may not be changed by a release: the Environment lists ${allowed} as overridable`;
}

function fieldsOf(overrides: Overrides | undefined): readonly string[] {
  return Object.entries(overrides ?? {}).flatMap(([field, value]) => (value === undefined ? [] : [field]));
}

/** The strategy of a release: what it says itself wins over the environment's, and over what a wave says. */
export function resolved(strategy: Strategy, overrides: Overrides = {}): Strategy {
  const said = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const waves = strategy.waves.map((wave) => {
    const own = Object.entries(wave).filter(([field]) => !(field in said));
    // What is left of a wave is a wave: its name and clusters are nothing that a release may change.
    return Object.fromEntries(own) as typeof wave;
  });
  return { ...strategy, ...said, waves };
}

/**
 * The waves of a release to `chosen`, some of the environment's `members`, or a sentence about what is wrong with them. Who
 * is in which wave is decided over all members: a release to some clusters meets the gates that these would have met. A wave
 * that it leaves empty hands its soak to the one before, and the first ones to the first that is left. Those in `absent` cannot be in it now, and are nobody's canary.
 */
export function wavesFor(
  strategy: Strategy,
  members: readonly Member[],
  chosen: ReadonlySet<string>,
  absent: ReadonlySet<string> = new Set(),
): Waves | string {
  const sorted = ordered(members, strategy.orderByLabel);
  const groups = grouped(strategy, [...sorted.filter(({ name }) => !absent.has(name)), ...sorted.filter(({ name }) => absent.has(name))]);
  if (typeof groups === "string") return groups;
  const waves: PlannedWave[] = [];
  const waveOf = new Map<string, number>();
  const order: string[] = [];
  let handed: Handed = NOTHING;
  for (const { wave, clusters } of groups) {
    const own = clusters.filter((name) => chosen.has(name));
    const met: Handed = {
      soak: milliseconds(wave.minSuccessTime ?? strategy.minSuccessTime) / 1000,
      gates: (wave.gates ?? []).map(plannedGate),
    };
    if (own.length > 0) {
      for (const name of own) waveOf.set(name, waves.length);
      order.push(...own);
      waves.push(numbers(wave, strategy, own.length, waves.length === 0, both(handed, met)));
      handed = NOTHING;
    } else if (clusters.length > 0) {
      // People would have been asked before what comes after; what is measured is so of the wave before.
      const before = waves.pop();
      if (before === undefined) handed = both(handed, met);
      else {
        const [approvals, analyses] = [met.gates.filter(isApproval), met.gates.filter((gate) => !isApproval(gate))];
        const { soak, gates } = both({ soak: before.minSuccessSeconds, gates: before.gates ?? [] }, { soak: met.soak, gates: analyses });
        waves.push({ ...before, minSuccessSeconds: soak, ...(gates.length === 0 ? {} : { gates: [...gates] }) });
        handed = both(handed, { soak: 0, gates: approvals });
      }
    }
  }
  return { waves, waveOf, order };
}

/** What a wave makes a release meet: seconds of soak, and gates. */
interface Handed {
  readonly soak: number;
  readonly gates: readonly PlannedGate[];
}

const NOTHING: Handed = { soak: 0, gates: [] };

/** The longer soak, and each gate once. */
function both(a: Handed, b: Handed): Handed {
  const known = new Set(a.gates.map((gate) => JSON.stringify(gate)));
  return { soak: Math.max(a.soak, b.soak), gates: [...a.gates, ...b.gates.filter((gate) => !known.has(JSON.stringify(gate)))] };
}

function isApproval({ approval }: PlannedGate): boolean {
  return approval !== undefined;
}

function plannedGate({ approval, analysis }: Gate): PlannedGate {
  if (approval !== undefined) {
    const { expiresAfter, ...who } = approval;
    return { approval: { ...who, expiresAfterSeconds: milliseconds(expiresAfter) / 1000 } };
  }
  return analysis === undefined ? {} : { analysis: { ...analysis, args: analysis.args ?? [] } };
}

function numbers(wave: Group["wave"], strategy: Strategy, size: number, first: boolean, { soak, gates }: Handed): PlannedWave {
  return {
    name: wave.name,
    maxConcurrency: Math.max(1, portion(wave.maxConcurrency ?? strategy.maxConcurrency, size)),
    maxFailures: portion(wave.maxFailures ?? strategy.maxFailures, size),
    maxUnreachable: first ? 0 : portion(wave.maxUnreachable ?? strategy.maxUnreachable, size),
    minSuccessSeconds: soak,
    ...(gates.length === 0 ? {} : { gates: [...gates] }),
  };
}

/** All targets at once: going back adds no wait of its own. */
export function backWave(size: number): PlannedWave {
  return { name: "rollback", maxConcurrency: size, maxFailures: size, maxUnreachable: size, minSuccessSeconds: 0 };
}

/** What was left out, with the numbers of the strategy's last wave. One that is lost again holds up no other. */
export function catchUpWave(strategy: Strategy, size: number): PlannedWave {
  const last = strategy.waves.at(-1);
  const minSuccessSeconds = milliseconds(last?.minSuccessTime ?? strategy.minSuccessTime) / 1000;
  return {
    name: "catch-up",
    maxConcurrency: Math.max(1, portion(last?.maxConcurrency ?? strategy.maxConcurrency, size)),
    maxFailures: portion(last?.maxFailures ?? strategy.maxFailures, size),
    maxUnreachable: size,
    minSuccessSeconds,
  };
}

function grouped(strategy: Strategy, members: readonly Member[]): readonly Group[] | string {
  const named = new Map<string, string>();
  for (const { name: wave, clusters } of strategy.waves) {
    for (const name of clusters?.names ?? []) {
      const other = named.get(name);
      if (other !== undefined) return `cluster ${name} is named in two waves, ${other} and ${wave}: name it in one`;
      named.set(name, wave);
    }
  }
  const known = new Set(members.map(({ name }) => name));
  for (const [name, wave] of named)
    if (!known.has(name)) return `wave ${wave} names ${name}, which is no cluster of the Environment: correct the name, or take it out`;
  let left = members.filter(({ name }) => !named.has(name));
  const groups: Group[] = [];
  for (const wave of strategy.waves) {
    const { clusters } = wave;
    const taken = clusters?.names === undefined ? take(clusters, left) : members.filter(({ name }) => named.get(name) === wave.name);
    if (taken.length === 0 && clusters !== undefined) return `wave ${wave.name} covers no cluster: ${why(clusters, left)}`;
    const names = new Set(taken.map(({ name }) => name));
    left = left.filter(({ name }) => !names.has(name));
    groups.push({ wave, clusters: [...names] });
  }
  if (left.length === 0) return groups;
  const some = left.slice(0, 5).map(({ name }) => name);
  return `${some.join(", ")}${left.length > some.length ? ` and ${left.length - some.length} more` : ""} would be in no wave: let the last wave have no clusters field, it takes all that are left`;
}

function take(clusters: Group["wave"]["clusters"], left: readonly Member[]): readonly Member[] {
  const { selector, count } = clusters ?? {};
  if (selector !== undefined) return left.filter((member) => selects(selector, member));
  if (count !== undefined) return left.slice(0, Math.max(1, portion(count, left.length)));
  return left;
}

function why({ selector }: NonNullable<Group["wave"]["clusters"]>, left: readonly Member[]): string {
  if (selector !== undefined && left.length > 0) return `no cluster that is left has the labels ${JSON.stringify(selector.matchLabels)}`;
  return "the waves before it take all clusters";
}

/** By the values of a label: numbers ascending, then other values, then those without; else as they come. */
function ordered(members: readonly Member[], label: string | undefined): readonly Member[] {
  if (label === undefined) return members;
  const rank = ({ labels }: Member): number => (labels[label] === undefined ? 2 : isNumber(labels[label]) ? 0 : 1);
  return members.toSorted((a, b) => {
    const [left = "", right = ""] = [a.labels[label], b.labels[label]];
    return rank(a) - rank(b) || (rank(a) === 0 ? Number(left) - Number(right) : left < right ? -1 : left > right ? 1 : 0);
  });
}

function isNumber(value: string): boolean {
  return value !== "" && Number.isFinite(Number(value));
}
