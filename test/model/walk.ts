import type { Budget } from "./course.ts";
import type { Coverage } from "./coverage.ts";
import type { Engine } from "./engine.ts";
import { Graph } from "./graph.ts";
import { States, type State } from "./state.ts";
import { told, type Step } from "./story.ts";
import { Successors } from "./successors.ts";
import { grown, Pairs, Visited } from "./visited.ts";
import type { SmallWorld } from "./worlds.ts";

/** Visits every state of a small world once, checks every transition, and asks where those without faults lead. */

export interface Broken {
  readonly rule: string;
  /** How many transitions break it. */
  times: number;
  /** The shortest way there: the state that it is broken in, and the label of the transition. */
  readonly state: number;
  readonly label: string;
}

export interface Restless {
  /** One state of those that are never left. */
  readonly state: number;
  readonly size: number;
  readonly why: string;
}

export interface Walk {
  readonly states: number;
  readonly transitions: number;
  /** Transitions that break a rule. */
  readonly violations: number;
  readonly broken: readonly Broken[];
  readonly restless: readonly Restless[];
  /** The shortest way to a state, and what happens there, in words. */
  readonly story: (state: number, label?: string) => readonly string[];
}

export interface Bounds extends Budget {
  /** States after which it gives up, which is an error. */
  readonly most?: number;
  /** A rule: once it is broken there is no need to go on. */
  readonly until?: string;
  readonly progress?: (states: number, open: number, transitions: number) => void;
}

export function walk(engine: Engine, world: SmallWorld, coverage: Coverage, { most = Infinity, until, progress, ...budget }: Bounds): Walk {
  const states = new States(world, (memo) => coverage.remembered(memo));
  const successors = new Successors(engine, states, (decision) => coverage.decided(decision));
  const visited = new Visited();
  const graph = new Graph();
  const broken = new Map<string, Broken>();
  const writes = new Pairs();
  let parents = new Int32Array(1024).fill(-1);
  let transitions = 0;
  let violations = 0;
  const add = (state: State, parent: number): number => {
    const before = visited.size;
    const id = visited.add(state.run, ...state.targets);
    if (id < before) return id;
    if (id >= parents.length) parents = grown(parents);
    parents[id] = parent;
    return id;
  };
  const stateOf = (id: number): State => {
    const [run, a, b, c] = visited.at(id);
    return { run, targets: [a, b, c] };
  };

  add(states.beginning(budget), -1);
  for (let id = 0; id < visited.size && !broken.has(until ?? ""); id += 1) {
    graph.node();
    for (const next of successors.of(stateOf(id))) {
      transitions += 1;
      const to = add(states.canonical(next.run, next.targets), id);
      if (!next.isFault) graph.edge(to);
      if (next.writes && to !== id) writes.add(id, to);
      if (next.wrong.length > 0) violations += 1;
      for (const rule of next.wrong) {
        const known = broken.get(rule);
        if (known === undefined) broken.set(rule, { rule, times: 1, state: id, label: next.label });
        else known.times += 1;
      }
    }
    if (id % 4096 === 0) progress?.(visited.size, visited.size - id, transitions);
    if (visited.size > most) throw new Error(`${world.name} has more than ${most} states`);
  }

  const isOver = (id: number): boolean => states.runAt(stateOf(id).run).course.outcome !== undefined;
  const restless = broken.has(until ?? "") ? [] : unrest(graph, writes, isOver);

  const story = (id: number, label?: string): readonly string[] => {
    const path: number[] = [];
    for (let at = id; at >= 0; at = parents[at] ?? -1) path.unshift(at);
    const steps = path.slice(1).map((to, index): Step => {
      const from = stateOf(path[index] ?? 0);
      const ways = successors.of(from).map((way) => ({ way, after: states.canonical(way.run, way.targets) }));
      const found = ways.find(({ after }) => visited.add(after.run, ...after.targets) === to);
      if (found === undefined) throw new Error("a state is reached from the one before it");
      return { from, event: found.way, swapped: found.after.swapped };
    });
    const last = label === undefined ? undefined : successors.of(stateOf(id)).find((one) => one.label === label);
    return told(states, last === undefined ? steps : [...steps, { from: stateOf(id), event: last, swapped: false }]);
  };
  return { states: visited.size, transitions, violations, broken: [...broken.values()], restless, story };
}

/** Where paths without faults may stay for ever: anywhere but in the single state of a run that has ended. */
function unrest(graph: Graph, writes: Pairs, isOver: (id: number) => boolean): readonly Restless[] {
  const component = graph.components();
  const found = graph
    .bottoms(component)
    .filter(({ node, size }) => size > 1 || !isOver(node))
    .map(({ node, size }): Restless => ({ state: node, size, why: size > 1 ? ROUND : STUCK }));
  for (const [from, to] of writes.all()) if (component[from] === component[to]) found.push({ state: from, size: 1, why: FIGHT });
  return found;
}

const ROUND = "these states lead to each other and nowhere else";
const STUCK = "nothing happens any more, and the run has not ended";
const FIGHT = "the conductor may write the same again and again";
