import { grown } from "./visited.ts";

/** A directed graph whose nodes are told in order, each with all of its edges. */
export class Graph {
  #starts = new Int32Array(1024);
  #ends = new Int32Array(4096);
  #nodes = 0;
  #edges = 0;

  /** Begins the next node: the edges that follow are its. */
  node(): void {
    if (this.#nodes + 2 > this.#starts.length) this.#starts = grown(this.#starts);
    this.#starts[this.#nodes] = this.#edges;
    this.#nodes += 1;
    this.#starts[this.#nodes] = this.#edges;
  }

  edge(to: number): void {
    if (this.#edges + 1 > this.#ends.length) this.#ends = grown(this.#ends);
    this.#ends[this.#edges] = to;
    this.#edges += 1;
    this.#starts[this.#nodes] = this.#edges;
  }

  get nodes(): number {
    return this.#nodes;
  }

  start(node: number): number {
    return this.#starts[node] ?? 0;
  }

  end(edge: number): number {
    return this.#ends[edge] ?? 0;
  }

  /** For each node the number of its strongly connected component (Tarjan; its own stack, for paths are long). */
  components(): Int32Array {
    const count = this.#nodes;
    const index = new Int32Array(count).fill(-1);
    const low = new Int32Array(count);
    const component = new Int32Array(count).fill(-1);
    const open: number[] = [];
    const path: number[] = [];
    const next = new Int32Array(count);
    let indices = 0;
    let components = 0;
    const enter = (node: number): void => {
      index[node] = indices;
      low[node] = indices;
      indices += 1;
      next[node] = this.start(node);
      open.push(node);
      path.push(node);
    };
    for (let root = 0; root < count; root += 1) {
      if (index[root] !== -1) continue;
      enter(root);
      for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
        const edge = next[node] ?? 0;
        if (edge < this.start(node + 1)) {
          next[node] = edge + 1;
          const to = this.end(edge);
          if (index[to] === -1) enter(to);
          else if (component[to] === -1) low[node] = Math.min(low[node] ?? 0, index[to] ?? 0);
          continue;
        }
        path.pop();
        const above = path.at(-1);
        if (above !== undefined) low[above] = Math.min(low[above] ?? 0, low[node] ?? 0);
        if (low[node] !== index[node]) continue;
        for (let member = open.pop(); member !== undefined; member = open.pop()) {
          component[member] = components;
          if (member === node) break;
        }
        components += 1;
      }
    }
    return component;
  }

  /** One node of each component that nothing leads out of, with how many it has. */
  bottoms(component: Int32Array): readonly { readonly node: number; readonly size: number }[] {
    const leaves = new Set<number>();
    const members = new Map<number, { readonly node: number; size: number }>();
    for (let node = 0; node < this.#nodes; node += 1) {
      const own = component[node] ?? 0;
      const known = members.get(own);
      if (known === undefined) members.set(own, { node, size: 1 });
      else known.size += 1;
      for (let edge = this.start(node); edge < this.start(node + 1); edge += 1) if (component[this.end(edge)] !== own) leaves.add(own);
    }
    return [...members].flatMap(([own, member]) => (leaves.has(own) ? [] : [member]));
  }
}
